"""What differs in the nodes of two runs, and in what their steps logged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from windlass.execution.run import shown

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records.model import Outcome, Run


def compare_nodes(stores: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """The nodes that came, went, ended otherwise or ran another step."""
    old, new = (_outcomes(stores, run) for run in (before, after))
    names = [*old, *(name for name in new if name not in old)]
    entries = [_node(name, old.get(name), new.get(name)) for name in names]
    return [entry for entry in entries if entry["change"]]


def _outcomes(stores: Stores, run: Run) -> dict[str, Outcome]:
    return {each.node: each for each in shown(stores.records.run_outcomes(run.id))}


def _node(name: str, old: Outcome | None, new: Outcome | None) -> dict[str, Any]:
    return {
        "node": name,
        "change": _change(old, new),
        "before": _facts(old),
        "after": _facts(new),
    }


def _change(old: Outcome | None, new: Outcome | None) -> str | None:
    if old is None or new is None:
        return "added" if old is None else "removed"
    if old.step != new.step:
        return "step"
    return "status" if old.status != new.status else None


def _facts(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    error = outcome.error or {}
    return {
        "step": outcome.step,
        "status": outcome.status,
        "cached": outcome.cached,
        "seconds": outcome.seconds,
        "error": f"{error['kind']}: {error['message']}" if error else None,
    }


def node_seconds(stores: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """How long nodes took that were computed in both runs: no difference, but worth a look."""
    old, new = (_outcomes(stores, run) for run in (before, after))
    ran = [name for name in old if name in new and _ran(old[name]) and _ran(new[name])]
    return [{"node": name, "before": old[name].seconds, "after": new[name].seconds} for name in ran]


def _ran(outcome: Outcome) -> bool:
    return bool(outcome.attempts) and not outcome.cached and outcome.seconds is not None


def compare_metrics(stores: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """The metrics whose last values differ, by node and name, with the difference."""
    old, new = (_metrics(stores, run) for run in (before, after))
    keys = [*old, *(key for key in new if key not in old)]
    return [
        {"node": key[0], "name": key[1], **_values(old.get(key), new.get(key))}
        for key in keys
        if not _is_same(old.get(key), new.get(key))
    ]


def _metrics(stores: Stores, run: Run) -> dict[tuple[str, str], float | None]:
    return {(m.node, m.name): m.value for m in stores.records.last_values(run.id)}


def _values(old: float | None, new: float | None) -> dict[str, float | None]:
    both = old is not None and new is not None
    return {"before": old, "after": new, "difference": new - old if both else None}  # type: ignore[operator]


def _is_same(old: float | None, new: float | None) -> bool:
    return old == new or (_is_nan(old) and _is_nan(new))


def _is_nan(value: float | None) -> bool:
    return value is not None and math.isnan(value)
