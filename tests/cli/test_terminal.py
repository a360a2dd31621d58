"""A run as it is drawn on a terminal, and Ctrl-C there."""

from __future__ import annotations

import re
import time

import psutil
import pytest
from rich.cells import cell_len

from .program import OURS, Folder
from .terminal import COLUMNS, on_terminal


def test_a_map_is_one_bar_that_fits_the_terminal(project: Folder) -> None:
    with on_terminal(project, "run", "sample.py:many") as terminal:
        assert terminal.end() == 0, terminal.raw
    assert any("━" in line and "/30" in line for line in terminal.lines)
    assert not any("short[7]" in line for line in terminal.lines)
    last = [line for line in terminal.lines if line.strip()]
    assert any("30/30" in line for line in last)
    assert any("succeeded" in line and "many-1" in line for line in last)
    assert "435" in last[-2] + last[-3]
    assert max(cell_len(line.rstrip()) for line in terminal.lines) <= COLUMNS


def test_the_drawing_never_moves_above_the_terminals_top(project: Folder) -> None:
    with on_terminal(project, "run", "pipeline.py:training", rows=8) as terminal:
        assert terminal.end() == 0, terminal.raw
    moves = re.findall(r"(?:\x1b\[1A(?:\x1b\[2K)?)+", terminal.raw)
    assert max(move.count("\x1b[1A") for move in moves) < 8
    assert max(cell_len(line.rstrip()) for line in terminal.lines) <= COLUMNS
    assert "\x1b[?25h" in terminal.raw[-400:] or "\x1b[?25l" not in terminal.raw


def test_what_steps_write_stands_above_the_drawing(project: Folder) -> None:
    with on_terminal(project, "run", "sample.py:fails") as terminal:
        assert terminal.end() == 1
    assert any("printed 1" in line for line in terminal.lines)
    assert any("cannot work with 2" in line for line in terminal.lines)
    assert any("failed" in line for line in terminal.lines)


def test_a_long_message_leaves_the_names_of_the_nodes(project: Folder) -> None:
    with on_terminal(project, "run", "sample.py:fails_at_length") as terminal:
        assert terminal.end() == 1
    drawn = [line for line in terminal.lines if "ValueError" in line and line.startswith("✗")]
    assert any(line.split()[1] == "wordy" and line.rstrip().endswith("…") for line in drawn)
    assert not any(line.startswith("…") for line in terminal.lines)


@pytest.mark.parametrize(
    "environment", [{"TERM": "dumb"}, {"NO_COLOR": "1", "TERM": "dumb"}, {"TERM": "unknown"}]
)
def test_a_terminal_that_cannot_draw_gets_plain_lines(
    project: Folder, environment: dict[str, str]
) -> None:
    with on_terminal(project, "run", "sample.py:talk", environment=environment) as terminal:
        assert terminal.end() == 0, terminal.raw
    assert "\x1b" not in terminal.raw
    assert any("speak_2" in line and "succeeded" in line for line in terminal.lines)


def test_no_color_means_no_colour(project: Folder) -> None:
    with on_terminal(project, "run", "sample.py:talk", environment={"NO_COLOR": "1"}) as terminal:
        assert terminal.end() == 0, terminal.raw
    assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38;5)[0-9;]*m", terminal.raw)
    assert "talk-1" in terminal.raw


@pytest.mark.parametrize("how", [(), ("--in-process",), ("--fresh",)])
def test_ctrl_c_stops_within_two_seconds_and_leaves_nothing(
    project: Folder, how: tuple[str, ...]
) -> None:
    with on_terminal(project, "run", "sample.py:slow", *how) as terminal:
        terminal.wait_for("tick 1")
        program = psutil.Process(terminal.process.pid)
        workers = program.children(recursive=True)
        began = time.monotonic()
        terminal.press(b"\x03")
        code = terminal.end(20)
        took = time.monotonic() - began
    assert code == 130
    assert took < 2 * _load()
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert [w for w in alive if w.status() != psutil.STATUS_ZOMBIE] == []
    assert OURS not in terminal.raw
    run = project.document("show", "slow-1")
    assert run["status"] == "cancelled"
    assert {node["status"] for node in run["nodes"]} <= {"cancelled"}


def _load() -> float:
    """How much slower this machine is for the other work on it."""
    return max(1.0, psutil.getloadavg()[0] / (psutil.cpu_count() or 1))
