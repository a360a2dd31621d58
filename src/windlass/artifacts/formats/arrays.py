"""NumPy: arrays, record arrays, masked arrays and scalars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.memory import open_memory
from windlass.artifacts.formats.npy import read_array, read_scalar, scalar_bytes, write_array
from windlass.errors import FormatError
from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from windlass.artifacts.formats.memory import Bytes


class ArrayFormat(Format["NDArray[Any]"]):
    """Arrays as .npy: written from their own memory, mapped copy-on-write when read.

    A memory-mapped array comes back as a plain one; other subclasses, such as ``numpy.matrix``
    or arrays with units, would lose what they add and are left to other formats.
    """

    name = "numpy.array"
    types: ClassVar[tuple[str, ...]] = ("numpy.ndarray",)

    def accepts(self, value: object) -> bool:
        """Whether this is an array, and not a subclass that adds to it."""
        import numpy as np

        return type(value) in (np.ndarray, np.memmap)

    def write(self, value: NDArray[Any], sink: Sink) -> None:
        """Writes header and memory; nothing is copied if the array is one piece of memory."""
        write_array(value, sink.write)

    def read(self, source: Source) -> NDArray[Any]:
        """The array, its memory that of the stored file."""
        return read_array(open_memory(source))[0]

    def summary(self, value: NDArray[Any]) -> dict[str, Json]:
        """Shape, dtype, bytes and range."""
        return {
            "shape": list(value.shape),
            "dtype": dtype_text(value.dtype),
            "bytes": value.nbytes,
            **array_range(value),
        }

    def preview(self, value: NDArray[Any]) -> Preview:
        """The array as NumPy prints it, its middle left out."""
        return Preview("text/plain", array_text(value))


class RecordArrayFormat(ArrayFormat):
    """Record arrays: arrays whose fields are attributes too."""

    name = "numpy.recarray"
    types = ("numpy.recarray", "numpy.rec.recarray")

    def accepts(self, value: object) -> bool:
        """Whether this is a record array itself."""
        import numpy as np

        return type(value) is np.recarray

    def read(self, source: Source) -> NDArray[Any]:
        """The record array."""
        import numpy as np

        return super().read(source).view(np.recarray)


class MaskedArrayFormat(Format["np.ma.MaskedArray[Any, Any]"]):
    """Masked arrays: data, mask and fill value, one .npy after the other.

    What lies under the mask is a part of the value: a mask can be lifted again.
    """

    name = "numpy.masked"
    types = ("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray")

    def accepts(self, value: object) -> bool:
        """Whether this is a masked array itself."""
        import numpy as np

        return type(value) is np.ma.MaskedArray

    def write(self, value: np.ma.MaskedArray[Any, Any], sink: Sink) -> None:
        """Writes four arrays; a mask or fill value that was never set is one without elements."""
        import numpy as np

        state: Any = value
        fill = state._fill_value  # noqa: SLF001 - the public one is computed when not set
        mask = np.ma.getmask(value)
        absent = np.zeros(0, np.uint8)
        write_array(np.asarray(value.data), sink.write)
        write_array(absent if mask is np.ma.nomask else np.asarray(mask), sink.write)
        write_array(absent if fill is None else np.asarray(fill), sink.write)
        write_array(np.array(value.hardmask), sink.write)

    def read(self, source: Source) -> np.ma.MaskedArray[Any, Any]:
        """The masked array, over the memory of the stored file."""
        import numpy as np

        data, mask, fill, hard = _read_arrays(open_memory(source), 4)
        value: Any = np.ma.MaskedArray(data, np.ma.nomask if mask.dtype == np.uint8 else mask)
        if fill.shape == ():
            value.fill_value = fill[()]
        result: np.ma.MaskedArray[Any, Any] = value.harden_mask() if hard else value.soften_mask()
        return result

    def summary(self, value: np.ma.MaskedArray[Any, Any]) -> dict[str, Json]:
        """Shape, dtype, bytes, how many are masked, and the range of the others."""
        import numpy as np

        shown = value.compressed() if value.dtype.names is None else np.asarray(value.data)
        return {
            "shape": list(value.shape),
            "dtype": dtype_text(value.dtype),
            "bytes": value.nbytes,
            "masked": int(np.ma.getmaskarray(value).sum()) if value.dtype.names is None else None,
            **array_range(shown),
        }

    def preview(self, value: np.ma.MaskedArray[Any, Any]) -> Preview:
        """The array as NumPy prints it, its middle left out."""
        return Preview("text/plain", str(value))


class ScalarFormat(Format["np.generic"]):
    """NumPy's scalars, which are not Python's: ``np.float32(0.1)`` comes back as ``np.float32``."""

    name = "numpy.scalar"
    types = ("numpy.generic", "numpy.str_", "numpy.bytes_", "numpy.float64", "numpy.complex128")

    def write(self, value: np.generic, sink: Sink) -> None:
        """Writes kind and value."""
        sink.write(scalar_bytes(value))

    def read(self, source: Source) -> np.generic:
        """The scalar."""
        return read_scalar(source.bytes())

    def summary(self, value: np.generic) -> dict[str, Json]:
        """Dtype and value."""
        return {"dtype": dtype_text(value.dtype), "value": plain_number(value)}

    def preview(self, value: np.generic) -> Preview:
        """The value as text."""
        return Preview("text/plain", str(value))


def dtype_text(dtype: np.dtype[Any]) -> str:
    """How a dtype is told to people, cut to a readable length."""
    text = str(dtype)
    return text if len(text) <= 200 else text[:199] + "…"


def array_text(array: NDArray[Any]) -> str:
    """An array as NumPy prints it, its middle left out."""
    import numpy as np

    head = f"array of {array.shape}, {dtype_text(array.dtype)}"
    return f"{head}\n{np.array2string(array, threshold=200, edgeitems=3)}"


def array_range(array: NDArray[Any]) -> dict[str, Json]:
    """Least and greatest value, and how many are not a number, in one or two passes."""
    import numpy as np

    if array.size == 0 or array.dtype.kind not in "biufmM":
        return {}
    least, greatest = array.min(), array.max()
    if not np.isnan(least):
        return {"min": plain_number(least), "max": plain_number(greatest)}
    facts: dict[str, Json] = {"nulls": int(np.count_nonzero(np.isnan(array)))}
    if facts["nulls"] < array.size:  # type: ignore[operator]
        facts["min"] = plain_number(np.fmin.reduce(array, axis=None))
        facts["max"] = plain_number(np.fmax.reduce(array, axis=None))
    return facts


def plain_number(value: Any) -> Json:
    """A scalar as JSON: a number where JSON has it, else text."""
    import numpy as np

    if isinstance(value, np.generic):
        value = str(value) if value.dtype.kind in "mM" else value.item()
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    try:
        return str(value)[:200]
    except (ValueError, NotImplementedError):  # pandas prints no year before 1 or after 9999
        return None


def _read_arrays(memory: Bytes, count: int) -> list[NDArray[Any]]:
    arrays, start = [], 0
    for _ in range(count):
        array, start = read_array(memory, start)
        arrays.append(array)
    if start != len(memory):
        raise FormatError("stored bytes hold more than a masked array")
    return arrays
