"""Sweeps on a Ray cluster.

Workers compute parts of the sweep and hand back the bytes of their Parquet files; the driver writes
them into the same folder as ``memwall sweep --out`` would, byte for byte. Workers that are lost are
replaced by Ray; a driver that is lost goes on where it was when it is started again.
"""

from __future__ import annotations

import os
from typing import Any, Callable

import ray

from . import to_toml
from ._memwall import Sweep

#: How often a part is tried again after its worker was lost.
RETRIES = 5

_jobs: dict[tuple[str, str, str | None], Sweep] = {}


def _job(text: str, file: str, specs: str | None) -> Sweep:
    """The sweep of this worker process, read once."""
    key = (text, file, specs)
    if key not in _jobs:
        _jobs.clear()
        _jobs[key] = Sweep(text, file, specs)
    return _jobs[key]


def _part(text: str, file: str, specs: str | None, number: int) -> bytes:
    return _job(text, file, specs).part(number)


def sweep(
    spec: str | os.PathLike[str] | dict[str, Any],
    out: str | os.PathLike[str],
    *,
    specs: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    in_flight: int | None = None,
    options: dict[str, Any] | None = None,
) -> int:
    """Computes the parts that ``out`` lacks on the cluster that Ray is connected to.

    ``spec`` is a file that the driver can read, or its content as a dict; files that it names must be
    where the workers find them. ``progress(done, parts)`` is called after each part. ``options`` go to Ray's tasks
    (``{"num_cpus": 2}``). Returns the number of points of the sweep.
    """
    if isinstance(spec, dict):
        file, text = "sweep.toml", to_toml(spec)
    else:
        file = os.fspath(spec)
        with open(file, encoding="utf-8") as opened:
            text = opened.read()
    overlay = None if specs is None else os.fspath(specs)
    job = Sweep(text, file, overlay)
    missing = list(job.missing(out))
    cpus = int(ray.cluster_resources().get("CPU", 1))
    limit = in_flight or 4 * max(cpus, 1)
    task = ray.remote(_part).options(**{"num_cpus": 1, "max_retries": RETRIES, **(options or {})})
    running: dict[Any, int] = {}
    queue = iter(missing)
    done = job.parts - len(missing)
    while True:
        while len(running) < limit and (number := next(queue, None)) is not None:
            running[task.remote(text, file, overlay, number)] = number
        if not running:
            break
        ready, _ = ray.wait(list(running), num_returns=1)
        for reference in ready:
            number = running.pop(reference)
            job.keep(out, number, ray.get(reference))
            done += 1
            if progress is not None:
                progress(done, job.parts)
    job.finish(out)
    return job.points
