"""What a look at a model in production has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from windlass.models.distances import Distances
from windlass.monitoring.alerting import Standing
from windlass.monitoring.chi_square import ChiSquare, chi_square
from windlass.monitoring.drifting import ColumnTest
from windlass.monitoring.quality import Quality
from windlass.monitoring.windows import Window, total
from windlass.records.production import Alert
from windlass.serving.observing import latency
from windlass.serving.observing.counts import UNKNOWN
from windlass.values import Json

if TYPE_CHECKING:
    from windlass.models.profile import ColumnProfile
    from windlass.models.statistics import Finding

Verdict: TypeAlias = Literal["off", "fine", "too little"]


@dataclass(frozen=True, slots=True)
class Looked:
    """A window that was looked at.

    Args:
        window: What was counted in it.
        tests: What its columns' tests say; none if it was not judged.
        is_judged: Whether it has ended, with rows enough.
    """

    window: Window
    tests: Sequence[ColumnTest] = ()
    is_judged: bool = False

    @property
    def off(self) -> list[ColumnTest]:
        """The tests that found something off."""
        return [test for test in self.tests if test.is_off]

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        counts = self.window.counts
        return {
            "began": self.window.began,
            "seconds": self.window.seconds,
            "rows": counts.rows,
            "requests": self.window.requests,
            "failures": dict(self.window.failures),
            "judged": self.is_judged,
            "off": [test.document() for test in self.off],
        }


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column of the version's inputs or outputs over the whole time.

    Args:
        name: Its name.
        part: ``input`` or ``output``.
        reference: Its profile.
        live: Its counts.
        distances: How far these are from the reference.
        last: Its tests in the last window that was judged.
        windows_off: In how many windows it is off.
        standing: What stands of it.
    """

    name: str
    part: Literal["input", "output"]
    reference: ColumnProfile
    live: Any
    distances: Distances
    last: Sequence[ColumnTest] = ()
    windows_off: int = 0
    standing: Sequence[Standing] = ()

    @property
    def missing(self) -> tuple[float, float]:
        """The share of rows that lack it: in the reference, and live."""
        return self.reference.nulls / max(1, self.reference.rows), _share(self.live, -1)

    @property
    def strange(self) -> tuple[float, float]:
        """The share of rows out of its range, or in the rest of its categories, likewise."""
        cells = [-2] if self.reference.anchors.kind == "category" else [0, -2]
        return _share(self.reference.counts, cells), _share(self.live, cells)

    @property
    def chi_square(self) -> ChiSquare | None:
        """The usual test of its counts, which decides nothing here."""
        return chi_square(self.reference.counts, self.live)

    @property
    def effect(self) -> float:
        """How far its distribution was in the last window that was judged, beyond chance."""
        return max((test.effect for test in self.last if test.rule == "drift"), default=0.0)

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        return {
            "name": self.name,
            "part": self.part,
            "distances": self.distances.document(),
            "chi_square": None if (told := self.chi_square) is None else told.document(),
            "missing": list(self.missing),
            "strange": list(self.strange),
            "last": [test.document() for test in self.last],
            "windows_off": self.windows_off,
            "standing": [each.kind for each in self.standing],
        }


def _share(counts: Any, cells: Any) -> float:
    return float(counts[cells].sum() / max(1, counts.sum()))


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look has found.

    Args:
        model: The model's name.
        number: The version that was watched.
        since: Since when.
        now: When it was looked.
        windows: What was counted, the oldest first.
        columns: Those of the version's profile, what is off and the farthest first.
        score: What its quality is measured by; None if it is not known.
        holdout: That score on its holdout.
        quality: The quality of windows of which labels have come, the oldest first.
        overall: That of all these together.
        unmatched: Labels without an answer in the log.
        standing: What is off, and has been for as many windows as it takes.
        untold: What of it no alert had told before this look.
        alerts: The alerts that are new with this look.
        notes: What could not be looked at, or told, and why.
    """

    model: str
    number: int
    since: float
    now: float
    windows: Sequence[Looked] = ()
    columns: Sequence[ColumnView] = ()
    score: str | None = None
    holdout: Finding | None = None
    quality: Sequence[Quality] = ()
    overall: Quality | None = None
    unmatched: int = 0
    standing: Sequence[Standing] = ()
    untold: Sequence[Standing] = ()
    alerts: Sequence[Alert] = ()
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def version(self) -> str:
        """The version that was watched, such as ``delay@3``."""
        return f"{self.model}@{self.number}"

    @property
    def verdict(self) -> Verdict:
        """``off`` if something is, ``fine``, or ``too little`` was seen to say so."""
        if self.standing:
            return "off"
        judged = [each.is_judged for each in self.windows]
        judged += [each.is_judged for each in self.quality]
        return "fine" if any(judged) else "too little"

    def has(self, kind: str) -> bool:
        """Whether something of a kind is off: ``drift``, ``quality``, and the like."""
        return any(each.kind == kind for each in self.standing)

    def traffic(self) -> dict[str, Json]:
        """Requests and how they were answered, over the whole time."""
        windows = [each.window for each in self.windows]
        counts = total(windows)
        failures: dict[str, int] = {}
        others: dict[str, int] = {}
        for window in windows:
            for kind, many in window.failures.items():
                failures[kind] = failures.get(kind, 0) + many
            for number, each in window.others.items():
                if number != UNKNOWN:
                    others[str(number)] = others.get(str(number), 0) + each.requests
        shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
        return {
            "requests": counts.requests,
            "rows": counts.rows,
            "dropped_rows": counts.dropped[1],
            "failures": dict(failures),
            "other_versions": dict(others),
            "latency": {k: latency.quantile(counts.latency, share) for k, share in shares.items()},
        }

    def how_well(self) -> dict[str, Json]:
        """How good its answers were, as far as labels have come."""
        return {
            "score": self.score,
            "holdout": None if self.holdout is None else self.holdout.document(),
            "overall": None if self.overall is None else self.overall.document(),
            "windows": [each.document() for each in self.quality],
            "unmatched": self.unmatched,
        }

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        return {
            "model": self.model,
            "version": self.number,
            "verdict": self.verdict,
            "since": self.since,
            "now": self.now,
            "standing": [each.document() for each in self.standing],
            "alerts": [_alert(each) for each in self.alerts],
            "traffic": self.traffic(),
            "quality": self.how_well(),
            "columns": [each.document() for each in self.columns],
            "windows": [each.document() for each in self.windows],
            "notes": list(self.notes),
        }


def _alert(alert: Alert) -> dict[str, Json]:
    document: Mapping[str, Any] = alert.document
    return {"id": alert.id, "kind": alert.kind, "time": alert.time, **document}
