"""Many small segments of the log as few large ones.

A segment a minute of each writer is a hundred thousand files a month, and to open one takes as long
as to read a thousand rows. A writer joins its own; those of writers that are gone anyone joins,
once their day is long over. The joined segment takes the place of the first of them, then the
others are removed: whoever looks in between sees some rows twice, and none not at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from windlass.serving.observing.journal import Name
from windlass.serving.observing.place import SEGMENT, Place

MOST_BYTES = 64 << 20
"""Of a segment: larger ones are left as they are."""
_DAY = 86400.0
_KEYS = ("_request", "_row", "_time")


def compact(place: Place, folder: str, kind: str, writer: str, span: float, scratch: Path) -> int:
    """Joins the small segments of a day's folder; returns how many there are less.

    Args:
        place: Where they are.
        folder: The day's.
        kind: ``predictions`` or ``feedback``.
        writer: Whose segments are joined; anybody's of days that are long over.
        span: Seconds within which segments must have begun to be joined.
        scratch: A file on this disk that may be written.

    Raises:
        StoreError: Segments cannot be read or written.
    """
    groups: dict[tuple[str, int], list[Name]] = {}
    for text, size in sorted(place.sizes(folder).items()):
        try:
            name = Name.read(kind, text.removesuffix(SEGMENT))
        except ValueError:  # somebody else's file
            continue
        is_over = name.ms / 1000 < time.time() - 2 * _DAY
        if size < MOST_BYTES / 2 and (name.writer == writer or is_over):
            groups.setdefault((name.version, int(name.ms / 1000 // span)), []).append(name)
    return sum(_join(place, folder, some, scratch) for some in groups.values() if len(some) > 1)


def _join(place: Place, folder: str, names: Sequence[Name], scratch: Path) -> int:
    fewer = 0
    for some, table in _alike(place, folder, names):
        if len(some) < 2:
            continue
        try:
            write(table, scratch)
            place.publish(scratch, f"{folder}/{some[0]}{SEGMENT}")
        finally:
            scratch.unlink(missing_ok=True)
        for name in some[1:]:
            place.remove(f"{folder}/{name}{SEGMENT}")
        fewer += len(some) - 1
    return fewer


def _alike(place: Place, folder: str, names: Sequence[Name]) -> Iterator[tuple[list[Name], Any]]:
    """Neighbours of the same columns, up to the size of a segment, as one table."""
    import pyarrow as pa

    some: list[Name] = []
    tables: list[Any] = []
    size = 0
    for name in names:
        table = place.read(f"{folder}/{name}{SEGMENT}")
        if table is None:
            return  # somebody else joins them just now
        if tables and (size > MOST_BYTES or tables[0].schema != table.schema):
            yield some, without_repeats(pa.concat_tables(tables))
            some, tables, size = [], [], 0
        some.append(name)
        tables.append(table)
        size += table.nbytes
    if tables:
        yield some, without_repeats(pa.concat_tables(tables))


def without_repeats(table: Any) -> Any:
    """The rows in order of time, each once: who joined them before may have died half way."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = table.sort_by([(key, "ascending") for key in ("_time", "_request", "_row")])
    if table.num_rows < 2:
        return table
    same = [pc.equal(table[key][:-1], table[key][1:]) for key in _KEYS]
    repeats = pc.and_(pc.and_(same[0], same[1]), same[2])
    return table.filter(pa.chunked_array([pa.array([True]), *pc.invert(repeats).chunks]))


def write(table: Any, path: Path) -> None:
    """Writes a segment: what is looked for by its time is found by its statistics."""
    import pyarrow.parquet as pq

    pq.write_table(table, path, **how(table.schema))


def how(schema: Any) -> dict[str, Any]:
    """How a segment is written in a fifth of the usual time, and no larger.

    A dictionary is worth its making for texts alone; statistics, for what is looked for by them.
    """
    texts = [field.name for field in schema if str(field.type) == "string"]
    return {"compression": "snappy", "use_dictionary": texts, "write_statistics": ["_time"]}
