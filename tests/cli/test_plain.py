"""A run told line by line."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from windlass.cli.plain import PlainObserver, kept_text
from windlass.execution.execute import Result

ERROR = {"kind": "ValueError", "message": "no", "traceback": "Traceback …\nValueError: no\n"}


@dataclass
class _Graph:
    nodes: dict[str, None]


@dataclass
class _Plan:
    graph: _Graph


@dataclass
class _Job:
    """As much of a job as an observer asks for."""

    name: str = "train-1"
    plan: _Plan = field(default_factory=lambda: _Plan(_Graph({"a": None, "m": None})))


class Watched:
    """An observer, and the lines that it has told since the last look."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.observer = PlainObserver()
        self.observer.run_started(cast("Any", _Job()))

    def lines(self) -> list[str]:
        out, err = self._capsys.readouterr()
        assert out == ""
        return err.splitlines()


@pytest.fixture
def watched(capsys: pytest.CaptureFixture[str]) -> Watched:
    return Watched(capsys)


def test_one_line_for_each_thing_that_happens(watched: Watched) -> None:
    watched.observer.output("a", "said\nhalf")
    watched.observer.node_ended(Result("a", "succeeded", seconds=0.84))
    watched.observer.node_ended(Result("b", "succeeded", cached=True))
    watched.observer.node_ended(Result("c", "failed", final=False, error=ERROR))
    watched.observer.node_ended(Result("d", "skipped", reason="'c' failed"))
    watched.observer.run_ended("failed", 61)
    assert watched.lines() == [
        "train-1  started  2 nodes",
        "a | said",
        "a | half",
        "train-1  a  succeeded  840 ms",
        "train-1  b  succeeded  cached",
        "train-1  c  failed  <1 ms  ValueError: no; to be tried again",
        "train-1  d  skipped  'c' failed",
        "train-1  failed  1 min 1 s",
    ]


def test_of_a_large_map_its_progress_and_its_failures(watched: Watched) -> None:
    watched.observer.map_expanded("m", 50)
    for index in range(50):
        status = "failed" if index == 7 else "succeeded"
        error = ERROR if index == 7 else None
        watched.observer.node_ended(Result(f"m[{index}]", status, error=error))
    told = watched.lines()[1:]
    assert told[0] == "train-1  m  50 items"
    assert [line for line in told if "/50" in line] == [
        f"train-1  m  {done}/50" for done in range(5, 51, 5)
    ]
    assert "train-1  m[7]  failed  <1 ms  ValueError: no" in told
    assert len(told) == 12


def test_of_a_small_map_every_item(watched: Watched) -> None:
    watched.observer.map_expanded("m", 2)
    for index in range(2):
        watched.observer.node_ended(Result(f"m[{index}]", "succeeded"))
    assert len(watched.lines()) == 3


def test_a_reader_that_has_gone_does_not_stop_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        tries = 0

        def write(self, text: str) -> int:
            Gone.tries += 1
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    observer = PlainObserver()
    observer.run_ended("succeeded", 1)
    observer.run_ended("succeeded", 1)
    assert Gone.tries == 1


def test_steps_that_write_to_the_terminal_themselves_are_not_echoed() -> None:
    assert PlainObserver(echo=False).wants_output is False
    assert PlainObserver().wants_output is True


def test_what_is_kept_of_a_run_that_is_resumed() -> None:
    assert kept_text({"load", "fit", "fit[0]", "fit[1]"}) == "fit, load"
    assert kept_text({"load", "fit[0]", "fit[2]"}) == "load, 2 of fit"
