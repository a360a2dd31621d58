"""Whether a CatBoost file is whole, and its trees stay in their memory.

CatBoost verifies the frame of a file, a FlatBuffer, but not the numbers in it: the splits of a tree
are indexes into the borders of all features, and forged they would make it read foreign memory.
The numbers of fields are those of CatBoost's public schema.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.catboost_counts import COUNTS, check_counts
from windlass.artifacts.formats.flatbuffer import Table
from windlass.errors import CorruptError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC = b"CBM1"
_HEAD = struct.Struct("<4sI")
_TREES, _PARTS = 1, 3
_CATEGORIES = 4
_DIMENSION, _SPLITS, _SIZES, _STARTS = 0, 1, 2, 3
_LEAF_VALUES, _LEAF_WEIGHTS, _STEPS, _LEAVES_OF_NODES, _BINS = 8, 9, 10, 11, 17
_BORDERS = {5: (3,), 6: (1, 2), 7: (1,), 13: (3,)}
"""By the lists of features: the fields that hold borders, or values, of each."""

_IN_A_BIN = 254  # borders; a feature that has more takes several
_DEEPEST = 31


def check_file(body: bytes) -> None:
    """Looks at a cbm before CatBoost does.

    Raises:
        CorruptError: It is no cbm, was cut short, or a tree points outside itself.
    """
    try:
        magic, size = _HEAD.unpack_from(body)
        _demand(magic == _MAGIC and size <= len(body) - _HEAD.size)
        root = Table.root(body[_HEAD.size : _HEAD.size + size])
        trees = root.table(_TREES)
        if trees is None:
            raise _corrupt("it has no trees")
        _check_trees(trees)
        _check_parts(root.texts(_PARTS), body[_HEAD.size + size :], trees.length(_CATEGORIES))
    except (struct.error, ValueError, OverflowError) as error:
        raise _corrupt(str(error)) from error


def _check_parts(parts: list[bytes], data: bytes, categories: int) -> None:
    """What stands behind the trees: counts of categories, then what texts were taken apart with."""
    taken = check_counts(data, categories) if COUNTS in parts[:1] else 0
    _demand(len(parts) > 1 or taken == len(data) or COUNTS not in parts)


def _check_trees(trees: Table) -> None:
    import numpy as np

    borders = np.array(list(_border_counts(trees)), np.int64)
    splits, sizes, starts = (trees.array(name, "<i4") for name in (_SPLITS, _SIZES, _STARTS))
    _demand(((splits >= 0) & (splits < max(1, borders.sum()))).all())
    _demand((sizes >= 0).all() and sizes.sum() == len(splits) and len(starts) in (0, len(sizes)))
    _demand((starts == np.cumsum(sizes)[: len(starts)] - sizes[: len(starts)]).all())
    bins = trees.array(_BINS, "<u2,u1,u1")
    _demand(len(bins) in (0, len(splits)))
    _demand((bins["f0"] < max(1, np.ceil(borders / _IN_A_BIN).sum())).all())
    _check_leaves(trees, sizes)


def _border_counts(trees: Table) -> list[int]:
    return [
        max(feature.length(field) for field in fields)
        for features, fields in _BORDERS.items()
        for feature in trees.tables(features)
    ]


def _check_leaves(trees: Table, sizes: NDArray[Any]) -> None:
    width, count = trees.integer(_DIMENSION), trees.length(_LEAF_VALUES)
    _demand(width > 0 and count % width == 0)
    _demand(trees.length(_LEAF_WEIGHTS) in (0, count // width))
    steps = trees.array(_STEPS, "<u2,<u2")
    if len(steps):
        _check_walks(trees, sizes, steps, count - width)
    else:
        _demand((sizes <= _DEEPEST).all())
        _demand(sum(1 << size for size in sizes.tolist()) * width == count)


def _check_walks(trees: Table, sizes: NDArray[Any], steps: NDArray[Any], last: int) -> None:
    """Trees that are not symmetric: steps to the left and right, none where a leaf is."""
    import numpy as np

    leaves = trees.array(_LEAVES_OF_NODES, "<u4")
    _demand(len(steps) == len(leaves) == trees.length(_SPLITS))
    ends = np.repeat(np.cumsum(sizes), sizes)
    here = np.arange(len(steps))
    left, right = steps["f0"].astype("i8"), steps["f1"].astype("i8")
    _demand((here + np.maximum(left, right) < ends).all())
    stops = (left == 0) | (right == 0)
    _demand((leaves[stops] <= last).all())


def _demand(fits: object) -> None:
    if not fits:
        raise _corrupt("it was cut short, or a tree points outside itself")


def _corrupt(what: str) -> CorruptError:
    return CorruptError(
        f"stored bytes are not a model of CatBoost: {what}", hint="Train it again: --refresh"
    )
