"""Pipelines whose steps do what steps must not do."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from windlass import each, log_metric, log_metrics, log_params, pipeline, step

counter = {"calls": 0}


@step
def one() -> int:
    return 1


@step
def add(a: int, b: int) -> int:
    return a + b


def recurse(how: str) -> int:
    return recurse(how) + 1


@step
def end_badly(how: str, log_first: int = 0) -> int:
    for number in range(log_first):
        log_metric("progress", number)
    print(f"about to end by {how}", flush=True)
    match how:
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "sys.exit":
            sys.exit(4)
        case "exception":
            raise ValueError("just so")
        case "recursion":
            return recurse(how) + 1
    return 0


@pipeline
def ending(how: str, log_first: int = 0) -> int:
    return add(end_badly(how, log_first), one())


@step(timeout=0.5)
def hang(folder: str) -> int:
    """Hangs in C, and leaves a child process behind that would hang as well."""
    child = subprocess.Popen(["sleep", "60"])
    (Path(folder) / "pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(60)
    return 0


@pipeline
def hanging(folder: str) -> int:
    return hang(folder)


@step(retries=2, retry_delay=0.05, timeout=5)
def die_twice(folder: str) -> int:
    mark = Path(folder) / "deaths"
    deaths = len(mark.read_text()) if mark.exists() else 0
    log_metric("try", deaths)
    if deaths < 2:
        mark.write_text("x" * (deaths + 1))
        os.kill(os.getpid(), signal.SIGSEGV)
    return deaths


@pipeline
def dying_twice(folder: str) -> int:
    return die_twice(folder)


@step
def sleep_long(a: int, folder: str) -> int:
    log_metric("asleep", 1)
    (Path(folder) / f"pid{a}").write_text(str(os.getpid()))
    time.sleep(30)
    return a


@pipeline
def sleeping(folder: str) -> list[int]:
    return sleep_long.map(each([1, 2, 3]), folder)


@step
def leak(a: int) -> int:
    counter["calls"] += 1
    return counter["calls"]


@pipeline
def leaking() -> list[int]:
    return leak.map(each([1, 2, 3]))


@step
def flood(lines: int) -> int:
    for number in range(lines):
        print(number)
    return lines


@pipeline
def flooding(lines: int) -> int:
    return flood(lines)


@step
def log_all(count: int) -> int:
    log_params({"depth": 3, "names": ["a"]})
    log_metrics({"loss": 0.5, "nan": float("nan")})
    for number in range(count):
        log_metric("series", number / 2, step=number)
    thread = threading.Thread(target=log_metric, args=("threaded", 1))
    thread.start()
    thread.join()
    return count


@pipeline
def logging(count: int) -> int:
    return log_all(count)


@step(retries=1)
def log_and_fail(folder: str) -> int:
    """Fails first, and says nothing when it is tried again."""
    marker = Path(folder) / "tried"
    if not marker.exists():
        log_params({"first": True})
        log_metric("progress", 0.25)
        marker.touch()
        raise ValueError("not yet")
    return 1


@pipeline
def logging_in_vain(folder: str) -> int:
    return log_and_fail(folder)


@step
def wrong_type() -> int:
    return "text"  # type: ignore[return-value]


@step
def wrong_item() -> list[int]:
    return [1, 2, "three"]  # type: ignore[list-item]


@pipeline
def returning_wrong(deep: bool) -> object:
    from windlass import either

    return either(deep, wrong_item, wrong_type)


class Opaque:
    """Nothing that any format takes."""


@step
def make_opaque() -> Opaque:
    return Opaque()


@step(allow_pickle=True)
def make_pickled() -> Opaque:
    return Opaque()


@step
def use(value: Opaque) -> str:
    return type(value).__name__


@pipeline
def unserialisable() -> str:
    return use(make_opaque())


@pipeline
def pickling() -> str:
    return use(make_pickled())


@step(cpus=2)
def span(a: int) -> list[float]:
    start = time.time()
    time.sleep(0.2)
    return [start, time.time(), float(os.environ["OMP_NUM_THREADS"])]


@pipeline
def spans() -> list[list[float]]:
    return span.map(each([1, 2, 3]))


@step(gpus=64)
def on_gpus() -> int:
    return 1


@pipeline
def many_gpus() -> int:
    return on_gpus()


@step
def draw(a: int) -> list[float]:
    import random

    import numpy as np

    return [random.random(), float(np.random.random())]


@pipeline
def drawing() -> list[list[float]]:
    return draw.map(each([1, 2, 3]))


@step
def fail_late(a: int) -> int:
    time.sleep(0.05 * a)
    if a == 1:
        raise ValueError("the first one fails")
    return a


@pipeline
def failing_fast(n: int) -> list[int]:
    return fail_late.map(each(numbers(n)))


@step
def numbers(n: int) -> list[int]:
    return list(range(1, n + 1))


@step
def quick(a: int) -> int:
    return a + 1


@pipeline
def many(seed_value: int, n: int = 25) -> list[int]:
    return quick.map(each(quick.map(each(numbers(n)))))


if __name__ == "__main__":  # the eight-process test starts this file
    for number in range(int(sys.argv[1])):
        run = many.options(workers=1, cache=False).run(number)
        assert run.status == "succeeded", run.error
        print(run.name)
