"""Functions as checks: what they return, or raise, as broken rules."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Generator
from functools import partial
from itertools import islice
from typing import Any

from windlass import places
from windlass.execution.data_checks.breaches import (
    MOST_BREACHES,
    Breach,
    error_text,
    name_text,
    note_text,
)
from windlass.execution.data_checks.pandera_errors import breaches_of
from windlass.execution.data_checks.rows import (
    count_rows,
    examples_at,
    is_table,
    library_of,
    protected,
)
from windlass.execution.data_checks.truths import columns_of, wrong_in
from windlass.modules import is_user_file
from windlass.pipeline.data_checks import DataCheck
from windlass.words import with_article


def asked(check: DataCheck, value: Any) -> list[Breach]:
    """What a function says that is a check; nothing if the value passes.

    It is given a copy, so that what it changes is not what goes on.
    """
    rule = _promise(check.test)
    try:
        answer = check.test(protected(value))
        if isinstance(answer, Generator):
            answer = list(islice(answer, MOST_BREACHES))
        return _breaches(answer, rule, value)
    except (AssertionError, ValueError) as error:
        return [Breach(rule, note=_failed(error))]
    except Exception as error:  # noqa: BLE001 (it is the user's own code)
        return breaches_of(error, value) or [
            Breach(rule, note=f"{error_text(error)}{_place(error)}", is_error=True)
        ]


def _promise(function: Any) -> str:
    """The first line of what a function says of itself."""
    while isinstance(function, partial):
        function = function.func
    return note_text(inspect.getdoc(function) or "") if inspect.isroutine(function) else ""


def _breaches(answer: Any, rule: str, value: Any) -> list[Breach]:
    if answer is None or answer is True:
        return []
    if answer is False:
        return [Breach(rule, note="" if rule else "it returned False")]
    if isinstance(answer, str):
        return [Breach(note_text(answer))]
    if isinstance(answer, list | tuple) and all(isinstance(each, str) for each in answer):
        return [Breach(note_text(each)) for each in answer[:MOST_BREACHES]]
    return _of_truths(answer, rule, value)


def _of_truths(answer: Any, rule: str, value: Any) -> list[Breach]:
    """What truth values say, one alone or one a row; of a table of them, column by column."""
    if type(answer).__name__ in ("bool", "bool_"):  # numpy's, of either name
        return [] if answer else [Breach(rule, note="" if rule else "it returned False")]
    if is_table(answer):
        pairs = zip(answer.columns, columns_of(answer), strict=True)
        told = [_of_column(each, rule, _column(value, name), name) for name, each in pairs]
        return [breach for breaches in told for breach in breaches]
    return _of_column(answer, rule, value)


def _of_column(answer: Any, rule: str, value: Any, name: Any = None) -> list[Breach]:
    wrong, column = wrong_in(answer), "" if name is None else name_text(name)
    if wrong is None:
        told = f"it returned {with_article(type(answer).__name__)}, no word on whether it holds"
        return [Breach(rule, column, note=told, is_error=True)]
    places = wrong.nonzero()[0]
    if not len(places):
        return []
    of = value if count_rows(value) == len(wrong) else answer
    labels = answer.index if library_of(answer) == "pandas" else None
    return [Breach(rule, column, len(places), examples_at(of, places, labels))]


def _column(value: Any, name: Any) -> Any:
    """The column of a table that has a name; None if it has none, or several."""
    found = value[name] if is_table(value) and name in list(value.columns) else None
    return None if is_table(found) else found


def _failed(error: Exception) -> str:
    """What an assertion says; without words, its line."""
    told = note_text(str(error))
    frames = traceback.extract_tb(error.__traceback__)
    return (told or frames[-1].line or type(error).__name__) + _place(error)


def _place(error: Exception) -> str:
    """Where in the user's own code it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    own = next((each for each in reversed(frames) if is_user_file(each.filename)), None)
    return "" if own is None else f" ({places.place(own.filename, own.lineno).short()})"
