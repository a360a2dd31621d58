"""What a ready-made test found: a measurement, of what part, and on which data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from windlass.models.statistics.finding import Finding, Verdict
from windlass.values import Json


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as `evidence` takes it.

    Args:
        finding: What was measured, and what that says.
        part: Of what: a slice, a column, a group; nothing if it is the whole.
        data: The digest of the rows it was measured on; None if these are not recorded.
        text: What a person reads; None for what the finding says of itself.
        wanted: What must be so, told where it does not pass.
        facts: What else is kept.
    """

    finding: Finding
    part: str = ""
    data: str | None = None
    text: str | None = None
    wanted: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict | None:
        """``pass``, ``fail``, ``inconclusive``; None if it is told, and not judged."""
        return self.finding.verdict

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        return {**self.finding.document(), "part": self.part, "data": self.data, **self.facts}

    def sentence(self) -> str:
        """It in a line."""
        told = self.finding.sentence() if self.text is None else self.text
        part = f"{self.part}: " if self.part else ""
        wanted = f"; it must be {self.wanted}" if self.wanted and self._is_open else ""
        return part + told + wanted

    @property
    def _is_open(self) -> bool:
        return self.verdict in ("fail", "inconclusive")


def checked(
    what: str,
    text: str,
    verdict: Verdict | None,
    *,
    n: int,
    estimate: float | None = None,
    threshold: float | None = None,
    low: float | None = None,
    high: float | None = None,
    data: str | None = None,
    method: str = "",
    cases_needed: int | None = None,
    **facts: Json,
) -> Found:
    """What is found without a score.

    Args:
        what: What was looked at.
        text: What a person reads.
        verdict: What that says; None if it is not judged.
        n: How many cases, calls or columns were looked at.
        estimate: A number, if there is one.
        threshold: What it was judged by.
        low: The least true value that is compatible with it.
        high: The greatest.
        data: The digest of the rows.
        method: How the interval was found.
        cases_needed: About how many cases would decide.
        **facts: What else is kept.
    """
    finding = Finding(
        what=what,
        estimate=estimate,
        low=low,
        high=high,
        n=n,
        threshold=threshold,
        verdict=verdict,
        method=method,
        cases_needed=cases_needed,
    )
    return Found(finding, data=data, text=text, facts=facts)


def judged_somewhere(found: Sequence[Found], what: str, data: str | None) -> list[Found]:
    """The findings, and one that is inconclusive if none of them was judged."""
    if any(each.verdict is not None for each in found):
        return list(found)
    text = f"none of the {what} has cases enough to be judged"
    return [*found, checked(what, text, "inconclusive", n=0, data=data)]


def told_only(found: Finding) -> Finding:
    """A finding that is not to be judged."""
    return replace(found, verdict=None, cases_needed=None)
