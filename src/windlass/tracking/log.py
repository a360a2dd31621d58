"""What a step logs: ``log_metric``, ``log_metrics``, ``log_params``.

They work in any step, in the functions that it calls, in its threads and in the processes that it
starts. Outside a run they check their arguments and do nothing, so that a step can be tested by
calling it.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, SupportsFloat, SupportsIndex

from windlass import values
from windlass.errors import FormatError, ParameterError
from windlass.tracking.journal import current_journal

_LONGEST = 250
_SYSTEM = "system/"


def log_metric(name: str, value: SupportsFloat, *, step: SupportsIndex | None = None) -> None:
    """Logs one number.

    Args:
        name: Its name, of 250 characters at most; logged again, it makes a series.
        value: A number; also a numpy scalar or a tensor of one item.
        step: Where in the series it stands, such as an epoch; a whole number of 64 bits.

    Raises:
        ParameterError: The name is no text, the value no number, or the step out of range.
    """
    log_metrics({name: value}, step=step)


def log_metrics(metrics: Mapping[str, SupportsFloat], *, step: SupportsIndex | None = None) -> None:
    """Logs several numbers at once; see `log_metric`."""
    numbers = {_metric_name(name): _number(name, value) for name, value in metrics.items()}
    place = None if step is None else checked_step(step)
    journal = current_journal()
    if journal is not None and numbers:
        journal.add_metrics(numbers, place)


def log_params(params: Mapping[str, Any]) -> None:
    """Logs settings that the step chose itself, as plain values.

    Raises:
        ParameterError: A name is no text, or a value is not plain data.
    """
    plain = {checked_name(key): _plain(key, value) for key, value in params.items()}
    journal = current_journal()
    if journal is not None and plain:
        journal.add("param", plain)


def checked_name(name: object) -> str:
    """A name under which something is logged.

    Raises:
        ParameterError: It is no text, empty, or longer than a database can look it up by.
    """
    if type(name) is not str or not name:
        raise ParameterError(
            f"{name!r} cannot be the name of what is logged", hint="Use text that is not empty."
        )
    if len(name) > _LONGEST:
        raise ParameterError(
            f"the name '{name[:40]}…' of what is logged has {len(name):,} characters",
            hint=f"Use {_LONGEST} at most.",
        )
    return name


def checked_step(step: SupportsIndex) -> int:
    """A step of a series.

    Raises:
        ParameterError: It is no whole number of 64 bits.
    """
    try:
        found = None if isinstance(step, bool) else operator.index(step)
    except TypeError:
        found = None
    if found is None or not -(2**63) < found < 2**63:
        raise ParameterError(f"step={step!r} of what is logged must be a whole number of 64 bits")
    return found


def _metric_name(name: object) -> str:
    found = checked_name(name)
    if found.startswith(_SYSTEM):
        raise ParameterError(
            f"the metric '{found}' would be one of the machine's own",
            hint=f"Choose a name that does not begin with '{_SYSTEM}'.",
        )
    return found


def _number(name: str, value: SupportsFloat) -> float:
    try:
        if not isinstance(value, str):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ParameterError(
        f"the metric '{name}' is {value!r}, which is not a number",
        hint="Log numbers with log_metric, settings with log_params, all else with log_text.",
    )


def _plain(name: str, value: object) -> values.Json:
    try:
        return values.encode(value)
    except FormatError as error:
        raise ParameterError(f"the parameter '{name}': {error.message}") from None
