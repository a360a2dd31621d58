"""What came of release tests, by capability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Counts: TypeAlias = dict[str, dict[str, int]]
"""How many tests ended in which way, by capability."""

GENERAL = "general"
"""The capability of a test that names none."""


def by_capability(tests: Iterable[Mapping[str, Any]]) -> Counts:
    """How many tests of each capability ended in which way.

    Args:
        tests: With their ``capability`` and ``outcome``.
    """
    found: dict[str, Counter[str]] = {}
    for test in tests:
        found.setdefault(test.get("capability") or GENERAL, Counter())[test["outcome"]] += 1
    return {capability: dict(found[capability]) for capability in sorted(found)}


def summary_lines(counts: Counts) -> list[str]:
    """A line for each capability, in columns."""
    width = max(map(len, counts), default=0)
    return [f"{name:<{width}}  {_told(ended)}" for name, ended in counts.items()]


def _told(ended: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {_WORDS.get(word, word)}" for word, count in ended.items())


_WORDS = {"pass": "passed", "fail": "failed"}
