"""Pipelines whose tables are checked at the borders of their steps."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Annotated, NamedTuple

import pandas as pd
import pandera.pandas as pa

from windlass import each, pipeline, step


class Flights(pa.DataFrameModel):
    departure: float = pa.Field(ge=0)
    carrier: str


class Coerced(pa.DataFrameModel):
    departure: int = pa.Field(ge=0, coerce=True)


def not_empty(table: pd.DataFrame) -> bool:
    """There are rows."""
    return len(table) > 0


def note(word: str) -> None:
    """Notes that a step ran, in a file: a global would be seen to have changed."""
    with open(os.environ["NOTES"], "a") as file:
        file.write(f"{word}\n")


def flights(*departures: float) -> pd.DataFrame:
    return pd.DataFrame({"departure": list(departures), "carrier": "UA"})


@step
def load(first: float) -> pd.DataFrame:
    return flights(first, 2.0)


class Parts(NamedTuple):
    head: Annotated[pd.DataFrame, Flights, not_empty]
    rest: pd.DataFrame
    size: int


@step(retries=2, retry_delay=0.0)
def prepare(table: Annotated[pd.DataFrame, Flights]) -> Parts:
    note("prepare")
    return Parts(table.head(1), table.tail(1), len(table))


@pipeline
def entering(first: float) -> int:
    return prepare(load(first)).size


@step(retries=1, retry_delay=0.0)
def fetch(first: float) -> Annotated[pd.DataFrame, Flights]:
    note("fetch")
    with open(os.environ["NOTES"]) as file:
        tries = len(file.readlines())
    return flights(first if tries == 1 else 1.0)


@step
def count(table: pd.DataFrame) -> int:
    return len(table)


@pipeline
def fetching(first: float) -> int:
    return count(fetch(first))


@step
def cut(table: pd.DataFrame, departure: int) -> Parts:
    return Parts(table[table["departure"] > departure], table, len(table))


@pipeline
def cutting(departure: int) -> int:
    return cut(load(1.0), departure).size


@step
def whole(table: Annotated[pd.DataFrame, Coerced]) -> str:
    return str(table["departure"].dtype)


@step
def made_whole(first: float) -> Annotated[pd.DataFrame, Coerced]:
    return flights(first)


@pipeline
def coercing(first: float) -> tuple[str, pd.DataFrame]:
    return whole(load(first)), made_whole(first)


@step
def sink(table: Annotated[pd.DataFrame, Flights]) -> Annotated[pd.DataFrame, not_empty]:
    raise OSError("the sea is rough")


@pipeline
def sinking(first: float) -> pd.DataFrame:
    return sink(load(first))


@step
def one(day: int) -> Annotated[pd.DataFrame, Flights]:
    return flights(float(day))


@step
def together(tables: list[Annotated[pd.DataFrame, Flights]]) -> int:
    return len(tables)


@pipeline
def mapping(days: tuple[int, ...]) -> int:
    return together(one.map(day=each(days)))


@step
def yielding(bad: int) -> Iterator[Annotated[pd.DataFrame, Coerced]]:
    for place in range(4):
        note("yielded")
        yield flights(-1.0 if place == bad else 1.0)


@step
def drained(tables: Iterator[Annotated[pd.DataFrame, not_empty]]) -> list[str]:
    return [str(table["departure"].dtype) for table in tables]


@pipeline
def streaming(bad: int) -> list[str]:
    return drained(yielding(bad))


def draws(table: pd.DataFrame) -> None:
    random.random()


@step
def drawing(table: Annotated[pd.DataFrame, draws]) -> float:
    return random.random()


@step
def plainly(table: pd.DataFrame) -> float:
    return random.random()


@pipeline
def drawn() -> float:
    return drawing(load(1.0))
