"""Pipelines whose steps are cached, or must not be."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from windlass import each, pipeline, step

LIMIT = 3
SETTINGS = {"rate": 2}


def note(name: str) -> None:
    """Notes a call in a file: a global would be seen to have changed."""
    with open(os.environ["CALLED"], "a") as file:
        file.write(f"{name}\n")


@step
def make(rows: int) -> np.ndarray:
    note("make")
    return np.arange(rows, dtype=np.int64)


@step
def total(data: np.ndarray) -> int:
    note("total")
    return int(data.sum()) * 0 + SETTINGS["rate"]


@step
def last(number: int) -> int:
    note("last")
    return number + 1


@pipeline
def chain(rows: int = 3000) -> int:
    return last(total(make(rows)))


@step
def shared(number: int) -> int:
    note("shared")
    return number * LIMIT


@pipeline
def one(number: int = 1) -> int:
    return shared(number)


@pipeline
def another(number: int = 1) -> int:
    return last(shared(number))


@pipeline
def many(numbers: list[int]) -> list[int]:
    return shared.map(each(numbers))


@step(cache="1 hour")
def for_an_hour(number: int) -> int:
    note("for_an_hour")
    return number


@pipeline
def aging() -> int:
    return for_an_hour(1)


@step
def meddle(number: int) -> int:
    SETTINGS["rate"] = number
    globals()["LIMIT"] = number
    return number


@step
def after_meddling(number: int) -> int:
    return SETTINGS["rate"] * LIMIT


@pipeline
def meddling(number: int = 7) -> int:
    return after_meddling.after(meddle(number))(1)


@dataclass
class Box:
    """A value of the project's own class."""

    size: int

    def volume(self) -> int:
        return self.size**3


@step
def boxed(size: int) -> Box:
    note("boxed")
    return Box(size)


@step
def unboxed(box: Box) -> int:
    note("unboxed")
    return box.size


@pipeline
def boxing(size: int = 2) -> int:
    return unboxed(boxed(size))


class Odd:
    """Of no format."""

    def __init__(self, number: int) -> None:
        self.number = number


@step(allow_pickle=True)
def odd(number: int) -> Any:
    note("odd")
    return Odd(number)


@step
def even(thing: Any) -> int:
    note("even")
    return int(thing.number)


@pipeline
def pickling(number: int = 4) -> int:
    return even(odd(number))


@step
def folder(rows: int) -> Path:
    note("folder")
    found = Path(tempfile.mkdtemp()) / "files"
    found.mkdir()
    for number in range(rows):
        (found / f"{number}.txt").write_text(f"{number} " * 3000)
    return found


@step
def sizes(files: Path) -> list[int]:
    note("sizes")
    return [len(path.read_text()) for path in sorted(files.iterdir())]


@pipeline
def folders(rows: int = 2) -> list[int]:
    return sizes(folder(rows))
