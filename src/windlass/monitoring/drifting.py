"""Which columns of a window are off, as its counts tell beside those of the reference.

Each column is tested for how its values are distributed, for missing ones, and for values that the
reference had none of: categories, or numbers out of its range. A column is off where chance does
not explain it, all tests of the window taken together (Benjamini & Hochberg 1995), and it is large
enough to be of interest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal, TypeAlias

from windlass.keeping import Kept
from windlass.models.bins import NumberBins
from windlass.models.distances import Distances, distances
from windlass.models.profile import ColumnProfile, Profile
from windlass.monitoring.calibrating import Anchored, divergence, share_above
from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int64]

_MOST_TESTED = 1_000
"""Windows whose tests are kept: a window that is over is looked at again and again."""

Rule: TypeAlias = Literal["drift", "missing", "categories", "range"]

EFFECT = 0.1
"""Jensen-Shannon distance, beyond what chance adds, below which a change is of no interest: a mean
that has moved by a quarter of a standard deviation."""
SHARE = 0.01
"""Share of rows, beyond that of the reference, below which missing or new values are none."""


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """What a test of a column says of a window.

    Args:
        column: Its name.
        rule: ``drift`` of its distribution, ``missing`` values, new ``categories``, or out of its
            ``range``.
        effect: How large the change is: a Jensen-Shannon distance, or a share of rows; what chance
            adds is taken off.
        p: How often a window that is like the reference changes as much, or more.
        adjusted: The same, allowing for all tests of the window.
        is_off: Whether neither chance nor size lets it pass.
    """

    column: str
    rule: Rule
    effect: float
    p: float
    adjusted: float = 1.0
    is_off: bool = False

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Reference:
    """A version's profile, ready to be compared with.

    Args:
        profile: Of the version.
    """

    profile: Profile
    _tested: Kept[list[ColumnTest]] = field(
        default_factory=partial(Kept, _MOST_TESTED), compare=False, repr=False
    )

    @cached_property
    def columns(self) -> Mapping[str, ColumnProfile]:
        """All columns, outputs last."""
        return {**self.profile.inputs, **self.profile.outputs}

    @cached_property
    def anchored(self) -> Mapping[str, Anchored]:
        """The cells of each column as they are compared."""
        return {name: Anchored.of(column) for name, column in self.columns.items()}

    def test(self, live: Mapping[str, Ints], level: float) -> list[ColumnTest]:
        """The tests of a window; of counts that were tested lately, as they were found then.

        Args:
            live: The counts of each column.
            level: How often a window that is like the reference may be off.
        """
        return self._tested.get((level, _digest(live)), lambda: self._test(live, level))

    def _test(self, live: Mapping[str, Ints], level: float) -> list[ColumnTest]:
        found = [
            each
            for name in self.columns
            if name in live and len(live[name]) == self.columns[name].anchors.cells
            for each in self._tests(name, live[name])
        ]
        return decided(found, level)

    def distances(self, live: Mapping[str, Ints]) -> dict[str, Distances]:
        """How far each column is from the reference."""
        return {
            name: distances(
                column.counts, live[name], ordered=isinstance(column.anchors, NumberBins)
            )
            for name, column in self.columns.items()
            if name in live and len(live[name]) == column.anchors.cells
        }

    def _tests(self, name: str, live: Ints) -> Iterator[ColumnTest]:
        column, anchored = self.columns[name], self.anchored[name]
        if (drift := _drift(name, anchored, live)) is not None:
            yield drift
        reference = column.counts
        yield _share(name, "missing", reference, live, [-1])
        if isinstance(column.anchors, NumberBins):
            if len(reference) > 3:
                yield _share(name, "range", reference, live, [0, -2], gaps=2)
        elif not reference[-2]:  # else what is not counted by itself was there before
            yield _share(name, "categories", reference, live, [-2])


def _digest(live: Mapping[str, Ints]) -> bytes:
    """Of the counts of a window; it takes a thousandth of what testing them does."""
    found = blake2b(digest_size=16)
    for name, counts in sorted(live.items()):
        found.update(repr((name, len(counts))).encode())
        found.update(counts.tobytes())
    return found.digest()


def decided(found: Sequence[ColumnTest], level: float) -> list[ColumnTest]:
    """The tests of a window with what they say together."""
    if not found:
        return []
    from windlass.models.statistics import benjamini_hochberg

    adjusted = benjamini_hochberg([each.p for each in found])
    return [
        replace(
            each, adjusted=float(p), is_off=bool(p <= level) and each.effect >= _LEAST[each.rule]
        )
        for each, p in zip(found, adjusted, strict=True)
    ]


_LEAST: Mapping[Rule, float] = {
    "drift": EFFECT,
    "missing": SHARE,
    "categories": SHARE,
    "range": SHARE,
}


def _drift(name: str, anchored: Anchored, live: Ints) -> ColumnTest | None:
    """The test of a distribution; None where there is nothing to compare."""
    counts = anchored.live(live)
    rows = int(counts.sum())
    if rows < 2 or anchored.counts.sum() < 2 or len(anchored.counts) < 2:
        return None
    apart = float(divergence(anchored.counts, counts))
    chance = anchored.chance(rows)
    effect = max(0.0, apart - chance.mean) ** 0.5
    return ColumnTest(name, "drift", effect, chance.p(apart))


def _share(
    name: str, rule: Rule, reference: Ints, live: Ints, cells: list[int], gaps: float = 0.5
) -> ColumnTest:
    """The test of whether a share of rows has risen.

    Args:
        name: The column.
        rule: What is tested.
        reference: Its counts.
        live: Those of the window.
        cells: The cells of which it is the share.
        gaps: What is added to the reference's rows: Jeffreys' half, or two of a range, beyond each
            of whose ends a next value may lie.
    """
    rows, known = int(live.sum()), int(reference.sum())
    seen, before = int(live[cells].sum()), int(reference[cells].sum())
    if not rows or not known:
        return ColumnTest(name, rule, 0.0, 1.0)
    p = share_above(seen, rows, before + gaps, known - before + 0.5)
    return ColumnTest(name, rule, max(0.0, seen / rows - before / known), p)
