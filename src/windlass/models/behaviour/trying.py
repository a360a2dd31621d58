"""Trying a test of a table on a version: what was expected, and what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from windlass.errors import ModelError
from windlass.models.behaviour.cells import changed, near_matches, one_row, value_of
from windlass.models.behaviour.changes import Condition
from windlass.models.behaviour.expectations import Label, Same, parse_number
from windlass.models.behaviour.rows import Case, Subject
from windlass.models.fields import Field
from windlass.models.release.found import Found, checked
from windlass.models.release.ready import verdict_if
from windlass.models.statistics.proportions import wilson_interval
from windlass.models.tables import names_of, read_column, read_columns, rows_of, take
from windlass.models.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_SHOWN = 8
"""Inputs that a message names."""


def try_case(case: Case, subject: Subject, holdout: Callable[[], Any]) -> Found:
    """What comes of a test.

    Args:
        case: It.
        subject: The version.
        holdout: Gives its holdout, if that is asked for.

    Returns:
        Whether what came is as expected; inconclusive if there is no row to try it on.

    Raises:
        ModelError: There is no holdout, or the model cannot predict the rows.
    """
    table = _rows(case, subject, holdout)
    count = rows_of(table)
    if not count:
        said = "; ".join(each.text() for each in case.where)
        none = f"no row of the holdout is {said}" if said else "the holdout has no rows"
        text = f"{case.place}, '{case.name}': {none}"
        return checked(case.name, text, "inconclusive", n=0)
    before = changed(table, case.inputs, subject.fields)
    old = _asked(case, subject, before)
    if case.kind == "minimum":
        return _judged(case, subject, before, old, None, _fits(case, old))
    after = changed(before, case.changes, subject.fields)
    new = _asked(case, subject, after)
    return _judged(case, subject, before, old, new, _stays(case, old, new))


def _rows(case: Case, subject: Subject, holdout: Callable[[], Any]) -> Any:
    if case.rows is None:
        return one_row(subject.inputs, subject.typical)
    table = holdout()
    mask = np.ones(rows_of(table), np.bool_)
    for condition in case.where:
        mask &= _meets(table, condition)
    places = np.flatnonzero(mask)
    wanted = min(case.rows or len(places), len(places))
    if wanted:
        places = places[np.linspace(0, len(places) - 1, wanted).astype(int)]
    return subject.version.conform(take(table, places))


def _meets(table: Any, condition: Condition) -> Mask:
    """Which rows meet a condition; one whose value is missing meets none."""
    if condition.column not in names_of(table):
        raise ModelError(
            f"the holdout has no column '{condition.column}'",
            hint=near_matches(condition.column, names_of(table)),
        )
    column = read_column(table, condition.column)
    if column.kind in ("text", "category"):
        if condition.comparison not in ("=", "!="):
            raise ModelError(f"'{condition.text()}': '{column.name}' is text, and has no order")
        places = [i for i, label in enumerate(column.labels) if str(label) == condition.value]
        equal: Mask = np.isin(column.values, places)
        chosen: Mask = (equal if condition.comparison == "=" else ~equal) & ~column.missing
        return chosen
    bound = _bound(column, condition)
    with np.errstate(invalid="ignore"):
        found: Mask = _COMPARE[condition.comparison](column.numbers(), bound) & ~column.missing
    return found


def _bound(column: Any, condition: Condition) -> float:
    if column.kind in ("time", "boolean"):
        value = value_of(Field(column.name, column.kind, column.dtype), condition.value)
        is_time = column.kind == "time"
        return float(np.datetime64(str(value), "us").astype(np.int64) / 1e6 if is_time else value)  # type: ignore[arg-type]
    return parse_number(condition.value)


_COMPARE: dict[str, Callable[[Any, float], Any]] = {
    "=": lambda values, bound: values == bound,
    "!=": lambda values, bound: values != bound,
    "<": lambda values, bound: values < bound,
    "<=": lambda values, bound: values <= bound,
    ">": lambda values, bound: values > bound,
    ">=": lambda values, bound: values >= bound,
}


def _asked(case: Case, subject: Subject, table: Any) -> NDArray[Any]:
    """(n,) what the model gives, as far as the test is about it."""
    with one_thread():
        if case.output.kind == "probability":
            given: NDArray[Any] = subject.version.predict_proba(table)[:, case.output.place]
            return given
        return subject.version.predict(table)


def _fits(case: Case, given: NDArray[Any]) -> Mask:
    expected: Any = case.expectation
    if isinstance(expected, Label):
        return np.array([str(each) == expected.label for each in given.tolist()], np.bool_)
    return np.array([expected.holds(float(each)) for each in given], np.bool_)


def _stays(case: Case, old: NDArray[Any], new: NDArray[Any]) -> Mask:
    expected: Any = case.expectation
    if case.output.kind == "label":
        return np.asarray(old == new)
    moved = new.astype(np.float64) - old.astype(np.float64)
    return np.array([expected.holds(float(each)) for each in moved], np.bool_)


def _judged(
    case: Case,
    subject: Subject,
    table: Any,
    old: NDArray[Any],
    new: NDArray[Any] | None,
    holds: Mask,
) -> Found:
    count, held = len(holds), int(holds.sum())
    share = held / count
    # Rounding: 95 of 100 rows are 95 %.
    passed = share >= case.share - 1e-12
    place = int(np.argmin(holds)) if held < count else 0
    example = _example(case, subject, table, old, new, place)
    low, high = wilson_interval(held, count) if case.rows is not None else (None, None)
    return checked(
        case.name,
        f"{case.place}, '{case.name}': {_told(case, count, held, example)}",
        verdict_if(passed),
        n=count,
        estimate=share,
        threshold=case.share,
        low=low,
        high=high,
        data=_data(case, subject),
        method="Wilson" if low is not None else "",
        kind=case.kind,
        place=case.place,
        expected=case.expectation.text(),
        came=example,
    )


def _data(case: Case, subject: Subject) -> str | None:
    return None if case.rows is None else subject.version.row.artifacts.get("holdout")


def _told(case: Case, count: int, held: int, example: str) -> str:
    if case.rows is None:
        return example
    least = "all" if case.share == 1 else f"{case.share * 100:g} %"
    told = f"holds for {held:,} of {count:,} rows, where {least} must"
    return told if held == count else f"{told}; as in one: {example}"


def _example(
    case: Case,
    subject: Subject,
    table: Any,
    old: NDArray[Any],
    new: NDArray[Any] | None,
    place: int,
) -> str:
    """What was expected of one row, and what came."""
    wanted = f"{case.output.words()} was to {case.expectation.words()}"
    if new is None:
        came = f"is {_shown(old[place])}"
    else:
        came = f"went from {_shown(old[place])} to {_shown(new[place])}"
        if isinstance(case.expectation, Same) and case.output.kind != "label":
            came += f" ({float(new[place]) - float(old[place]):+.4g})"
    made = f" by {'; '.join(each.text() for each in case.changes)}" if case.changes else ""
    return f"{wanted}, and {came}{made}{_inputs(case, subject, table, place)}"


def _inputs(case: Case, subject: Subject, table: Any, place: int) -> str:
    """The inputs that matter: those that were given, changed, or chosen by; the rest is typical."""
    named = [
        *(each.column for each in case.inputs),
        *(each.column for each in case.changes),
        *(each.column for each in case.where),
    ]
    matter = [name for name in dict.fromkeys(named) if name in subject.fields][:_SHOWN]
    row = read_columns(take(table, np.array([place])), matter) if matter else []
    told = [f"{column.name}={_shown(column.cells()[0])}" for column in row]
    if case.rows is None and len(matter) < len(subject.fields):
        told.append("the rest typical")
    return f" (inputs: {', '.join(told)})" if told else ""


def _shown(value: Any) -> str:
    plain = value.item() if hasattr(value, "item") else value
    return f"{plain:.4g}" if isinstance(plain, float) else str(plain)
