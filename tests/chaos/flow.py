"""A branching pipeline whose outputs are too large to be kept in the record.

Each execution of a step is noted in a file outside of the record, which is only appended to.
"""

from __future__ import annotations

import hashlib
import os
import time

from windlass import each, either, pipeline, step

SIZE = 20_000


def note(step: str, salt: int, item: object = "") -> None:
    file = os.open(os.environ["CHAOS_NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, f"{salt} {step}{item}\n".encode())
    os.close(file)
    time.sleep(float(os.environ.get("CHAOS_PAUSE", "0")))


def noise(*told: object) -> bytes:
    return hashlib.shake_128(repr(told).encode()).digest(SIZE)


@step
def numbers(salt: int) -> list[int]:
    note("numbers", salt)
    return [salt * 10 + n for n in range(6)]


@step
def grow(salt: int, number: int) -> bytes:
    note("grow", salt, f"[{number - salt * 10}]")
    return noise("grow", number)


@step
def whole(salt: int, parts: list[bytes]) -> bytes:
    note("whole", salt)
    return b"".join(parts)


@step
def mirrored(salt: int, data: bytes) -> bytes:
    note("mirrored", salt)
    return data[::-1]


@step
def halved(salt: int, data: bytes) -> bytes:
    note("halved", salt)
    return data[::2]


@step
def joined(salt: int, one: bytes, two: bytes) -> bytes:
    note("joined", salt)
    return one + two


@step
def is_even(salt: int, data: bytes) -> bool:
    note("is_even", salt)
    return hashlib.sha256(data).digest()[0] % 2 == 0


@step
def even(salt: int, data: bytes) -> str:
    note("even", salt)
    return "even " + hashlib.sha256(data).hexdigest()


@step
def odd(salt: int, data: bytes) -> str:
    note("odd", salt)
    return "odd " + hashlib.sha256(data).hexdigest()


@pipeline
def flow(salt: int) -> str:
    data = whole(salt, grow.map(salt, each(numbers(salt))))
    both = joined(salt, mirrored(salt, data), halved(salt, data))
    return either(is_even(salt, both), lambda: even(salt, both), lambda: odd(salt, both))
