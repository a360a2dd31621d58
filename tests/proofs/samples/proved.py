"""Pipelines that tests run and reproduce; copied into their project."""

from __future__ import annotations

import datetime
import os
import random
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import proved_helpers as helpers

from windlass import each, either, pipeline, step

LEAK: list[int] = []


class Parts(NamedTuple):
    low: list[int]
    high: list[int]


@step
def load(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()]


@step
def split(numbers: list[int]) -> Parts:
    return Parts(numbers[:1], numbers[1:])


@step
def draw(n: int) -> float:
    return n + random.random()


@step
def add(numbers: list[float]) -> float:
    return sum(numbers)


@step
def is_large(n: float) -> bool:
    return n > 2


@step
def tell(n: float) -> str:
    return f"large: {n}"


@step
def refuse(n: float) -> str:
    return f"small: {n}"


@step
def jittered(n: int) -> float:
    return n + helpers.jitter()


@step
def clocked(n: int) -> dict[str, float]:
    return {"n": n, "at": helpers.now()}


@step
def slowly(n: float) -> float:
    return round(n) * (1 + time.time_ns() % 997 * 1e-16)


@step
def double(n: float) -> float:
    return n * 2


@step
def rated(n: int) -> str:
    return helpers.rates() * n


@step
def of_zone(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment).isoformat()


@step
def by_arithmetic(n: float) -> float:
    return n / 3 + float(os.environ.get("LAST_BITS", "0"))  # stands for another processor's


@step
def broken(n: int) -> int:
    raise ValueError(f"cannot work with {n}")


@step(allow_pickle=True)
def opaque(n: int) -> object:
    return Opaque(n)


class Opaque:
    def __init__(self, n: int) -> None:
        self.n = n
        self.noise = random.Random().random()

    def __reduce__(self) -> tuple[object, ...]:
        return Opaque, (self.n,), {"n": self.n, "noise": self.noise}


@step
def busy(n: int) -> int:
    subprocess.run(["true"], check=True)
    with socket.socket() as unheard:
        unheard.connect_ex(("127.0.0.1", 9))
    Path("own.txt").write_text("made here")
    Path("own.txt").read_text()
    os.listdir("/")
    return n


@step
def undeclared(n: int) -> str:
    return Path("rules.csv").read_text() * n


@step(files=["rules.csv"], variables=["REGION"])
def declared(n: int) -> str:
    return Path("rules.csv").read_text() + os.environ.get("REGION", "") * n


@step
def first(n: int) -> int:
    LEAK.append(n)
    return n


@step
def leaking(n: int) -> int:
    return n + len(LEAK) + os.getpid() * 0


@pipeline
def whole(file: Path = Path("data.csv")) -> str:
    parts = split(load(file))
    total = add(draw.map(each(parts.high)))
    return either(is_large(total), lambda: tell(total), lambda: refuse(total))


@pipeline
def by_chance(n: int = 1) -> float:
    return double(jittered(n))


@pipeline
def by_clock(n: int = 1) -> float:
    clocked(n)
    return double(draw(n))


@pipeline
def nearly(n: float = 3.0) -> float:
    return slowly(n)


@pipeline
def by_rates(n: int = 1) -> str:
    return rated(n)


@pipeline
def by_zone(moment: float = 1e9) -> str:
    return of_zone(moment)


@pipeline
def by_machine(n: float = 1.0) -> float:
    return double(by_arithmetic(n))


@pipeline
def half(n: int = 1) -> float:
    broken(n)
    return double(draw(n))


@pipeline
def pickled(n: int = 1) -> object:
    return opaque(n)


@pipeline
def seen(n: int = 1) -> int:
    return busy(n)


@pipeline
def declaring(n: int = 1) -> str:
    return declared(n)


@pipeline
def not_declaring(n: int = 1) -> str:
    return undeclared(n)


@pipeline
def leaks(n: int = 1) -> int:
    return leaking(first(n))


@pipeline
def constant() -> list[int]:
    return load(Path("data.csv"))


@step
def wait(file: str) -> str:
    Path(file + ".waits").touch()
    while not Path(file).exists():
        time.sleep(0.02)
    return "through"


@pipeline
def waiting(file: str) -> str:
    return wait.after(draw(1))(file)
