"""The pipelines that are timed. Each takes a number that makes its inputs new: no cache hits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from windlass import each, log_metric, pipeline, step

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@step
def trivial(a: int) -> int:
    return a + 1


@step
def wait(a: float) -> float:
    time.sleep(0.1)
    return a


def chain(length: int) -> Any:
    """A pipeline of trivial steps, each waiting for the one before."""

    def chained(a: int) -> int:
        for _ in range(length):
            a = trivial(a)
        return a

    chained.__name__ = chained.__qualname__ = f"chain_{length}"
    return pipeline(chained)


chain_10, chain_100, chain_1000, chain_10000 = map(chain, (10, 100, 1_000, 10_000))


@step
def stop(a: int) -> int:
    raise RuntimeError(f"nothing after {a} is run")


@pipeline
def stopped_1000(a: int) -> int:
    a = stop(a)
    for _ in range(999):
        a = trivial(a)
    return a


@pipeline
def waits(items: list[float]) -> list[float]:
    return wait.map(each(items))


@step
def make_array(seed: int) -> np.ndarray:
    import numpy as np

    array = np.random.default_rng(seed).random(25_000_000)
    log_metric("made", time.time())
    return array


@step
def sum_array(array: np.ndarray) -> float:
    total = float(array.sum())
    log_metric("used", time.time())
    return total


@pipeline
def array_edge(seed: int) -> float:
    return sum_array(make_array(seed))


@step
def make_frame(seed: int) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    numbers = np.random.default_rng(seed)
    columns: dict[str, Any] = {f"f{i}": numbers.random(1_000_000) for i in range(12)}
    columns |= {f"i{i}": numbers.integers(0, 10_000, 1_000_000) for i in range(6)}
    words = np.array(["north", "south", "east", "west", "nowhere"], dtype=object)
    columns |= {f"s{i}": words[numbers.integers(0, 5, 1_000_000)] for i in range(2)}
    frame = pd.DataFrame(columns)
    log_metric("made", time.time())
    return frame


@step
def sum_frame(frame: pd.DataFrame) -> float:
    total = float(frame["f0"].sum())
    log_metric("used", time.time())
    return total


@pipeline
def frame_edge(seed: int) -> float:
    return sum_frame(make_frame(seed))
