"""What log and counts cost: pairs of servers, one of them with `--no-log`, at full load by turns.

The machine's speed varies by a half from second to second and from core to core, which is far more
than what is looked for. So the turns are short, the threads that answer share one core, and the
load comes from the other one; what else a server does is left to the kernel. A server is asked half
of the time only: it looks into its inbox half as often, and so finds as much there as otherwise.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
from over_http import ASKED, json_request, load, make, server, wrk
from timing import HERE, QUICK, Bench, Figure

_PAIRS = 2 if QUICK else 16
_TURN = 0.1
"""Seconds, on average."""
_SECONDS = 6
"""Of one pair."""
_SERVERS = {
    "bare": ("-m", "windlass", "serve", "m@newest", "--no-log"),
    "noted": (str(HERE / "half_asked.py"), "serve", "m@newest"),
}


class Cost(NamedTuple):
    """Seconds for a request: those that passed, and processor time of all threads."""

    wall: float
    processor: float


def noting(bench: Bench) -> list[Figure]:
    """Single rows in JSON at full load, with and without notes."""
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("the load has one core, and the servers have another: here is one alone")
    make(bench)
    script = json_request(bench)
    pairs = [_pair(bench, script) for _ in range(_PAIRS)]
    return [
        _figure("log and counts of a row at full load", [wall for wall, _ in pairs]),
        _figure("the same, processor time of all threads", [used for _, used in pairs]),
    ]


def _figure(name: str, pairs: list[tuple[float, float]]) -> Figure:
    """The middle of what was found without notes, and what the mean pair has more with them."""
    bare = 1e6 * statistics.median(bare for bare, _ in pairs)
    shares = [noted / bare - 1 for bare, noted in pairs]
    share, error = statistics.mean(shares), statistics.stdev(shares) / len(shares) ** 0.5
    told = f"{share:.1%} ± {error:.1%}, {min(shares):.1%} to {max(shares):.1%}"
    return Figure(name, bare * (1 + share), "µs", bare, 1.05 * bare, told)


def _pair(bench: Bench, script: Path) -> list[tuple[float, float]]:
    """Of wall and processor time what a request took, without and with notes."""
    with contextlib.ExitStack() as stack:
        names = random.sample([*_SERVERS], len(_SERVERS))
        ports = {name: stack.enter_context(server(bench, _SERVERS[name])) for name in names}
        threads = {name: _listening(port) for name, port in ports.items()}
        for name, port in ports.items():
            os.sched_setaffinity(threads[name], {_core(-1)})  # the one that answers
            load(port, ASKED, script, 2)
        costs = _by_turns(ports, threads, script)
    return list(zip(costs["bare"], costs["noted"], strict=True))


def _by_turns(ports: dict[str, int], pids: dict[str, int], script: Path) -> dict[str, Cost]:
    before = {name: _processor(pid) for name, pid in pids.items()}
    passed = dict.fromkeys(ports, 0.0)
    loads: dict[str, subprocess.Popen[str]] = {}
    for name, port in ports.items():
        with _timed(passed, name):
            loads[name] = _load(port, script)
            time.sleep(_TURN)
            loads[name].send_signal(signal.SIGSTOP)
    end = time.monotonic() + _SECONDS  # by when both have loaded for as long as they were told
    while time.monotonic() < end:
        for name in random.sample([*loads], len(loads)):
            with _timed(passed, name):
                loads[name].send_signal(signal.SIGCONT)
                time.sleep(_TURN * random.uniform(0.8, 1.2))
                loads[name].send_signal(signal.SIGSTOP)
    asked = {}
    for name, each in loads.items():
        with _timed(passed, name):
            each.send_signal(signal.SIGCONT)
            asked[name] = _requests(each)
    time.sleep(1.5)  # until all is noted
    used = {name: _processor(pid) - before[name] for name, pid in pids.items()}
    return {name: Cost(passed[name] / n, used[name] / n) for name, n in asked.items()}


@contextlib.contextmanager
def _timed(passed: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    passed[name] += time.perf_counter() - began


def _core(place: int) -> int:
    """The first core is the load's, the last one of the threads that answer."""
    return sorted(os.sched_getaffinity(0))[place]


def _load(port: int, script: Path) -> subprocess.Popen[str]:
    words = ["taskset", "-c", str(_core(0)), *wrk(port, ASKED, script, _SECONDS)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def _requests(loading: subprocess.Popen[str]) -> int:
    told, _ = loading.communicate(timeout=60)
    assert "Non-2xx" not in told, told
    found = re.search(r"(\d+) requests in", told)
    assert found is not None
    return int(found[1])


def _listening(port: int) -> int:
    """The process behind a port, which is the id of its first thread as well."""
    found = (c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port)
    return next(pid for pid in found if pid is not None)


def _processor(pid: int) -> float:
    """Seconds of processor time of all threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
