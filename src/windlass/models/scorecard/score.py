"""The score: for each line what earns it, and the least of the sections' sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from windlass.errors import ConfigError
from windlass.models.scorecard.facts import FACTS, Facts
from windlass.models.scorecard.lines import LINES, SECTIONS, Line, band
from windlass.models.version import Version
from windlass.records.models import Report

AUTOMATED, BY_HAND, NOTHING = 1.0, 0.5, 0.0


@dataclass(frozen=True, slots=True)
class Scored:
    """A line with what earns it.

    Args:
        line: The line.
        points: One where it is automated, half a point where it is done by hand and written down.
        by: ``record``, ``test`` or ``hand``; None where there is nothing.
        evidence: What there is, in words; None where there is nothing.
    """

    line: Line
    points: float = NOTHING
    by: str | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The ML Test Score of a version.

    Args:
        version: Its name.
        lines: All 28, in order.
    """

    version: str
    lines: tuple[Scored, ...]

    @property
    def sections(self) -> dict[str, float]:
        """The sum of each section."""
        return {
            section: sum(each.points for each in self.lines if each.line.section == section)
            for section in SECTIONS
        }

    @property
    def score(self) -> float:
        """The least of the sums: what is weakest decides."""
        return min(self.sections.values())

    @property
    def meaning(self) -> str:
        """What that means, in words."""
        return band(self.score)

    def document(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "version": self.version,
            "score": self.score,
            "meaning": self.meaning,
            "sections": self.sections,
            "lines": [
                {
                    "line": each.line.key,
                    "text": each.line.text,
                    "points": each.points,
                    "by": each.by,
                    "evidence": each.evidence,
                    "how": each.line.how,
                }
                for each in self.lines
            ],
        }


def score_version(version: Version, by_hand: Mapping[str, str]) -> Scorecard:
    """Scores a version by what is recorded of it, its last report, and what is done by hand.

    Args:
        version: The version.
        by_hand: What is done by hand and where that is written, by line.

    Raises:
        ConfigError: There is no such line.
    """
    _check_lines(by_hand)
    facts = Facts(version)
    tests = _tests(facts.report)
    return Scorecard(
        version.name,
        tuple(_scored(line, facts, tests.get(line.key, ()), by_hand) for line in LINES),
    )


def _scored(line: Line, facts: Facts, tests: Any, by_hand: Mapping[str, str]) -> Scored:
    failed = next((test for test in tests if test["outcome"] not in ("pass", "skipped")), None)
    if failed is not None:
        return Scored(line, NOTHING, "test", f"{failed['name']}: {failed['outcome']}")
    passed = [test["name"] for test in tests if test["outcome"] == "pass"]
    if passed:
        return Scored(line, AUTOMATED, "test", ", ".join(dict.fromkeys(passed)))
    recorded = FACTS[line.key](facts) if line.key in FACTS else None
    if recorded is not None:
        return Scored(line, AUTOMATED, "record", recorded)
    if by_hand.get(line.key):
        return Scored(line, BY_HAND, "hand", by_hand[line.key])
    return Scored(line)


def _tests(report: Report | None) -> dict[str, list[Mapping[str, Any]]]:
    """The tests of a report, by the lines that they answer."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for test, line in _marked(report):
        found.setdefault(line, []).append(test)
    return found


def _marked(report: Report | None) -> Iterator[tuple[Mapping[str, Any], str]]:
    for test in report.document["tests"] if report else ():
        for line in test.get("ml_tests", ()):
            yield test, line


def _check_lines(by_hand: Mapping[str, str]) -> None:
    known = {line.key for line in LINES}
    for key in by_hand:
        if key not in known:
            raise ConfigError(
                f"the ML Test Score has no line '{key}'",
                hint="Its lines are data.1 to data.7, and model, infra and monitor likewise.",
            )
