"""The public surface, used wrongly: type checkers find every line that is marked, and no other."""

# ruff: noqa: B018 (what is wrong here is wrong on purpose)

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from windlass import each, either, pipeline, step


@dataclass
class Model:
    depth: int


@dataclass
class Report:
    text: str


class Split(NamedTuple):
    train: list[float]
    test: list[float]


@step
def load(rows: int) -> list[float]:
    return [float(row) for row in range(rows)]


@step
def split(data: list[float]) -> Split:
    return Split(data, data)


@step(retries=2)
def train(data: list[float], depth: int = 6) -> Model:
    return Model(depth + len(data))


@step
def score(model: Model, test: list[float]) -> float:
    return model.depth / len(test)


@step
def good_enough(model: Model) -> bool:
    return model.depth > 4


@step
def publish(model: Model) -> Report:
    return Report(f"published {model}")


@step(retry=2)  # error: there is no such setting
def misspelt(rows: int) -> int:
    return rows


@step(retries="2")  # error: a number is wanted
def mistyped(rows: int) -> int:
    return rows


@pipeline(sed=7)  # error: there is no such option
def misspelt_too(rows: int) -> int:
    return rows


@pipeline
def calls(rows: int) -> Report:
    load("many")  # error: text is not a number
    load()  # error: rows is missing
    load(rows, rows)  # error: one argument too many
    load(row=rows)  # error: there is no such parameter
    load(load(rows))  # error: a list is not a number
    train(split(load(rows)))  # error: one of the parts is wanted, not both
    split(load(rows)).valid  # error: there is no such output
    load(rows).train  # error: a list has no outputs
    count: int = load(rows)  # error: a list is not a number
    del count
    return train(load(rows))  # error: a model is not a report


@pipeline
def maps(rows: int) -> float:
    data = load(rows)
    train.map(data, depth=each(["deep"]))  # error: items are texts, not numbers
    train.map(each(data))  # error: an item is a number, not a list
    train.map(data, dept=each([4, 6]))  # error: there is no such parameter
    train.product(each([data]), depth=each([4.5]))  # error: items are not whole
    train.map(each(3))  # error: a number has no items
    models = train.map(data, depth=each([4, 6]))
    score(models, data)  # error: one model is wanted, not a list
    score.map(models, data)  # error: each() is missing
    models.depth  # error: a list of models is no model
    scores: list[int] = score.map(each(models), data)  # error: they are floats
    del scores
    return score.map(each(models), data)  # error: a list is not a float


@pipeline
def choices(rows: int) -> Report:
    best = train(load(rows))
    either(score(best, load(rows)), lambda: publish(best), lambda: None)  # error: not a bool
    either(good_enough(best), publish(best), lambda: None)  # error: a branch is a function
    either(good_enough(best), publish, lambda: None)  # error: a branch takes no argument
    either(good_enough(best), lambda: None)  # error: the other branch is missing
    either(good_enough(best), lambda: publish(rows), lambda: None)  # error: rows is no model
    return either(good_enough(best), lambda: publish(best), lambda: None)  # error: may be None


@pipeline
def order(rows: int) -> list[float]:
    best = train(load(rows))
    load.after(best)("many")  # error: after() keeps what load takes
    load.after(best)(rows).depth  # error: and what it gives
    load.options(retries=1)("many")  # error: so does options()
    load.options(retry=1)(rows)  # error: there is no such setting
    load.options(cpus="two")(rows)  # error: a number is wanted
    return load.after(best).options(retries=1)(rows)


def runs() -> None:
    calls.run(row=5)  # error: there is no such parameter
    calls.run(rows="5")  # error: text is not a number
    calls.run()  # error: rows is missing
    calls.run(5, 6)  # error: one argument too many
    calls("5")  # error: text is not a number
    calls.options(sed=7).run(5)  # error: there is no such option
    calls.options(seed="7").run(5)  # error: a number is wanted
    calls.options(tags={"why": 1}).run(5)  # error: a tag is text
    calls.run(5).result().score  # error: a report has no score
    number: int = calls.run(5).result()  # error: a report is not a number
    text: str = maps(5)  # error: a float is not text
    del number, text
