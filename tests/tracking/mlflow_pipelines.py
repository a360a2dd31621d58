"""Pipelines whose runs are shown by MLflow."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Annotated

import pandas as pd
from sklearn.linear_model import LogisticRegression

from windlass import (
    Model,
    Reference,
    each,
    log_metric,
    log_metrics,
    log_params,
    log_table,
    log_text,
    pipeline,
    step,
)

POINTS = 2500


@step
def load(rows: int) -> Annotated[pd.DataFrame, Reference("toy")]:
    numbers = range(rows)
    return pd.DataFrame({"x": [n % 7 for n in numbers], "y": [n % 2 for n in numbers]})


@step
def train(data: pd.DataFrame, c: float) -> LogisticRegression:
    log_params({"penalty": "l2", "odd name: <b>": [1, 2]})
    for number in range(POINTS):
        log_metric("loss", 1 / (number + 1), step=number)
    log_metrics({"auc": c / 10, "never": float("nan")})
    log_text("note", "hello")
    log_table("history", [{"epoch": 1}], step=3)
    return LogisticRegression(C=c).fit(data[["x"]], data["y"])


@step
def pick(
    models: list[LogisticRegression],
) -> Annotated[LogisticRegression, Model("toy", target="y")]:
    return models[0]


@pipeline
def training(rows: int = 50) -> LogisticRegression:
    return pick(train.map(load(rows), c=each([1.0, 2.0])))


@step(retries=1)
def fails_once(folder: str) -> int:
    marker = Path(folder) / "tried"
    log_metric("try", 1.0 + marker.exists())
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


@step
def waits(folder: str, after: int) -> int:
    while not (Path(folder) / "go").exists():
        time.sleep(0.05)
    log_metric("waited", after)
    return after


@step
def breaks(number: int) -> int:
    raise ValueError(f"no good: {number}")


@pipeline
def waiting(folder: str) -> int:
    return waits(folder, fails_once(folder))


@pipeline
def breaking(number: int = 1) -> int:
    return breaks(number)


@step
def one(number: int) -> int:
    log_metric("square", number * number)
    return number


@pipeline
def wide() -> list[int]:
    return one.map(number=each(list(range(150))))
