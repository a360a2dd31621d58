"""Several requests as one question to a model, and its answer as several."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from windlass.errors import ModelError
from windlass.serving.exchange import Answer, Arrays, Batch, Observer, Requests, join, kind_of
from windlass.serving.generation import Generation

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Question(NamedTuple):
    """What one request asks.

    Args:
        request: Its id.
        inputs: By the names of the signature.
        rows: How many there are.
        began: When it came, by `time.perf_counter`.
    """

    request: str
    inputs: Arrays
    rows: int
    began: float


def answer_all(
    generation: Generation, observer: Observer | None, questions: Sequence[Question]
) -> list[Answer | Exception]:
    """The answers of a model, in order; an exception where one cannot be answered.

    Args:
        generation: Who is asked.
        observer: Takes note of what was answered.
        questions: What is asked.
    """
    found: dict[int, Answer | Exception] = {}
    for places in _alike(questions):
        group = [questions[at] for at in places]
        found |= zip(places, _together(generation, observer, group), strict=True)
    return [found[at] for at in range(len(questions))]


def _alike(questions: Sequence[Question]) -> Iterator[list[int]]:
    """Places of questions whose arrays are of the same names and types, so that none loses."""
    if len(questions) == 1:
        yield [0]
        return
    groups: dict[tuple[object, ...], list[int]] = {}
    for at, question in enumerate(questions):
        groups.setdefault(kind_of(question.inputs), []).append(at)
    yield from groups.values()


def _together(
    generation: Generation, observer: Observer | None, questions: Sequence[Question]
) -> list[Answer | Exception]:
    try:
        inputs = join([each.inputs for each in questions])
        outputs = generation.answer(inputs)
        _check_rows(outputs, sum(each.rows for each in questions))
    except Exception as error:  # noqa: BLE001 - whatever a model raises is told to who asked
        return [error] if len(questions) == 1 else _sorted_out(generation, observer, questions)
    if observer is not None:
        observer.answered(Batch(generation.version, _noted(questions), inputs, outputs))
    return list(_parts(generation, questions, outputs))


def _sorted_out(
    generation: Generation, observer: Observer | None, questions: Sequence[Question]
) -> list[Answer | Exception]:
    """The same without those that do not fit; if all do, each by itself."""
    wrong = {at: why for at, each in enumerate(questions) if (why := _wrong(generation, each))}
    right = [each for at, each in enumerate(questions) if at not in wrong]
    if wrong:
        rest = iter(_together(generation, observer, right) if right else ())
    else:
        rest = (each for one in right for each in _together(generation, observer, [one]))
    return [wrong[at] if at in wrong else next(rest) for at in range(len(questions))]


def _wrong(generation: Generation, question: Question) -> Exception | None:
    try:
        generation.conform(question.inputs)
    except Exception as error:  # noqa: BLE001 - it is told to who asked
        return error
    return None


def _check_rows(outputs: Arrays, rows: int) -> None:
    """Refuses what cannot be cut into the answers of each: one would be given another's rows."""
    for name, array in outputs.items():
        shape = getattr(array, "shape", ())
        if not shape or shape[0] != rows:
            raise ModelError(f"the model gives '{name}' of the shape {shape} for {rows:,} rows")


def _noted(questions: Sequence[Question]) -> Requests:
    ids, _, rows, began = zip(*questions, strict=True)
    return Requests(ids, rows, began, time.perf_counter(), time.time())


def _parts(
    generation: Generation, questions: Sequence[Question], outputs: dict[str, NDArray[Any]]
) -> Iterator[Answer]:
    first = 0
    for question in questions:
        last = first + question.rows
        part = {name: array[first:last] for name, array in outputs.items()}
        yield Answer(generation.version, generation.number, part)
        first = last
