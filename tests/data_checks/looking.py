"""Values given to the checks of an annotation, as a step's output is."""

from __future__ import annotations

from typing import Any

import pytest

from windlass.errors import DataCheckError
from windlass.execution.data_checks.inspection import Inspection
from windlass.pipeline.guards import borders_of


def inspection_of(annotation: Any) -> Inspection:
    """The inspection of a step whose output is annotated so."""

    def load() -> None: ...

    load.__annotations__ = {"return": annotation}
    return Inspection("load", borders_of(load))


def passed(annotation: Any, value: Any) -> Any:
    """What goes on of a value that passes."""
    return inspection_of(annotation).leaving(value)


def evidence(annotation: Any, value: Any) -> list[Any]:
    """The evidence of a value that passes."""
    found = inspection_of(annotation)
    found.leaving(value)
    return found.documents()


def failed(annotation: Any, value: Any) -> DataCheckError:
    """The error of a value that does not."""
    found = inspection_of(annotation)
    with pytest.raises(DataCheckError) as caught:
        found.leaving(value)
    assert caught.value.border == "output"
    assert list(caught.value.checks) == found.documents()
    return caught.value


def lines(annotation: Any, value: Any) -> list[str]:
    """The report of a value that does not pass, a line for each broken rule, spaces as one."""
    first, *rest = failed(annotation, value).message.split("\n")
    assert first.startswith("load → output "), first
    return [" ".join(line.split()) for line in rest]


def breaches(annotation: Any, value: Any) -> list[Any]:
    """What the evidence has of each broken rule."""
    return [each for check in failed(annotation, value).checks for each in check["breaches"]]
