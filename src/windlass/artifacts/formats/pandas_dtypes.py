"""Dtypes of NumPy and pandas as Arrow's types, and back exactly.

Each codec is two functions: one makes an Arrow array and a small JSON document that says what it
was; the other reads both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from windlass.artifacts.formats.arrow_digest import one_piece, type_text
from windlass.artifacts.formats.arrow_file import over_memory
from windlass.artifacts.formats.memory import bytes_of
from windlass.artifacts.formats.pandas_cells import decode_tz, encode_tz
from windlass.artifacts.formats.pandas_objects import decode_objects, encode_objects
from windlass.errors import FormatError
from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from windlass.artifacts.formats.memory import Bytes

Spec: TypeAlias = "dict[str, Json]"
Encode: TypeAlias = "Callable[[Any], tuple[pa.Array, Spec]]"
Decode: TypeAlias = "Callable[[pa.Array, Any, Bytes | None], Any]"
_NAT = -(2**63)


def _encode_numpy(array: Any) -> tuple[pa.Array, Spec]:
    import numpy as np
    import pyarrow as pa

    values = np.asarray(array)
    dtype = values.dtype
    if dtype.kind == "O":
        return encode_objects(values)
    if dtype.char in "gGSUV":
        raise FormatError(f"Arrow has no type for the dtype {dtype}")
    values = values.astype(dtype.newbyteorder("="), copy=False)
    spec: Spec = {"kind": "numpy", "dtype": dtype.str}
    if dtype.kind != "c":
        return pa.array(values, from_pandas=False), spec
    data = pa.py_buffer(bytes_of(np.ascontiguousarray(values)))
    return pa.Array.from_buffers(pa.binary(dtype.itemsize), len(values), [None, data]), spec


def _decode_numpy(array: pa.Array, spec: Any, memory: Bytes | None) -> NDArray[Any]:
    import numpy as np

    dtype = np.dtype(spec["dtype"])
    if dtype.kind == "b":
        return _booleans(array)
    null = np.array("NaT", dtype) if dtype.kind in "mM" else None
    values = over_memory(array, dtype.newbyteorder("="), memory, null)
    return values.astype(dtype, copy=False)


def _booleans(array: pa.Array) -> NDArray[np.bool_]:
    import numpy as np

    return np.array(array.to_numpy(zero_copy_only=False), np.bool_)


def _encode_string(array: Any) -> tuple[pa.Array, Spec]:
    import numpy as np
    import pyarrow as pa

    dtype = array.dtype
    na = "NA" if repr(dtype.na_value) == "<NA>" else "nan"
    spec: Spec = {"kind": "string", "storage": dtype.storage, "na": na}
    if dtype.storage == "python":
        cells = np.asarray(array, dtype=object)
        return one_piece(pa.array(cells, pa.large_string(), from_pandas=True)), spec
    return one_piece(pa.array(array)).cast(pa.large_string()), spec


def _decode_string(array: pa.Array, spec: Any) -> Any:
    import numpy as np
    import pandas as pd

    make: Any = pd.StringDtype
    nan = spec["na"] == "nan" and spec["storage"] != "pyarrow_numpy"
    dtype = make(spec["storage"], na_value=np.nan) if nan else make(spec["storage"])
    return dtype.__from_arrow__(array)


def _encode_masked(array: Any) -> tuple[pa.Array, Spec]:
    import pyarrow as pa

    dtype, mask = array.dtype, array.isna()
    values = array.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
    spec: Spec = {"kind": "masked", "dtype": type(dtype).__name__}
    return pa.array(values, mask=mask, from_pandas=False), spec


def _decode_masked(array: pa.Array, spec: Any, memory: Bytes | None) -> Any:
    import pandas as pd

    dtype: Any = getattr(pd, spec["dtype"] if spec["dtype"] in _MASKED else "")()
    mask = _booleans(array.is_null())
    if dtype.numpy_dtype.kind == "b":
        values = _booleans(array.fill_null(False))
    else:
        values = over_memory(array, dtype.numpy_dtype, memory, dtype.numpy_dtype.type(0))
    return dtype.construct_array_type()(values, mask)


def _encode_arrow(array: Any) -> tuple[pa.Array, Spec]:
    import pyarrow as pa

    values = one_piece(pa.array(array))
    return values, {"kind": "arrow", "type": type_text(values.type)}


def _decode_arrow(array: pa.Array) -> Any:
    import pandas as pd
    import pyarrow as pa

    make: Any = pd.arrays.ArrowExtensionArray
    return make(pa.chunked_array([array]))


def _encode_zoned(array: Any) -> tuple[pa.Array, Spec]:
    import numpy as np
    import pyarrow as pa

    dtype = array.dtype
    moments = np.asarray(array, dtype=f"M8[{dtype.unit}]")
    spec: Spec = {"kind": "zoned", "unit": dtype.unit, "tz": encode_tz(dtype.tz)}
    zone = getattr(dtype.tz, "key", None) or "UTC"
    return pa.array(moments, pa.timestamp(dtype.unit, zone)), spec


def _decode_zoned(array: pa.Array, spec: Any, memory: Bytes | None) -> Any:
    import numpy as np
    import pandas as pd

    dtype = np.dtype(f"M8[{spec['unit']}]")
    moments = over_memory(array, dtype, memory, np.array("NaT", dtype))
    return pd.DatetimeIndex(moments).tz_localize("UTC").tz_convert(decode_tz(spec["tz"])).array


def _encode_period(array: Any) -> tuple[pa.Array, Spec]:
    import numpy as np
    import pyarrow as pa

    freq = array.dtype.name.removeprefix("period[").removesuffix("]")
    spec: Spec = {"kind": "period", "freq": freq}
    return pa.array(np.asarray(array.view("i8")), mask=array.isna()), spec


def _decode_period(array: pa.Array, spec: Any, memory: Bytes | None) -> Any:
    import numpy as np
    import pandas as pd

    ordinals = over_memory(array, np.dtype("i8"), memory, _NAT)
    make: Any = pd.arrays.PeriodArray
    return make(ordinals, dtype=pd.PeriodDtype(spec["freq"]))


_WIDTHS = ("8", "16", "32", "64")
_MASKED = {
    "BooleanDtype",
    "Float32Dtype",
    "Float64Dtype",
    *(f"{kind}{width}Dtype" for kind in ("Int", "UInt") for width in _WIDTHS),
}
ENCODERS: dict[str, Encode] = {
    "dtype": _encode_numpy,
    "NumpyEADtype": _encode_numpy,
    "StringDtype": _encode_string,
    "ArrowDtype": _encode_arrow,
    "DatetimeTZDtype": _encode_zoned,
    "PeriodDtype": _encode_period,
    **dict.fromkeys(_MASKED, _encode_masked),
}
"""By the name of the dtype's class; NumPy's own are ``dtype``."""

DECODERS: dict[str, Decode] = {
    "numpy": _decode_numpy,
    "objects": lambda array, spec, _: decode_objects(array, spec),
    "string": lambda array, spec, _: _decode_string(array, spec),
    "masked": _decode_masked,
    "arrow": lambda array, _, __: _decode_arrow(array),
    "zoned": _decode_zoned,
    "period": _decode_period,
}
"""By the kind that the encoder wrote."""
