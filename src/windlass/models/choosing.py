"""Which rows of many stand for all: the ends of each column, each category, what is missing.

The choice depends on what the rows hold and on a seed, and not on their order: rows are ranked by a
hash of their contents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from windlass.models.tables.column import Column

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask: TypeAlias = NDArray[np.bool_]
    Ranks: TypeAlias = NDArray[np.uint64]

LABELS = 30
"""Categories of a column that are looked for, the most frequent ones."""
RANDOM = 8
"""Rows that are chosen for no reason, at least, if there are so many."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row, and why it was chosen.

    Args:
        row: Its place.
        reasons: In words; none if it was drawn by chance.
    """

    row: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wish:
    """Something that a row is to show.

    Args:
        column: The place of the column.
        words: What it shows.
        shown: Which rows of that column, or of a part of it, show it.
    """

    column: int
    words: str
    shown: Callable[[Column], Mask]


def choose_rows(columns: Sequence[Column], ranks: Ranks, most: int, first: int = 0) -> list[Chosen]:
    """Few rows that show as much as they can, and some others.

    As many wishes as possible are covered greedily: each next row is the one that shows most of
    what has not been shown yet. Two rows of the same contents are never both chosen.

    Args:
        columns: Of n rows each.
        ranks: (n,) as `ranks_of` gives them.
        most: How many rows to choose, if there are so many.
        first: How many of the columns, from the front, are to be covered before all others.
    """
    wishes = [wish for place, column in enumerate(columns) for wish in _wishes(place, column)]
    covering = _cover(wishes, columns, ranks, max(1, most - RANDOM), first)
    seen = {int(ranks[each.row]) for each in covering}
    drawn: list[Chosen] = []
    for row in ranks.argsort():
        if len(covering) + len(drawn) >= most:
            break
        if int(ranks[row]) not in seen:
            seen.add(int(ranks[row]))
            drawn.append(Chosen(int(row)))
    return covering + drawn


def _cover(
    wishes: Sequence[_Wish], columns: Sequence[Column], ranks: Ranks, most: int, first: int
) -> list[Chosen]:
    import numpy as np

    rows = np.array(sorted({_first(wish.shown(columns[wish.column]), ranks) for wish in wishes}))
    if not len(rows):
        return []
    rows = rows[ranks[rows].argsort()]  # of equally useful rows, the first in rank
    shown = np.array([wish.shown(columns[wish.column].take(rows)) for wish in wishes])
    weights = np.array([len(wishes) if wish.column < first else 1 for wish in wishes])
    chosen: list[Chosen] = []
    left = np.ones(len(wishes), np.bool_)
    while left.any() and len(chosen) < most:
        best = int(((weights * left) @ shown).argmax())
        new = left & shown[:, best]
        chosen.append(Chosen(int(rows[best]), _words(wishes, new)))
        left &= ~new
    return chosen


def _words(wishes: Sequence[_Wish], new: Mask) -> tuple[str, ...]:
    return tuple(wish.words for wish, is_new in zip(wishes, new, strict=True) if is_new)


def _first(shown: Mask, ranks: Ranks) -> int:
    import numpy as np

    rows = np.flatnonzero(shown)
    return int(rows[ranks[rows].argmin()])


def _wishes(place: int, column: Column) -> Iterator[_Wish]:
    """What rows can show of a column; each is shown by one row at least."""
    name, missing = column.name, column.missing
    if missing.any():
        yield _Wish(place, f"{name} missing", lambda part: part.missing)
    if missing.all():
        return
    if column.kind in ("category", "text"):
        yield from _label_wishes(place, column)
        return
    known = column.values[~missing]
    ends = {"lowest": known.min(), "highest": known.max()}
    if ends["lowest"] == ends["highest"]:
        return
    for word, end in ends.items():
        told = f"{name} = {end}" if column.kind == "boolean" else f"{word} {name}"
        yield _Wish(place, told, _equal_to(end))


def _label_wishes(place: int, column: Column) -> Iterator[_Wish]:
    counts = column.counts()
    at = [place for place, count in enumerate(counts) if count]
    at.sort(key=lambda place: (-int(counts[place]), str(column.labels[place])))
    for label in at[:LABELS]:
        words = f"{column.name} = {column.labels[label]!r}"
        yield _Wish(place, words, _equal_to(label))


def _equal_to(value: object) -> Callable[[Column], Mask]:
    def shown(part: Column) -> Mask:
        found: Mask = (part.values == value) & ~part.missing
        return found

    return shown


def ranks_of(columns: Sequence[Column], seed: int) -> Ranks:
    """A number for each of n rows, by which they are in an order that looks random.

    Equal rows have equal numbers, wherever they stand.

    Args:
        columns: One at least.
        seed: Another one gives another order.
    """
    import numpy as np

    start = np.uint64(int.from_bytes(_hash(f"windlass {seed}"), "little"))
    ranks = np.full(len(columns[0]), start)
    for column in columns:
        ranks = _mixed(ranks ^ _bits(column))
    return ranks


def _bits(column: Column) -> Ranks:
    """64 bits of each value, the same for equal ones."""
    import numpy as np

    if column.kind in ("category", "text"):
        labels = [f"{type(label).__name__} {label}" for label in column.labels]
        hashes = [int.from_bytes(_hash(label), "little") for label in [*labels, "missing"]]
        found: Ranks = np.array(hashes, np.uint64)[column.values]
        return found
    numbers = column.numbers() + 0.0  # -0.0 becomes 0.0
    bits: Ranks = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
    return bits


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _mixed(bits: Ranks) -> Ranks:
    """SplitMix64's finalizer (Steele, Lea and Flood 2014), each bit of which depends on all."""
    import numpy as np

    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
