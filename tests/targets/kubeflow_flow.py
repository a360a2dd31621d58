"""Pipelines that tests compile for Kubeflow Pipelines; copied into their projects."""

from __future__ import annotations

import time
from pathlib import Path

from windlass import each, either, pipeline, step


@step
def count(n: int) -> list[int]:
    return list(range(n))


@step(cpus=2, memory="4GiB", gpus=1, retries=2, retry_delay=1.5, timeout=600)
def train(x: int) -> int:
    print(f"training {x}")
    return x * x


@step
def pick(found: list[int]) -> int:
    return max(found)


@step
def is_good(best: int) -> bool:
    return best > 3


@step
def publish(best: int) -> str:
    return f"published {best}"


@step
def no_more(best: int) -> str:
    return f"kept {best}"


@pipeline
def training(n: int = 3, name: str = "spring") -> str:
    best = pick(train.map(each(count(n))))
    return either(is_good(best), lambda: publish(best), lambda: no_more(best))


@step
def tell(text: str) -> str:
    return text


@pipeline
def one_sided(start: int = 2) -> list[str]:
    """One side of the first choice calls nothing; the second stands within a side of another."""
    known = tell("known")
    told = either(is_good(start), lambda: tell("good"), lambda: known)
    inner = either(
        is_good(start), lambda: either(is_good(5), lambda: tell("a"), lambda: told), lambda: told
    )
    return [told, tell(inner)]


@pipeline
def badly_named(windlass_run: int = 1) -> int:
    return pick(count(windlass_run))


@step
def wait(folder: str) -> str:
    (Path(folder) / "begun").touch()
    while True:
        time.sleep(0.1)


@pipeline
def waiting(folder: str) -> str:
    return wait(folder)


@step
def mend(folder: str, found: list[int]) -> int:
    if not (Path(folder) / "mended").exists():
        raise ValueError("no luck")
    return len(found)


@pipeline
def mending(folder: str) -> int:
    return mend(folder, count(2))


@step(timeout=1)
def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@pipeline
def sleeping(seconds: float = 60.0) -> float:
    return sleep(seconds)


@pipeline
def counting(n: int = 3) -> list[int]:
    return count(n)
