"""The state of a node in a run, as it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

STATUSES = ("failed", "lost", "cancelled", "running", "waiting", "succeeded", "skipped")
"""What a node can be; of several together, the first that any of them is."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """How a node stands in a run.

    Args:
        status: One of `STATUSES`.
        seconds: How long it took; of several, all together.
        cached: Whether an earlier result stands for it.
        note: What there is to say: the error, why it was skipped.
        items: Of a map or a group, how many items have each status; ``cached`` counts apart.
    """

    status: str
    seconds: float | None = None
    cached: bool = False
    note: str = ""
    items: Mapping[str, int] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """Its status in a word; a success from the cache is ``cached``."""
        return "cached" if self.cached and self.status == "succeeded" else self.status


def combined(states: Iterable[NodeState]) -> NodeState:
    """The state of a map or a group, from those of its items or nodes."""
    parts = list(states)
    if not parts:
        return NodeState("waiting")
    worst = min(parts, key=lambda part: _severity(part.status))
    begun = any(part.status in ("succeeded", "skipped") for part in parts)
    status = "running" if begun and worst.status == "waiting" else worst.status
    times = [part.seconds for part in parts if part.seconds is not None]
    return NodeState(
        status=status,
        seconds=sum(times) if times else None,
        cached=all(part.word in ("cached", "skipped") for part in parts),
        note=worst.note if worst.status != "succeeded" else _shared({it.note for it in parts}),
        items=_counts(parts),
    )


def _shared(notes: set[str]) -> str:
    return notes.pop() if len(notes) == 1 else ""


def _counts(parts: Iterable[NodeState]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.items or {part.word: 1})
    return counts


def _severity(status: str) -> int:
    return STATUSES.index(status) if status in STATUSES else len(STATUSES)
