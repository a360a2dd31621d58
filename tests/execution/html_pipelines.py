"""Pipelines whose runs are looked at in a notebook."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from windlass import HTML, Audio, each, either, log_metric, pipeline, step

SCRIPT = "<script>alert(1)</script>"


class Split(NamedTuple):
    train: list[int]
    test: list[int]


@step
def load(rows: int, note: str = "") -> list[int]:
    print(f"loading {rows} rows {note}")
    return list(range(rows))


@step
def split(data: list[int]) -> Split:
    return Split(data[::2], data[1::2])


@step
def train(data: list[int], depth: int) -> float:
    for number in range(5):
        log_metric("loss", depth / (number + 1), step=number)
    return float(depth)


@step(retries=1, retry_delay=0)
def score(model: float, data: list[int], worst: int) -> float:
    log_metric(f"auc{SCRIPT}", 0.75)
    if model == worst:
        raise ValueError(f"depth {model:.0f} does not converge {SCRIPT}")
    return model


@step
def pick(models: list[float], scores: list[float]) -> float:
    return max(models)


@step
def is_good(model: float) -> bool:
    return model > 5


@step
def publish(model: float) -> str:
    return "published"


@step
def explain(model: float) -> str:
    return "not good"


@pipeline
def training(rows: int = 10, worst: int = 0, note: str = "") -> str:
    parts = split(load(rows, note))
    models = train.map(parts.train, depth=each([4, 6, 8]))
    best = pick(models, score.map(each(models), parts.test, worst))
    return either(is_good(best), lambda: publish(best), lambda: explain(best))


@step
def square(number: int) -> int:
    if number % 100 == 7:
        raise ValueError("an odd one")
    return number * number


@step
def count(n: int) -> list[int]:
    return list(range(n))


@pipeline
def squares(n: int) -> list[int]:
    return square.map(each(count(n)))


@pipeline
def grouped() -> list[str]:
    return [training(rows) for rows in range(1, 12)]


@step
def table() -> pd.DataFrame:
    return pd.DataFrame({f"<i>{SCRIPT}": [f"{SCRIPT}{i}" for i in range(30)]})


@step
def array() -> np.ndarray:
    return np.arange(6).reshape(2, 3)


@step
def page() -> HTML:
    return HTML(f'<h1 onclick="steal()">A page</h1>{SCRIPT}')


@step
def figure() -> Figure:
    drawn = Figure()
    drawn.subplots().plot([1, 2, 3])
    return drawn


@step
def sound() -> Audio:
    return Audio(np.zeros(8000, "int16"), 8000)


@pipeline
def sounds() -> Audio:
    return sound()


@step
def text() -> str:
    return SCRIPT + "x" * 20_000


class Opaque:
    """Something that only pickle can store."""

    def __repr__(self) -> str:
        return "<opaque>"


@step(allow_pickle=True)
def opaque() -> Opaque:
    return Opaque()


@pipeline
def values() -> list[object]:
    return [table(), array(), page(), figure(), text(), opaque()]
