"""What `windlass monitor` prints, its exit codes, and the page that it writes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli import warm
from windlass.monitoring import looking
from windlass.monitoring.page import page_of
from windlass.stacks.models import ModelSettings

from . import making
from .making import HOUR, SETTINGS, World

PROGRAM = Path(sys.executable).with_name("windlass")


def monitor(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(world.stores.project, "monitor", *words)


@pytest.fixture
def present(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The model, whose last window ended a minute ago."""
    monkeypatch.setattr(making, "NOW", time.time() - 60)
    toml = "[models.delay.monitor]\nwindow = '1h'\nminimum = 100\n"
    (world.stores.project / "windlass.toml").write_text(toml)
    return world


def test_nothing_is_off(present: World) -> None:
    for hours in (3, 2, 1):
        present.serve(hours)
    done = monitor(present, "delay")
    assert done.returncode == 0, done
    assert "delay@1: nothing is off" in done.stdout
    assert "1,200 requests of 1,200 rows; 3 of 3 windows judged" in done.stdout
    assert "quality: no labels have come" in done.stdout
    assert {line.split()[1] for line in done.stdout.splitlines()[-3:]} == {"a", "b", "origin"}


def test_something_is_off(present: World, tmp_path: Path) -> None:
    for hours in (3, 2, 1):
        present.serve(hours, shift=0.8)
        present.label(hours)
    page = tmp_path / "report.html"
    done = monitor(present, "delay", "--json", "--html", str(page))
    assert done.returncode == 1, done
    told = json.loads(done.stdout)
    assert told["verdict"] == "off"
    assert told["standing"][0]["about"] == told["columns"][0]["name"] == "a"
    assert [alert["kind"] for alert in told["alerts"]] == ["drift"]
    assert told["quality"]["overall"]["live"]["n"] == 900
    assert "delay@1 in production" in page.read_text()
    again = monitor(present, "delay@1", "--once", "--since", "90 min")
    assert again.returncode == 0  # a single window since then, and it takes two
    [line] = [line.split() for line in again.stdout.splitlines() if line.startswith("!")]
    assert (line[1], line[-1]) == ("a", "1/1")


def test_too_little_was_seen(present: World) -> None:
    present.serve(1, n=20)
    done = monitor(present, "delay", "--json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (3, "too little")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["elsewhere"], "there is no model 'elsewhere'"),
        (["delay", "--since", "yesterday"], "'yesterday' is not a duration"),
        (["delay@9"], "there is no version 9 of the model 'delay'"),
    ],
)
def test_what_is_not_there_is_refused(world: World, words: list[str], message: str) -> None:
    done = monitor(world, *words)
    assert done.returncode == 2, done
    assert message in done.stderr


class _Elements(HTMLParser):
    """The elements of a page, and what they would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.loads += [name for name, _ in attrs if name in ("src", "href", "onload", "onerror")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_small_loads_nothing_and_runs_nothing(world: World) -> None:
    """Labels are users' own: in a page they are text, whatever stands in them."""
    evil = "<script>alert(1)</script>"
    found = None
    for hours in (2, 1):
        world.serve(hours, shift=0.8, failures=3, origin=np.array([evil] * 400, object))
        world.label(hours)
    found = looking.look(world.stores, "delay", SETTINGS, making.NOW + 60)
    view = found.columns[0]
    object.__setattr__(view, "name", evil)
    page = page_of(found)
    read = _Elements()
    read.feed(page)
    assert len(page) < 100_000
    assert "script" not in read.tags
    assert read.loads == []
    assert evil in read.text
    assert read.tags.count("svg") == 1 + len(found.columns)
    assert "something is off" in read.text


def test_the_page_of_nothing_is_a_page(world: World) -> None:
    empty = looking.look(world.stores, "delay", ModelSettings(), making.NOW + HOUR)
    assert "too little was seen" in page_of(empty)
