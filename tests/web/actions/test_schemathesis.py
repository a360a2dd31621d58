"""Schemathesis asks a real dashboard what its OpenAPI document says, and what it does not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from windlass.web.pages import PAGES
from windlass.web.site import open_sites

from .conftest import served

BOUNDED = settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def document(made: Path) -> Iterator[Any]:
    """The document of a dashboard of one project."""
    schemathesis = pytest.importorskip("schemathesis")
    with served(open_sites([made])) as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_the_dashboard_is_what_its_document_says(document: Any, mode: str) -> None:
    """Never a 500; statuses, content types and bodies are those that the document names."""
    from schemathesis import GenerationMode
    from schemathesis.checks import CHECKS

    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) == len(PAGES)
    # What is in the record no schema tells; and any text may name something that is not there.
    excluded = CHECKS.get_by_names(["positive_data_acceptance", "negative_data_rejection"])
    checked = 0
    for operation in operations:
        with contextlib.suppress(Unsatisfiable):  # of one that takes any text, nothing is wrong
            _check(operation, GenerationMode(mode), excluded)
            checked += 1
    assert checked == len(PAGES) or (mode == "negative" and checked >= 2)


def _check(operation: Any, mode: Any, excluded: list[Any]) -> None:

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.call_and_validate(excluded_checks=excluded)

    check()
