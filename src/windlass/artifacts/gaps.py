"""How far two values are apart: of numbers, tables and arrays, and of what holds them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from numbers import Number
from typing import Any, NamedTuple

from windlass.artifacts.formats.collections import parts_of

_PLAIN = (str, bytes, bool, type(None))  # a bool is a number to Python, and not to people


class Gap(NamedTuple):
    """The largest differences between the numbers of two values of one form.

    Args:
        absolute: The largest difference.
        relative: The largest difference in proportion to the larger of the two numbers.
        scaled: The largest of what is smaller of both, for each pair; of whole numbers, the first:
            what a tolerance is for.
    """

    absolute: float = 0.0
    relative: float = 0.0
    scaled: float = 0.0

    def within(self, tolerance: float) -> bool:
        """Whether each pair is equal, absolutely or in proportion, within a tolerance."""
        return self.scaled <= tolerance


class UnlikeError(Exception):
    """Two values differ by more than numbers; the message says in what."""


class OpaqueError(Exception):
    """It cannot be told how far two values are apart; the message says of what type they are."""


def gap_between(then: Any, now: Any) -> Gap:
    """How far two values are apart.

    Raises:
        UnlikeError: They differ in form, or in what is no number.
        OpaqueError: They are of a kind that holds no numbers of its own, such as a model.
    """
    if type(then) is not type(now):
        raise UnlikeError(f"{_kind(then)} → {_kind(now)}")
    for names, measure in _MEASURES:
        if any(name in names for name in _names(type(then))):
            return measure(then, now)
    if isinstance(then, _PLAIN):
        return _same(then, now)
    if isinstance(then, Number):
        return _numbers(then, now)
    return _of_parts(then, now)


def _kind(value: object) -> str:
    return type(value).__name__


def _names(cls: type) -> Iterator[str]:
    return (f"{base.__module__.partition('.')[0]}.{base.__qualname__}" for base in cls.__mro__)


def _numbers(then: Any, now: Any) -> Gap:
    if then == now or (then != then and now != now):  # noqa: PLR0124 (not a number)
        return Gap()
    absolute = float(abs(then - now))
    if not math.isfinite(absolute):
        raise UnlikeError(f"{then} → {now}")
    relative = absolute / float(max(abs(then), abs(now)))
    return Gap(absolute, relative, absolute if type(then) is int else min(absolute, relative))


def _same(then: object, now: object) -> Gap:
    if then != now:
        told = f"{then!r} → {now!r}"
        raise UnlikeError(told if len(told) < 60 else f"another {_kind(then)}")
    return Gap()


def _of_parts(then: Any, now: Any) -> Gap:
    old, new = dict(parts_of(then)), dict(parts_of(now))
    if not old and not new:
        return _of_nothing(then, now)
    if isinstance(then, set | frozenset):
        return _same(then, now)
    if old.keys() != new.keys():
        raise UnlikeError(
            f"{len(old):,} → {len(new):,} items" if len(old) != len(new) else "other names"
        )
    return _largest(_at(name, gap_between, old[name], new[name]) for name in old)


def _of_nothing(then: object, now: object) -> Gap:
    """What has no parts: an empty container, or what cannot be looked into."""
    if isinstance(then, dict | list | tuple | set | frozenset):
        return Gap()
    if type(then).__eq__ is object.__eq__:
        raise OpaqueError(_kind(then))
    return Gap() if _are_equal(then, now) else _same(then, now)


def _are_equal(then: object, now: object) -> bool:
    try:
        return bool(then == now)
    except Exception:  # noqa: BLE001 (a class of the project's own may raise at any word)
        return False


def _at(place: str, measure: Callable[[Any, Any], Gap], then: Any, now: Any) -> Gap:
    try:
        return measure(then, now)
    except UnlikeError as error:
        raise UnlikeError(f"{place}: {error}") from None


def _largest(gaps: Iterable[Gap]) -> Gap:
    found = [Gap(), *gaps]
    return Gap(*(max(each) for each in zip(*found, strict=True)))


def _arrays(then: Any, now: Any) -> Gap:
    import numpy as np

    if then.dtype != now.dtype:
        raise UnlikeError(f"{then.dtype} → {now.dtype}")
    if then.shape != now.shape:
        raise UnlikeError(f"shape {_shape(then)} → {_shape(now)}")
    if then.dtype.kind not in "iufc":
        return _things(then.ravel().tolist(), now.ravel().tolist())
    wide = np.complex128 if then.dtype.kind == "c" else np.float64
    old, new = np.asarray(then, wide).ravel(), np.asarray(now, wide).ravel()
    differ = (old != new) & ~(np.isnan(old) & np.isnan(new))
    old, new = old[differ], new[differ]
    if not old.size:
        return _same(then.tolist(), now.tolist()) if then.dtype.kind in "iu" else Gap()
    with np.errstate(all="ignore"):
        absolute = np.abs(old - new)
        relative = absolute / np.maximum(np.abs(old), np.abs(new))
    if not np.isfinite(absolute).all():
        raise UnlikeError("some are numbers in one, and not in the other")
    scaled = absolute if then.dtype.kind in "iu" else np.minimum(absolute, relative)
    return Gap(float(absolute.max()), float(relative.max()), float(scaled.max()))


def _things(then: list[Any], now: list[Any]) -> Gap:
    differ = sum(
        not (a is b or _are_equal(a, b) or not (_are_equal(a, a) or _are_equal(b, b)))
        for a, b in zip(then, now, strict=True)
    )
    if differ:
        raise UnlikeError(f"{differ:,} of {len(then):,} values differ")
    return Gap()


def _shape(array: Any) -> str:
    return " × ".join(f"{size:,}" for size in array.shape)


def _frames(then: Any, now: Any) -> Gap:
    if list(then.columns) != list(now.columns):
        raise UnlikeError("other columns")
    if len(then) != len(now):
        raise UnlikeError(f"{len(then):,} → {len(now):,} rows")
    names = then.columns if isinstance(then.columns, list) else then.columns.tolist()
    columns = [
        _at(str(name), gap_between, _column(then, place), _column(now, place))
        for place, name in enumerate(names)
    ]
    return _largest([*columns, *_indexes(then, now)])


def _column(frame: Any, place: int) -> Any:
    return frame.iloc[:, place] if hasattr(frame, "iloc") else frame.to_series(place)


def _series(then: Any, now: Any) -> Gap:
    if str(then.dtype) != str(now.dtype):
        raise UnlikeError(f"{then.dtype} → {now.dtype}")
    if len(then) != len(now):
        raise UnlikeError(f"{len(then):,} → {len(now):,} rows")
    return _largest([_arrays(then.to_numpy(), now.to_numpy()), *_indexes(then, now)])


def _indexes(then: Any, now: Any) -> Iterator[Gap]:
    if hasattr(then, "index") and not callable(then.index):
        yield _at("index", _arrays, then.index.to_numpy(), now.index.to_numpy())


def _tensors(then: Any, now: Any) -> Gap:
    if then.dtype != now.dtype:
        raise UnlikeError(f"{then.dtype} → {now.dtype}")
    plain = [each.detach().cpu() for each in (then, now)]
    if then.is_floating_point():
        plain = [each.double() for each in plain]
    return _arrays(*(each.numpy() for each in plain))


def _sparse(then: Any, now: Any) -> Gap:
    if then.shape != now.shape:
        raise UnlikeError(f"shape {_shape(then)} → {_shape(now)}")
    old, new = then.tocsr().sorted_indices(), now.tocsr().sorted_indices()
    _at("places", _arrays, old.indices, new.indices)
    return _arrays(old.data, new.data)


def _tables(then: Any, now: Any) -> Gap:
    return _frames(then.to_pandas(), now.to_pandas())


_MEASURES: tuple[tuple[tuple[str, ...], Callable[[Any, Any], Gap]], ...] = (
    (("pandas.DataFrame", "polars.DataFrame"), _frames),
    (("pandas.Series", "polars.Series"), _series),
    (("numpy.ndarray", "numpy.generic"), _arrays),
    (("torch.Tensor",), _tensors),
    (("scipy.spmatrix", "scipy._spbase"), _sparse),
    (("pyarrow.Table",), _tables),
)
"""By the names of classes: no library is imported before a value of it is met."""
