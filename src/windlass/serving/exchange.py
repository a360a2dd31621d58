"""What passes between the parts of a server: one asks, one answers, one takes note.

Arrays go by the names of the model's signature: (n,) is a column of a table, (n, …) a tensor. What
is missing is NaN, NaT, or None in an array of objects, which holds text; whole numbers some of
which are missing come as floats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from windlass.models.tables import library_of, names_of
from windlass.models.tensors import INPUT
from windlass.values import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.signature import Signature

Arrays: TypeAlias = "Mapping[str, NDArray[Any]]"


class Columns(Mapping[str, "NDArray[Any]"]):
    """The columns of a matrix by their names; a thousand of them stay one array.

    Args:
        places: The place of each name, in order.
        matrix: (n, names).
    """

    def __init__(self, places: Mapping[str, int], matrix: NDArray[Any]) -> None:
        self.places, self.matrix = places, matrix

    def __getitem__(self, name: str) -> NDArray[Any]:
        found: NDArray[Any] = self.matrix[:, self.places[name]]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def kind_of(arrays: Arrays) -> tuple[object, ...]:
    """What arrays must share to be joined without loss: their names, types and other axes."""
    if type(arrays) is Columns:
        return tuple(arrays.places), arrays.matrix.dtype
    return tuple((name, array.dtype, array.shape[1:]) for name, array in arrays.items())


def join(parts: Sequence[Arrays]) -> Arrays:
    """The rows of several arrays, one after the other, by the names of the first.

    Raises:
        KeyError: Another one lacks a name.
        ValueError: Arrays differ in their axes.
    """
    import numpy as np

    if len(parts) == 1:
        return parts[0]
    # By its type: an abstract class is asked about each, in Python, by a function of its own.
    matrices = [part.matrix for part in parts if type(part) is Columns]
    if len(matrices) == len(parts) and len({tuple(part) for part in parts}) == 1:
        first: Any = parts[0]
        return Columns(first.places, np.concatenate(matrices))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def arrays_of(table: Any) -> Arrays:
    """The columns of a table by their names; an array, or arrays by names, as they are."""
    if isinstance(table, Mapping):
        return table
    import numpy as np

    if library_of(table) in (None, "numpy"):
        return {INPUT: np.asarray(table)}
    return {name: np.asarray(table[name]) for name in names_of(table)}


class Answer(NamedTuple):
    """What a model gave for the rows of a request.

    Args:
        version: The number of the version that gave it, as text.
        generation: Which of the server's generations that was.
        outputs: By the method that gave them: ``predict`` (n,), ``predict_proba`` (n, classes).
    """

    version: str
    generation: int
    outputs: Arrays


class Requests(NamedTuple):
    """Requests that were answered together, side by side, in the order of their rows.

    Thousands of them wait to be noted. As tuples of plain values they are looked at by one
    collection of garbage; an object for each was looked at by all. What can be told from them later
    is not worked out while somebody waits.

    Args:
        ids: Of each its own, by which feedback finds it.
        rows: Likewise how many rows it had.
        began: When it came, by `time.perf_counter`.
        answered: When all were answered, by the same clock.
        time: The same in seconds since 1970, UTC.
    """

    ids: tuple[str, ...]
    rows: tuple[int, ...]
    began: tuple[float, ...]
    answered: float
    time: float


class Batch(NamedTuple):
    """Requests that a model answered together.

    Args:
        version: The number of the version, as text.
        requests: The requests.
        inputs: All rows, as the model was asked.
        outputs: What it gave.
    """

    version: str
    requests: Requests
    inputs: Arrays
    outputs: Arrays


class Observer(Protocol):
    """Takes note of what a model is asked, and never keeps anybody waiting."""

    def answered(self, batch: Batch) -> None:
        """Notes requests that were answered; called by the model's thread, or by the loop."""
        ...

    def failed(self, kind: str, seconds: float) -> None:
        """Notes a request without an answer: it was ``invalid``, or all were ``busy``, or what.

        Args:
            kind: ``invalid``, ``busy``, ``unready`` or ``error``.
            seconds: How long it took.
        """
        ...

    def feedback(self, request: str, truth: Sequence[Any]) -> bool:
        """Notes what was true of a request's rows; False if there is no room for it."""
        ...

    def state(self) -> Mapping[str, Json]:
        """What was noted, what could not be, and why."""
        ...

    def close(self) -> None:
        """Writes all that was noted."""
        ...


class Served(Protocol):
    """A deployment as an application asks it."""

    @property
    def name(self) -> str:
        """The model's."""
        ...

    def versions(self) -> tuple[str, ...]:
        """The versions that answer now, the live one first."""
        ...

    def signature(self, version: str | None = None) -> Signature | None:
        """What a version takes and gives; None if that is not known.

        Raises:
            NotFoundError: That version does not answer here.
            NotReadyError: None does.
        """
        ...

    def is_ready(self, version: str | None = None) -> bool:
        """Whether it would answer."""
        ...

    async def ask(
        self,
        inputs: Arrays,
        rows: int,
        *,
        version: str | None = None,
        request: str,
        began: float,
    ) -> Answer:
        """What the model gives.

        Args:
            inputs: By the names of the signature.
            rows: How many there are.
            version: Which one; None for the live one.
            request: The request's own id.
            began: When the request came, by `time.perf_counter`.

        Raises:
            SignatureError: The rows are not what it takes.
            NotFoundError: That version does not answer here.
            BusyError: As many rows wait as may.
            NotReadyError: There is no version that could answer.
            ModelError: The model cannot predict them.
        """
        ...

    def note_failure(self, kind: str, seconds: float) -> None:
        """Notes a request that was given no answer: see `Observer.failed`."""
        ...

    def feedback(self, request: str, truth: Sequence[Any]) -> bool:
        """Notes what was true of a request's rows; False if there is no room for it."""
        ...

    def state(self) -> Mapping[str, Json]:
        """What is known of it: its alias, its generations, what failed."""
        ...
