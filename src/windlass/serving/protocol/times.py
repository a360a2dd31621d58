"""Times as text: ISO 8601, as JSON and the protocol have no datatype for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from windlass.errors import ProtocolError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_times(texts: Sequence[Any], name: str, zoned: bool) -> NDArray[Any]:
    """Times of ISO 8601 as ``datetime64[us]``, in UTC where they have a zone.

    Args:
        texts: n of them, None for a missing one.
        name: The tensor's.
        zoned: Whether each must have a zone, or none may.

    Returns:
        (n,) array, NaT where one is missing.

    Raises:
        ProtocolError: A text is no time, or has a zone or none where it must be the other way.
    """
    moments = [None if text is None else _moment(text, name, zoned) for text in texts]
    return np.array(moments, "M8[us]")


def _moment(text: Any, name: str, zoned: bool) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if (found.tzinfo is not None) is zoned:
            return found.astimezone(UTC).replace(tzinfo=None) if zoned else found
    except (TypeError, ValueError, OverflowError):
        raise ProtocolError(
            f"'{name}' has a text that is no time", hint="Write it as 2026-03-29T14:05:00."
        ) from None
    raise ProtocolError(
        f"'{name}' has a time {'without' if zoned else 'with'} a zone, and the model learnt from "
        f"times {'with' if zoned else 'without'} one",
        hint=f"Write it as 2026-03-29T14:05:00{'+02:00' if zoned else ''}.",
    )
