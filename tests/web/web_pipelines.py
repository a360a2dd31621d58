"""Pipelines whose runs the pages are tried with: all kinds of values, and names that do harm."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from windlass import (
    HTML,
    Check,
    Model,
    Reference,
    each,
    either,
    log_figure,
    log_metric,
    log_metrics,
    log_params,
    log_table,
    log_text,
    pipeline,
    step,
)

SCRIPT = "<script>alert(1)</script>"
HARM = f"{SCRIPT}\"'`&{{{{7*7}}}}\x00\x1b[31m\u202e"

PAGE = f'<h1 onclick="steal()">A report</h1>{SCRIPT}<img src="https://example.org/x.png">'


class Split(NamedTuple):
    train: Annotated[pd.DataFrame, Reference("delay")]
    test: pd.DataFrame


def has_rows(frame: pd.DataFrame) -> bool:
    """Whether there is a row at all."""
    return len(frame) > 0


@step
def load(rows: int) -> Annotated[pd.DataFrame, Check(has_rows)]:
    print(f"\x1b[32mloading\x1b[0m {rows} rows")
    random = np.random.default_rng(rows)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 365, rows), unit="D")
    return pd.DataFrame(
        {
            "distance": np.round(random.gamma(3.0, 250.0, rows), 1),
            "delay": np.where(random.random(rows) < 0.1, np.nan, random.normal(8, 30, rows)),
            "hour": random.integers(5, 23, rows),
            "carrier": random.choice(
                ["AA", "B6", "DL", "UA", "WN"], rows, p=[0.1, 0.3, 0.2, 0.3, 0.1]
            ),
            "day": days,
            "late": random.random(rows) < 0.3,
        }
    )


@step
def split(data: pd.DataFrame) -> Split:
    return Split(data.iloc[::2].reset_index(drop=True), data.iloc[1::2].reset_index(drop=True))


@step
def train(train: pd.DataFrame, depth: int, rate: float) -> float:
    log_params({"leaves": 2**depth, "rate": rate})
    for number in range(40):
        noise = float(np.random.default_rng(number + depth).normal(0, 0.02))
        log_metrics(
            {"loss": depth * rate / (number + 1) + noise, "auc": 1 - 0.5 / (number + depth)},
            step=number,
        )
        if number % 10 == 0:
            print(f"epoch {number} of depth {depth}")
    return depth * rate


@step(retries=1, retry_delay=0)
def score(model: float, test: pd.DataFrame, worst: int) -> float:
    print(f"scoring {model}")
    if worst and model >= worst:
        raise ValueError(f"a model of {model:.1f} does not converge {SCRIPT}")
    return model / 10 + float(test["hour"].mean()) / 1000


@step
def pick(models: list[float], scores: list[float]) -> Annotated[list[float], Model("delay")]:
    log_metric("best", max(scores))
    return [max(models), max(scores)]


@step
def is_good(model: list[float]) -> bool:
    return model[1] > 0.1


@step
def publish(model: list[float]) -> str:
    return f"published with {model[1]:.3f}"


@step
def explain(model: list[float]) -> str:
    return "not good enough"


@pipeline
def training(rows: int = 400, rate: float = 0.5, worst: int = 0) -> str:
    parts = split(load(rows))
    models = train.map(parts.train, depth=each([4, 6, 8]), rate=rate)
    best = pick(models, score.map(each(models), parts.test, worst))
    return either(is_good(best), lambda: publish(best), lambda: explain(best))


@step
def measured(model: float) -> float:
    return -model


@step
def best_of(models: list[float], scores: list[float]) -> float:
    return models[scores.index(max(scores))]


@pipeline
def choosing() -> float:
    """What is picked is one of the values that were measured."""
    models = measured.map(each([1.0, 2.0]))
    return best_of(models, measured.map(each(models)))


@step
def array() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(200, 3))


@step
def picture() -> Image.Image:
    rising = np.linspace(0, 255, 160, dtype=np.uint8)
    return Image.fromarray(np.stack([np.tile(rising, (90, 1))] * 3, axis=-1))


@step
def figure() -> Figure:
    drawn = Figure(figsize=(5, 3))
    drawn.subplots().plot([1, 3, 2, 5])
    return drawn


@step
def page() -> HTML:
    return HTML(PAGE)


@step
def table(note: str) -> pd.DataFrame:
    return pd.DataFrame({f"<i>{SCRIPT}": [f"{note}{i}" for i in range(30)], "n": range(30)})


@step
def long_text() -> str:
    return "a line of text that goes on\n" * 2000


@step(allow_pickle=True)
def pickled() -> Opaque:
    return Opaque(3)


class Opaque:
    """What no format knows but pickle."""

    def __init__(self, number: int) -> None:
        self.number = number


@step
def loud(note: str) -> int:
    print(f"{SCRIPT} {note}")
    for number in range(300):
        print(f"\x1b[1;31mline {number}\x1b[0m {'x' * 80}")
    log_metric(f"harm {SCRIPT}", 1.0)
    log_metric("endless", float("inf"))
    log_params({f"param {SCRIPT}": SCRIPT})
    log_text(f"text {SCRIPT}", note.replace("\x00", ""))
    for number in range(3):
        drawn = Figure(figsize=(3, 2))
        drawn.subplots().plot([1, number])
        log_figure("shape", drawn, step=number)
    log_table("few rows", pd.DataFrame({f"<b>{SCRIPT}": [1, 2]}))
    return 1


@pipeline
def showing(note: str = HARM, big: str = "") -> tuple[object, ...]:
    return (array(), picture(), figure(), page(), table(note), long_text(), pickled(), loud(note))


@step
def waiting(gate: str) -> int:
    """Goes on once a file is there, telling how long it waits."""
    number = 0
    print("waiting", flush=True)
    while not Path(gate).exists():
        time.sleep(0.05)
        number += 1
    print(f"the gate is open {number > 0}", flush=True)
    return number


@step
def after(number: int) -> int:
    return number


@pipeline
def gated(gate: str) -> int:
    return after(waiting(gate))


@step
def small(n: int) -> int:
    if n == 77:
        raise ValueError("this one always fails")
    return n + 1


@pipeline
def group(n: int) -> int:
    for _ in range(8):
        n = small(n)
    return n


@pipeline
def grouped() -> list[int]:
    """More nodes than are drawn one by one: in twelve groups, and two beside."""
    return [group(1000 * place) for place in range(12)] + [small(-place) for place in range(2)]


@step
def numbers(n: int) -> list[int]:
    return list(range(n))


@pipeline
def wide(n: int = 300) -> list[int]:
    return small.map(each(numbers(n)))
