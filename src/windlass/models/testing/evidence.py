"""What a release test finds, kept with its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from windlass.models.testing.verdicts import FAIL, INCONCLUSIVE, Finding, Inconclusive, worst


class Evidence:
    """Takes findings, and lets the test end as they say.

    Args:
        kept: Where they are kept, as documents.
    """

    def __init__(self, kept: list[dict[str, Any]]) -> None:
        self._kept = kept

    def __call__(self, *findings: Finding) -> None:
        """Keeps findings.

        Raises:
            pytest.fail.Exception: One of them fails.
            Inconclusive: One of them is inconclusive, and none fails.
        """
        self._kept += [self._document(each) for each in findings]
        verdict = worst(each.verdict for each in findings)
        if verdict == FAIL:
            pytest.fail(_sentences(findings, FAIL), pytrace=False)
        if verdict == INCONCLUSIVE:
            raise Inconclusive(_sentences(findings, INCONCLUSIVE))

    @staticmethod
    def _document(finding: Finding) -> dict[str, Any]:
        return {**finding.document(), "sentence": finding.sentence(), "verdict": finding.verdict}


def _sentences(findings: Iterable[Finding], verdict: str) -> str:
    return "\n".join(each.sentence() for each in findings if each.verdict == verdict)
