"""Pipelines whose steps yield."""

from __future__ import annotations

import io
import resource
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from windlass import each, log_metric, pipeline, step

Array = NDArray[np.float64]


def peak() -> int:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


class Parts(NamedTuple):
    odd: Iterator[int]
    rest: list[int]


class Grown(NamedTuple):
    total: float
    by: int


@step
def count(rows: int) -> Generator[int, None, None]:
    for number in range(rows):
        log_metric("number", number)
        print("at", number)
        yield number


@step
def parts(rows: int) -> Parts:
    return Parts(filter(lambda number: number % 2, range(rows)), [rows])


@step
def total(items: Iterator[int]) -> int:
    return sum(items)


@step
def double(item: int) -> int:
    return item * 2


@pipeline
def counting(rows: int = 4) -> list[int]:
    items = count(rows)
    total(items)
    total(parts(rows).odd)
    return double.map(each(items))


@step(cpus=2)
def arrays(rows: int) -> Iterator[Array]:
    before = peak()
    for number in range(rows):
        yield np.full(1_000_000, number, np.float64)
    print("grew by", peak() - before)


@step(cpus=2)
def added(items: Iterator[Array]) -> Grown:
    before = peak()
    return Grown(sum(float(item[0]) for item in items), peak() - before)


@pipeline
def large(rows: int = 40) -> Grown:
    return added(arrays(rows))


@step
def wrong(rows: int) -> Iterator[int]:
    yield rows
    yield "two"  # type: ignore[misc]


@pipeline
def promising() -> Iterator[int]:
    return wrong(1)


@step(retries=1)
def ending(rows: int) -> Iterator[int]:
    yield rows
    raise ValueError("no more of them")


@pipeline
def failing() -> int:
    return total(ending(1))


@step(allow_pickle=True)
def strange(rows: int) -> Iterator[object]:
    yield rows
    yield lambda: rows


@step
def stranger(rows: int) -> Iterator[object]:
    yield rows
    yield lambda: rows


@step
def file_of(name: str) -> object:
    return Path(name).open() if name else io.BytesIO(b"lines\nof bytes")


@pipeline
def opening(name: str = "") -> object:
    return file_of(name)


@pipeline
def storing(pickled: bool = False, rows: int = 1) -> Iterator[object]:
    return stranger(rows)


@pipeline
def pickling(rows: int = 1) -> Iterator[object]:
    return strange(rows)
