"""Runs DAGs by Airflow's own ``dag.test``: started in Airflow's interpreter, never imported here.

Its arguments: a list of ``[file, configuration]`` in JSON, and the file for what came of each.
Airflow only logs the errors of tasks: what counts is the state of the run.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, TypeVar

_Hook = TypeVar("_Hook", bound=Callable[..., None])
# Neither is installed where this is checked.
hookimpl: Callable[[_Hook], _Hook] = importlib.import_module("airflow.listeners").hookimpl
listeners: Any = importlib.import_module("airflow.sdk.listener").get_listener_manager()


class Telling:
    """Says how each task ended.

    Args:
        out: Where to.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        """As of Airflow."""
        self._tell(task_instance, "succeeded")

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        """As of Airflow."""
        self._tell(task_instance, f"failed: {error}")

    @hookimpl
    def on_task_instance_skipped(self, task_instance: Any) -> None:
        """As of Airflow."""
        self._tell(task_instance, "skipped")

    def _tell(self, task: Any, how: str) -> None:
        print(f"airflow  {_name(task)}  {how}", file=self._out, flush=True)


def _name(task: Any) -> str:
    is_item = task.map_index is not None and task.map_index >= 0
    return f"{task.task_id}[{task.map_index}]" if is_item else str(task.task_id)


def dag_of(file: str) -> Any:
    """The DAG of a file."""
    spec = importlib.util.spec_from_file_location("compiled", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dag


def main() -> None:
    """Runs the DAGs one after another."""
    screen = os.fdopen(os.dup(2), "w")
    os.dup2(1, 2)  # what Airflow says, and what the tasks write, is for the log
    listeners.add_listener(Telling(screen))
    told = []
    for file, configuration in json.loads(sys.argv[1]):
        run = dag_of(file).test(run_conf=configuration)
        tasks = {_name(task): str(task.state) for task in run.get_task_instances()}
        told.append({"state": str(run.state), "run": run.run_id, "tasks": tasks})
    Path(sys.argv[2]).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
