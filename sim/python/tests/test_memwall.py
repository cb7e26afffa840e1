"""The package gives what the program prints. Run with MEMWALL naming the program."""

import json
import os
import subprocess
import tempfile
import threading
import time
import unittest

import memwall

PROGRAM = os.environ["MEMWALL"]
SHORT = {"model": "llama-3.1-8b", "workload": "chat", "concurrency": 4, "tasks": 40}
SPEC = {
    "name": "small",
    "base": SHORT,
    "grid": {"chip": ["h100-sxm", "b200-sxm"], "plan": ["tp1", "tp3"]},
    "latin": {"count": 3, "figure.memory.pin_rate": {"from": "x0.9", "to": "x1.1"}},
}


def printed(*words):
    return subprocess.run([PROGRAM, *words], check=True, capture_output=True, text=True).stdout


class Results(unittest.TestCase):
    def test_documents_are_the_programs(self):
        words = ["run", "--json", "--tp=2", *(f"--{key}={value}" for key, value in SHORT.items())]
        self.assertEqual(memwall.run(tp=2, **SHORT), json.loads(printed(*words)))
        flags = {"model": "llama-3.1-8b", "workload": "chat", "concurrency": 8}
        words = [f"--{key}={value}" for key, value in flags.items()]
        wall = memwall.wall(chips=["h100-sxm", "b200-sxm"], **flags)
        self.assertEqual(wall, json.loads(printed("wall", "--chips=h100-sxm,b200-sxm", "--json", *words)))
        self.assertEqual([row["chip"] for row in wall["rows"]], ["h100-sxm", "b200-sxm"])
        shown = memwall.call("chips", "show", "gb300")
        self.assertEqual(shown, json.loads(printed("chips", "show", "gb300", "--json")))

    def test_supply_and_any_other_command_are_the_programs(self):
        self.assertEqual(memwall.supply(), json.loads(printed("supply", "--json")))
        years = [year["year"] for year in memwall.supply(scenario="revised")["years"]]
        self.assertEqual(years, sorted(years))
        self.assertEqual(memwall.call("workloads", "list"), json.loads(printed("workloads", "list", "--json")))

    def test_points_are_validated_as_by_the_program(self):
        points = os.path.join(os.path.dirname(__file__), "../../../workloads/measured/published.csv")
        self.assertEqual(
            memwall.validate(points=points), json.loads(printed("validate", "--points", points, "--json"))
        )

    def test_a_scenario_is_read_and_keywords_win(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.toml")
            with open(path, "w") as file:
                file.write(memwall.to_toml({**SHORT, "tasks": 7}))
            self.assertEqual(memwall.run(path, tasks=40), memwall.run(**SHORT))

    def test_mistakes_are_value_errors_with_the_programs_words(self):
        with self.assertRaisesRegex(ValueError, "h100.*did you mean|no chip|unknown chip"):
            memwall.run(chip="h1000-sxm")
        with self.assertRaisesRegex(ValueError, "--tensor"):
            memwall.run(tensor=4)
        with self.assertRaisesRegex(ValueError, "there is no axis"):
            memwall.sweep({"base": SHORT})
        with self.assertRaisesRegex(ValueError, r"x\.toml:1: unknown key `gird`"):
            memwall.Sweep("gird.chip = ['a']", "x.toml")


class Sweeps(unittest.TestCase):
    def test_rows_and_folders_are_the_programs(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sweep.toml")
            with open(path, "w") as file:
                file.write(memwall.to_toml(SPEC))
            rows = memwall.sweep(path, os.path.join(folder, "ours"))
            self.assertEqual(rows, memwall.sweep(path))
            self.assertEqual(len(memwall.sweep(SPEC)), len(rows))
            self.assertEqual([row["point"] for row in rows], list(range(12)))
            self.assertEqual({row["state"] for row in rows}, {"done", "impossible"})
            printed("sweep", path, "--out", os.path.join(folder, "theirs"))
            job = memwall.Sweep(memwall.to_toml(SPEC), path)
            parts = os.path.join(folder, "parts")
            for number in reversed(job.missing(parts)):
                job.keep(parts, number, job.part(number))
            job.finish(parts)
            for name in os.listdir(os.path.join(folder, "theirs")):
                contents = set()
                for kind in ["ours", "theirs", "parts"]:
                    with open(os.path.join(folder, kind, name), "rb") as file:
                        contents.add(file.read())
                self.assertEqual(len(contents), 1, name)

    def test_other_threads_run_during_a_simulation(self):
        ticks = []
        stop = threading.Event()

        def tick():
            while not stop.is_set():
                ticks.append(time.monotonic())
                time.sleep(0.005)

        ticker = threading.Thread(target=tick)
        ticker.start()
        started = time.monotonic()
        memwall.run(model="llama-3.1-8b", workload="chat", rate=60, duration="20min")
        took = time.monotonic() - started
        stop.set()
        ticker.join()
        during = [at for at in ticks if started <= at <= started + took]
        self.assertGreater(len(during), took / 0.005 / 10)

    def test_a_data_frame_of_a_sweep(self):
        import pandas

        frame = pandas.DataFrame(memwall.sweep(SPEC))
        best = frame[frame.state == "done"].groupby("chip").output_tok_s_per_gpu.max()
        self.assertGreater(best["b200-sxm"], best["h100-sxm"])


if __name__ == "__main__":
    unittest.main()
