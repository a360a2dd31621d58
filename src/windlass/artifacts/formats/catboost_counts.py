"""The tables in which a CatBoost model counted its categories, checked before CatBoost reads them.

They stand behind the trees, each a FlatBuffer of its own, and CatBoost verifies none of them. A
table is a hash table of places in a list of counts; a place that is not there, or a table without
a free slot, would make it read foreign memory or search for ever.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.flatbuffer import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNTS = b"static_provider_v1"
_BASE, _BUCKETS, _COUNTS, _CLASSES = 0, 1, 2, 4
_BUCKET = "<u8,<u4"
_FREE = 0xFFFFFFFFFFFFFFFF
_KIND = 1
_MEANS, _SINGLE = (2, 3), (4, 5)
"""Kinds whose counts are a sum and a number, and those with one number; others have one a class."""


def check_counts(data: bytes, categories: int) -> int:
    """Looks at all tables.

    Args:
        data: What stands behind the trees.
        categories: How many features of the model are categories.

    Returns:
        The number of bytes that they take.

    Raises:
        ValueError: One of them is forged.
        struct.error: They were cut short.
    """
    (count,), at = struct.unpack_from("<I", data), 4
    for _ in range(count):
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
        _demand(0 < size <= len(data) - at)
        _check_table(Table.root(data[at : at + size]), categories)
        at += size
    return at


def _check_table(table: Table, categories: int) -> None:
    base = table.table(_BASE)
    combination = base.table(0) if base else None
    if base is None or combination is None:
        raise ValueError("a table of categories is of no feature")
    asked = combination.array(0, "<i4")
    _demand(((asked >= 0) & (asked < categories)).all())
    for field, form in ((1, "<i4,<f4"), (2, "<i4,<i4")):  # splits that are combined with them
        _demand((combination.array(field, form)["f0"] >= 0).all())
    raw = table.array(_BUCKETS, "u1")
    _demand(len(raw) % 12 == 0)
    _check_places(raw.view(_BUCKET), _entries(table, base.byte(_KIND)))


def _entries(table: Table, kind: int) -> int:
    """How many places a list of counts has."""
    if kind in _SINGLE:
        return table.length(_COUNTS) // 4
    if kind in _MEANS:
        return table.length(_COUNTS) // 8
    classes = table.integer(_CLASSES)
    _demand(classes > 0)
    return table.length(_COUNTS) // (4 * classes)


def _check_places(buckets: NDArray[Any], entries: int) -> None:
    count = len(buckets)
    _demand(count > 0 and count & (count - 1) == 0)
    used = buckets["f0"] != _FREE
    _demand(not used.all() and (buckets["f1"][used] < entries).all())


def _demand(fits: object) -> None:
    if not fits:
        raise ValueError("a table of categories points outside itself")
