"""What a supervisor and its workers tell each other, and what becomes of those that fall silent."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from windlass.errors import ServingError
from windlass.serving.releases import Release
from windlass.serving.workers import supervisor as module
from windlass.serving.workers.channel import Channel, Document
from windlass.serving.workers.supervisor import Supervisor

SILENT = """
import json, socket, sys, time
control = socket.socket(fileno=int(sys.argv[2]))
mute = set(sys.argv[3:])
for line in control.makefile("rb"):
    told = json.loads(line)
    if told.get("question") in mute:
        continue
    answer = {"number": told["number"], "answer": {}}
    if told.get("question") == "prepare" and "cannot" in mute:
        answer = {"number": told["number"], "error": "it cannot be loaded"}
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
def led(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """Two workers, stand-ins that answer all they are asked but what they are mute to."""
    muted: list[list[str]] = [[], ["commit"]]
    start = subprocess.Popen

    def stand_in(words: list[str], **options: object) -> subprocess.Popen[bytes]:
        mute = muted.pop(0) if muted else []
        return start([sys.executable, "-c", SILENT, *words[-2:], *mute], **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", stand_in)
    monkeypatch.setattr(module, "COMMIT", 0.5)
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
