"""Pipelines that tests run on Ray; copied into their projects."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from windlass import each, log_metric, pipeline, step


def noted(folder: str, what: str) -> None:
    with (Path(folder) / "notes").open("a") as file:
        file.write(f"{what}\n")


@step
def count(n: int) -> list[int]:
    return list(range(n))


@step
def square(x: int) -> int:
    print(f"squaring {x}")
    log_metric("squared", x * x)
    return x * x


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def squares(n: int = 4) -> int:
    return total(square.map(each(count(n))))


@step(retries=1, retry_delay=0)
def die_once(folder: str) -> str:
    mark = Path(folder) / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


@step
def die(n: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return n


@step(timeout=1)
def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@step
def on_the_second(folder: str) -> str:
    noted(folder, f"begun {os.getpid()}")
    while not (Path(folder) / "go").exists():
        time.sleep(0.02)
    return "done"


@pipeline
def moving(folder: str) -> str:
    return on_the_second(folder)


@step(cpus=64)
def large(n: int) -> int:
    return n


@pipeline
def too_large(n: int = 1) -> int:
    return large(n)


@step(gpus=1)
def on_gpu(n: int) -> int:
    return n


@pipeline
def gpu(n: int = 1) -> int:
    return on_gpu(n)


@step(memory="1GiB")
def fill(n: int) -> int:
    return n


@pipeline
def large_memory(n: int = 1) -> int:
    return fill(n)


@step
def process(x: int) -> int:
    return os.getpid()


@pipeline
def processes(n: int = 6) -> list[int]:
    return process.map(each(count(n)))


@step(cpus=2)
def threads(n: int) -> str:
    return os.environ["OMP_NUM_THREADS"] + os.environ["PYTHONHASHSEED"]


@pipeline
def troubled(folder: str) -> list[Any]:
    return [die_once(folder), die(1), sleep(60.0), threads(1)]


@step
def wait(folder: str, x: int) -> int:
    noted(folder, f"wait {x}")
    while x == 1 and not (Path(folder) / "go").exists():
        time.sleep(0.02)
    return x


@pipeline
def waiting(folder: str) -> int:
    return total(wait.map(folder, each([0, 1, 2])))
