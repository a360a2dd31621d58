"""What a supervisor and its workers tell each other, and what becomes of those that fall silent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from windlass.errors import ServingError
from windlass.serving.releases import Release
from windlass.serving.server import on_signals
from windlass.serving.workers import supervisor as module
from windlass.serving.workers import worker as worker_module
from windlass.serving.workers.channel import Channel, Document
from windlass.serving.workers.supervisor import Supervisor
from windlass.serving.workers.worker import Worker

SILENT = """
import json, socket, sys, time
control = socket.socket(fileno=int(sys.argv[2]))
mute = set(sys.argv[3:])
prepared = set()
for line in control.makefile("rb"):
    told = json.loads(line)
    if told.get("question") in mute:
        continue
    answer = {"number": told["number"], "answer": {}}
    if told.get("question") == "prepare" and "cannot" in mute:
        answer = {"number": told["number"], "error": "it cannot be loaded"}
    number = told.get("told", {}).get("generation")
    if told.get("question") == "commit" and number not in prepared:
        answer = {"number": told["number"], "error": "it was not prepared"}
    prepared.add(number)
    control.sendall(json.dumps(answer).encode() + b"\\n")
"""


def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def test_each_side_asks_the_other_while_it_answers() -> None:
    ours, theirs = pair()

    def double(question: str, told: Document) -> Document:
        if question == "fail":
            raise ServingError("it cannot")
        return {"twice": 2 * told["n"]}

    other: list[Channel] = []

    def asks_back(question: str, told: Document) -> Document:
        return {"found": other[0].ask("double", {"n": told["n"]}, 5)["twice"] + 1}

    here, there = Channel(ours, double), Channel(theirs, asks_back)
    other.append(there)
    assert here.ask("odd", {"n": 4}, 5) == {"found": 9}
    with pytest.raises(ServingError, match="it cannot"):
        there.ask("fail", {}, 5)
    here.close()
    there.close()


def test_a_side_that_is_gone_or_silent_is_told() -> None:
    ours, theirs = pair()
    ended = threading.Event()
    here = Channel(ours, lambda *_: None, ended.set)
    with pytest.raises(ServingError, match="says nothing to 'ping'"):
        here.ask("ping", {}, 0.1)
    told: list[str] = []

    def asks() -> None:
        try:
            here.ask("ping", {}, 30)
        except ServingError as error:
            told.append(error.message)

    asked = threading.Thread(target=asks)
    asked.start()
    theirs.close()
    asked.join(5)
    assert told == ["the other process of the server is gone"]
    assert ended.wait(5)
    with pytest.raises(ServingError, match="is gone"):
        here.ask("ping", {}, 5)
    here.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def muted() -> list[list[str]]:
    """What each worker in turn is mute to; those after them to nothing."""
    return [[], ["commit"]]


@pytest.fixture
def led(
    listener: socket.socket, muted: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Supervisor]:
    """Two workers, stand-ins that answer all they are asked but what they are mute to."""
    start = subprocess.Popen

    def stand_in(words: list[str], **options: object) -> subprocess.Popen[bytes]:
        mute = muted.pop(0) if muted else []
        return start([sys.executable, "-c", SILENT, *words[-2:], *mute], **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", stand_in)
    monkeypatch.setattr(module, "COMMIT", 0.5)
    monkeypatch.setattr(module, "PREPARE", 2.0)
    supervisor = Supervisor(listener, 2, {}, lambda *_: None)
    supervisor.start()
    yield supervisor
    supervisor.stop()


def test_a_worker_that_loads_a_release_may_be_silent(
    led: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loader that holds Python's lock would end all workers at once, in each swap."""
    release = Release(Path("there"), {"model": "delay", "number": 1})
    led.prepare(release, 1)
    led.commit(release, 1)
    led.tend()
    loading, idle = led.workers
    pids = loading.process.pid, idle.process.pid
    for each in (loading, idle):
        monkeypatch.setattr(each.channel, "ask", silent)
    loading.is_preparing = True
    led.tend()
    assert [each.process.pid for each in led.workers].count(pids[0]) == 1
    assert pids[1] not in [each.process.pid for each in led.workers]
    loading.is_preparing = False
    led.tend()
    assert pids[0] not in [each.process.pid for each in led.workers]


def silent(*_: object) -> Document:
    raise ServingError("a worker says nothing to 'ping' for 5 s")


def test_a_worker_that_misses_the_commit_leaves_rotation_and_is_replaced(led: Supervisor) -> None:
    release = Release(Path("there"), {"model": "delay", "number": 1})
    before = {each.process.pid for each in led.workers}
    led.prepare(release, 1)
    began = time.monotonic()
    led.commit(release, 1)
    assert time.monotonic() - began < 5
    assert (len(led.workers), led.lacking) == (1, 1)
    led.tend()
    assert (len(led.workers), led.lacking, led.restarts) == (2, 0, 1)
    assert len({each.process.pid for each in led.workers} & before) == 1
    led.prepare(release, 2)
    led.commit(release, 2)
    assert led.lacking == 0


def test_a_worker_that_is_started_in_the_middle_of_a_swap_takes_part_in_it(led: Supervisor) -> None:
    one, two = (Release(Path("there"), {"model": "delay", "number": n}) for n in (1, 2))
    led.prepare(one, 1)
    led.commit(one, 1)
    led.prepare(two, 2)
    led.tend()  # the second one has missed a commit
    pids = {each.process.pid for each in led.workers}
    led.commit(two, 2)
    assert {each.process.pid for each in led.workers} == pids
    assert (len(pids), led.restarts) == (2, 1)


def test_one_that_cannot_be_brought_up_does_not_stay(
    led: Supervisor, muted: list[list[str]]
) -> None:
    release = Release(Path("there"), {"model": "delay", "number": 1})
    others = running() - {each.process.pid for each in led.workers}
    led.prepare(release, 1)
    led.commit(release, 1)
    muted += [["cannot"], ["settings"], ["cannot"]]
    for lacking in (1, 1, 1, 0):
        led.tend()
        assert led.lacking == lacking
    end = time.monotonic() + 10
    while (left := running() - others) != {each.process.pid for each in led.workers}:
        assert time.monotonic() < end, left
        time.sleep(0.05)


def running() -> set[int]:
    children = psutil.Process().children()
    return {each.pid for each in children if each.status() != psutil.STATUS_ZOMBIE}


def test_one_that_dies_is_reaped(led: Supervisor) -> None:
    worker = led.workers[0]
    worker.process.kill()
    end = time.monotonic() + 10
    while psutil.pid_exists(worker.process.pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_one_that_is_told_to_end_just_before_it_serves_ends(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uvicorn takes signals as it begins: one that came a moment before must not be lost."""
    ours, theirs = pair()
    served: list[socket.socket] = []

    class Late:
        """A server in whose making the signal comes."""

        def __init__(self, app: object) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

        run = staticmethod(served.append)

        def stop(self) -> None:
            raise AssertionError("the signal came before")

    delay = SimpleNamespace(commit=lambda _: None, live=True, close=lambda: None)
    settings = SimpleNamespace(read=lambda _: SimpleNamespace(stack=None))
    replaced = {
        "HttpServer": Late,
        "ServerSettings": settings,
        "LateStores": lambda _: SimpleNamespace(close=lambda: None),
        "deployments": lambda *_: {"delay": delay},
        "application": lambda *_, **__: None,
    }
    for name, stand_in in replaced.items():
        monkeypatch.setattr(worker_module, name, stand_in)
    monkeypatch.setattr(Worker, "_orphaned", lambda _: None)  # it would end this process
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    worker, channel = Worker(listener, theirs), Channel(ours, lambda *_: None)
    try:
        on_signals(worker.end)
        channel.ask("settings", {}, 5)
        channel.ask("commit", {"model": "delay", "generation": 1}, 5)
        worker.run()
        assert served == []
    finally:
        channel.close()
        theirs.close()
        for number, handler in before.items():
            signal.signal(number, handler)
