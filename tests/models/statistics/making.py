"""Labels and predictions of models that are as good as one wants."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import settings

Array = npt.NDArray[Any]

LAWS = settings(deadline=None, max_examples=50)  # the machine may be busy


class Binary(NamedTuple):
    """Two classes, and the probabilities that two models give to the second."""

    labels: Array
    ours: Array
    theirs: Array


def binary(
    random: np.random.Generator, n: int, noise: float = 0.5, other: float | None = None
) -> Binary:
    """Probabilities off by noise in log-odds; by other noise for the second model."""
    odds = random.normal(size=n)
    labels = (random.random(n) < sigmoid(odds)).astype(int)
    labels[:2] = 0, 1
    ours = sigmoid(odds + noise * random.normal(size=n))
    theirs = sigmoid(odds + (noise if other is None else other) * random.normal(size=n))
    return Binary(labels, ours, theirs)


def sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)))
