"""NumPy's .npy layout, written so that equal arrays are equal bytes.

The header is our own, since NumPy's has changed between versions; NumPy reads it. Padding between
fields, which holds whatever lay in memory before, is written as zeros. Memory order is kept, and
is a part of the value: sums over rows round otherwise than sums over columns.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, cast

from windlass.artifacts.formats.memory import bytes_of
from windlass.errors import FormatError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from windlass.artifacts.formats.memory import Bytes

MAGIC = b"\x93NUMPY\x03\x00"  # layout 3.0: a length of four bytes, then UTF-8
ALIGNMENT = 64
CHUNK = 1 << 22  # bytes copied at once of an array that is not one piece of memory


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Refuses what .npy cannot hold, or not in the same way on every machine.

    Raises:
        FormatError: Objects, long doubles, fields out of order, types made by other libraries.
    """
    import numpy as np

    if dtype.hasobject:
        raise FormatError(
            f"an array of dtype {dtype!r} holds Python objects, which have no bytes of their own",
            hint="Convert it with astype(), or return a list or a DataFrame.",
        )
    if _has_long_double(dtype):
        raise FormatError(
            f"an array of dtype {dtype!r} has another layout on other machines",
            hint="Convert it with astype('float64') or astype('complex128').",
        )
    if not _is_described(np.dtype(dtype)):
        raise FormatError(
            f"an array of dtype {dtype!r} cannot be written as .npy exactly",
            hint="Convert it with astype(), or numpy.lib.recfunctions.repack_fields().",
        )


def write_array(array: NDArray[Any], write: Callable[[Any], object]) -> None:
    """Writes header and memory; an array that is one piece of memory is not copied.

    Raises:
        FormatError: The dtype cannot be written.
    """
    check_dtype(array.dtype)
    array = _without_padding(array)
    write(_header(array))
    for piece in _pieces(array):
        write(piece)


def array_bytes(array: NDArray[Any]) -> bytes:
    """What `write_array` writes, in memory."""
    pieces: list[bytes] = []
    write_array(array, lambda piece: pieces.append(bytes(piece)))
    return b"".join(pieces)


def scalar_bytes(value: np.generic) -> bytes:
    """One letter for the kind, then the text, the bytes or a .npy.

    Text and bytes do not go through arrays, which drop NULs at their end.

    Raises:
        FormatError: The dtype cannot be written.
    """
    import numpy as np

    if type(value) is np.str_:
        return b"U" + value.encode("utf-8", "surrogatepass")
    if type(value) is np.bytes_:
        return b"S" + bytes(value)
    kind = b"R" if type(value) is np.record else b"N"
    return kind + array_bytes(np.asarray(value))


def read_scalar(data: bytes) -> np.generic:
    """The scalar that `scalar_bytes` wrote."""
    import numpy as np

    kind, rest = data[:1], data[1:]
    if kind == b"U":
        return np.str_(rest.decode("utf-8", "surrogatepass"))
    if kind == b"S":
        return np.bytes_(rest)
    array, _ = read_array(np.frombuffer(bytearray(rest), np.uint8))
    if kind == b"R":
        array = array.view(np.dtype((np.record, array.dtype)))
    scalar: Any = array[()]
    return cast("np.generic", scalar)


def read_array(memory: Bytes, start: int = 0) -> tuple[NDArray[Any], int]:
    """An array over the memory that it was written to, and where it ends.

    Raises:
        FormatError: There is no array at `start`.
    """
    import numpy as np

    try:
        header, begin = _read_header(memory, start)
        dtype = np.lib.format.descr_to_dtype(header["descr"])
        check_dtype(dtype)  # objects would be addresses, and forged bytes choose them
        shape, order = tuple(header["shape"]), _order(header["fortran_order"])
        array: NDArray[Any] = np.ndarray(shape, dtype, order=order)
        if array.nbytes:
            array = np.ndarray(shape, dtype, memory, begin, order=order)
    except (ValueError, TypeError, SyntaxError, KeyError) as error:
        raise FormatError(f"stored bytes are not an array: {error}") from error
    return array, begin + array.nbytes


def _header(array: NDArray[Any]) -> bytes:
    import numpy as np

    descr = np.lib.format.dtype_to_descr(array.dtype)
    fortran = _is_fortran(array)
    text = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {array.shape!r}, }}"
    data = text.encode()
    length = len(data) + 1
    length += -(len(MAGIC) + 4 + length) % ALIGNMENT
    return MAGIC + length.to_bytes(4, "little") + data.ljust(length - 1) + b"\n"


def _read_header(memory: Bytes, start: int) -> tuple[dict[str, Any], int]:
    begin = start + len(MAGIC) + 4
    if memory[start : begin - 4].tobytes() != MAGIC:
        raise ValueError("the magic number is missing")
    end = begin + int.from_bytes(memory[begin - 4 : begin].tobytes(), "little")
    return ast.literal_eval(memory[begin:end].tobytes().decode().strip()), end


def _is_fortran(array: NDArray[Any]) -> bool:
    return array.flags.f_contiguous and not array.flags.c_contiguous


def _order(fortran: bool) -> Literal["C", "F"]:
    return "F" if fortran else "C"


def _pieces(array: NDArray[Any]) -> Iterator[Any]:
    import numpy as np

    if array.flags.c_contiguous:
        yield bytes_of(array)
    elif array.flags.f_contiguous:
        yield bytes_of(array.T)
    elif array.nbytes:
        flags: Any = ["external_loop", "buffered", "zerosize_ok"]
        size = max(1, CHUNK // array.itemsize)
        for chunk in np.nditer(array, flags, order="C", buffersize=size):
            yield bytes_of(np.array(chunk))  # a copy: the iterator uses its buffer again


def _without_padding(array: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if not _has_padding(array.dtype):
        return array
    clean = np.zeros(array.shape, array.dtype, _order(_is_fortran(array)))
    _copy_fields(array, clean)
    return clean


def _copy_fields(source: NDArray[Any], target: NDArray[Any]) -> None:
    if not _has_padding(source.dtype):
        target[...] = source
        return
    for name in source.dtype.names or ():
        _copy_fields(source[name], target[name])


def _fields(dtype: np.dtype[Any]) -> list[np.dtype[Any]]:
    fields: Any = dtype.fields or {}
    return [fields[name][0] for name in dtype.names or ()]


def _has_padding(dtype: np.dtype[Any]) -> bool:
    fields = _fields(dtype)
    if not fields:
        return False
    used = sum(field.itemsize for field in fields)
    return used < dtype.itemsize or any(_has_padding(field.base) for field in fields)


def _has_long_double(dtype: np.dtype[Any]) -> bool:
    if dtype.names:
        return any(_has_long_double(field.base) for field in _fields(dtype))
    return dtype.char in "gG"


def _is_described(dtype: np.dtype[Any]) -> bool:
    """Whether the header's description gives back the dtype, with its units and metadata."""
    import warnings

    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # how NumPy says that metadata would be lost
            return bool(np.lib.format.descr_to_dtype(np.lib.format.dtype_to_descr(dtype)) == dtype)
    except (ValueError, TypeError, UserWarning):
        return False
