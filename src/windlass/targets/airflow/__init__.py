"""Airflow: a pipeline as one DAG file, whose tasks call ``windlass execute``.

Airflow orders, tries again and schedules; steps read and write the stack's artifact store, and
``windlass sync`` takes what came of them into the record. The file needs Airflow and Python alone.

In ``[stacks.NAME.options]``:

schedule = "@daily"                    # as Airflow takes it; none if not given
start = "2026-01-01"                   # the first day of that
pool = "training"                      # an Airflow pool; a task takes as many slots as cores
command = ["/opt/models/bin/windlass"] # if not given, the lock is built
"""

from __future__ import annotations

import base64
import json
import re
import textwrap
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError
from windlass.pipeline.settings import RunOptions
from windlass.stacks.stack import Stack

if TYPE_CHECKING:
    from windlass.pipeline.graph import Node
    from windlass.pipeline.plan import Plan
    from windlass.targets.compiling import Compiled

_FILE = Path(__file__).with_name("dag_file.txt")
_OPTIONS: dict[str, tuple[type, str]] = {
    "schedule": (str, 'a text, such as "@daily"'),
    "start": (str, 'a day, such as "2026-01-01"'),
    "pool": (str, "the name of a pool"),
    "command": (list, 'a list of words, such as ["/opt/models/bin/windlass"]'),
}


class AirflowTarget:
    """Makes DAG files.

    Args:
        stack: Where its artifacts are kept, and the options.
        options: How it is to run.

    Raises:
        ConfigError: An option is unknown, or not of its type.
    """

    locked = True

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        self._stack = stack
        self._seed = options.seed
        self._options = stack.resolved_options()
        for name, value in self._options.items():
            if name not in _OPTIONS:
                raise ConfigError(
                    f"the stack '{stack.name}': the target airflow has no option '{name}'",
                    hint=f"It has {', '.join(_OPTIONS)}.",
                )
            wanted, told = _OPTIONS[name]
            if type(value) is not wanted:
                raise ConfigError(f"the stack '{stack.name}': options.{name} must be {told}")

    def check(self, plan: Plan) -> None:
        """Refuses what Airflow's workers cannot be asked for."""
        for node in plan.graph.nodes.values():
            if plan.settings(node).gpus:
                raise ConfigError(
                    f"'{node.name}' asks for GPUs, which no worker of Airflow can be asked for",
                    hint="Run it on Ray or in containers; or leave gpus out, if all have them.",
                )

    def compile(self, compiled: Compiled) -> Mapping[str, str]:
        """The DAG file, by its name."""
        name = re.sub(r"[^\w.-]", "_", compiled.plan.name)
        document = {**self._facts(compiled), "dag": name}
        packed = base64.b64encode(zlib.compress(json.dumps(document, sort_keys=True).encode(), 9))
        encoded = "\n".join(textwrap.wrap(packed.decode(), 100))
        text = _FILE.read_text(encoding="utf-8")
        return {f"{name}.py": text.replace("NAME", name, 1).replace("ENCODED", encoded, 1)}

    def _facts(self, compiled: Compiled) -> dict[str, Any]:
        plan = compiled.plan
        return {
            "plan": plan.digest,
            "seed": self._seed,
            "description": f"The pipeline {plan.pipeline}, by Windlass.",
            "store": compiled.store,
            "store_needs": compiled.store_needs,
            "nodes": [_node(plan, node) for node in plan.graph.nodes.values()],
            "params": {name: _param(found) for name, found in compiled.parameters.items()},
            "schedule": self._options.get("schedule"),
            "start": self._options.get("start"),
            "pool": self._options.get("pool"),
            "command": self._options.get("command"),
            "python": compiled.lock.python,
            "lock": "".join(f"{line}\n" for line in compiled.lock.requirements),
            "environment": compiled.environment,
            "wheel": {"name": compiled.wheel_name, "blob": compiled.wheel},
        }


def _node(plan: Plan, node: Node) -> dict[str, Any]:
    settings = plan.settings(node)
    return {
        "name": node.name,
        "mapped": node.mapped,
        "after": sorted(plan.graph.upstream(node)),
        "retries": settings.retries,
        "retry_delay": settings.retry_delay,
        "timeout": settings.timeout,
        "cpus": settings.cpus,
    }


def _param(default: str | None) -> dict[str, str]:
    told = "of the pipeline" if default is None else f"{default} if not given"
    return {"description": told}
