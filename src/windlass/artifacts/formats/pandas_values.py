"""Arrays and indexes of pandas in Arrow's terms, and back to the dtype.

Every array becomes one Arrow array and a small JSON document that says what it was. Codes of
categories and of multi-indexes are columns; the categories and levels, being of another length,
are parts of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from windlass.artifacts.formats.arrow_file import Encoded, over_memory
from windlass.artifacts.formats.pandas_cells import cell_text, cell_value, encode_freq
from windlass.artifacts.formats.pandas_dtypes import DECODERS, ENCODERS, Spec
from windlass.artifacts.wording import text_of, words_for
from windlass.errors import FormatError
from windlass.values import Json

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

Put: TypeAlias = "Callable[[pa.Array, str], int]"


def encode_array(array: Any, out: Encoded, where: str) -> tuple[pa.Array, Spec]:
    """An array of pandas or NumPy as Arrow's, and what it was.

    Args:
        array: The array of a column or an index.
        out: Takes the parts of other lengths.
        where: What to call the array in an error.

    Raises:
        FormatError: Its dtype or a value of it cannot be stored.
    """
    import pyarrow as pa

    try:
        return _encode(array, out)
    except (pa.ArrowException, UnicodeEncodeError) as error:
        raise FormatError(f"{where} of dtype {array.dtype} cannot be stored: {error}") from error
    except FormatError as error:
        raise FormatError(f"{where}: {error.message}", hint=error.hint) from error


def decode_array(array: pa.Array, spec: Any, source: Encoded) -> Any:
    """The array of pandas or NumPy that `encode_array` was given."""
    if spec["kind"] == "category":
        return _decode_category(array, spec, source)
    if spec["kind"] == "interval":
        return _decode_interval(array, spec, source)
    return DECODERS[spec["kind"]](array, spec, source.memory)


def encode_index(index: pd.Index[Any], out: Encoded, put: Put, where: str) -> Spec:
    """An index: its arrays are put where `put` puts them."""
    import pandas as pd

    if isinstance(index, pd.MultiIndex):
        return _encode_multi(index, out, put, where)
    if isinstance(index, pd.RangeIndex):
        name = cell_text(index.name)
        ends: list[Json] = [index.start, index.stop, index.step]
        return {"kind": "range", "name": name, "range": ends}
    array, spec = encode_array(index.array, out, where)
    at = put(array, text_of(index.name) if index.name is not None else where)
    times = isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex)
    freq = encode_freq(getattr(index, "freq", None), where) if times else None
    return {"kind": "plain", "name": cell_text(index.name), "array": spec, "at": at, "freq": freq}


def decode_index(spec: Any, source: Encoded, arrays: list[pa.Array]) -> pd.Index[Any]:
    """The index of a document that `encode_index` made, its arrays among `arrays`."""
    import pandas as pd

    if spec["kind"] == "multi":
        return _decode_multi(spec, source, arrays)
    name = cell_value(spec["name"])
    if spec["kind"] == "range":
        start, stop, step = spec["range"]
        return pd.RangeIndex(start, stop, step, name=name)
    values = decode_array(arrays[spec["at"]], spec["array"], source)
    index: Any = pd.Index(values, dtype=values.dtype, name=name, copy=False)
    if spec["freq"] is not None:
        index.freq = spec["freq"]
    return index  # type: ignore[no-any-return]


def _encode_multi(index: pd.MultiIndex, out: Encoded, put: Put, where: str) -> Spec:
    levels: list[Json] = []
    codes: list[Json] = []
    for level, code, name in zip(index.levels, index.codes, index.names, strict=True):
        told = f"level {words_for(name, 200)} of {where}"
        levels.append(encode_index(level, out, out.add_part, told))
        codes.append(put(_codes(code), f"codes of {text_of(name)}"))
    names: list[Json] = [cell_text(name) for name in index.names]
    sortorder: int | None = index.sortorder  # type: ignore[attr-defined]
    order = None if sortorder is None else int(sortorder)
    return {"kind": "multi", "names": names, "levels": levels, "codes": codes, "order": order}


def _decode_multi(spec: Any, source: Encoded, arrays: list[pa.Array]) -> pd.MultiIndex:
    import pandas as pd

    levels: list[Any] = [decode_index(level, source, source.parts) for level in spec["levels"]]
    codes: list[Any] = [_read_codes(arrays[at], source) for at in spec["codes"]]
    return pd.MultiIndex(
        levels=levels,
        codes=codes,
        names=[cell_value(name) for name in spec["names"]],
        sortorder=spec["order"],
        verify_integrity=False,
    )


def _codes(codes: Any) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    codes = np.asarray(codes)
    return pa.array(codes, mask=codes < 0)


def _read_codes(array: pa.Array, source: Encoded) -> NDArray[Any]:
    import numpy as np

    return over_memory(array, np.dtype(str(array.type)), source.memory, -1)


def _encode(array: Any, out: Encoded) -> tuple[pa.Array, Spec]:
    import numpy as np

    name = _class_name(array.dtype)
    if name == "CategoricalDtype":
        return _encode_category(array, out)
    if name == "IntervalDtype":
        return _encode_interval(array, out)
    encode = ENCODERS.get("dtype" if isinstance(array.dtype, np.dtype) else name)
    if encode is None:
        hint = "Make it dense with .sparse.to_dense()." if name == "SparseDtype" else None
        raise FormatError(f"the dtype {array.dtype} cannot be stored", hint=hint)
    return encode(array)


def _class_name(dtype: Any) -> str:
    """The name of a dtype's class, if the class is pandas' own."""
    cls = type(dtype)
    return cls.__name__ if cls.__module__.startswith("pandas") else ""


def _encode_category(array: Any, out: Encoded) -> tuple[pa.Array, Spec]:
    categories = encode_index(array.categories, out, out.add_part, "categories")
    return _codes(array.codes), {
        "kind": "category",
        "ordered": bool(array.ordered),
        "categories": categories,
    }


def _decode_category(array: pa.Array, spec: Any, source: Encoded) -> Any:
    import pandas as pd

    categories: Any = decode_index(spec["categories"], source, source.parts)
    codes: Any = _read_codes(array, source)
    dtype = pd.CategoricalDtype(categories, spec["ordered"])
    return pd.Categorical.from_codes(codes, dtype=dtype)


def _encode_interval(array: Any, out: Encoded) -> tuple[pa.Array, Spec]:
    import pyarrow as pa

    left, left_spec = _encode(array.left.array, out)
    right, right_spec = _encode(array.right.array, out)
    spec: Spec = {"kind": "interval", "closed": array.closed, "ends": [left_spec, right_spec]}
    return pa.StructArray.from_arrays([left, right], ["left", "right"]), spec


def _decode_interval(array: pa.Array, spec: Any, source: Encoded) -> Any:
    import pandas as pd

    left, right = (decode_array(array.field(at), spec["ends"][at], source) for at in range(2))
    return pd.arrays.IntervalArray.from_arrays(left, right, closed=spec["closed"])
