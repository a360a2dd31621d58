"""The datatypes of the protocol in NumPy's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOOL = "BOOL"
BYTES = "BYTES"
"""Text: of each element its bytes in UTF-8."""

DTYPES: dict[str, np.dtype[Any]] = {
    BOOL: np.dtype("?"),
    **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"FP{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
}
"""Those whose elements are all of one size: little-endian, as they are sent."""

_NAMES = {dtype: name for name, dtype in DTYPES.items()}


def is_datatype(name: object) -> bool:
    """Whether the protocol has a datatype of that name."""
    return isinstance(name, str) and (name in DTYPES or name == BYTES)


def datatype_of(array: NDArray[Any]) -> str:
    """The datatype of an array; what the protocol has no name for is sent as text."""
    return _NAMES.get(array.dtype.newbyteorder("<"), BYTES)
