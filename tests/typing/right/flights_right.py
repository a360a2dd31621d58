"""The public surface, used as it is meant: no type checker finds fault with a line of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, assert_type

from windlass import Check, Graph, Run, each, either, pipeline, step


@dataclass
class Model:
    depth: int


@dataclass
class Report:
    text: str


class Split(NamedTuple):
    train: list[float]
    test: list[float]


def not_empty(values: list[float]) -> bool:
    return len(values) > 0


@step
def load(rows: Annotated[int, Check(bool)]) -> Annotated[list[float], not_empty]:
    return [float(row) for row in range(rows)]


@step
def split(data: list[float], share: float = 0.8) -> Split:
    cut = int(len(data) * share)
    return Split(data[:cut], data[cut:])


@step(
    retries=2,
    retry_delay=0.5,
    timeout=600,
    cpus=2,
    memory="4GiB",
    gpus=0,
    cache=True,
    environment=None,
    allow_pickle=False,
    seeded=True,
)
def train(data: list[float], depth: int = 6) -> Model:
    return Model(depth + len(data))


@step()
def score(model: Model, test: list[float]) -> float:
    return model.depth / len(test)


@step
def pick(models: list[Model], scores: list[float]) -> Model:
    return max(zip(scores, models, strict=True), key=lambda pair: pair[0])[1]


@step
def notify(rows: int) -> None:
    del rows


@step
def good_enough(model: Model) -> bool:
    return model.depth > 4


@step
def publish(model: Model) -> Report:
    return Report(f"published {model}")


@step
def explain_why(model: Model) -> Report:
    return Report(f"kept back {model}")


@step
def count(report: Report) -> int:
    return len(report.text)


@pipeline
def training(rows: int = 1000) -> Report:
    data = load(rows)
    assert_type(data, list[float])

    parts = split(data)
    assert_type(parts, Split)
    assert_type(parts.train, list[float])
    train_part, test_part = parts
    assert_type(test_part, list[float])

    models = train.map(parts.train, depth=each([4, 6, 8]))
    assert_type(models, list[Model])
    scores = score.map(each(models), parts.test)
    assert_type(scores, list[float])
    grid = train.product(each([train_part, test_part]), depth=each((4, 6)))
    assert_type(grid, list[Model])

    best = pick(models, scores)
    assert_type(best, Model)
    told = notify.after(best, scores)(rows)
    assert_type(told, None)
    again = train.options(retries=1, memory="8GiB").after(told)(data, depth=3)
    assert_type(again, Model)

    report = either(good_enough(best), lambda: publish(best), lambda: explain_why(again))
    assert_type(report, Report)
    return report


@pipeline(seed=7, cache=False)
def nested(rows: int, *, twice: bool = False) -> int | None:
    first = training(rows)
    assert_type(first, Report)
    found = either(twice, lambda: count(training(rows=rows)), lambda: None)
    assert_type(found, int | None)
    return found


def run_it() -> Iterator[object]:
    assert_type(training(), Report)
    assert_type(training(rows=500), Report)
    assert_type(nested(5, twice=True), int | None)

    run = training.run(rows=500)
    assert_type(run, Run[Report])
    assert_type(run.result(), Report)
    assert_type(run.result().text, str)
    assert_type(run.id, str)
    assert_type(run.name, str)
    yield run["pick"].value
    yield run["train"].values
    yield run["train[2]"].logs()

    chosen = training.options(
        target="ray",
        stack="team",
        cache=False,
        seed=7,
        tags={"why": "sweep"},
        keep_going=True,
        in_process=False,
        fresh=True,
        workers=2,
    )
    assert_type(chosen.run(500).result(), Report)
    assert_type(chosen(500), Report)
    assert_type(nested.run(5, twice=True), Run[int | None])
    assert_type(training.graph(), Graph)


def steps_are_functions() -> None:
    assert_type(load(3), list[float])
    assert_type(train([1.0]), Model)
    assert_type(train.map(each([[1.0], [2.0]])), list[Model])
    assert_type(split([1.0]).test, list[float])
    assert_type(each(row for row in range(3)), int)
    assert_type(each({"a": 1}), str)
    plain: Callable[[int], list[float]] = load
    assert_type([rows for count in range(3) for rows in plain(count)], list[float])
    anything: Callable[..., Any] = training
    del anything
