"""The columns of a table: what is in each, with a histogram."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

if TYPE_CHECKING:
    import pyarrow as pa

_BINS = 20
_FEW = 40
_MOST_VALUES = 8
_MOST_ROWS = 1_000_000
"""Rows of a table that are counted; of a longer one the first."""
_LONGEST = 80


class Bar(TypedDict):
    """A bar of a histogram: from where to where, or which value, and how many there are."""

    label: str
    count: int


class ColumnLine(TypedDict):
    """A column: its type, its missing values, its ends, and how its values are spread.

    ``kind`` is ``numbers`` and ``moments`` for bins of equal width, ``values`` for the most
    frequent ones, the others in a last bar; ``none`` where it cannot be told.
    """

    name: str
    dtype: str
    nulls: int
    distinct: int | None
    low: str
    high: str
    mean: float | None
    kind: str
    bars: list[Bar]


def column_line(name: str, column: pa.ChunkedArray) -> ColumnLine:
    """What is in a column of Arrow."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.slice(0, _MOST_ROWS)
    told = ColumnLine(
        name=cut(name),
        dtype=cut(column.type),
        nulls=int(pc.sum(pc.is_null(column, nan_is_null=True)).as_py() or 0),
        distinct=None,
        low="",
        high="",
        mean=None,
        kind="none",
        bars=[],
    )
    try:
        return _with_bars(told, column)
    except (pa.ArrowException, NotImplementedError, ValueError, OverflowError):
        return told  # structs, lists and the like


def _with_bars(told: ColumnLine, column: pa.ChunkedArray) -> ColumnLine:
    import pyarrow as pa
    import pyarrow.types as pt

    kind = column.type
    if pt.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        whole = pt.is_integer(kind)
        return _numbers(told, column.cast(pa.float64(), safe=False), whole=whole)
    if pt.is_timestamp(kind) or pt.is_date(kind):
        return _moments(told, column)
    return _values(told, column)


def _numbers(told: ColumnLine, column: pa.ChunkedArray, *, whole: bool) -> ColumnLine:
    import numpy as np

    known = np.asarray(column.drop_null().to_numpy())
    known = known[np.isfinite(known)]
    if not len(known):
        return told
    low, high = float(known.min()), float(known.max())
    if whole and high - low < _FEW:  # a bar a number: bins of two and of three would look like gaps
        numbers, counts = np.unique(known, return_counts=True)
        found = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
        each = range(int(low), int(high) + 1)
        bars = [Bar(label=str(number), count=int(found.get(number, 0))) for number in each]
    else:
        bars = _bins(known, low, high, lambda each: f"{each:.4g}")
    return {
        **told,
        "kind": "numbers",
        "low": f"{low:.6g}",
        "high": f"{high:.6g}",
        "mean": float(known.mean()),
        "distinct": len(np.unique(known)),
        "bars": bars,
    }


def _moments(told: ColumnLine, column: pa.ChunkedArray) -> ColumnLine:
    import numpy as np
    import pyarrow as pa

    known = column.drop_null().cast(pa.timestamp("s"), safe=False).cast(pa.int64())
    if not len(known):
        return told
    seconds = known.to_numpy()
    low, high = int(seconds.min()), int(seconds.max())
    bars = _bins(seconds, low, high, _day)
    return {
        **told,
        "kind": "moments",
        "low": _day(low),
        "high": _day(high),
        "distinct": len(np.unique(seconds)),
        "bars": bars,
    }


def _day(second: float) -> str:
    import numpy as np

    return str(np.datetime64(int(second), "s")).replace("T", " ").removesuffix(" 00:00:00")


def _bins(known: Any, low: float, high: float, text: Any) -> list[Bar]:
    import numpy as np

    if low == high:
        return [Bar(label=text(low), count=len(known))]
    if not math.isfinite(high - low):
        return []
    counts, edges = np.histogram(known, bins=_BINS, range=(low, high))
    return [
        Bar(label=f"{text(edges[place])} to {text(edges[place + 1])}", count=int(count))
        for place, count in enumerate(counts)
    ]


def _values(told: ColumnLine, column: pa.ChunkedArray) -> ColumnLine:
    import pyarrow.compute as pc

    counts = pc.value_counts(column.drop_null())
    order = pc.sort_indices(counts.field("counts"), sort_keys=[("", "descending")])
    first = counts.take(order.slice(0, _MOST_VALUES))
    bars = [Bar(label=cut(each["values"].as_py()), count=each["counts"].as_py()) for each in first]
    rest = len(column) - column.null_count - sum(bar["count"] for bar in bars)
    if rest:
        bars.append(Bar(label=f"{len(counts) - len(first):,} others", count=rest))
    return {
        **told,
        "kind": "values" if bars else "none",
        "distinct": len(counts),
        "bars": bars,
    }


def cut(value: object) -> str:
    """A value as a short text."""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def head(table: Mapping[str, pa.ChunkedArray], names: Sequence[str], rows: int) -> list[list[str]]:
    """The first rows of some columns, as texts."""
    columns = [[cut(each) for each in table[name].slice(0, rows).to_pylist()] for name in names]
    return [list(row) for row in zip(*columns, strict=True)]
