"""What a step logs: ``log_metric``, ``log_metrics``, ``log_params``.

They work in any step, in the functions that it calls, in its threads and in the processes that it
starts. Outside a run they check
their arguments and do nothing, so that a step can be tested by calling it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, SupportsFloat

from windlass import values
from windlass.errors import FormatError, ParameterError
from windlass.tracking.journal import current_journal


def log_metric(name: str, value: SupportsFloat, *, step: int | None = None) -> None:
    """Logs one number.

    Args:
        name: Its name; logged again, it makes a series.
        value: A number; also a numpy scalar or a tensor of one item.
        step: Where in the series it stands, such as an epoch; a whole number of 64 bits.

    Raises:
        ParameterError: The name is no text, the value no number, or the step out of range.
    """
    log_metrics({name: value}, step=step)


def log_metrics(metrics: Mapping[str, SupportsFloat], *, step: int | None = None) -> None:
    """Logs several numbers at once; see `log_metric`."""
    numbers: dict[str, values.Json] = {_name(k): _number(k, v) for k, v in metrics.items()}
    if step is not None and (type(step) is not int or not -(2**63) <= step < 2**63):
        raise ParameterError(f"step={step!r} of a metric must be a whole number of 64 bits")
    journal = current_journal()
    if journal is not None and numbers:
        journal.add("metric", numbers, step)


def log_params(params: Mapping[str, Any]) -> None:
    """Logs settings that the step chose itself, as plain values.

    Raises:
        ParameterError: A name is no text, or a value is not plain data.
    """
    plain = {_name(key): _plain(key, value) for key, value in params.items()}
    journal = current_journal()
    if journal is not None and plain:
        journal.add("param", plain)


def _name(name: object) -> str:
    if type(name) is not str or not name:
        raise ParameterError(f"{name!r} cannot be the name of a metric or parameter: use text")
    return name


def _number(name: str, value: SupportsFloat) -> float:
    try:
        if not isinstance(value, str):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ParameterError(
        f"the metric '{name}' is {value!r}, which is not a number",
        hint="Log numbers with log_metric, all else with log_params.",
    )


def _plain(name: str, value: object) -> values.Json:
    try:
        return values.encode(value)
    except FormatError as error:
        raise ParameterError(f"the parameter '{name}': {error.message}") from None
