"""Many small batches as few large ones: what is done for each row is then done by NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from windlass.serving.exchange import Arrays, Batch, Requests, join

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE = 32_768
"""Rows that are worked on at once: so many objects are read in some milliseconds, while no other
thread runs Python."""


@dataclass(frozen=True)
class Piece:
    """Some rows of what was joined.

    Args:
        rows: Which ones.
        inputs: Of these rows.
        outputs: Likewise.
    """

    rows: slice
    inputs: Arrays
    outputs: Arrays

    @cached_property
    def texts(self) -> Mapping[str, Any]:
        """The arrays of text as dictionaries of Arrow, by name: read once, counted and logged."""
        arrays = {**self.inputs, **self.outputs}
        found = {n: _texts(a) for n, a in arrays.items() if a.dtype.kind == "O" and a.ndim == 1}
        return {name: each for name, each in found.items() if each is not None}


def _texts(array: NDArray[Any]) -> Any:
    """An array of text as a dictionary of Arrow; None if it holds anything else."""
    import pyarrow as pa

    try:
        return pa.array(array, pa.string(), from_pandas=True).dictionary_encode()
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None


class RequestColumns(NamedTuple):
    """The requests of many batches.

    Args:
        ids: Of each.
        rows: (n,) Likewise.
        times: (n,) Seconds since 1970, UTC.
        seconds: (n,) Those that it waited.
    """

    ids: Sequence[str]
    rows: NDArray[np.int64]
    times: NDArray[np.float64]
    seconds: NDArray[np.float64]

    @classmethod
    def of(cls, some: Sequence[Requests]) -> Self:
        """Those of some batches, in order."""
        import numpy as np

        ids, rows, began, answered, times = zip(*some, strict=True)
        counts = list(map(len, ids))
        came = np.fromiter(chain.from_iterable(began), np.float64)
        seconds = np.repeat(answered, counts) - came
        return cls(
            list(chain.from_iterable(ids)),
            np.fromiter(chain.from_iterable(rows), np.int64),
            np.repeat(times, counts) - seconds,
            seconds,
        )


@dataclass(frozen=True)
class Joined:
    """Batches of one version in one window.

    Args:
        version: The number, as text.
        began: When the window began.
        requests: In the order of their rows.
        inputs: All rows.
        outputs: What the model gave.
    """

    version: str
    began: float
    requests: RequestColumns
    inputs: Arrays
    outputs: Arrays

    @cached_property
    def rows(self) -> int:
        """How many there are."""
        return int(self.requests.rows.sum())

    def owners(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of each row the place of its request, and its own place in that."""
        import numpy as np

        sizes = self.requests.rows
        owners = np.repeat(np.arange(len(sizes)), sizes)
        return owners, np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)

    @cached_property
    def pieces(self) -> Sequence[Piece]:
        """All rows, in pieces of at most `PIECE`."""
        starts = range(0, self.rows, PIECE)
        return [self._piece(slice(start, start + PIECE)) for start in starts]

    def _piece(self, rows: slice) -> Piece:
        inputs = {name: array[rows] for name, array in self.inputs.items()}
        return Piece(rows, inputs, {name: array[rows] for name, array in self.outputs.items()})


def joined(batches: Sequence[Batch], began: Callable[[float], float]) -> Iterator[Joined]:
    """The batches, those together that are of one version and one window.

    Args:
        batches: In the order in which they were answered.
        began: When the window of a moment began. A batch is in the window in which it was answered.
    """
    groups: dict[tuple[str, float], list[Batch]] = {}
    for batch in batches:
        key = batch.version, began(batch.requests.time)
        groups.setdefault(key, []).append(batch)
    for (version, start), some in groups.items():
        try:
            yield _joined(version, start, some)
        except (KeyError, ValueError):  # arrays of other names or shapes than in the first batch
            yield from (_joined(version, start, [batch]) for batch in some)


def _joined(version: str, began: float, some: Sequence[Batch]) -> Joined:
    return Joined(
        version,
        began,
        RequestColumns.of([batch.requests for batch in some]),
        join([batch.inputs for batch in some]),
        join([batch.outputs for batch in some]),
    )
