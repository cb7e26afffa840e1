"""Runs what a page of the documentation shows, block by block, in an empty folder.

Usage: documented.py PAGE. A TOML block whose first line is `# NAME.toml` becomes that file; `sh` blocks
run in bash, `sql` blocks in DuckDB, `python` blocks in one interpreter; of a `yaml` block that is a
composite action the `run` steps, as a job would that calls it on the sweep of the page and the folder that
it made. Other blocks are text. Of a notebook the cells of code are run.
"""

import json
import os
import re
import subprocess
import sys
import tempfile


def blocks_of(path):
    with open(path, encoding="utf-8") as page:
        text = page.read()
    if path.endswith(".ipynb"):
        cells = json.loads(text)["cells"]
        return [("python", "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    return re.findall(r"^```(\w+)\n(.*?)^```", text, re.M | re.S)


def shell(code, **more):
    subprocess.run(["bash", "-euo", "pipefail", "-c", code], check=True, stdout=subprocess.DEVNULL, **more)


def composite(code, inputs):
    """Runs the steps of a composite action; whether the block is one."""
    import yaml

    action = yaml.safe_load(code)
    if not isinstance(action, dict) or action.get("runs", {}).get("using") != "composite":
        return False
    inputs = {name: inputs.get(name, about.get("default")) for name, about in action["inputs"].items()}
    summary = os.path.abspath("summary.md")
    for step in action["runs"]["steps"]:
        script = re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], step.get("run", ""))
        shell(script, env={**os.environ, "GITHUB_STEP_SUMMARY": summary})
    assert os.path.getsize(summary), "the action wrote no summary"
    return True


def main():
    blocks = blocks_of(sys.argv[1])
    folder = tempfile.TemporaryDirectory(prefix="memwall-docs-")
    os.chdir(folder.name)
    names = {}
    counts = {}
    for kind, code in blocks:
        if kind == "toml":
            named = re.match(r"# ([\w.-]+\.toml)\n", code)
            if named is None:
                continue
            with open(named[1], "w", encoding="utf-8") as file:
                file.write(code)
        elif kind == "sh":
            shell(code)
        elif kind == "sql":
            import duckdb

            rows = duckdb.sql(code).fetchall()
            assert rows, f"no row for: {code}"
        elif kind == "python":
            exec(compile(code, "documented", "exec"), names)  # noqa: S102
        elif kind != "yaml" or not composite(code, {"spec": "sweep.toml", "base": "pins"}):
            continue
        counts[kind] = counts.get(kind, 0) + 1
    print("ran " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    assert counts.get("sql", 0) + counts.get("python", 0) >= 3


if __name__ == "__main__":
    main()
