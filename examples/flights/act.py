"""The whole act: trained in winter, served, watched, and replaced in summer while it answers.

python examples/flights/act.py              # from the clone's root; some minutes

A project of its own is made in .windlass/act. There `windlass turn` makes delay@1 of January to
March, `windlass serve` answers for the flights from April on, and `windlass monitor` notices that
they are other ones and that it has become worse. When July is over, `windlass watch --once` finds
that a turn is due, and takes it. Nothing here tells the server of delay@2: it follows the champion.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from features import LABEL
from replay import Hour, Replay, hours_from, outcomes
from sklearn.metrics import log_loss

import windlass as wl

HERE = Path(__file__).parent
WINDLASS = [sys.executable, "-m", "windlass"]
FIRST, KNOWN = 4, 7
"""The month that is served first, and the last one that the second version is made of."""
REASONS = {"drift", "quality"}
"""What begins a turn, as act.toml says."""
LABELS, AFTERWARDS = pd.Timedelta("3 days"), pd.Timedelta("4 days")
"""How late labels come, and how long the load goes on after the swap."""
LOOKS = 5.0
"""Seconds between two looks of the monitor."""


class Act:
    """The act, told as it happens.

    Args:
        root: The folder of its project, which is made anew.
        month: Seconds in which a month passes.
        depths: Of the trees, a parameter of the pipeline.
    """

    def __init__(self, root: Path, month: float, depths: Sequence[int]) -> None:
        self.root, self.month, self.depths = root, month, list(depths)
        self.began = time.monotonic()
        self.replay: Replay | None = None
        self.noticed: dict[str, dict[str, Any]] = {}
        self.told = FIRST
        self.look: Future[list[dict[str, Any]]] | None = None
        self.pool = ThreadPoolExecutor(2)
        make_project(root)
        self.know(FIRST - 1)

    def play(self) -> bool:
        """Plays it; returns whether the version was replaced without a failed request."""
        print("\n── The whole act: served, watched, replaced while it answers ──")
        print(f"{'2013':<12}{'real':>6}  {'requests':>8}  {'failed':>6}  {'answers':<8}")
        self.turn("turn", "delay")
        table, hours = hours_from(FIRST, KNOWN + 1)
        a_month = sum(hour.time.month == FIRST for hour in hours)
        with server(self.root) as port, Replay(port, hours, self.month / a_month, LABELS) as replay:
            self.replay = replay
            self.say("delay@1 is served, and the load begins")
            self.until(lambda: set(self.noticed) >= REASONS, self.watch)
            self.until(lambda: self.told > KNOWN, wait)
            before = replay.answered
            self.turn("watch", "--once")
            self.until(lambda: replay.version == 2, wait)
            self.say("the first answer of delay@2")
            swapped = replay.date
            self.until(lambda: replay.date >= swapped + AFTERWARDS, wait)
            self.say("the load ends")
        self.replay = None
        self.compare(replay, table, before)
        return not replay.failures

    def know(self, month: int) -> None:
        """Lets the pipeline know what happened until the end of a month."""
        told = (HERE / "act.toml").read_text()
        told = told.replace("last = 3", f"last = {month}, depths = {self.depths}")
        told = told.replace('"30s"', f'"{self.month:g}s"')
        written = self.root / "windlass.toml.new"
        written.write_text(told)
        written.replace(self.root / "windlass.toml")  # at once: it may be being read

    def turn(self, *words: str) -> None:
        """Has a command take a turn, while all else goes on, and tells what comes of it."""
        self.say(f"windlass {' '.join(words)}")
        turn = self.pool.submit(windlass, self.root, *words, "--json")
        self.until(lambda: turn.done() or bool(self.why()), wait)
        if why := self.why():
            self.say(f"a turn begins: {why}")
        self.until(turn.done, wait)
        code, output, errors = turn.result()
        found = json.loads(output) if output else {}
        found = found["turns"][0]["turn"] if found.get("turns") else found
        if code or found.get("state") != "promoted":
            sys.exit(f"the turn did not promote a version:\n{errors}\n{output}")
        passed = re.search(r"(\d+ passed.*) in \d", errors)
        self.say(f"delay@{found['version']} is promoted: {passed[1] if passed else 'tested'}")

    def why(self) -> str:
        """Why the watcher has begun a turn; nothing as long as it has not."""
        found = re.search(r"delay: a turn begins: (.*)\n", said(self.root, "watch"))
        return re.sub(r" since [-\d]+ [:\d]+", "", found[1]) if found else ""

    def watch(self) -> None:
        """Looks every few seconds, as a person would, and tells what is new."""
        wait()
        if self.look is None:
            self.look = self.pool.submit(self.monitor)
        elif self.look.done():
            self.notice(self.look.result())
            self.look = None

    def monitor(self) -> list[dict[str, Any]]:
        """What the monitor says is off; it needs some seconds for it."""
        wait(LOOKS)
        code, output, errors = windlass(self.root, "monitor", "delay", "--json")
        if code not in (0, 1, 3):
            sys.exit(f"the monitor failed:\n{errors}{output}")
        found: list[dict[str, Any]] = json.loads(output)["standing"]
        assert bool(found) == (code == 1)
        return found

    def notice(self, standing: list[dict[str, Any]]) -> None:
        """Tells of each kind what is off the most, once."""
        for kind in dict.fromkeys(each["kind"] for each in standing):
            if kind not in self.noticed:
                some = [each for each in standing if each["kind"] == kind]
                worst = max(some, key=lambda each: each.get("effect", 0.0))
                self.noticed[kind] = worst
                told = re.sub(r" \([^()]*since .*\)$", "", worst["text"])
                others = f", and {len(some) - 1} more" if len(some) > 1 else ""
                self.say(f"windlass monitor, exit code 1: {kind}: {told}{others}")

    def until(self, is_so: Callable[[], bool], meanwhile: Callable[[], None]) -> None:
        """Waits, and tells of each month that passes."""
        while not is_so():
            meanwhile()
            if self.replay and self.replay.date.month > self.told:
                self.tell_of(self.told)
                self.know(self.told)
                self.told += 1
            if self.replay and self.replay.is_over:
                sys.exit("the year is over: give it more time, --month 60")

    def tell_of(self, month: int) -> None:
        """Tells how the answers of a month were."""
        assert self.replay is not None
        found = outcomes([hour for hour in self.replay.answered if hour.time.month == month])
        self.say(
            f"{month_of(month)}: {len(found):,} flights, {found[LABEL].mean():.0%} late; "
            f"log loss {loss(found):.3f}"
        )

    def say(self, what: str) -> None:
        """Prints a line of the timeline."""
        replay, real = self.replay, time.monotonic() - self.began
        date = f"{replay.date:%d %B}" if replay else ""
        numbers = (replay.requests, len(replay.failures)) if replay else (0, 0)
        version = f"delay@{replay.version}" if replay and replay.version else ""
        clock = f"{int(real // 60)}:{int(real % 60):02}"
        count = f"{numbers[0]:>8,}  {numbers[1]:>6}" if replay else f"{'':>16}"
        print(f"{date:<12}{clock:>6}  {count}  {version:<8}  {what}", flush=True)

    def compare(self, replay: Replay, table: pd.DataFrame, before: Sequence[Hour]) -> None:
        """Tells what the turn has changed: the same flights by both versions."""
        holdout, live = self.noticed["quality"]["holdout"], outcomes(before)
        after = outcomes([hour for hour in replay.answered if hour.version == 2])
        with chdir(self.root), wl.load("delay@1", follow=None) as first:
            old = first.predict_proba(table.loc[after.index])[:, 1]
        times = np.quantile([hour.seconds for hour in replay.answered], [0.5, 0.99]) * 1000
        print(
            f"\nbefore   delay@1: log loss {holdout:.3f} on its holdout, {loss(live):.3f} in "
            f"production ({len(live):,} flights)\n"
            f"after    delay@2: {loss(after):.3f}, where delay@1 would have had "
            f"{loss(after.assign(chance=old)):.3f} ({len(after):,} flights)\n"
            f"load     {replay.requests:,} requests, {len(replay.failures)} failed, in "
            f"{replay.seconds:.0f} s; an answer took {times[0]:.0f} ms, one in a hundred more than "
            f"{times[1]:.0f} ms\n"
            f"labels   {replay.labels:,}, {LABELS.days} days late\n"
            f"unasked  {replay.left_out:,} flights, to places that the model does not know"
        )
        for failure in replay.failures[:5]:
            print(f"failed   {failure}")


def loss(found: pd.DataFrame) -> float:
    """The log loss of what was told."""
    return float(log_loss(found[LABEL], found["chance"]))


def make_project(root: Path) -> None:
    """The example in a folder of its own."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for module in HERE.glob("*.py"):
        shutil.copy(module, root)
    shutil.copytree(HERE / "release_tests", root / "release_tests")


@contextmanager
def server(root: Path) -> Iterator[int]:
    """``windlass serve delay`` while it is entered; gives its port."""
    with (root / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [*WINDLASS, "serve", "delay", "--port", "0"], cwd=root, env=environment(),
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield port_of(process, root)
        finally:
            process.terminate()
            process.wait(60)


def port_of(process: subprocess.Popen[Any], root: Path) -> int:
    """Where a server listens, once it says so."""
    while process.poll() is None:
        if found := re.search(r"serving .* at http://[^ ]*:(\d+)", said(root, "serve")):
            return int(found[1])
        wait()
    sys.exit(f"the server ended:\n{said(root, 'serve')}")


def windlass(root: Path, *words: str) -> tuple[int, str, str]:
    """A command, at its end: its exit code, its output, and what it said meanwhile."""
    with (root / f"{words[0]}.log").open("w") as log:
        done = subprocess.run(
            [*WINDLASS, *words], cwd=root, env=environment(), stdout=subprocess.PIPE, stderr=log,
            text=True, check=False,
        )  # fmt: skip
    return done.returncode, done.stdout, said(root, words[0])


def said(root: Path, command: str) -> str:
    """What a command has said until now."""
    log = root / f"{command}.log"
    return log.read_text() if log.exists() else ""


def environment() -> dict[str, str]:
    """Without what would put the act's state elsewhere."""
    told = {name: value for name, value in os.environ.items() if name != "WINDLASS_HOME"}
    return {**told, "PYTHONUNBUFFERED": "1"}


def month_of(number: int) -> str:
    """The name of a month."""
    return f"{pd.Timestamp(2013, number, 1):%B}"


def wait(seconds: float = 0.1) -> None:
    """Lets time pass."""
    time.sleep(seconds)


def main() -> int:
    """Plays the act; 0 if no request failed."""
    parser = argparse.ArgumentParser(description="The whole act on the flights.")
    parser.add_argument("--root", type=Path, default=Path(".windlass/act"))
    parser.add_argument("--month", type=float, default=30.0, help="seconds that a month takes")
    parser.add_argument("--depths", type=int, nargs="+", default=[4, 6, 8], help="of the trees")
    told = parser.parse_args()
    return 0 if Act(told.root.absolute(), told.month, told.depths).play() else 1


if __name__ == "__main__":
    sys.exit(main())
