"""Runs the project of a folder in a child of its own, once for each line that names a folder.

A program of its own: the libraries are imported once, and each child has the rest to itself.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from typing import Any

# What skops imports, torch among it, takes two seconds.
PRELOADED = (
    "numpy",
    "pydantic.fields",
    "sklearn.preprocessing",
    "skops.io",
    "windlass.targets.launch",
)


def run(
    folder: str,
    pipeline: str,
    options: dict[str, Any],
    plain: int | None = None,
    environ: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Runs a pipeline; with `plain`, calls each of its steps as a function, too, on that number."""
    import importlib

    os.environ.update(environ or {})
    os.chdir(folder)
    sys.path.insert(0, folder)
    flow = importlib.import_module("flow")
    found = getattr(flow, pipeline)
    run = found.options(in_process=True, **options).run()
    nodes: dict[str, Any] = {}
    for node in run.nodes:
        outcome = node.outcome
        assert outcome is not None
        value = node.value if outcome.status == "succeeded" else None
        name = node.name.partition("[")[0]  # the items of the map run together, or not at all
        assert nodes.get(name, {}).get("cached") in (None, outcome.cached)
        nodes[name] = {
            "cached": outcome.cached,
            "reason": outcome.reason,
            "key": outcome.key,
            "value": repr(value),
        }
    called = {} if plain is None else {name: repr(getattr(flow, name)(plain)) for name in nodes}
    return {"status": run.status, "nodes": nodes, "called": called}


def answer(line: str) -> str:
    request = json.loads(line)
    try:
        return json.dumps(run(**request))
    except BaseException:
        return json.dumps({"status": traceback.format_exc(), "nodes": {}, "called": {}})


def warm_up() -> None:
    """Runs something, so that all that a run imports is imported once for every child."""
    import tempfile

    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/windlass.toml", "w"), open(f"{folder}/flow.py", "w") as file:
            file.write(
                "from windlass import pipeline, step\n"
                "@step\ndef one(x: int) -> int:\n    return x\n"
                "@pipeline\ndef everything() -> int:\n    return one(1)\n"
            )
        run(folder, "everything", {})
        os.chdir(here)
    sys.path.pop(0)
    del sys.modules["flow"]


def main() -> None:
    import importlib

    for name in (*PRELOADED, *sys.argv[1:]):
        importlib.import_module(name)
    warm_up()
    gc.collect()
    gc.freeze()  # a collection in a child would else copy all pages of torch and the like
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
