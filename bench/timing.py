"""What every benchmark is made of: a project to run in, figures with their bars, and medians."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
QUICK = "--quick" in sys.argv
ROUNDS = 2 if QUICK else 5


@dataclass
class Figure:
    """One line of the table."""

    what: str
    measured: float
    unit: str
    floor: float | None
    bar: float
    note: str = ""

    @property
    def kept(self) -> bool:
        return self.measured <= self.bar


class Bench:
    """A project of its own in a temporary folder, initialised, with the shapes in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "windlass.toml").write_text("")
        (folder / "shapes.py").write_text((HERE / "shapes.py").read_text())
        self.environment = {**os.environ, "WINDLASS_HOME": str(folder / ".windlass")}
        self.number = int(time.time())
        self.python("import shapes; shapes.chain_10.run(0)")

    def python(self, code: str) -> str:
        return self.command(sys.executable, "-c", code)

    def command(self, *words: str) -> str:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def next_number(self) -> int:
        self.number += 100_000
        return self.number

    def run(self, pipeline: str, argument: str | None = None) -> dict[str, float]:
        """Runs a pipeline in a cold process; returns its metrics and the process's seconds."""
        argument = argument or str(self.next_number())
        code = (
            "import json, shapes\n"
            f"run = shapes.{pipeline}.run({argument})\n"
            "assert run.status == 'succeeded', run.error\n"
            "print(json.dumps({**run.metrics, 'run': run.seconds}))"
        )
        start = time.perf_counter()
        told = self.python(code)
        return {**json.loads(told), "wall": time.perf_counter() - start}

    def floor(self, *words: str) -> dict[str, float]:
        start = time.perf_counter()
        told = self.command(sys.executable, str(HERE / "floors.py"), *words)
        return {**json.loads(told), "wall": time.perf_counter() - start}


def median(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    return statistics.median(measure() for _ in range(rounds))


def paired(
    ours: Callable[[], float], floor: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """The medians of two measurements taken in turn."""
    both = [(ours(), floor()) for _ in range(rounds)]
    return statistics.median(a for a, _ in both), statistics.median(b for _, b in both)


def further(
    what: str, ours: dict[int, float], floors: dict[int, float], allowed: float
) -> list[Figure]:
    """What each further step costs from one length of a chain to the next, in milliseconds.

    Args:
        what: Named in the table.
        ours: Seconds by lengths.
        floors: The same of the floor.
        allowed: Milliseconds over the floor.
    """
    figures = []
    for few, many in itertools.pairwise(ours):
        cost = (ours[many] - ours[few]) / (many - few) * 1000
        least = (floors[many] - floors[few]) / (many - few) * 1000
        figures.append(Figure(f"{what}, {few:,} to {many:,}", cost, "ms", least, least + allowed))
    return figures


def seconds(bench: Bench, *words: str) -> float:
    """How long a command takes."""
    start = time.perf_counter()
    bench.command(*words)
    return time.perf_counter() - start
