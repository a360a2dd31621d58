"""Whether a LightGBM model is whole, and its trees stay in their memory.

LightGBM cuts its text by the sizes that the text tells, ends the process on a number or a parameter
that is none, and follows a tree's indexes without a look. So its text is read here first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from windlass.errors import CorruptError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CATEGORICAL = 1
_BY_LEAF = {b"leaf_weight", b"leaf_count"}
_BY_NODE = {b"split_gain", b"internal_value", b"internal_weight", b"internal_count"}
_EXPONENT = rb"e[-+]?(?:\d{1,2}|[12]\d\d|30[0-7])"  # no more than a double holds
_NUMBER = rb"[-+]?(?:\d(?:\.\d*)?%b|\d{1,300}(?:\.\d*)?|inf|nan)" % _EXPONENT
_NUMBERS = re.compile(rb"%b?(?: +%b)* *" % (_NUMBER, _NUMBER))
_RANGE = re.compile(rb"none|\[%b:%b\]|-?\d+(?::-?\d+)*" % (_NUMBER, _NUMBER))
_TAIL = re.compile(
    rb"end of trees\n\n(?:feature_importances:\n(?:.+\n)*)?\n?"
    rb"(?:parameters:\n(?:\[\w+: .*\]\n)*\n?end of parameters\n)?\n?pandas_categorical:.+\n?"
)


def check_model(body: bytes) -> None:
    """Looks at the whole of a model's text.

    Raises:
        CorruptError: A tree is not where the text says, or points outside itself.
    """
    try:
        head, _, trees = body.partition(b"\n\n")
        _demand(head.startswith(b"tree\n") and b"\0" not in body)
        facts = _facts(head.replace(b"\naverage_output\n", b"\n").removeprefix(b"tree\n"))
        features, outputs = int(facts[b"max_feature_idx"]) + 1, int(facts[b"num_class"])
        sizes = _numbers(facts[b"tree_sizes"])
        _demand(0 < features == len(facts[b"feature_names"].split()) and outputs > 0)
        ranges = facts[b"feature_infos"].split()
        _demand(len(ranges) == features and all(map(_RANGE.fullmatch, ranges)))
        _demand(0 < int(facts[b"num_tree_per_iteration"]) <= max(outputs, len(sizes)))
        _demand(len(sizes) % int(facts[b"num_tree_per_iteration"]) == 0)
        _check_trees(trees, sizes, features)
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise _corrupt(f"{type(error).__name__}: {error}") from error


def _check_trees(text: bytes, sizes: NDArray[Any], features: int) -> None:
    _demand((sizes > 0).all() and sizes.sum() <= len(text))
    start = 0
    for number, size in enumerate(sizes.tolist()):
        tree = text[start : start + size]
        _demand(tree.startswith(b"Tree=%d\n" % number) and tree.endswith(b"\n\n"))
        _check_tree(_facts(tree), features)
        start += size
    _demand(_TAIL.fullmatch(text, start))


def _check_tree(facts: dict[bytes, bytes], features: int) -> None:
    import numpy as np

    _demand(all(map(_NUMBERS.fullmatch, facts.values())))
    leaves = int(facts[b"num_leaves"])
    _demand(leaves > 0 and len(_decimals(facts[b"leaf_value"])) == leaves)
    _check_lengths(facts, leaves)
    if facts.get(b"is_linear", b"0").strip() != b"0":
        _check_linear(facts, leaves, features)
    if leaves == 1:
        return
    parents = np.arange(leaves - 1)
    children = [_numbers(facts[side]) for side in (b"left_child", b"right_child")]
    for child in children:
        _demand(len(child) == leaves - 1)
        _demand(((child < 0) | (child > parents)).all() and (child < leaves - 1).all())
        _demand((child >= -leaves).all())
    _demand(len(np.unique(np.concatenate(children))) == 2 * leaves - 2)
    asked = _numbers(facts[b"split_feature"])
    _demand(len(asked) == leaves - 1 and ((asked >= 0) & (asked < features)).all())
    _check_categories(facts, leaves)


def _check_lengths(facts: dict[bytes, bytes], leaves: int) -> None:
    """What stands once for each leaf, or for each node; LightGBM copies as many as it expects."""
    for name in _BY_LEAF & facts.keys():
        _demand(len(facts[name].split()) == leaves or leaves == 1)  # a stump leaves some out
    for name in _BY_NODE & facts.keys():
        _demand(len(facts[name].split()) == leaves - 1)


def _check_categories(facts: dict[bytes, bytes], leaves: int) -> None:
    kinds, bounds = _numbers(facts[b"decision_type"]), _decimals(facts[b"threshold"])
    _demand(len(kinds) == len(bounds) == leaves - 1)
    count = int(facts[b"num_cat"])
    chosen = bounds[(kinds & _CATEGORICAL) != 0]
    _demand(((chosen >= 0) & (chosen < max(count, 0))).all())
    if count > 0:
        ends, words = _numbers(facts[b"cat_boundaries"]), _numbers(facts[b"cat_threshold"])
        _demand(len(ends) == count + 1 and ends[0] == 0 and ends[-1] == len(words))
        _demand((ends[1:] >= ends[:-1]).all())


def _check_linear(facts: dict[bytes, bytes], leaves: int, features: int) -> None:
    counts = _numbers(facts[b"num_features"])
    asked = _numbers(facts[b"leaf_features"])
    _demand(len(counts) == len(_decimals(facts[b"leaf_const"])) == leaves)
    _demand((counts >= 0).all() and counts.sum() == len(asked))
    _demand(len(_decimals(facts[b"leaf_coeff"])) == len(asked))
    _demand(((asked >= 0) & (asked < features)).all())


def _facts(text: bytes) -> dict[bytes, bytes]:
    pairs = [line.partition(b"=") for line in text.split(b"\n") if line]
    found = {name: value for name, equals, value in pairs if equals}
    _demand(len(found) == len(pairs))
    return found


def _numbers(text: bytes) -> NDArray[Any]:
    import numpy as np

    return np.array([int(word) for word in text.split()], np.int64)


def _decimals(text: bytes) -> NDArray[Any]:
    import numpy as np

    return np.array([float(word) for word in text.split()], np.float64)


def _demand(fits: object) -> None:
    if not fits:
        raise _corrupt("a tree points outside itself")


def _corrupt(what: str) -> CorruptError:
    return CorruptError(
        f"stored bytes are not a model of LightGBM: {what}", hint="Train it again: --refresh"
    )
