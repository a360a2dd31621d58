"""Several arrays in one file: a line of JSON that says what they are, then one .npy after another.

Each begins at a multiple of 64 bytes, so that libraries in C may read them where they lie.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Sink, Source
from windlass.artifacts.formats.memory import open_memory
from windlass.artifacts.formats.npy import ALIGNMENT, read_array, write_array
from windlass.errors import CorruptError, FormatError
from windlass.values import Json, to_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.artifacts.formats.memory import Bytes


def write_parts(head: Mapping[str, Json], arrays: Sequence[NDArray[Any]], sink: Sink) -> None:
    """Writes a head and arrays, uncopied where they are one piece of memory.

    Raises:
        FormatError: The dtype of one cannot be written.
    """
    text = to_text({**head, "arrays": len(arrays)}).encode()
    sink.write(text + b" " * (-(len(text) + 1) % ALIGNMENT) + b"\n")
    for array in arrays:
        write_array(array, sink.write)
        sink.write(bytes(-array.nbytes % ALIGNMENT))


def read_parts(
    source: Source, count: int | None = None
) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """The head and the arrays, over the memory of the stored file.

    Args:
        source: The stored bytes.
        count: How many arrays there must be; None for any number.

    Raises:
        CorruptError: The bytes are not of that form, or not whole.
    """
    memory = open_memory(source)
    head, at = _head(memory)
    arrays = []
    try:
        for _ in range(head["arrays"] if count is None else count):
            array, at = read_array(memory, at)
            at += -at % ALIGNMENT
            arrays.append(array)
    except FormatError as error:
        raise CorruptError(error.message) from error
    if len(arrays) != head["arrays"] or at != len(memory):
        raise CorruptError("stored bytes hold more or fewer arrays than they say")
    return head, arrays


def _head(memory: Bytes) -> tuple[dict[str, Any], int]:
    first = memory[: 1 << 20].tobytes()
    line, end, _ = first.partition(b"\n")
    try:
        head: Any = json.loads(line)
        fits = bool(end) and isinstance(head["arrays"], int)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptError(f"stored bytes begin with no head: {error}") from error
    if not fits:
        raise CorruptError("stored bytes begin with no head")
    return head, len(line) + 1
