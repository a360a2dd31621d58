"""Runs DAGs by Airflow's own ``dag.test``, in Airflow's interpreter; prints what came of each.

Its argument is JSON: a list of ``[file, configuration]``. Airflow only logs errors of tasks: what
counts is the state of the run.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any


def dag_of(file: str) -> Any:
    spec = importlib.util.spec_from_file_location("compiled", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dag


def main() -> None:
    told = []
    for file, configuration in json.loads(sys.argv[1]):
        run = dag_of(file).test(run_conf=configuration)
        states = {}
        for task in run.get_task_instances():
            item = "" if task.map_index < 0 else f"[{task.map_index}]"
            states[f"{task.task_id}{item}"] = str(task.state)
        told.append({"state": str(run.state), "run": run.run_id, "tasks": states})
    print("TOLD" + json.dumps(told))


if __name__ == "__main__":
    main()
