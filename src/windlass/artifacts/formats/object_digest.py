"""The digest of an object by its state: for values whose bytes differ each time they are written.

Two estimators trained alike are equal in what they predict, and in every parameter and array they
hold; not in the order of their attributes, in what was in memory between the fields of a record,
in how long training took or on how many threads. This walks the state as pickle would, and hashes
what counts.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from windlass import modules
from windlass.artifacts.formats.memory import bytes_of
from windlass.errors import FormatError
from windlass.hashing import digest, digest_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOT_STATE = {"_sklearn_version", "_n_threads", "n_threads", "refit_time_", "_cached_dict"}
"""Attributes of scikit-learn's objects that tell of version, host, clock or what was asked."""

_TIMES = ("_fit_time", "_score_time")
_NOT_ESTIMATORS = (dict, list, tuple, type, types.FunctionType, types.BuiltinFunctionType)
_COUNTERS = slice(7, 11)
"""Where the state of a neighbours' tree counts the searches in it."""


def object_digest(value: object) -> str:
    """The digest of an object's state, equal in every process.

    Raises:
        FormatError: Something in it has no state that could be walked.
    """
    return _Walker().digest(value)


class _Walker:
    """Digests objects, each once; one that holds itself is told by how far up it stands."""

    def __init__(self) -> None:
        self._done: dict[int, str] = {}
        self._open: dict[int, int] = {}
        self._alive: list[object] = []

    def digest(self, value: object) -> str:
        """The digest of one object."""
        if value is None or type(value) in (bool, int, float, str, bytes):
            return digest("plain", value)  # type: ignore[arg-type]
        key = id(value)
        if key in self._done:
            return self._done[key]
        if key in self._open:
            return digest("cycle", len(self._open) - self._open[key])
        self._open[key] = len(self._open)
        self._alive.append(value)  # or another object could come to have its id
        found = self._done[key] = self._of(value)
        del self._open[key]
        return found

    def _of(self, value: Any) -> str:
        for kind, method in _CONTAINERS.items():
            if type(value) is kind:
                return method(self, value)
        root = type(value).__module__.partition(".")[0]
        if root in _LIBRARIES and (found := _LIBRARIES[root](self, value)) is not None:
            return found
        if isinstance(value, type) or _is_function(value):
            return digest("named", modules.reference(value))
        return self._reduced(value)

    def sequence(self, value: Any) -> str:
        """A list or tuple."""
        return digest(type(value).__name__, [self.digest(item) for item in value])

    def partial(self, value: Any) -> str:
        """A function with some of its arguments."""
        bound = [self.digest(value.func), self.sequence(value.args), self.mapping(value.keywords)]
        return digest("partial", bound, self._attributes(vars(value)))

    def unordered(self, value: Any) -> str:
        """A set of either kind."""
        return digest(type(value).__name__, sorted(self.digest(item) for item in value))

    def mapping(self, value: Any) -> str:
        """A dict, whose order is part of it."""
        return digest("dict", [[self.digest(key), self.digest(value[key])] for key in value])

    def _attributes(self, attributes: dict[str, Any]) -> str:
        kept = {str(key): self.digest(attributes[key]) for key in attributes}
        return digest("attributes", kept)

    def _reduced(self, value: Any) -> str:
        """Any other object, as pickle takes it apart."""
        try:
            parts = value.__reduce_ex__(4)
        except TypeError as error:
            name = modules.reference(type(value)).replace(":", ".")
            raise FormatError(f"an object of type {name} has no state to digest") from error
        if isinstance(parts, str):
            return digest("named", parts)
        make, arguments, state, items, pairs = (*parts, None, None, None)[:5]
        return digest(
            "object",
            modules.reference(make),
            self.sequence(tuple(arguments)),
            self._attributes(state) if type(state) is dict else self.digest(state),
            [self.digest(item) for item in items or ()],
            [[self.digest(key), self.digest(item)] for key, item in pairs or ()],
        )

    def numpy(self, value: Any) -> str | None:
        """Arrays, scalars, dtypes, functions and random generators."""
        import numpy as np

        kinds: list[tuple[type, Callable[[Any], str]]] = [
            (np.ma.MaskedArray, self._masked),
            (np.ndarray, self._array),
            (np.generic, lambda scalar: digest("scalar", self._array(np.asarray(scalar)))),
            (np.dtype, lambda dtype: digest("dtype", repr(dtype))),
            (np.ufunc, lambda function: digest("named", f"numpy:{function.__name__}")),
            (np.random.RandomState, lambda rng: self.digest(rng.get_state(legacy=False))),
            (np.random.Generator, lambda rng: self.digest(rng.bit_generator.state)),
        ]
        found = (method(value) for kind, method in kinds if isinstance(value, kind))
        return next(found, None)

    def _array(self, value: NDArray[Any]) -> str:
        """Values in the order of their indexes, fields one by one."""
        head = [type(value).__name__, list(value.shape), value.dtype.str]
        if value.dtype.names:
            fields = {name: self._array(value[name]) for name in value.dtype.names}
            return digest("array", head, fields)
        if value.dtype.hasobject:
            return digest("array", head, [self.digest(item) for item in value.ravel().tolist()])
        return digest("array", head, digest_bytes(bytes_of(_canonical(value)).data))

    def _masked(self, value: Any) -> str:
        """What lies under the mask is whatever was there when the array was made."""
        import numpy as np

        mask = np.ma.getmaskarray(value)
        data = np.array(value.data)
        if not data.dtype.names:
            data[mask] = None if data.dtype.hasobject else np.zeros((), data.dtype)
        return digest("masked", self._array(data), self._array(mask))

    def scipy(self, value: Any) -> str | None:
        """Sparse matrices and arrays."""
        import scipy.sparse

        if not scipy.sparse.issparse(value):
            return None
        rows = value.tocsr()
        parts = [self._array(part) for part in (rows.data, rows.indices, rows.indptr)]
        return digest("sparse", type(value).__name__, list(value.shape), parts)

    def sklearn(self, value: Any) -> str | None:
        """Estimators and their parts, without what tells of host, clock or version."""
        name = modules.reference(type(value))
        if name.startswith(("sklearn.neighbors._kd_tree:", "sklearn.neighbors._ball_tree:")):
            state = list(value.__getstate__())
            del state[_COUNTERS]
            return digest("neighbours", name, self.sequence(state))
        if isinstance(value, _NOT_ESTIMATORS) or not hasattr(value, "__dict__"):
            return None
        attributes = value.__getstate__()
        if type(attributes) is not dict:
            return None
        return digest("estimator", name, self._attributes(_what_counts(attributes)))

    def pandas(self, value: Any) -> str | None:
        """Tables and indexes."""
        import pandas as pd

        from windlass.artifacts.formats import pandas_tables

        if type(value) is pd.DataFrame:
            return pandas_tables.encode_frame(value).digest("pandas.frame")
        if type(value) is pd.Series:
            return pandas_tables.encode_series(value).digest("pandas.series")
        if isinstance(value, pd.Index):
            return pandas_tables.encode_only_index(value).digest("pandas.index")
        return None


def _what_counts(attributes: dict[str, Any]) -> dict[str, Any]:
    kept = {key: attributes[key] for key in attributes if key not in _NOT_STATE}
    results = kept.get("cv_results_")
    if type(results) is dict:
        kept["cv_results_"] = {key: results[key] for key in results if not key.endswith(_TIMES)}
    return kept


def _is_function(value: Any) -> bool:
    kinds = (types.FunctionType, types.BuiltinFunctionType)
    return isinstance(value, kinds) or "function" in type(value).__name__.lower()


def _canonical(value: NDArray[Any]) -> NDArray[Any]:
    """The values as one piece of memory in C order, with one NaN for all."""
    import numpy as np

    value = np.ascontiguousarray(value)
    if value.dtype.kind != "f" or not np.isnan(value).any():
        return value
    return np.where(np.isnan(value), value.dtype.type(np.nan), value)


_CONTAINERS: dict[type, Callable[[_Walker, Any], str]] = {
    list: _Walker.sequence,
    tuple: _Walker.sequence,
    set: _Walker.unordered,
    frozenset: _Walker.unordered,
    dict: _Walker.mapping,
    functools.partial: _Walker.partial,
}
_LIBRARIES: dict[str, Callable[[_Walker, Any], str | None]] = {
    "numpy": _Walker.numpy,
    "scipy": _Walker.scipy,
    "sklearn": _Walker.sklearn,
    "pandas": _Walker.pandas,
}
