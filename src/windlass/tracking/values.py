"""Figures, tables and texts that a step logs: ``log_figure``, ``log_table``, ``log_text``.

A value is written when it is logged, as an artifact in a folder beside the step's journal, and only
then told there: so it outlives the process as a number does, is logged by threads and child
processes alike, and needs no store that these could reach. With the journal it enters the record,
and its bytes the artifact store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

from windlass.errors import ParameterError
from windlass.tracking.journal import current_journal
from windlass.tracking.log import checked_name, checked_step
from windlass.tracking.spool import spool_of
from windlass.words import with_article

FIGURE, TABLE, TEXT = "figure", "table", "text"


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of value that is logged.

    Args:
        name: As the record has it.
        formats: Those of ours whose values are such.
        hint: What may be logged as one.
    """

    name: str
    formats: tuple[str, ...]
    hint: str


_KINDS = {
    FIGURE: _Kind(
        FIGURE,
        ("picture", "altair.chart", "plotly.figure", "pillow.image"),
        "Log a figure of matplotlib, plotly or Altair, a Picture or an image.",
    ),
    TABLE: _Kind(
        TABLE,
        (
            *("pandas.frame", "pandas.series", "polars.frame", "polars.series"),
            *("arrow.table", "arrow.batch", "numpy.array", "numpy.recarray", "numpy.masked"),
        ),
        "Log a table of pandas, polars or Arrow, an array, or a list of dicts.",
    ),
    TEXT: _Kind(
        TEXT, ("text", "markdown", "html"), "Log a str; or Markdown(…) or HTML(…) of windlass."
    ),
}


def log_figure(name: str, figure: Any, *, step: SupportsIndex | None = None) -> None:
    """Logs a figure as it is now.

    Args:
        name: Its name, of 250 characters at most; logged again, it makes a series.
        figure: Of matplotlib, plotly or Altair; a `Picture`, or an image of Pillow.
        step: Where in the series it stands, such as an epoch; a whole number of 64 bits.

    Raises:
        ParameterError: The name is no text, the step out of range, or the value no figure.
        FormatError: The figure cannot be drawn or stored.
    """
    _log(FIGURE, name, figure, step)


def log_table(name: str, table: Any, *, step: SupportsIndex | None = None) -> None:
    """Logs a table as it is now.

    Args:
        name: Its name, of 250 characters at most; logged again, it makes a series.
        table: Of pandas, polars or Arrow; an array of one or two dimensions; a list of dicts, or a
            dict of columns of one length, of plain values.
        step: Where in the series it stands, such as an epoch; a whole number of 64 bits.

    Raises:
        ParameterError: The name is no text, the step out of range, or the value no table.
        FormatError: Something in the table cannot be stored.
    """
    _log(TABLE, name, table, step)


def log_text(name: str, text: str, *, step: SupportsIndex | None = None) -> None:
    """Logs a text; see `log_figure`.

    Args:
        name: Its name.
        text: A str; shown as what it is where it is `Markdown` or `HTML`.
        step: Where in the series it stands.

    Raises:
        ParameterError: The name is no text, the step out of range, or the value no text.
    """
    _log(TEXT, name, text, step)


def _log(kind: str, name: str, value: Any, step: SupportsIndex | None) -> None:
    named, place = checked_name(name), None if step is None else checked_step(step)
    value = _checked(_KINDS[kind], named, value)
    journal = current_journal()
    if journal is None:
        return
    from windlass import artifacts
    from windlass.artifacts.telling import artifact_document

    saved = artifacts.save(value, artifacts.ArtifactStore.open_store(spool_of(journal.path)))
    document: dict[str, Any] = {
        "kind": kind,
        "artifact": artifact_document(saved.artifact),
        "children": [artifact_document(each) for each in saved.children],
    }
    journal.add("value", {named: document}, place)


def _checked(kind: _Kind, name: str, value: Any) -> Any:
    """A value that is of a kind, as it is stored."""
    if _is_one_of(value, kind.formats):
        return _of_few_dimensions(name, value) if kind.name == TABLE else value
    if kind.name == TABLE and isinstance(value, list | tuple):
        return _rows(name, value)
    if kind.name == TABLE and type(value) is dict:
        return _columns(name, value)
    raise ParameterError(
        f"'{name}' cannot be logged as a {kind.name}: it is {with_article(type(value).__name__)}",
        hint=_FOR_ALIKE.get(type(value).__name__, kind.hint),
    )


_FOR_ALIKE = {
    "Axes": "Log its figure: axes.figure",
    "module": "Log the figure itself, of pyplot: plt.gcf()",
    "LazyFrame": "Log what it collects: table.collect()",
}
"""What helps with a value that is not of the kind, but near it."""


def _is_one_of(value: Any, formats: Iterable[str]) -> bool:
    """Whether formats of ours name a value's class; its library is not imported for that."""
    from windlass.artifacts.formats import FORMATS

    known = {cls for name in formats for cls in FORMATS[name][1]}
    return any(f"{cls.__module__}.{cls.__qualname__}" in known for cls in type(value).__mro__)


def _of_few_dimensions(name: str, value: Any) -> Any:
    dimensions = getattr(value, "ndim", 2)
    if dimensions not in (1, 2):
        raise ParameterError(
            f"'{name}' cannot be logged as a table: it has {dimensions} dimensions",
            hint="Log an array of one or two, such as array.reshape(len(array), -1).",
        )
    return value


def _rows(name: str, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """A table of dicts, one a row."""
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping) or not all(type(key) is str for key in row):
            raise ParameterError(
                f"'{name}' cannot be logged as a table: its row {place} is {row!r:.100}",
                hint="Every row must be a dict with names of columns as its keys.",
            )
    return [{key: _plain(cell) for key, cell in row.items()} for row in rows]


def _columns(name: str, columns: Mapping[Any, Any]) -> list[dict[str, Any]]:
    """A table of columns, by their names, as the same of rows."""
    told = {key: list(cells) if _is_column(cells) else None for key, cells in columns.items()}
    lengths = {None if cells is None else len(cells) for cells in told.values()}
    if len(lengths) > 1 or None in lengths or not all(type(key) is str for key in told):
        raise ParameterError(
            f"'{name}' cannot be logged as a table: a dict must have columns of one length",
            hint="Such as {'epoch': [1, 2], 'loss': [0.5, 0.4]}; or log a list of dicts.",
        )
    cells = (cells or [] for cells in told.values())
    return [dict(zip(told, map(_plain, row), strict=True)) for row in zip(*cells, strict=True)]


def _is_column(cells: Any) -> bool:
    return isinstance(cells, list | tuple | range) or getattr(cells, "ndim", 0) == 1


def _plain(cell: Any) -> Any:
    """A cell as Python's own number, where a library's scalar is one."""
    return cell.item() if getattr(cell, "ndim", None) == 0 and hasattr(cell, "item") else cell
