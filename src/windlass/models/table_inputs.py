"""What a model takes, where that is a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from windlass.errors import ModelError
from windlass.models.fields import Field
from windlass.models.problems import Problem, refuse, told
from windlass.models.tables import (
    Library,
    library_of,
    make_table,
    names_of,
    read_array,
    read_column,
    read_columns,
    rows_of,
    select,
    table_library,
)
from windlass.models.tables.column import Column
from windlass.models.tensors import Tensor
from windlass.values import Json


@dataclass(frozen=True, slots=True)
class TableInputs:
    """The columns that a model takes.

    Args:
        library: Whose table the model learnt from: it is given the same.
        fields: The columns, in order.
    """

    kind: ClassVar[str] = "table"
    library: Library
    fields: tuple[Field, ...]

    @classmethod
    def of(cls, table: Any, columns: Sequence[str] | None = None) -> TableInputs:
        """What the columns of a reference are like.

        Args:
            table: Of pandas, polars or Arrow.
            columns: Those that the model takes, in order; None for all.

        Raises:
            ModelError: It has no rows, lacks a column, or one holds what no model takes.
        """
        found = read_columns(table, columns)
        if not found or not rows_of(table):
            lack = "rows" if found else "columns"
            raise ModelError(
                f"the reference table has no {lack}", hint="A signature is taken from real data."
            )
        return cls(table_library(table), tuple(map(Field.of, found)))

    @classmethod
    def read(cls, document: Any) -> TableInputs:
        """The inputs of a document that `document` made."""
        return cls(document["library"], tuple(Field.read(each) for each in document["fields"]))

    def document(self) -> dict[str, Json]:
        """The inputs as plain JSON."""
        fields: list[Json] = [field.document() for field in self.fields]
        return {"kind": self.kind, "library": self.library, "fields": fields}

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [field.name for field in self.fields]

    def tensors(self) -> tuple[Tensor, ...]:
        """The inputs as the Open Inference Protocol tells them: a column is a tensor."""
        return tuple(field.tensor() for field in self.fields)

    def check(self, table: Any) -> list[Problem]:
        """How a table differs from the reference; what it has besides is noted.

        Args:
            table: Of any library, or arrays by the names of the columns.

        Raises:
            ModelError: It is no table, or its columns have no names or the same.
        """
        table = self._with_names(table)
        columns, problems = self._read(table)
        for field in self.fields:
            if field.name in columns:
                problems += field.check(columns[field.name])
        return problems

    def conform(self, table: Any) -> Any:
        """The table that the model learnt from would have been, had it had these rows.

        The columns come in order and in the dtypes of the reference, with its categories, in a
        table of its library. Others are left out. An index of pandas is kept.

        Args:
            table: Of any library, or arrays by the names of the columns; their times are in UTC.

        Raises:
            SignatureError: It does not fit; all problems are named.
            ModelError: It is no table, or its columns have no names or the same.
        """
        table = self._with_names(table)
        columns, problems = self._read(table)
        for field in self.fields:
            if field.name in columns:
                problems += field.check(columns[field.name])
        refuse(problems)
        fits = all(field.fits_exactly(columns[field.name]) for field in self.fields)
        if fits and library_of(table) == self.library:
            return select(table, self.names)
        made = [field.conform(columns[field.name]) for field in self.fields]
        dtypes = {field.name: field.dtype for field in self.fields}
        return make_table(made, self.library, dtypes, getattr(table, "index", None))

    def _read(self, table: Any) -> tuple[dict[str, Column], list[Problem]]:
        # As keys, which are found at once: a table may have a thousand columns.
        there = dict.fromkeys(table if isinstance(table, Mapping) else names_of(table))
        known = frozenset(self.names)
        columns: dict[str, Column] = {}
        problems = [self._extra(name) for name in there if name not in known]
        for field in self.fields:
            if field.name not in there:
                problems.append(self._missing(field.name))
                continue
            try:
                columns[field.name] = _column(table, field)
            except ModelError as error:
                problems.append(Problem(field.name, "kind", "error", error.message))
        return columns, problems

    def _missing(self, name: str) -> Problem:
        return Problem(name, "missing column", "error", f"the column '{name}' is missing")

    def _extra(self, name: str) -> Problem:
        message = f"the column '{name}' is none of the model's, and is left out"
        return Problem(name, "extra column", "note", message)

    def _with_names(self, table: Any) -> Any:
        """An array of two axes as a table, its columns named by their places."""
        if isinstance(table, Mapping) or library_of(table) != "numpy":
            return table
        if table.ndim != 2 or table.shape[1] != len(self.fields):
            raise ModelError(
                f"an array of the shape {table.shape} is given, and the model takes the columns "
                f"{told(self.names, ', ')}",
                hint="Give a table with these columns.",
            )
        import pandas as pd

        return pd.DataFrame(table, columns=self.names)


def _column(table: Any, field: Field) -> Column:
    if not isinstance(table, Mapping):
        return read_column(table, field.name)
    import numpy as np

    column = read_array(np.asarray(table[field.name]), field.name)
    # An array of times knows no zone: they are in that of the reference.
    return replace(column, dtype=field.dtype) if column.kind == field.kind == "time" else column
