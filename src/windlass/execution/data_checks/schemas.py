"""pandera's schemas as checks: everything that breaks one is told at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from windlass.execution.data_checks.breaches import Breach, error_text
from windlass.execution.data_checks.pandera_errors import breaches_of, is_broken
from windlass.pipeline.data_checks import DataCheck
from windlass.words import with_article

_MOST_CASES = 20
"""Cases that pandera tells of each check: of a million it would make a table of texts."""
_CHANGING = ("coerce", "parsers", "add_missing_columns", "drop_invalid_rows")


def validated(check: DataCheck, table: Any) -> tuple[Any, list[Breach]]:
    """What a schema makes of a table, and which of its rules the table breaks.

    A schema that coerces, parses, adds or drops gives another table, and that goes on. Of any other
    the table itself goes on, whatever the schema's checks have done to the copy they were given.
    """
    if table is None and check.is_optional:
        return None, []
    if not check.fits(type(table)):
        told = f"it is {with_article(type(table).__name__)}"
        return table, [Breach(f"a table of {check.library}", note=told)]
    is_lazy = type(table).__name__ == "LazyFrame"  # of which pandera looks at the dtypes alone
    whole = table.collect() if is_lazy else table
    try:
        schema = _schema(check.test)
        made = _validate(schema, whole)
    except Exception as error:  # noqa: BLE001 (checks are the user's own code)
        broken = Breach("the schema itself", note=error_text(error), is_error=True)
        return table, breaches_of(error, whole) or [broken]
    kept = made if _may_change(schema) else whole
    return (kept.lazy() if is_lazy else kept), []


def _schema(test: Any) -> Any:
    """The schema that a model stands for; one itself, as it is."""
    return test.to_schema() if isinstance(test, type) else test  # type: ignore[attr-defined]


def _validate(schema: Any, table: Any) -> Any:
    """As `schema.validate`, whatever pandera has been told to leave out: a record says it passed.

    Raises:
        Exception: The table breaks it, or a check cannot be made.
    """
    from pandera.config import ValidationDepth, config_context

    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        try:
            with _few_cases(schema):
                return schema.validate(table, lazy=True)
        except Exception as error:
            if not is_broken(error):
                raise
        return schema.validate(table, lazy=True)  # some can't be made with few cases


@contextlib.contextmanager
def _few_cases(schema: Any) -> Iterator[None]:
    """Lets checks of a schema tell of their first cases alone; they count all of them."""
    parts = [schema, *_parts(schema)]
    checks = [check for part in parts for check in getattr(part, "checks", None) or ()]
    changed = [check for check in checks if check.n_failure_cases is None]
    for check in changed:
        check.n_failure_cases = _MOST_CASES
    try:
        yield
    finally:
        for check in changed:
            check.n_failure_cases = None


def _parts(schema: Any) -> list[Any]:
    """The schemas of columns and index levels in one of a table."""
    columns = getattr(schema, "columns", None) or {}
    index = getattr(schema, "index", None)
    levels = getattr(index, "indexes", None) or []
    return [*columns.values(), *([] if index is None else [index]), *levels]


def _may_change(schema: Any) -> bool:
    """Whether a schema says that it makes another table of what it is given."""
    if getattr(schema, "strict", None) == "filter":
        return True
    return any(
        getattr(part, "default", None) is not None
        or any(getattr(part, name, None) for name in _CHANGING)
        for part in [schema, *_parts(schema)]
    )
