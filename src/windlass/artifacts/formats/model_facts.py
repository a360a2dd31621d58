"""What people are told of a model, whichever library it is of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from windlass.artifacts.format import Preview
from windlass.artifacts.formats.table_facts import rows_preview
from windlass.values import Json

MANY = 50
_SHOWN = 80
_TOP = 20


def told(value: Any) -> Json:
    """A parameter as JSON if it is a small scalar, else as short text."""
    if value is None or type(value) in (bool, int, str):
        return value if not isinstance(value, str) else value[:_SHOWN]
    if isinstance(value, float):
        return float(value) if value - value == 0 else str(value)
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def told_all(values: Mapping[str, Any]) -> dict[str, Json]:
    """Parameters by their names; the first of many."""
    return {name: told(values[name]) for name in list(values)[:MANY]}


def told_list(values: Iterable[Any]) -> list[Json]:
    """Names of features or classes; the first of many."""
    return [told(value) for value in list(values)[:MANY]]


def given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that someone set: libraries leave the others None."""
    return {name: value for name, value in parameters.items() if value is not None}


def importance_preview(kind: str, importances: Mapping[str, float], features: int) -> Preview:
    """The features that count most in a model, as a table.

    Args:
        kind: What the numbers are, such as ``gain``.
        importances: By the names of features.
        features: How many the model has.
    """
    ranked = sorted(importances.items(), key=lambda item: (-item[1], item[0]))[:_TOP]
    rows = [(name, f"{value:.6g}") for name, value in ranked]
    return rows_preview(["feature", kind], ["", ""], rows, features)
