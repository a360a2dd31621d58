"""Tables inside estimators: the columns of a frame are often given as an index of pandas.

skops knows no pandas. Each such table is written as an Arrow file of its own, in an object that
skops can write, and put back when the estimator is read.
"""

from __future__ import annotations

import copy
import types
from typing import Any, TypeVar

from windlass.artifacts.formats.arrow_file import read_encoded, write_encoded
from windlass.artifacts.formats.pandas_tables import (
    decode_frame,
    decode_only_index,
    decode_series,
    encode_frame,
    encode_only_index,
    encode_series,
)
from windlass.artifacts.formats.reachable import reachable

T = TypeVar("T")

_CODECS: dict[str, tuple[Any, Any]] = {
    "DataFrame": (encode_frame, decode_frame),
    "Series": (encode_series, decode_series),
    "Index": (encode_only_index, decode_only_index),
}


class TablePart:
    """A table of pandas in an estimator: its class, and the bytes of its Arrow file."""

    def __init__(self, kind: str, data: bytes) -> None:
        self.kind = kind
        self.data = data

    def table(self) -> Any:
        """The table."""
        source: Any = types.SimpleNamespace(path=lambda: None, bytes=lambda: self.data)
        return _CODECS[self.kind][1](read_encoded(source))


def without_tables(value: T) -> T:
    """The value, or a copy of it in which parts stand for tables if it holds any."""
    return _replaced(value, {id(table): _part(table) for table in reachable(value) if _kind(table)})


def with_tables(value: T) -> T:
    """The value, or a copy of it in which tables stand for the parts if it holds any."""
    parts = [part for part in reachable(value) if type(part) is TablePart]
    return _replaced(value, {id(part): part.table() for part in parts})


def _replaced(value: T, others: dict[int, Any]) -> T:
    """A deep copy, which believes to have copied some objects already."""
    return copy.deepcopy(value, dict(others)) if others else value


def _kind(value: Any) -> str:
    names = [cls.__name__ for cls in type(value).__mro__ if cls.__module__.startswith("pandas")]
    return next((name for name in names if name in _CODECS), "")


def _part(table: Any) -> TablePart:
    pieces: list[bytes] = []

    def write(data: Any) -> int:
        pieces.append(bytes(data))
        return len(pieces[-1])

    sink: Any = types.SimpleNamespace(write=write)
    write_encoded(_CODECS[_kind(table)][0](table), sink)
    return TablePart(_kind(table), b"".join(pieces))
