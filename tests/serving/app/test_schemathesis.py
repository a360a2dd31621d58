"""Schemathesis asks a real server what its OpenAPI document says, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from serving.fakes import Fake, flights
from windlass.serving.app.application import Application

OPERATIONS = 12
BOUNDED = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def document() -> Iterator[Any]:
    """The document of a server of one model."""
    schemathesis = pytest.importorskip("schemathesis")
    pytest.importorskip("uvicorn")
    from serving.live import served

    app = Application({"delay": Fake("delay", flights(times=False))})
    with served(app) as address:
        yield schemathesis.openapi.from_url(f"http://{address}/openapi.json")


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_the_server_is_what_its_document_says(document: Any, mode: str) -> None:
    """Never a 500; statuses, content types and bodies are those that the document names."""
    from schemathesis import GenerationMode
    from schemathesis.checks import CHECKS

    # What tensors must be to fit a model, no schema tells; and more is taken than rows must be:
    # 1 for true, 2.0 for a whole number, names that the model does not know.
    names = ["positive_data_acceptance", "negative_data_rejection"]
    acceptance, rejection = CHECKS.get_by_names(names)
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) == OPERATIONS
    for operation in operations:
        if mode == "positive" or operation.method == "post":
            excluded = [rejection, *[acceptance] * operation.path.endswith("/infer")]
            _check(operation, GenerationMode(mode), excluded)


def _check(operation: Any, mode: Any, excluded: list[Any]) -> None:
    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.call_and_validate(excluded_checks=excluded)

    check()
