"""Whether the trees of an XGBoost model stay in their memory, and the digest of a model.

XGBoost checks the lengths in a file, and little else: a child or a feature that is not there would
make it read foreign memory when it predicts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.memory import bytes_of
from windlass.artifacts.formats.ubjson import read_ubjson
from windlass.errors import CorruptError
from windlass.hashing import Part, digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAF = -1
_NO_PARENT = (-1, 0x7FFFFFFF)
_BY_NODE = (
    *("left_children", "right_children", "parents", "split_indices", "split_type"),
    *("split_conditions", "default_left", "loss_changes", "sum_hessian"),
)
_BY_CATEGORY = ("categories_nodes", "categories_segments", "categories_sizes")


def check_model(document: Any) -> None:
    """Looks at every tree of a model.

    Raises:
        CorruptError: A tree points outside itself, or a list has another length than it should.
    """
    try:
        shape = document["learner"]["learner_model_param"]
        outputs = max(1, int(shape.get("num_class", 1)), int(shape.get("num_target", 1)))
        for model in _forests(document["learner"]["gradient_booster"]):
            _check_forest(model, int(shape["num_feature"]), outputs)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _corrupt(f"{type(error).__name__}: {error}") from error


def check_config(config: Any, document: Any) -> None:
    """Looks whether parameters are of this model: they repeat its shape, and XGBoost believes them.

    Raises:
        CorruptError: They are of another.
    """
    one, other = config["learner"], document["learner"]
    booster, model = one["gradient_booster"], other["gradient_booster"]
    if booster["name"] == "dart":
        booster, model = booster["gbtree"], model["gbtree"]
    shapes = [
        (one["learner_model_param"], other["learner_model_param"]),
        (booster["name"], model["name"]),
        (booster.get("gbtree_model_param"), model["model"].get("gbtree_model_param")),
    ]
    if one["gradient_booster"]["name"] != other["gradient_booster"]["name"] or any(
        given != found for given, found in shapes
    ):
        raise _corrupt("its parameters are those of another")


def model_digest(body: bytes) -> str:
    """The digest of a model in UBJSON, without the version that wrote it."""
    document = read_ubjson(body)
    return digest("xgboost", _part({**document, "version": None}))


def _forests(booster: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if booster["name"] == "dart":
        weights, booster = booster["weight_drop"], booster["gbtree"]
        if len(weights) != len(booster["model"]["trees"]):
            raise _corrupt("a tree has no weight")
    if "trees" in booster["model"]:
        yield booster["model"]


def _check_forest(model: Mapping[str, Any], features: int, outputs: int) -> None:
    import numpy as np

    trees, groups = model["trees"], np.asarray(model["tree_info"])
    ends = np.asarray(model.get("iteration_indptr", [0, len(trees)]))
    _demand(len(groups) == len(trees) == int(model["gbtree_model_param"]["num_trees"]))
    _demand(((groups >= 0) & (groups < outputs)).all())
    _demand(len(ends) > 0 and ends[0] == 0 and ends[-1] == len(trees))
    _demand((np.diff(ends) >= 0).all())
    for tree in trees:
        _check_tree(tree, features)


def _check_tree(tree: Mapping[str, Any], features: int) -> None:
    import numpy as np

    count, width = (int(tree["tree_param"][key]) for key in ("num_nodes", "size_leaf_vector"))
    arrays = {name: np.asarray(tree[name]) for name in _BY_NODE}
    _demand(count > 0 and all(array.shape == (count,) for array in arrays.values()))
    inner = arrays["left_children"] != _LEAF
    for side in ("left_children", "right_children"):
        children, parents = arrays[side][inner], np.flatnonzero(inner)
        _demand(((children > 0) & (children < count)).all())
        # Each names its parent, and the root is no child: no walk from the root comes back to it.
        _demand((arrays["parents"][children] == parents).all())
    _demand(arrays["parents"][0] in _NO_PARENT)
    _demand(((arrays["parents"][1:] >= 0) & (arrays["parents"][1:] < count)).all())
    asked = arrays["split_indices"][inner]
    _demand(((asked >= 0) & (asked < features)).all())
    _check_leaves(tree, ~inner, width)
    _check_categories(tree, arrays["split_type"], count)


def _check_leaves(tree: Mapping[str, Any], leaves: NDArray[Any], width: int) -> None:
    """Trees of several targets keep their leaves' weights apart, by a number in each leaf."""
    import numpy as np

    _demand(width > 0 and len(tree["base_weights"]) == len(leaves) * width)
    if "leaf_weights" in tree:
        numbers = np.asarray(tree["right_children"])[leaves]
        _demand(((numbers >= 0) & ((numbers + 1) * width <= len(tree["leaf_weights"]))).all())


def _check_categories(tree: Mapping[str, Any], kinds: NDArray[Any], count: int) -> None:
    import numpy as np

    nodes, starts, sizes = (np.asarray(tree[name]) for name in _BY_CATEGORY)
    named = np.asarray(tree["categories"])
    _demand(len(nodes) == len(starts) == len(sizes))
    _demand(((nodes >= 0) & (nodes < count)).all())
    _demand(((starts >= 0) & (sizes >= 0) & (starts + sizes <= len(named))).all())
    _demand(np.isin(np.flatnonzero(kinds), nodes).all())
    _demand(((named >= 0) & (named < 1 << 24)).all())


def _demand(fits: object) -> None:
    if not fits:
        raise _corrupt("a tree points outside itself")


def _corrupt(what: str) -> CorruptError:
    return CorruptError(
        f"stored bytes are not a model of XGBoost: {what}", hint="Train it again: --refresh"
    )


def _part(value: Any) -> Part:
    """A document as it is hashed; arrays by their type and bytes."""
    if isinstance(value, dict):
        return {key: _part(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_part(item) for item in value]
    if type(value).__module__ == "numpy":
        return [value.dtype.str, bytes_of(value).data]
    found: Part = value
    return found
