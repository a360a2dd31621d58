"""Airflow: a pipeline as one DAG file, whose tasks call ``windlass execute``.

Airflow orders, tries again and schedules; steps read and write the stack's artifact store, and
``windlass sync`` takes what came of them into the record. The file needs Airflow and Python alone.

In ``[stacks.NAME.options]``:

schedule = "@daily"                    # as Airflow takes it; none if not given
start = "2026-01-01"                   # the first day of that
pool = "training"                      # an Airflow pool; a task takes as many slots as cores
command = ["/opt/models/bin/windlass"] # if not given, the lock is built
python = "/opt/airflow/bin/python"     # that has Airflow, for `windlass portability`
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
import textwrap
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError
from windlass.pipeline.settings import RunOptions
from windlass.stacks.check import Check, attempt
from windlass.stacks.stack import Stack
from windlass.targets.compiling import how_begun

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
    "python": (str, 'the path of an interpreter, such as "/opt/airflow/bin/python"'),
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
        self._run = options
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

    def notices(self, plan: Plan) -> list[str]:
        """What a person should know before a plan runs there."""
        held = [node.name for node in plan.graph.nodes.values() if plan.settings(node).memory_bytes]
        if not held:
            return []
        names = ", ".join(f"'{name}'" for name in held)
        return [f"Airflow neither reserves nor limits memory, which {names} asks for"]

    def compile(self, compiled: Compiled) -> Mapping[str, str]:
        """The DAG file, by its name."""
        name = re.sub(r"[^\w.-]", "_", compiled.plan.name)
        document = {**self._facts(compiled), "dag": name}
        packed = base64.b64encode(zlib.compress(json.dumps(document, sort_keys=True).encode(), 9))
        encoded = "\n".join(textwrap.wrap(packed.decode(), 100))
        text = _FILE.read_text(encoding="utf-8")
        return {f"{name}.py": text.replace("NAME", name, 1).replace("ENCODED", encoded, 1)}

    def trial(self, files: Path, parameters: Mapping[str, str]) -> None:
        """Runs the DAG file of a folder once, by an Airflow of this machine.

        Args:
            files: Where `compile` put the file, and nothing else.
            parameters: The configuration that it is triggered with.

        Raises:
            ConfigError: There is no Airflow, or none that is new enough.
            RunError: It could not be started.
        """
        from windlass.targets.airflow.engine import find_airflow

        airflow = find_airflow(self._options.get("python"))
        (file,) = files.glob("*.py")
        with tempfile.TemporaryDirectory(prefix="windlass-airflow-") as home:
            airflow.run([(file, parameters)], Path(home))

    @staticmethod
    def look(stack: Stack) -> Iterator[Check]:
        """What `windlass stack check` says of Airflow: whether there is one here to try DAGs by."""
        yield Check(
            "target", "ok", "airflow: windlass compile writes DAGs for one that is elsewhere"
        )
        python = stack.resolved_options().get("python")
        if python is not None:
            yield attempt("airflow", lambda: _found(str(python)))

    def _facts(self, compiled: Compiled) -> dict[str, Any]:
        plan = compiled.plan
        return {
            "plan": plan.digest,
            "shared": compiled.shared,
            "begin": how_begun(self._run),
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


def _found(python: str) -> Check:
    from windlass.targets.airflow.engine import find_airflow

    airflow = find_airflow(python)
    return Check("airflow", "ok", f"Airflow {airflow.version} in {python}")


def _node(plan: Plan, node: Node) -> dict[str, Any]:
    settings = plan.settings(node)
    return {
        "name": node.name,
        "mapped": node.mapped,
        "after": sorted(plan.graph.upstream(node)),
        "retries": settings.retries,
        "retry_delay": settings.retry_delay,
        "cpus": settings.cpus,
    }


def _param(default: str | None) -> dict[str, str]:
    told = "of the pipeline" if default is None else f"{default} if not given"
    return {"description": told}
