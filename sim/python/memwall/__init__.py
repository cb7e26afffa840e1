"""memwall: a discrete-event simulator of LLM inference that shows the memory wall.

Keyword arguments are the flags of the program with ``_`` for ``-``: ``max_seqs=128`` is
``--max-seqs 128``, ``explain=True`` is ``--explain``, a list is several values. Results are the
program's JSON documents as dicts. What is wrong with the input is a ``ValueError`` with the
program's message.
"""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

from ._memwall import Sweep, __version__, command

__all__ = ["Sweep", "__version__", "call", "run", "supply", "sweep", "validate", "wall"]


def _words(flags: dict[str, Any]) -> list[str]:
    words: list[str] = []
    for key, value in flags.items():
        flag = "--" + key.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(flag)
        elif isinstance(value, (list, tuple)):
            words.append(flag)
            words.extend(os.fspath(one) if isinstance(one, os.PathLike) else str(one) for one in value)
        else:
            words.append(f"{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
    return words


def call(*words: str, **flags: Any) -> dict[str, Any]:
    """Any command of the program: ``call("chips", "show", "gb300")``. Its JSON as a dict."""
    return json.loads(command([*map(str, words), "--json", *_words(flags)]))


def run(scenario: str | os.PathLike[str] | None = None, **flags: Any) -> dict[str, Any]:
    """One simulation in depth: ``memwall run``."""
    return call("run", *([os.fspath(scenario)] if scenario is not None else []), **flags)


def wall(**flags: Any) -> dict[str, Any]:
    """The ladder of chips: ``memwall wall``. ``pandas.DataFrame(wall()["rows"])``."""
    if isinstance(flags.get("chips"), (list, tuple)):
        flags["chips"] = ",".join(flags["chips"])
    return call("wall", **flags)


def validate(**flags: Any) -> dict[str, Any]:
    """Predictions against measured points: ``memwall validate``."""
    return call("validate", **flags)


def supply(**flags: Any) -> dict[str, Any]:
    """What gigawatts of accelerators can be made and fed: ``memwall supply``."""
    return call("supply", **flags)


def sweep(
    spec: str | os.PathLike[str] | dict[str, Any],
    out: str | os.PathLike[str] | None = None,
    **flags: Any,
) -> list[dict[str, Any]]:
    """Many points on all cores: ``memwall sweep``. One dict a point, ready for a DataFrame.

    ``spec`` is a file, or the file's content as a dict. With ``out`` the results stay in that
    folder, and a sweep that was stopped goes on; without it they are only returned.
    """
    with tempfile.TemporaryDirectory(prefix="memwall-") as scratch:
        if isinstance(spec, dict):
            path = os.path.join(scratch, "sweep.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(to_toml(spec))
        else:
            path = os.fspath(spec)
        folder = os.fspath(out) if out is not None else os.path.join(scratch, "results")
        call("sweep", path, out=folder, **flags)
        specs = {"specs": flags["specs"]} if "specs" in flags else {}
        lines = command(["sweep", "export", folder, "--as", "jsonl", *_words(specs)])
    return [json.loads(line) for line in lines.splitlines()]


def to_toml(spec: dict[str, Any]) -> str:
    """A sweep given as a dict, as the text of its file."""

    def value(one: Any) -> str:
        if isinstance(one, dict):
            return "{ " + ", ".join(f"{json.dumps(k)} = {value(v)}" for k, v in one.items()) + " }"
        if isinstance(one, (list, tuple)):
            return "[" + ", ".join(map(value, one)) + "]"
        return json.dumps(one)

    return "".join(f"{json.dumps(key)} = {value(one)}\n" for key, one in spec.items())
