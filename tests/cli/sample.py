"""Pipelines that the tests of the command line run; copied into their project."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import windlass
from windlass import each, pipeline, step


@step
def speak(n: int) -> int:
    print("printed", n)
    print("complained", n, file=sys.stderr)
    os.write(1, b"from below Python\n")
    windlass.log_metric("loudness", n / 2)
    return n + 1


@step
def broken(n: int) -> int:
    raise ValueError(f"cannot work with {n}")


@step
def wordy(n: int) -> int:
    raise ValueError("too high a sea: " + "wave " * 40 * n)


@step
def measure(file: Path) -> int:
    return len(file.read_bytes())


@step
def tick(n: int) -> int:
    for i in range(n):
        print("tick", i, flush=True)
        time.sleep(0.05)
    return n


@step
def short(n: int) -> int:
    time.sleep(0.02)
    return n


@step
def add(numbers: list[int]) -> int:
    return sum(numbers)


@step
def long_bytes(size: int) -> bytes:
    return bytes(i % 251 for i in range(size))


@step
def count(data: bytes, value: int) -> int:
    return data.count(bytes([value]))


@step
def gate(file: str) -> str:
    Path(file + ".waits").touch()
    while not Path(file).exists():
        time.sleep(0.02)
    return "through"


@pipeline
def talk(n: int = 1) -> int:
    return speak(speak(n))


@pipeline
def fails(n: int = 1) -> int:
    return speak(broken(speak(n)))


@pipeline
def fails_at_length(n: int = 1) -> int:
    return wordy(speak(n))


@pipeline
def needs(n: int) -> int:
    return speak(n)


@pipeline
def reads(file: Path) -> int:
    return measure(file)


@pipeline
def slow(n: int = 2000) -> list[int]:
    return tick.map(each([n, n]))


@pipeline
def many(items: int = 30) -> int:
    return add(short.map(each(numbers(items))))


@step
def numbers(items: int) -> list[int]:
    return list(range(items))


@pipeline
def counting(size: int = 100_000, value: int = 7) -> int:
    return count(long_bytes(size), value)


@pipeline
def guarded(file: str) -> str:
    return gate(file)
