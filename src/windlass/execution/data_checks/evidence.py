"""The evidence that checks leave in the record, and how it is found again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Outcome

KIND = "data checks"
"""Of the event that a step's success leaves."""


def checks_of(records: Records, run: str) -> dict[str, list[dict[str, Any]]]:
    """What came of the checks at the borders of a run's steps.

    Args:
        records: Where it is recorded.
        run: Its id.

    Returns:
        By node or item of a map, for each of its checks: ``check``, its name; ``kind``, ``schema``
        or ``function``; ``library``; ``border``, ``input`` or ``output``; ``at``, the parameter or
        output; ``verdict``: ``pass``, ``fail``, or ``error`` where the check itself is broken;
        ``values`` and ``rows``, how many were looked at; ``breaches``, each with ``column``,
        ``rule``, ``rows``, ``examples`` of ``[row, value]`` and ``note``; ``more``, how many
        breaches were left out. A result from the cache has those of the run that made it. Nodes
        without checks are left out.
    """
    events: dict[str, dict[str, Any]] = {}
    found = {each.node: _of(records, each, events) for each in records.outcomes(run)}
    return {node: checks for node, checks in found.items() if checks}


def _of(records: Records, outcome: Outcome, events: dict[str, dict[str, Any]]) -> list[Any]:
    if outcome.error is not None:
        return list(outcome.error.get("checks", ()))
    run, node = outcome.computed_by
    if run not in events:
        events[run] = {e.node: e.data["checks"] for e in records.events(run) if e.kind == KIND}
    return list(events[run].get(node, ()))
