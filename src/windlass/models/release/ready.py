"""How a ready-made test becomes a test that pytest collects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import pytest

if TYPE_CHECKING:
    from windlass.models.statistics.finding import Verdict
    from windlass.models.version import Version

    _Test = TypeVar("_Test", bound=Callable[..., None])

TestFunction: TypeAlias = Callable[..., None]
"""A test, whose arguments are fixtures of pytest."""


class Evidence(Protocol):
    """The fixture that keeps findings, and lets a test end as they say."""

    def __call__(self, *findings: Any) -> None:
        """Keeps them."""
        ...


def ready(test: TestFunction, about: str, capability: str, *lines: str) -> TestFunction:
    """A test with its marks.

    Args:
        test: Whose arguments are fixtures.
        about: What it shows, in a line.
        capability: What of a model it is about.
        *lines: The lines of the ML Test Score that it answers.
    """
    test.__doc__ = about
    for line in lines:
        test = pytest.mark.ml_test(line)(test)
    return pytest.mark.capability(capability)(test)


def holdout_digest(version: Version) -> str | None:
    """The digest of the rows that a version's release tests are measured on."""
    return version.row.artifacts.get("holdout")


def verdict_if(passed: bool) -> Verdict:
    """``pass`` or ``fail``."""
    return "pass" if passed else "fail"
