"""The monitor at a terminal, and what a real server lets it see."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from http_server import serving
from windlass.cli import monitoring
from windlass.errors import UnreachableError
from windlass.models.registry import register_in
from windlass.monitoring.findings import Findings
from windlass.monitoring.looking import examine, look
from windlass.pipeline.marks import Model
from windlass.records.models import Move

from . import making
from .making import HOUR, SETTINGS, World, table

PROGRAM = Path(sys.executable).with_name("windlass")
TOML = "[models.delay.monitor]\nwindow = '1h'\nminimum = 100\n"


class Screen:
    """What a program shows at a terminal."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process, self._terminal, self._text = process, terminal, ""

    def shows(self, holds: Callable[[str], bool], seconds: float = 90.0) -> str:
        """Waits until the screen, since it was cleared last, is as it is to be."""
        end = time.monotonic() + seconds
        while not holds(now := re.split(r"\x1b\[2J", self._text)[-1]):
            assert time.monotonic() < end, now
            if select.select([self._terminal], [], [], 0.1)[0]:
                self._text += os.read(self._terminal, 65536).decode()
        return now


@contextlib.contextmanager
def at_a_terminal(root: Path, *words: str) -> Iterator[Screen]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(
        [PROGRAM, *words],
        cwd=root,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            yield Screen(process, ours)
        finally:
            process.kill()
            os.close(ours)


def test_at_a_terminal_it_looks_again_until_it_is_interrupted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "NOW", time.time() - 60)
    (world.stores.project / "windlass.toml").write_text(TOML)
    with at_a_terminal(world.stores.project, "monitor", "delay") as screen:
        screen.shows(lambda text: "too little seen" in text and "looking again" in text)
        for hours in (3, 2, 1):
            world.serve(hours, origin="SFO")
        told = screen.shows(lambda text: "something is off" in text and "looking again" in text)
        assert "100.0% of the rows have categories of 'origin' that are new" in told
        screen.process.send_signal(signal.SIGINT)
        assert screen.process.wait(30) == 1


def test_at_a_terminal_a_record_that_is_gone_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = examine(world.stores, "delay", SETTINGS)
    looks: list[Exception | None] = [None, UnreachableError("the database is gone"), None]

    def looked() -> Findings:
        if not looks:
            raise KeyboardInterrupt
        if (error := looks.pop(0)) is not None:
            raise error
        return found

    monkeypatch.setattr(monitoring, "_AGAIN", 0.0)
    assert monitoring._follow(Console(width=200), looked) is found
    assert capsys.readouterr().out.count("the database is gone") == 1


def test_a_category_that_is_new_to_a_server_is_seen(world: World) -> None:
    stores = world.stores
    (stores.project / "windlass.toml").write_text(TOML)
    reference = table(5000, 1)
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["origin"]),
        remainder="passthrough",
        sparse_threshold=0,
    )
    model = make_pipeline(encode, LogisticRegression()).fit(
        reference[["a", "b", "origin"]], reference.late
    )
    values = {"model": model, "reference": reference}
    register_in(stores, Model("delay", "late", None, None), values)
    assert stores.records.move_alias(Move("delay", "champion", 1, 3, "me", "promoted"))
    rows = table(300, 7)[["a", "b", "origin"]]
    rows.loc[:89, "origin"] = "SFO"
    with serving(stores.project, "delay") as server:
        status, answer = server.post("/models/delay/predict", {"rows": rows.to_dict("records")})
        assert (status, answer["version"]) == (200, "3")
        assert server.stop() == 0
    now = time.time()
    found = look(stores, "delay", SETTINGS, now + 2 * HOUR, since=now - 2 * HOUR)
    (window,) = [each for each in found.windows if each.is_judged]
    off = {(test.rule, test.column): test.effect for test in window.off}
    assert off["categories", "origin"] == pytest.approx(0.3)
