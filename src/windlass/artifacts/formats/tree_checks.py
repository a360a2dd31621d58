"""Whether the trees of an estimator can be walked without leaving their memory.

scikit-learn follows the indexes in a tree's nodes without a look. These are looked at once, when
an estimator is read: children stand after their parents and inside the tree, and every feature
that a node asks for is one that the estimator makes sure to have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.reachable import attributes_of, items_of, reachable
from windlass.errors import CorruptError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAF = -1


def check_trees(estimator: object) -> None:
    """Looks at every tree that an estimator holds.

    Raises:
        CorruptError: A tree points outside itself.
    """
    for owner in reachable(estimator):
        features = getattr(owner, "n_features_in_", None) or 0
        for tree, columns in _trees(owner, features):
            _check_tree(tree, columns)
        for predictor in items_of(getattr(owner, "_predictors", None)):
            _check_predictor(predictor, features)
        for part in attributes_of(owner).values():
            if type(part).__name__.startswith(("KDTree", "BallTree")):
                _check_neighbours(part)


def _trees(owner: Any, features: int) -> Iterator[tuple[Any, int]]:
    """The trees that an estimator walks, each with the columns that it makes sure to have."""
    if _has_tree(owner):
        yield owner.tree_, features
    chosen = getattr(owner, "estimators_features_", None)
    for number, part in enumerate(items_of(getattr(owner, "estimators_", None))):
        if _has_tree(part):
            yield part.tree_, features if chosen is None else len(chosen[number])


def _has_tree(value: Any) -> bool:
    return type(getattr(value, "tree_", None)).__name__ == "Tree"


def _check_tree(tree: Any, features: int) -> None:
    nodes = tree.__getstate__()["nodes"]
    inner = nodes["left_child"] != _LEAF
    children = [nodes["left_child"][inner], nodes["right_child"][inner]]
    _check(inner, children, nodes["feature"][inner], min(features, tree.n_features))


def _check_predictor(predictor: Any, features: int) -> None:
    import numpy as np

    nodes = np.asarray(predictor.nodes)
    inner = nodes["is_leaf"] == 0
    children = [nodes["left"][inner].astype("i8"), nodes["right"][inner].astype("i8")]
    _check(inner, children, nodes["feature_idx"][inner], features)
    by_category = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
    if len(by_category) and by_category.max() >= len(predictor.raw_left_cat_bitsets):
        raise _corrupt()


def _check(
    inner: NDArray[np.bool_], children: list[NDArray[Any]], asked: NDArray[Any], features: int
) -> None:
    import numpy as np

    parents = np.flatnonzero(inner)
    if len(inner) == 0:
        raise _corrupt()
    for child in children:
        if (child <= parents).any() or (child >= len(inner)).any():
            raise _corrupt()
    if (asked < 0).any() or (asked >= features).any():
        raise _corrupt()


def _check_neighbours(index: Any) -> None:
    import numpy as np

    data, places, nodes, bounds, _, _, count, *_ = index.__getstate__()
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    ends = (nodes["idx_start"], nodes["idx_end"])
    fits = [
        count == len(nodes) == bounds.shape[1] and bounds.shape[2] == data.shape[1],
        len(places) == len(data) and (places >= 0).all() and (places < len(data)).all(),
        all((end >= 0).all() and (end <= len(data)).all() for end in ends),
        (2 * inner + 2 < count).all(),
    ]
    if not all(fits):
        raise _corrupt()


def _corrupt() -> CorruptError:
    return CorruptError(
        "a stored estimator has a tree that points outside itself: its bytes were forged",
        hint="Train it again: --refresh",
    )
