"""What a release test says: pass, fail or inconclusive; and what several say together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
ERROR, SKIPPED, EXPECTED = "error", "skipped", "expected failure"
"""What came of a test that says nothing: it crashed, was skipped, or fails as its author knows."""


class Inconclusive(Exception):  # noqa: N818 - it is no error: there is too little to tell
    """Raised in a release test that can say neither that it passed nor that it failed."""


class Finding(Protocol):
    """What was measured, and what that says."""

    @property
    def verdict(self) -> str | None:
        """``pass``, ``fail`` or ``inconclusive``; None if it is told, and not judged."""
        ...

    def document(self) -> dict[str, Any]:
        """As plain JSON: estimate, interval, n, threshold and the like."""
        ...

    def sentence(self) -> str:
        """For people."""
        ...


def worst(verdicts: Iterable[str | None]) -> str:
    """What several verdicts come to: one that fails is enough, and one that cannot tell."""
    found = set(verdicts)
    return next((each for each in (FAIL, INCONCLUSIVE) if each in found), PASS)


def verdict_of(outcomes: Iterable[str]) -> str:
    """What the outcomes of all tests of a suite come to.

    A test that crashed has shown nothing: the suite is inconclusive, and so is one of which no test
    has passed.
    """
    found = list(outcomes)
    if FAIL in found:
        return FAIL
    if INCONCLUSIVE in found or ERROR in found or PASS not in found:
        return INCONCLUSIVE
    return PASS
