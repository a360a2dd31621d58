"""How far apart chance alone takes two counts of the same data, at the size of a live window.

The reference is a sample itself, and its bins lie at its own quantiles. So the true share of a bin
is not what the reference counted. Of n values that are all different, the shares between
neighbours have a Dirichlet distribution with a one for each gap (Wilks 1962, Mathematical
Statistics, 8.7): the bins' shares are Dirichlet with the gaps that they span, below the least and
above the greatest value one each. Of categories they are Dirichlet by Jeffreys' prior. Shares are
drawn from it, and live counts from these shares: what is seen then is what windows would show that
are like the reference, however small either is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from windlass.models.bins import NumberBins
from windlass.models.profile import ColumnProfile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

RESAMPLES = 1_000
_FEW = 20
"""Resamples beyond a distance below which the fitted tail tells its chance, not their share."""
_STEPS = 4
"""Sizes of windows between a size and its double for which resamples are drawn."""
_RARE = 30
"""Rows below which a category is taken with the rest, where the reference had more categories than
are counted: the most frequent of many rare ones are mostly those that luck made so."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """A reference column as it is compared: without null, rare categories pooled.

    Args:
        counts: (cells,) of the reference.
        gaps: (cells,) the parameters of its shares' distribution.
        groups: To which cell each count of the profile but null belongs.
    """

    counts: Ints
    gaps: Floats
    groups: Ints

    @classmethod
    def of(cls, column: ColumnProfile) -> Anchored:
        """The cells of a reference column."""
        import numpy as np

        counts = column.counts[:-1]
        groups = np.arange(len(counts))
        if isinstance(column.anchors, NumberBins):
            gaps = counts.astype(np.float64)
            gaps[[0, -1]] += 1
            if len(gaps) > 2:
                gaps[1] -= 1
            return cls(counts, gaps, groups)
        if counts[-1]:
            groups = np.where(counts < _RARE, len(counts) - 1, groups)
        _, groups = np.unique(groups, return_inverse=True)
        pooled = np.bincount(groups, weights=counts).astype(np.int64)
        return cls(pooled, pooled.astype(np.float64) + 0.5, groups)

    def live(self, counts: Ints) -> Ints:
        """(cells,) counts of other data, pooled likewise."""
        import numpy as np

        found: Ints = np.bincount(self.groups, weights=counts[:-1], minlength=len(self.counts))
        return found.astype(np.int64)

    def chance(self, rows: int) -> Chance:
        """What windows of so many rows show that are like the reference."""
        import numpy as np

        size = round(2 ** (round(math.log2(rows) * _STEPS) / _STEPS))
        order = np.lexsort((self.gaps, self.counts))  # columns of equal counts share the draws
        drawn = _drawn(self.counts[order].tobytes(), self.gaps[order].tobytes(), size)
        reference = int(self.counts.sum())
        return drawn.scaled((1 / rows + 1 / reference) / (1 / size + 1 / reference))


@dataclass(frozen=True, slots=True)
class Chance:
    """The distribution of a divergence that chance alone makes.

    Args:
        drawn: Of the resamples, ascending.
        mean: Their mean.
        sd: Their standard deviation.
        skew: Their skewness.
    """

    drawn: Floats
    mean: float
    sd: float
    skew: float

    def scaled(self, factor: float) -> Chance:
        """The same for windows of another size: divergences go with ``1 / n + 1 / reference``."""
        return Chance(self.drawn * factor, self.mean * factor, self.sd * factor, self.skew)

    def p(self, divergence: float) -> float:
        """How often chance alone takes a window so far, or farther.

        Beyond the resamples by a Pearson curve of type III with their first three moments.
        """
        import numpy as np

        beyond = len(self.drawn) - int(np.searchsorted(self.drawn, divergence, side="left"))
        if beyond >= _FEW or self.sd == 0:
            return (1 + beyond) / (1 + len(self.drawn))
        return min((1 + beyond + _FEW) / len(self.drawn), self._tail(divergence))

    def threshold(self, level: float) -> float:
        """The divergence that chance alone exceeds with this probability."""
        low, high = self.mean, self.mean + self.sd
        while self._tail(high) > level and high < 1e6:
            low, high = high, high + 2 * (high - self.mean) + self.sd
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self._tail(middle) > level else (low, middle)
        return high

    def _tail(self, divergence: float) -> float:
        if self.sd == 0:
            return float(divergence <= self.mean)
        skew = max(self.skew, 0.05)  # that of a normal one, nearly
        shape, scale = 4 / skew**2, self.sd * skew / 2
        return gamma_above(shape, (divergence - self.mean) / scale + shape)


def divergence(reference: Ints, live: Ints) -> Floats:
    """The Jensen-Shannon divergence, to base 2, of counts (…, cells): the distance's square."""
    import numpy as np

    p = reference / reference.sum(-1, keepdims=True)
    q = live / live.sum(-1, keepdims=True)
    middle = np.broadcast_to((p + q) / 2, q.shape)
    found = np.zeros(q.shape[:-1])
    for each in (np.broadcast_to(p, q.shape), q):
        logs = np.log2(np.divide(each, middle, out=np.ones(q.shape), where=each > 0))
        found += (each * logs).sum(-1) / 2
    return np.clip(found, 0.0, 1.0)


@lru_cache(4096)
def _drawn(counts: bytes, gaps: bytes, rows: int) -> Chance:
    import numpy as np

    reference, shapes = np.frombuffer(counts, np.int64), np.frombuffer(gaps)
    random = np.random.default_rng(0)  # a second look finds the same
    shares = random.standard_gamma(shapes, (RESAMPLES, len(shapes)))
    shares /= shares.sum(-1, keepdims=True)
    found = np.sort(divergence(reference, random.multinomial(rows, shares)))
    mean, sd = float(found.mean()), float(found.std(ddof=1))
    skew = float((((found - mean) / sd) ** 3).mean()) if sd else 0.0
    return Chance(found, mean, sd, skew)


def gamma_above(shape: float, x: float) -> float:
    """The probability that a gamma number of scale 1 is above x.

    Source: Abramowitz & Stegun 1964, 6.5.29 and, by Lentz's method, 6.5.31.
    """
    if x <= 0:
        return 1.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        place = shape
        while term > total * 1e-15:
            place += 1
            term *= x / place
            total += term
        return max(0.0, 1 - front * total)
    below = x + 1 - shape
    above, value = 1e300, 1 / below
    last = value
    for place in range(1, 10_000):
        factor = -place * (place - shape)
        below += 2
        last_below = 1 / (factor * last + below or 1e-300)
        above = below + factor / above or 1e-300
        step = above * last_below
        value, last = value * step, last_below
        if abs(step - 1) < 1e-14:
            break
    return min(1.0, front * value)


def share_above(seen: int, rows: int, alpha: float, beta: float) -> float:
    """The chance of at least `seen` of so many rows, where their share is a beta number.

    Of what is no more than expected it is 1.
    """
    import numpy as np

    if seen * (alpha + beta) <= rows * alpha:
        return 1.0
    lgamma = math.lgamma
    log = (
        lgamma(rows + 1) - lgamma(seen + 1) - lgamma(rows - seen + 1)
        + lgamma(seen + alpha) + lgamma(rows - seen + beta) - lgamma(rows + alpha + beta)
        + lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta)
    )  # fmt: skip
    last, total, place = math.exp(min(0.0, log)), 0.0, seen
    while place <= rows and last > total * 1e-17:
        upto = np.arange(place, min(rows, place + 4096), dtype=np.float64)
        ratios = (rows - upto) * (upto + alpha) / ((upto + 1) * (rows - upto - 1 + beta))
        terms = last * np.cumprod(ratios)
        total += last + float(terms[:-1].sum()) if len(terms) else last
        if not len(terms):
            break
        last, place = float(terms[-1]), place + len(terms)
    return min(1.0, total)
