"""What a measurement found, for programs and for people."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from windlass.values import Json

Verdict: TypeAlias = Literal["pass", "fail", "inconclusive"]


_MOST_CASES = 10**9
"""More than these are not told: a difference so small is of no use to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A value or a difference, how sure it is, and what that means for a threshold.

    Args:
        what: The score's name, or what else was measured.
        gain: Whether it is a difference between two models: positive is better.
        estimate: The value on the cases at hand; None if it has none.
        low: The least true value that they are compatible with; None if they can't tell.
        high: The greatest.
        level: How often such intervals hold the true value.
        n: How many cases.
        threshold: What it was judged by; None if it was not judged.
        p: The two-sided p-value of the threshold as the true value.
        verdict: ``pass`` if the whole interval is on the right side of the threshold, ``fail`` if
            it is wholly on the wrong one, else ``inconclusive``; None if it was not judged.
        cases_needed: Where inconclusive: about how many cases would decide with a power of 80 %, if
            the estimate is right; None if no number would.
        method: How the interval or the p-value was found.
        notes: What a reader should know.
    """

    what: str
    gain: bool = False
    estimate: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int
    threshold: float | None = None
    p: float | None = None
    verdict: Verdict | None = None
    cases_needed: int | None = None
    method: str = ""
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        interval: Json = None if self.low is None else [self.low, self.high]
        return {
            "what": self.what,
            "gain": self.gain,
            "estimate": self.estimate,
            "interval": interval,
            "level": self.level,
            "n": self.n,
            "threshold": self.threshold,
            "p": self.p,
            "verdict": self.verdict,
            "cases_needed": self.cases_needed,
            "method": self.method,
            "notes": [*self.notes],
        }

    def noted(self, *notes: str) -> Finding:
        """The same with notes more."""
        return replace(self, notes=(*self.notes, *notes))

    def sentence(self) -> str:
        """It in a line, as ``log_loss: 0.0123 better (95 % 0.0087 to 0.0160, 53,991 cases)``."""
        if self.estimate is None:
            return f"{self.what}: no value ({self._cases()})" + self._needed()
        sign, word = (-1.0, "worse") if self.gain and self.estimate < 0 else (1.0, "better")
        told = self._number(sign * self.estimate) + (f" {word}" if self.gain else "")
        return f"{self.what}: {told} ({self._range(sign)}{self._cases()})" + self._needed()

    def _range(self, sign: float) -> str:
        if self.low is None or self.high is None:
            return ""
        low, high = sorted((sign * self.low, sign * self.high))
        return f"{self.level * 100:g} % {self._number(low)} to {self._number(high)}, "

    def _number(self, value: float) -> str:
        """To two digits of the interval's half: what follows says nothing."""
        width = (self.high - self.low) / 2 if self.low is not None and self.high is not None else 0
        size = width or abs(self.estimate or 0) / 100
        digits = min(12, max(0, 1 - math.floor(math.log10(size)))) if size > 0 else 0
        return f"{value + 0.0:,.{digits}f}"

    def _cases(self) -> str:
        return "1 case" if self.n == 1 else f"{self.n:,} cases"

    def _needed(self) -> str:
        if not self.cases_needed:
            return ""
        if self.cases_needed > _MOST_CASES:
            return "; no number of cases that one could have would decide"
        return f"; about {self.cases_needed:,} cases would decide"


def judge(low: float | None, high: float | None, threshold: float) -> Verdict:
    """Whether a value for which more is better is beyond a threshold, as its interval says."""
    if low is None or high is None or low <= threshold <= high:
        return "inconclusive"
    return "pass" if low > threshold else "fail"


def judge_significance(estimate: float, p: float, threshold: float, level: float) -> Verdict:
    """The same, as a two-sided p-value of the threshold says."""
    if p > 1 - level + 1e-12 or estimate == threshold:
        return "inconclusive"
    return "pass" if estimate > threshold else "fail"


def judge_within(low: float | None, high: float | None, center: float, tolerance: float) -> Verdict:
    """Whether a value is within a tolerance of where it is best, as its interval says."""
    if low is None or high is None:
        return "inconclusive"
    if center - tolerance < low and high < center + tolerance:
        return "pass"
    apart = high < center - tolerance or low > center + tolerance
    return "fail" if apart else "inconclusive"


def overall(verdicts: list[Verdict]) -> Verdict:
    """That of all together: one that fails fails all, and all must pass."""
    if "fail" in verdicts:
        return "fail"
    return "pass" if verdicts and set(verdicts) == {"pass"} else "inconclusive"
