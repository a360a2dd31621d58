"""Pipelines that fail until a file is there."""

from __future__ import annotations

from pathlib import Path

from windlass import each, pipeline, step


@step
def numbers() -> list[int]:
    return [3, 4, 5]


@step
def wait_for(file: str) -> bool:
    if not Path(file).exists():
        raise FileNotFoundError(file)
    return True


@step
def square(number: int) -> int:
    return number * number


@step
def add(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def waiting(file: str) -> int:
    """Its map runs over a list whose items nothing has read before the failure."""
    found = numbers()
    return add(square.after(wait_for(file)).map(each(found)))
