"""The state of every node, and the lines in which it is drawn."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.text import Text

from windlass.cli.board import SMALL_MAP, Board, Line
from windlass.cli.drawing import Drawing
from windlass.execution.execute import Result

ERROR = {"kind": "ValueError", "message": "no\ngood"}


def board_of(*nodes: str) -> tuple[Board, dict[str, Line]]:
    board = Board(nodes, lambda: 10.0)
    return board, {line.name: line for line in board.lines() if not line.is_group}


def drawn(board: Board, width: int = 60, *, utf: bool = True) -> list[str]:
    frame = Drawing(width, utf).frame(board, Text("title"), board.lines(), 0)
    return frame.plain.split("\n")


def test_nested_pipelines_are_headings_above_their_nodes() -> None:
    board, _ = board_of("load", "fit.split", "fit.deep.train", "pick", "fit.test", "fit")
    told = [(line.label, line.depth, line.is_group) for line in board.lines()]
    assert told == [
        ("load", 0, False),
        ("fit", 0, True),
        ("split", 1, False),
        ("deep", 1, True),
        ("train", 2, False),
        ("test", 1, False),
        ("pick", 0, False),
        ("fit", 0, False),  # a node of the group's own name
    ]
    assert board.size == 6


def test_a_node_waits_runs_and_ends() -> None:
    board, lines = board_of("a")
    assert lines["a"].status == "waiting"
    board.started("a", 1)
    board.at("a", " 50%  |##")
    assert (lines["a"].status, lines["a"].note) == ("running", "50% |##")
    board.ended_with(Result("a", "succeeded", seconds=2.0))
    assert (lines["a"].status, lines["a"].seconds, lines["a"].note) == ("succeeded", 2.0, "")
    assert (board.ended, board.counts()) == (1, {"succeeded": 1})


def test_a_retry_is_told() -> None:
    board, lines = board_of("a")
    board.started("a", 1)
    board.ended_with(Result("a", "failed", final=False, error=ERROR))
    assert lines["a"].status == "running"
    assert lines["a"].note == "ValueError: no good; will be tried again"
    board.started("a", 2)
    assert lines["a"].note == "attempt 2"
    board.ended_with(Result("a", "failed", error=ERROR))
    assert (lines["a"].status, lines["a"].note) == ("failed", "ValueError: no good")


def test_a_retry_that_succeeded_is_told() -> None:
    board, lines = board_of("a")
    board.started("a", 1)
    board.ended_with(Result("a", "failed", final=False, error=ERROR))
    board.started("a", 2)
    board.ended_with(Result("a", "succeeded"))
    assert (lines["a"].status, lines["a"].note) == ("succeeded", "2 attempts")


@pytest.mark.parametrize(("status", "reason"), [("skipped", "'a' failed"), ("cancelled", "why")])
def test_what_never_ran_tells_why(status: str, reason: str) -> None:
    board, lines = board_of("b")
    board.ended_with(Result("b", status, reason=reason))
    assert (lines["b"].status, lines["b"].note) == (status, reason)


def test_the_items_of_a_small_map_are_lines_of_their_own() -> None:
    board, _ = board_of("g.m")
    board.expanded("g.m", 2)
    board.started("g.m[1]", 1)
    lines = {line.name: line for line in board.lines() if not line.is_group}
    assert [line.label for line in lines.values()] == ["m", "m[0]", "m[1]"]
    assert [line.status for line in lines.values()] == ["running", "waiting", "running"]
    board.ended_with(Result("g.m[1]", "failed", error=ERROR))
    board.ended_with(Result("g.m[0]", "succeeded", cached=True))
    assert [line.status for line in lines.values()] == ["failed", "succeeded", "failed"]
    assert lines["g.m[0]"].note == "cached"
    assert lines["g.m"].counts == {"failed": 1, "cached": 1}


def test_a_large_map_is_one_line_with_a_bar() -> None:
    board, lines = board_of("m")
    board.expanded("m", 40)
    for index in range(10):
        board.started(f"m[{index}]", 1)
        board.ended_with(Result(f"m[{index}]", "failed" if index == 0 else "succeeded"))
    assert len(board.lines()) == 1
    assert lines["m"].status == "running"
    assert "━━━━━───────────────  10/40  1 failed" in drawn(board)[1]
    for index in range(10, 40):
        board.ended_with(Result(f"m[{index}]", "succeeded"))
    assert lines["m"].status == "failed"


def test_an_empty_map_has_succeeded() -> None:
    board, lines = board_of("m")
    board.expanded("m", 0)
    assert (lines["m"].status, lines["m"].note) == ("succeeded", "no items")


def test_a_map_that_never_ran_is_settled_as_a_whole() -> None:
    board, lines = board_of("m")
    board.ended_with(Result("m", "skipped", reason="'a' failed"))
    assert lines["m"].status == "skipped"


def test_finished_lines_leave_in_order_with_what_is_below_them() -> None:
    board, _ = board_of("a", "g.b", "g.c", "m", "d")
    board.expanded("m", 2)
    for node in ("a", "g.b", "m[0]", "m[1]"):
        board.started(node, 1)
        board.ended_with(Result(node, "succeeded"))
    assert board.remove_finished(0) == []
    assert [line.name for line in board.remove_finished(1)] == ["a"]
    assert [line.name for line in board.remove_finished(9)] == ["g.b", "m", "m[0]", "m[1]"]
    assert [line.name for line in board.lines()] == ["g", "g.c", "d"]
    board.ended_with(Result("g.c", "succeeded"))  # a group leaves with its last node
    assert [line.name for line in board.remove_finished(9)] == ["g", "g.c"]


@pytest.mark.parametrize("width", [20, 40, 60, 200])
@pytest.mark.parametrize("utf", [True, False])
def test_no_line_is_wider_than_the_terminal(width: int, utf: bool) -> None:
    board, _ = board_of("a", "group.a_step_with_a_really_long_name_for_a_step", "日本語" * 20)
    board.expanded("a", SMALL_MAP + 1)
    board.started("a[0]", 1)
    board.ended_with(Result("日本語" * 20, "failed", error={**ERROR, "message": "m" * 500}))
    lines = drawn(board, width, utf=utf)
    assert len(lines) == 5
    assert max(cell_len(line) for line in lines) <= width


def test_names_stay_beside_a_long_message() -> None:
    board, _ = board_of("short", "b")
    board.started("short", 1)
    board.ended_with(Result("short", "failed", error={**ERROR, "message": "m" * 500}))
    assert drawn(board)[1].startswith("✗ short  <1 ms  ValueError: mmm")
    assert drawn(board)[1].endswith("…")


def test_a_line_that_scrolled_away_has_its_whole_name() -> None:
    board, lines = board_of("g.a")
    board.started("g.a", 1)
    board.ended_with(Result("g.a", "succeeded", seconds=1.0))
    assert Drawing(60).alone(board, lines["g.a"]).plain == "✓ g.a  1.00 s"
