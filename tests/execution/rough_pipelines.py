"""Pipelines whose steps handle their process roughly."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from windlass import each, pipeline, step


@step(cache=False)
def die(number: int) -> int:
    os._exit(9)


@pipeline
def all_die() -> list[int]:
    return die.map(each(list(range(40))))


@step
def fork(how: str) -> int:
    child = os.fork()
    if child == 0 and how == "raise":
        raise ValueError("in the child")
    if child == 0 and how == "exit":
        sys.exit(3)
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)
    return 99


@step
def add_one(number: int) -> int:
    return number + 1


@pipeline
def forking(how: str) -> int:
    return add_one(fork(how))


class OwnError(BaseException):
    pass


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@step
def end(how: str) -> int:
    time.sleep(0.2)
    match how:
        case "own":
            raise OwnError("my base")
        case "interrupt":
            raise KeyboardInterrupt
        case "cancelled":
            raise asyncio.CancelledError
        case "unprintable":
            raise UnprintableError
        case "huge":
            raise ValueError("x" * 10_000_000)
        case "lines":
            raise ValueError("line\n" * 100_000)
        case "assert":
            assert not how
        case "library":
            json.loads("{")
        case "input":
            input("number? ")
    return 0


@pipeline
def ending(how: str) -> int:
    return end(how)


@step(cache=False)
def disturb(how: str, folder: str) -> int:
    match how:
        case "chdir":
            os.chdir(folder)
        case "gone":
            gone = Path(folder) / "gone"
            gone.mkdir()
            os.chdir(gone)
            gone.rmdir()
        case "environment":
            os.environ["DISTURBED"] = "1"
            del os.environ["PATH"]
        case "import":
            os.environ["PATH"] = "changed"
            os.environ["DISTURBED"] = "by a library"
            sys.modules["a_library"] = sys  # as an import would leave it
        case "close":
            sys.stdout.close()
        case "replace":
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        case "none":
            sys.stdout = sys.stderr = None
        case "descriptors":
            os.close(1)
            os.close(2)
    return 1


@step(cache=False)
def go_and_write(folder: str, name: str) -> Path:
    os.chdir(folder)
    Path("told.txt").write_text("from the folder that the step went to")
    return Path(name)


@pipeline
def gone_to_write(folder: str, name: str) -> Path:
    return go_and_write(folder, name)


@step(cache=False)
def calm(after: int) -> list[str]:
    print("calm")
    return [os.getcwd(), os.environ.get("DISTURBED", ""), str("PATH" in os.environ)]


@pipeline
def disturbed(how: str, folder: str) -> list[str]:
    return calm(disturb(how, folder))


@step
def bad() -> int:
    time.sleep(0.3)
    raise ValueError("bad")


@step
def slow(number: int) -> int:
    time.sleep(1)
    return number


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def mixed() -> list[int]:
    return [bad(), total(slow.map(each([1, 2, 3, 4])))]
