"""What was counted, by windows of time: that of all writers together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from windlass.records.production import Observation
from windlass.serving.observing.counts import UNKNOWN, Counts

SETTLING = 15.0
"""Seconds after its end until all writers have saved a window."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window of a model.

    Args:
        began: When it begins, in seconds since 1970, UTC.
        seconds: How long it is.
        counts: Of the version that is watched.
        others: Of each other version that answered, by number; under 0 what none answered.
    """

    began: float
    seconds: float
    counts: Counts = field(default_factory=Counts)
    others: Mapping[int, Counts] = field(default_factory=dict)

    @property
    def ends(self) -> float:
        """When it ends."""
        return self.began + self.seconds

    @property
    def failures(self) -> Mapping[str, int]:
        """Requests without an answer, by kind."""
        return self.others[UNKNOWN].failures if UNKNOWN in self.others else {}

    @property
    def requests(self) -> int:
        """Requests that were answered, by any version."""
        answered = sum(each.requests + each.dropped[0] for each in self.others.values())
        return answered + self.counts.requests + self.counts.dropped[0]

    def is_settled(self, now: float) -> bool:
        """Whether nothing more will be counted in it."""
        return self.ends + SETTLING <= now


def merged(observations: Iterable[Observation], number: int) -> list[Window]:
    """The windows of a version, the oldest first, from what all writers counted.

    Args:
        observations: In any order.
        number: The version that is watched.
    """
    totals: dict[tuple[float, float], dict[int, Counts]] = {}
    for each in observations:
        of_window = totals.setdefault((each.began, each.seconds), {})
        counts = Counts.read(each.document)
        before = of_window.get(each.number)
        of_window[each.number] = counts if before is None else before + counts
    return [
        Window(began, seconds, found.pop(number, Counts()), found)
        for (began, seconds), found in sorted(totals.items())
    ]


def total(windows: Sequence[Window]) -> Counts:
    """The counts of the watched version in all of them."""
    found = Counts()
    for each in windows:
        found += each.counts
    return found
