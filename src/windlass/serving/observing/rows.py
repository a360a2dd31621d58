"""Answers and feedback as tables of Arrow: what the prediction log holds.

Inputs have the names of the signature, one that begins with an underscore one more of them. Our
own begin with one: ``_request``, ``_row``, ``_time``, ``_version``, ``_seconds``, ``_predict``, and
``_proba.LABEL`` for each class.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias

from windlass.models.tables.column import Kind
from windlass.serving.observing.inbox import Truth
from windlass.serving.observing.joining import Joined, Piece, RequestColumns
from windlass.serving.observing.known import Known

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Rows: TypeAlias = slice | NDArray[np.int64]

_TYPES: dict[Kind, str] = {
    "number": "double",
    "integer": "int64",
    "boolean": "bool",
    "text": "string",
    "time": "timestamp[us]",
}


def is_sampled(request: str, share: float) -> bool:
    """Whether a request is logged: the same for everybody who asks."""
    if share >= 1:
        return True
    digest = blake2b(request.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def tables_of(
    joined: Joined, known: Known, redact: Collection[str], share: float
) -> Iterator[pa.Table]:
    """The rows that are logged, in tables of a few megabytes.

    Args:
        joined: What was answered.
        known: What is known of the version.
        redact: Inputs that are left out.
        share: Of requests that are logged.
    """
    import numpy as np

    owners, places = joined.owners()
    chosen = None
    if share < 1:
        chosen = np.array([is_sampled(each, share) for each in joined.requests.ids], np.bool_)
    for piece in joined.pieces:
        rows: Rows = slice(None)
        if chosen is not None:
            rows = np.flatnonzero(chosen[owners[piece.rows]])
            if not len(rows):
                continue
        mine = owners[piece.rows][rows]
        own = _own_columns(joined.requests, mine, places[piece.rows][rows], joined.version)
        arrays = {**own, **_inputs(piece, rows, known, redact), **_outputs(piece, rows, known)}
        yield _table(arrays)


def truths_table(truths: Sequence[Truth]) -> pa.Table:
    """Feedback: ``_request``, ``_row``, ``_time``, and ``truth`` as JSON, whatever its type."""
    import pyarrow as pa

    rows = [(t.request, place, t.time, v) for t in truths for place, v in enumerate(t.values)]
    requests, places, times, values = zip(*rows, strict=True)
    return _table(
        {
            "_request": pa.array(requests, pa.string()),
            "_row": pa.array(places, pa.int32()),
            "_time": _moments(times),
            "truth": pa.array([json.dumps(value, default=str) for value in values], pa.string()),
        }
    )


def _own_columns(
    requests: RequestColumns,
    owners: NDArray[np.int64],
    places: NDArray[np.int64],
    version: str,
) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    ids = pa.array(requests.ids, pa.string())
    return {
        "_request": ids if _is_each_once(owners, len(ids)) else ids.take(pa.array(owners)),
        "_row": pa.array(places.astype(np.int32)),
        "_time": _moments(requests.times[owners]),
        "_version": pa.repeat(pa.scalar(version, pa.string()), len(owners)),
        "_seconds": pa.array(requests.seconds[owners]),
    }


def _is_each_once(owners: NDArray[np.int64], count: int) -> bool:
    """Whether each request has one row, and all are logged: then there is nothing to choose."""
    return len(owners) == count and bool((owners[1:] > owners[:-1]).all())


def _moments(seconds: Sequence[float] | NDArray[np.float64]) -> Any:
    import numpy as np
    import pyarrow as pa

    micros = (np.asarray(seconds, np.float64) * 1e6).round().astype(np.int64)
    return pa.array(micros).view(pa.timestamp("us", "UTC"))


def _inputs(piece: Piece, rows: Rows, known: Known, redact: Collection[str]) -> dict[str, Any]:
    return {
        f"_{name}" if name.startswith("_") else name: _some(
            piece, name, array, rows, known.kinds.get(name)
        )
        for name, array in piece.inputs.items()
        if name not in redact
    }


def _outputs(piece: Piece, rows: Rows, known: Known) -> dict[str, Any]:
    found = {}
    for name, array in piece.outputs.items():
        if name == "predict_proba" and array.ndim == 2:
            labels = known.classes or tuple(range(array.shape[1]))
            for place, label in enumerate(labels):
                found[f"_proba.{label}"] = _array(array[rows, place], "number")
        else:
            found[f"_{name}"] = _some(piece, name, array, rows, None)
    return found


def _some(piece: Piece, name: str, array: NDArray[Any], rows: Rows, kind: Kind | None) -> Any:
    """Some rows of an array as one of Arrow."""
    if name not in piece.texts:
        return _array(array[rows], kind)
    import pyarrow as pa

    texts = piece.texts[name]
    some = texts if isinstance(rows, slice) else texts.take(pa.array(rows))
    return some.dictionary_decode()


def _array(array: NDArray[Any], kind: Kind | None) -> Any:
    """An array of Arrow, what is missing in it null; of more than one axis a list a row."""
    import pyarrow as pa

    if array.ndim > 1:
        width = array[0].size
        flat = _array(array.reshape(-1), None)
        return pa.FixedSizeListArray.from_arrays(flat, width)
    try:
        made = pa.array(array, from_pandas=_may_miss(array))
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # objects of several types: as people read them
        told = [None if each is None else str(each) for each in array.tolist()]
        return pa.array(told, pa.string())
    if pa.types.is_null(made.type) and array.dtype.kind == "O":
        made = made.cast(pa.string())
    return _cast(made, _TYPES.get(kind)) if kind else made


def _may_miss(array: NDArray[Any]) -> bool:
    """Whether something may be missing: to ask takes a tenth of looking for each."""
    import numpy as np

    return array.dtype.kind != "f" or bool(np.isnan(array).any())


def _cast(array: Any, kind: str | None) -> Any:
    """In the type that the column has in every segment, as far as its values allow."""
    import pyarrow as pa

    if kind is None or array.type == pa.type_for_alias(kind):
        return array
    try:
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return array


def _table(arrays: dict[str, Any]) -> pa.Table:
    import pyarrow as pa

    return pa.table(list(arrays.values()), names=list(arrays))
