"""A plan as nested tasks, loops and choices: what kfp is asked to build."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError

if TYPE_CHECKING:
    from windlass.pipeline.graph import Branch, Node
    from windlass.pipeline.plan import Plan

RUN = "windlass_run"
"""The parameter that names a run which is recorded already."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def refuse_names(parameters: Iterable[str]) -> None:
    """Refuses parameters that KFP cannot be told of.

    Raises:
        ConfigError: One has a name that KFP does not take.
    """
    for name in parameters:
        if name == RUN or not _NAME.fullmatch(name):
            raise ConfigError(
                f"Kubeflow Pipelines cannot be told of a parameter named '{name}'",
                hint="Latin letters, digits and underscores make its name, a letter first; "
                f"and {RUN} is taken.",
            )


def body_of(plan: Plan) -> list[dict[str, Any]]:
    """The plan's tasks in the order of its calls; those on a branch stand within their choice.

    What a branch calls is called at once: so what stands on it comes together, after all that it
    needs and before all that needs it, and no task waits for one in a group that waits for it.
    """
    root: list[dict[str, Any]] = []
    opened: dict[tuple[str, ...], dict[str, Any]] = {}
    for node in plan.graph.nodes.values():
        side = root
        for depth, branch in enumerate(node.when):
            key = tuple(each.choice for each in node.when[: depth + 1])
            if key not in opened:
                opened[key] = _choice(plan, branch, node)
                side.append(opened[key])
            side = opened[key]["then" if branch.taken else "otherwise"]
        side.append(_node(plan, node))
    return root


def _choice(plan: Plan, branch: Branch, first: Node) -> dict[str, Any]:
    condition = plan.graph.choices[branch.choice].condition
    return {
        "choice": branch.choice,
        "task": task_name(f"{branch.choice}-choose"),
        "first": first.name,
        "after": sorted(plan.graph.nodes_of(condition)),
        "then": [],
        "otherwise": [],
    }


def _node(plan: Plan, node: Node) -> dict[str, Any]:
    settings = plan.settings(node)
    return {
        "node": node.name,
        "task": task_name(node.name),
        "mapped": node.mapped,
        "after": sorted(plan.graph.upstream(node)),
        "retries": settings.retries,
        "retry_delay": math.ceil(settings.retry_delay),  # KFP counts whole seconds
        "cpus": settings.cpus,
        "memory": settings.memory_bytes,
        "gpus": settings.gpus,
    }


def task_name(name: str) -> str:
    """A name that Kubernetes takes; kfp itself numbers those that come twice."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "node"
