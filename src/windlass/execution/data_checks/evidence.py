"""The evidence that checks leave in the record, and how it is found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Outcome

KIND = "data checks"
"""Of the event that an attempt leaves if none of its checks has failed."""


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
    return checks_at(records, records.outcomes(run))


def checks_at(records: Records, outcomes: Iterable[Outcome]) -> dict[str, list[dict[str, Any]]]:
    """The same of nodes or items whose outcomes are at hand."""
    events: dict[str, dict[str, Mapping[str, Any]]] = {}
    found = {each.node: _of(records, each, events) for each in outcomes}
    return {node: checks for node, checks in found.items() if checks}


def _of(
    records: Records, outcome: Outcome, events: dict[str, dict[str, Mapping[str, Any]]]
) -> list[Any]:
    if outcome.error is not None and "checks" in outcome.error:
        return list(outcome.error["checks"])
    run, node = outcome.computed_by
    if run not in events:
        events[run] = {event.node: event.data for event in records.events(run, KIND)}
    told = events[run].get(node)
    if told is None or (outcome.error is not None and told["attempt"] != outcome.attempt):
        return []  # what an earlier try left, before the run was resumed, is not of this one
    return list(told["checks"])
