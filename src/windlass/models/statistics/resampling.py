"""Means of resampled cases, and sums of cases with random signs: quick, and in bounded memory.

Small samples are resampled one by one. Where rows repeat, as those of labels do, how often each
distinct one is drawn is one multinomial draw. Large samples are *turned*: the rows are shuffled
once, and the counts of one resample, turned round by one place, two places, … against the rows, are
the counts of further ones. Each is a bootstrap resample by itself; two turns of the same counts are
uncorrelated, since the rows stand in random order. The means of all turns are one convolution:
10,000 resamples of 100,000 rows cost a dozen Fourier transforms a column, not a thousand million
draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from windlass.models.statistics.means import FloatArray

LARGE = 2_000
"""Rows from which on they are turned."""

_DISTINCT = 256  # as many rows as are worth a multinomial draw
_BLOCK = 1 << 20  # counts that are held at once
_STARTS = 4  # the fewest resamples of a large sample that are drawn; the rest are turns of these
_APART = 16  # rows for each turn: the counts of few rows, turned often, would tell too little new

Draw: TypeAlias = Callable[[int, int], FloatArray]
"""(resamples, rows) → a factor for each row of each resample."""


def resampled_means(rows: FloatArray, resamples: int, random: np.random.Generator) -> FloatArray:
    """The means of bootstrap resamples of rows (n, k): (resamples, k)."""
    count = len(rows)
    distinct, often = _distinct(rows, random)
    if len(distinct) <= min(_DISTINCT, count // 2):
        counts = random.multinomial(count, often / count, size=resamples)
        return np.asarray(counts @ distinct / count, dtype=np.float64)

    def draw(size: int, count: int) -> FloatArray:
        places = random.integers(count, size=(size, count))
        places += np.arange(size)[:, None] * count
        counts = np.bincount(places.ravel(), minlength=size * count)
        return counts.reshape(size, count).astype(np.float64)

    means: FloatArray = _sums(rows, resamples, draw, random) / count
    return means


def signed_sums(rows: FloatArray, resamples: int, random: np.random.Generator) -> FloatArray:
    """The sums of rows (n, k), each with a random sign: (resamples, k)."""

    def draw(size: int, count: int) -> FloatArray:
        signs = np.unpackbits(
            random.integers(256, size=(size, -(-count // 8)), dtype=np.uint8), axis=1, count=count
        )
        return np.asarray(signs * 2.0 - 1.0, dtype=np.float64)

    count = len(rows)
    if count < LARGE:
        return _sums(rows, resamples, draw, random)
    # Turns of the same signs have the same sum, so what all rows share gets a sum of its own.
    center = rows.mean(axis=0)
    shared = 2.0 * random.binomial(count, 0.5, size=(resamples, 1)) - count
    sums: FloatArray = _sums(rows - center, resamples, draw, random) + shared * center
    return sums


def _sums(rows: FloatArray, resamples: int, draw: Draw, random: np.random.Generator) -> FloatArray:
    count = len(rows)
    if count >= LARGE:
        return _turned(rows, resamples, draw, random)
    blocks = _blocks(resamples, max(1, _BLOCK // count))
    found: list[FloatArray] = [draw(size, count) @ rows for size in blocks]
    return np.concatenate(found)


def _turned(
    rows: FloatArray, resamples: int, draw: Draw, random: np.random.Generator
) -> FloatArray:
    """Sums of rows (n, k) times factors, and times turns of these: (resamples, k)."""
    count = len(rows)
    turns = min(-(-resamples // _STARTS), count // _APART)
    length = _quick_length(count + turns - 1)
    spectra = np.fft.rfft(rows[random.permutation(count)].T, length).conj()
    found = []
    for size in _blocks(resamples, turns):
        factors = draw(1, count)[0]
        spectrum = np.fft.rfft(np.concatenate([factors, factors[: size - 1]]), length)
        found += [_first(spectra, spectrum, length, size)]
    return np.concatenate(found)


def _first(
    spectra: npt.NDArray[np.complex128],
    spectrum: npt.NDArray[np.complex128],
    length: int,
    size: int,
) -> FloatArray:
    """The first terms of the correlations of each row with the factors: (size, k)."""
    # One at a time: all of them would take k times the memory, and no less time.
    return np.stack([np.fft.irfft(each * spectrum, length)[:size] for each in spectra], axis=1)


def _quick_length(least: int) -> int:
    """The least length from `least` on that is quick to transform: of factors 2, 3 and 5 alone."""
    best = 1 << (least - 1).bit_length()
    for fives in range(3):
        for threes in range(3):
            odd = 3**threes * 5**fives
            best = min(best, odd << max(0, (-(-least // odd) - 1).bit_length()))
    return best


def _distinct(
    rows: FloatArray, random: np.random.Generator
) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """The distinct rows, and how often each is there; all of them where they are many."""
    # Rows are told apart by one random combination of their columns: sorting whole rows is slow.
    # That two which differ have the same is as unlikely as a wrong digit.
    keys = rows @ random.standard_normal(rows.shape[1])
    if len(np.unique(keys[: 4 * _DISTINCT])) > _DISTINCT:
        return rows, np.ones(len(rows), dtype=np.intp)
    _, places, often = np.unique(keys, return_index=True, return_counts=True)
    return rows[places], often


def _blocks(total: int, size: int) -> Iterator[int]:
    for start in range(0, total, size):
        yield min(size, total - start)
