"""Many processes and threads write at once; some are killed, some are forked."""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from windlass.records import Records
from windlass.records.model import Run

from .making import begin, contents, digest, new_run, outcome

WRITERS, KILLS = 8, 15
SPAWN = multiprocessing.get_context("spawn")


def _write_runs(url: str, writer: int, runs: int) -> None:
    with contextlib.closing(Records.open(url)) as records:
        for n in range(runs):
            run = records.create_run(new_run(("train", "score")[n % 2]))
            assert begin(records, run, "n")
            assert records.commit_outcome(outcome(run, "n", makes=(f"{writer}.{n}", "shared")))
            records.finish_run(run.id, "succeeded", None)


def test_runs_are_numbered_without_gaps_under_many_writers(url: str) -> None:
    """They also make the database, all at once."""
    runs = 20 if "://" in url else 200  # each, where writers queue for a lock of our own
    children = [SPAWN.Process(target=_write_runs, args=(url, w, runs)) for w in range(WRITERS)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * WRITERS
    with contextlib.closing(Records.open(url)) as records:
        assert records.check() == "ok"
        found = records.runs(limit=10_000)
        numbers = collections.defaultdict(list)
        for run in found:
            numbers[run.pipeline].append(run.number)
        each = dict.fromkeys(("train", "score"), WRITERS * runs // 2)
        assert {p: sorted(n) for p, n in numbers.items()} == {
            p: list(range(1, count + 1)) for p, count in each.items()
        }
        assert {run.status for run in found} == {"succeeded"}
        made = WRITERS * runs
        assert records.counts() == {"runs": made, "outcomes": made, "artifacts": made + 1}


def _race(url: str, run: Run, writer: int, nodes: int) -> None:
    with contextlib.closing(Records.open(url)) as records:
        won = [
            n
            for n in range(nodes)
            if records.commit_outcome(outcome(run, f"n{n}", makes=(f"{writer}.{n}",)))
        ]
        records.tag_run(run.id, {f"writer{writer}": ",".join(map(str, won))})


def test_of_several_successes_one_wins(url: str) -> None:
    """Each of several workers believes that the node is its own."""
    with contextlib.closing(Records.open(url)) as records:
        run = records.create_run(new_run())
        children = [SPAWN.Process(target=_race, args=(url, run, w, 60)) for w in range(4)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * 4
        won = {}
        for writer in range(4):
            for n in filter(None, records.run(run.id).tags[f"writer{writer}"].split(",")):
                assert n not in won
                won[n] = writer
        assert len(won) == 60
        for n, writer in won.items():
            assert contents(records.outcome(run.id, f"n{n}")) == [digest(f"{writer}.{n}")]


KILLED = """
import sys
from windlass.records import Records
from records.making import begin, new_run, outcome
records = Records.open(sys.argv[1])
run = records.run_by_id(sys.argv[2])
for n in range(1_000_000):
    node = f"{sys.argv[3]}.{n}"
    begin(records, run, node)
    makes = tuple(f"{node}/{k}" for k in range(8))
    records.commit_outcome(outcome(run, node, makes=makes, reads=makes))
    sys.stdout.write(f"{node}\\n")
    sys.stdout.flush()
"""


def test_a_writer_killed_anywhere_leaves_whole_outcomes(url: str) -> None:
    with contextlib.closing(Records.open(url)) as records:
        run = records.create_run(new_run())
    chance = random.Random(7)
    told: set[str] = set()
    for kill in range(KILLS):
        told |= _told_until_killed(url, run, kill, chance.uniform(0.0, 0.03))
        with contextlib.closing(Records.open(url)) as records:  # the lock is free
            assert records.check() == "ok"
            assert records.commit_outcome(outcome(run, f"after.{kill}"))
    with contextlib.closing(Records.open(url)) as records:
        found = {o.node: o for o in records.run_outcomes(run.id) if "after" not in o.node}
        assert told <= found.keys()
        assert len(found) <= len(told) + KILLS  # a kill may fall between a commit and its telling
        for node, one in found.items():
            wanted = [digest(f"{node}/{k}") for k in range(8)]
            assert [o.artifact.content for o in one.outputs if o.artifact] == wanted
        reads = records.execute("SELECT node, count(*) AS n FROM inputs GROUP BY node")
        assert {row["node"]: row["n"] for row in reads} == dict.fromkeys(found, 8)
        ended = {a.node for a in records.attempts(run.id) if a.status == "succeeded"}
        assert not ended - found.keys()
        made = records.execute("SELECT count(*) AS n FROM outputs")[0]["n"]
        assert made == 8 * len(found)


def _told_until_killed(url: str, run: Run, kill: int, seconds: float) -> set[str]:
    """Kills a writer a moment after its first commit; what it had said was committed."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", KILLED, url, run.id, str(kill)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        os.kill(writer.pid, signal.SIGKILL)
        lines = [first, *writer.stdout.readlines()]
    assert writer.returncode == -signal.SIGKILL
    return {line.rstrip("\n") for line in lines if line.endswith("\n")}


def test_threads_write_and_read_with_connections_of_their_own(records: Records) -> None:
    runs = [records.create_run(new_run()) for _ in range(4)]

    def work(n: int) -> list[str]:
        run = runs[n % 4]
        assert begin(records, run, f"n{n}")
        assert records.commit_outcome(outcome(run, f"n{n}", makes=(f"v{n}",)))
        return contents(records.outcome(run.id, f"n{n}"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(200))) == [[digest(f"v{n}")] for n in range(200)]
    assert records.counts()["outcomes"] == 200
    assert records.check() == "ok"


def test_threads_take_turns_in_a_transaction(records: Records) -> None:
    run = records.create_run(new_run())

    def add(n: int) -> None:
        records.tag_run(run.id, {"last": str(n), f"t{n}": str(n)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    assert len(records.run(run.id).tags) == 81


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def _in_a_fork(records: Records, run: Run, node: str) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            written = records.commit_outcome(outcome(run, node, makes=(node,)))
            code = 0 if written and records.outcome(run.id, node) else 2
        finally:
            os._exit(code)
    return pid


@needs_fork
def test_a_record_may_be_used_after_a_fork(records: Records) -> None:
    run = records.create_run(new_run())
    assert records.commit_outcome(outcome(run, "parent"))
    children = [_in_a_fork(records, run, f"child{n}") for n in range(4)]
    for n in range(20):  # while they write
        assert records.commit_outcome(outcome(run, f"parent{n}"))
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    assert records.commit_outcome(outcome(run, "after"))
    wanted = {"parent", "after", *(f"child{n}" for n in range(4))}
    assert records.succeeded_nodes(run.id) == wanted | {f"parent{n}" for n in range(20)}
    assert records.check() == "ok"


@needs_fork
def test_the_locks_holder_is_the_parent_alone(local: Records, tmp_path: Path) -> None:
    """A fork while the lock is held takes no share in it, though it has the file open, too."""
    script = """
import os, sys, time
from windlass.records import Records
records = Records.open(sys.argv[1])
with records.write():
    if os.fork() == 0:
        os.close(1)
        time.sleep(600)
        os._exit(0)
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    time.sleep(600)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "records.db")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "held\n"
            os.kill(holder.pid, signal.SIGKILL)
            holder.wait()
            written: list[bool] = []
            run = local
            thread = threading.Thread(
                target=lambda: written.append(bool(run.create_run(new_run()))), daemon=True
            )
            thread.start()
            thread.join(60)
            assert written == [True]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(holder.pid, signal.SIGKILL)
