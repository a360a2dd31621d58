"""Runs that are killed at random moments, resumed until they are done, and looked at.

    python tests/chaos/chaos.py 200

Each trial begins one run of `flow`, kills its workers, its parent or all of it with SIGKILL up to
three times, and resumes it each time. Then: no node that had succeeded was executed again, every
artifact is there and whole, the database is in order, and the results are those of an undisturbed
run. Trials go on two at a time and share one record.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from windlass import artifacts
from windlass.artifacts import ArtifactStore
from windlass.hashing import digest_file
from windlass.records import Records

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("windlass")
VICTIMS = ("parent", "workers", "fork server", "all")
_PAUSE = "0.03"
"""Seconds that a step takes at least: else a run is over before it can be killed."""
_BEYOND = 10_000
"""Above the number of any trial."""


@dataclass
class Chaos:
    """A project with its record, and what happened in it.

    Args:
        root: An empty folder.
        seed: What kills at random are drawn from.
        most_kills: How often a run is killed at most.
    """

    root: Path
    seed: int = 0
    most_kills: int = 3
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        shutil.copy(HERE / "flow.py", self.root / "flow.py")
        (self.root / "windlass.toml").write_text("")
        self.notes = self.root / ".windlass" / "notes"
        self.database = self.root / ".windlass" / "windlass.db"
        self._begin(0).communicate()  # makes the record, too
        start = time.monotonic()
        self._begin(_BEYOND).communicate()
        self.seconds = time.monotonic() - start

    def run(self, trials: int, at_once: int = 2) -> None:
        """Tries so often; `failures` tells what went wrong."""
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(self._trial, range(1, trials + 1)))
        self._look_at_all()

    def _trial(self, trial: int) -> None:
        """One run that was killed at least once; one that was too quick for that is another's."""
        chance = random.Random(f"{self.seed} {trial}")
        salt, process = trial, self._begin(trial)
        while not self._kill(process, chance):
            salt += _BEYOND
            process = self._begin(salt)
        self.counts["trials"] += 1
        for _ in range(chance.randint(0, self.most_kills - 1)):
            self._kill(self._again(salt), chance)
        _, told = self._again(salt).communicate()
        self._compare(salt, told)

    def _begin(self, salt: int) -> subprocess.Popen[str]:
        return self._start("run", "flow.py", "-p", f"salt={salt}", "--tag", f"salt={salt}")

    def _again(self, salt: int) -> subprocess.Popen[str]:
        """Resumes a run; one that was killed before it was recorded is begun anew."""
        if self._status(salt) is None:
            self.counts["killed before they were recorded"] += 1
            return self._begin(salt)
        self.counts["resumed"] += 1
        done = " ".join(sorted(self._nodes(salt)))
        with self.notes.open("a") as file:
            file.write(f"{salt} resumed {done}\n")
        return self._start("resume", self._name(salt))

    def _start(self, *words: str) -> subprocess.Popen[str]:
        self.notes.parent.mkdir(exist_ok=True)
        return subprocess.Popen(
            [str(PROGRAM), *words, *(() if words[0] == "resume" else ("--workers", "2"))],
            cwd=self.root,
            env={**os.environ, "CHAOS_NOTES": str(self.notes), "CHAOS_PAUSE": _PAUSE},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _kill(self, process: subprocess.Popen[str], chance: random.Random) -> bool:
        """Kills some of a run's processes at a random moment; False if it ended before."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=chance.uniform(0, self.seconds))
            return False
        victim = chance.choice(VICTIMS)
        victims = list(_processes(process.pid, victim))
        chance.shuffle(victims)
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()
        self.counts[f"killed: {victim}"] += bool(victims)
        return bool(victims)

    def _ask(self, query: str, *values: object) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.database, timeout=60)) as connection:
            return connection.execute(query, values).fetchall()

    def _run(self, salt: int, column: str) -> Any:
        query = f"SELECT {column} FROM runs WHERE id IN (SELECT run FROM tags WHERE value = ?)"
        found = self._ask(query, str(salt))
        return found[0][0] if found else None

    def _status(self, salt: int) -> str | None:
        status: str | None = self._run(salt, "status")
        return status

    def _name(self, salt: int) -> str:
        return str(self._run(salt, "name"))

    def _nodes(self, salt: int) -> set[str]:
        query = "SELECT node FROM outcomes WHERE run = ? AND status = 'succeeded'"
        return {row[0] for row in self._ask(query, self._run(salt, "id"))}

    def _compare(self, salt: int, told: str) -> None:
        status = self._status(salt)
        if status != "succeeded":
            self.failures.append(f"trial {salt} came to no end: it is {status}: {told}")
            return
        self.failures += _executed_again(salt, self.notes.read_text().splitlines())
        self.counts["nodes executed"] += sum(
            line.startswith(f"{salt} ") and " resumed" not in line
            for line in self.notes.read_text().splitlines()
        )

    def _look_at_all(self) -> None:
        """Looks at the database, every artifact and every result."""
        (state,) = self._ask("PRAGMA integrity_check")
        if state != ("ok",):
            self.failures.append(f"the database is damaged: {state}")
        home = self.root / ".windlass"
        store = ArtifactStore.open_store(home / "artifacts")
        self.failures += [
            f"a blob is damaged: {file}"
            for file in (home / "artifacts").glob("??/*")
            if digest_file(file) != file.name
        ]
        with contextlib.closing(Records.open(self.database)) as records:
            for run in records.runs(limit=10**6):
                self._look_at(run.id, run.parameters["salt"], records, store)

    def _look_at(self, run: str, salt: Any, records: Records, store: ArtifactStore) -> None:
        expected = _expected(salt)
        found = {outcome.node: outcome for outcome in records.outcomes(run)}
        for node, outcome in found.items():
            for output in outcome.outputs:
                value = artifacts.load(output.content, store, records)
                self.counts["artifacts read"] += 1
                if node in expected and value != expected[node]:
                    self.failures.append(f"trial {salt}: '{node}' is not what it should be")
        if missing := {n for n in expected if n not in found or not found[n].outputs}:
            self.failures.append(f"trial {salt}: nothing came of {sorted(missing)}")


def _processes(parent: int, victim: str) -> Iterator[int]:
    try:
        found = psutil.Process(parent)
        servers = [child.pid for child in found.children()]
        workers = [worker.pid for child in found.children() for worker in child.children()]
    except psutil.Error:
        return
    if victim in ("parent", "all"):
        yield parent
    if victim in ("fork server", "all"):
        yield from servers
    if victim in ("workers", "all"):
        yield from workers


def _executed_again(salt: int, notes: list[str]) -> Iterator[str]:
    """What was executed though it had succeeded before its run was resumed."""
    done: set[str] = set()
    for line in notes:
        number, what, *nodes = line.split(" ")
        if number != str(salt):
            continue
        if what == "resumed":
            done = set(nodes)
        elif what in done:
            yield f"trial {salt}: '{what}' was executed again"


def _expected(salt: int) -> dict[str, Any]:
    """What the nodes return in a run that nobody disturbs: steps are plain functions."""
    os.environ["CHAOS_NOTES"] = os.devnull
    from chaos import flow

    numbers = flow.numbers(salt)
    parts = [flow.grow(salt, number) for number in numbers]
    data = flow.whole(salt, parts)
    mirrored, halved = flow.mirrored(salt, data), flow.halved(salt, data)
    both = flow.joined(salt, mirrored, halved)
    end, last = ("even", flow.even) if flow.is_even(salt, both) else ("odd", flow.odd)
    return {
        **{f"grow[{index}]": part for index, part in enumerate(parts)},
        "numbers": numbers,
        "grow": parts,
        "whole": data,
        "mirrored": mirrored,
        "halved": halved,
        "joined": both,
        end: last(salt, both),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="windlass-chaos-") as folder:
        chaos = Chaos(Path(folder), arguments.seed)
        chaos.run(arguments.trials)
    print(json.dumps({"seed": arguments.seed, **chaos.counts}, indent=2))
    for failure in chaos.failures:
        print(failure)
    print(f"{arguments.trials} trials, {len(chaos.failures)} failures")
    return 1 if chaos.failures else 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    sys.exit(main())
