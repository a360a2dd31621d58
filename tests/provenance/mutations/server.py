"""Runs the project of a folder in a child of its own, once for each line that names a folder.

A program of its own: the libraries are imported once, and each child has the rest to itself.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

PRELOADED = ("numpy", "pydantic", "sklearn.preprocessing", "windlass.targets.launch")


def run(folder: str, pipeline: str, options: dict[str, Any]) -> dict[str, Any]:
    import importlib

    os.chdir(folder)
    sys.path.insert(0, folder)
    found = getattr(importlib.import_module("flow"), pipeline)
    run = found.options(in_process=True, **options).run()
    nodes = {}
    for node in run.nodes:
        outcome = node.outcome
        assert outcome is not None
        value = node.value if outcome.status == "succeeded" else None
        nodes[node.name] = {
            "cached": outcome.cached,
            "reason": outcome.reason,
            "key": outcome.key,
            "value": repr(value),
        }
    return {"status": run.status, "nodes": nodes}


def answer(line: str) -> str:
    request = json.loads(line)
    try:
        return json.dumps(run(**request))
    except BaseException:
        return json.dumps({"status": traceback.format_exc(), "nodes": {}})


def main() -> None:
    import importlib

    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            output = os.fdopen(writing, "w")
            os.dup2(2, 1)
            output.write(answer(line))
            output.close()
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as told:
            text = told.read()
        os.waitpid(child, 0)
        print(text, flush=True)


if __name__ == "__main__":
    main()
