"""What nodes write becomes lines that a person can read as they come."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from windlass.cli.written import LONGEST_LINE, MOST_LINES, Written

TRACEBACK = (
    'Traceback (most recent call last):\n  File "p.py", line 3, in f\n    g()\nValueError: no\n'
)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_line_is_shown_when_it_is_whole() -> None:
    written = Written("r-1")
    assert written.add("a", "one\ntw") == ["one"]
    assert written.add("b", "other\n") == ["other"]
    assert written.add("a", "o\n") == ["two"]
    assert written.end("a") == []


def test_the_last_line_needs_no_end() -> None:
    written = Written("r-1")
    assert written.add("a", "no newline") == []
    assert written.end("a") == ["no newline"]
    assert written.end("a") == []


def test_of_a_progress_bar_only_its_last_state_is_a_line() -> None:
    written = Written("r-1")
    assert written.add("a", "\r 10%\r 50%") == []
    assert written.state("a") == " 50%"
    assert written.add("a", "\r100%\r") == []
    assert written.state("a") == "100%"
    assert written.add("a", "\r\nnext\r\n") == ["100%", "next"]
    assert written.state("a") == ""
    assert written.state("b") == ""


def test_of_many_lines_the_first_are_shown_and_the_others_counted() -> None:
    written = Written("r-1")
    shown = written.add("train[2]", "x\n" * (MOST_LINES + 1234))
    assert shown[:-1] == ["x"] * MOST_LINES
    assert shown[-1] == "… 1,234 more lines: windlass logs r-1 'train[2]'"


def test_a_very_long_line_is_cut() -> None:
    (line,) = Written("r-1").add("a", "y" * 10_000 + "\n")
    assert len(line) == LONGEST_LINE


def test_the_traceback_by_which_a_node_fails_is_not_shown_twice() -> None:
    written = Written("r-1")
    assert written.add("a", f"before\n{TRACEBACK[:40]}") == ["before"]
    assert written.add("a", TRACEBACK[40:]) == []
    assert written.end("a", TRACEBACK) == []


def test_a_traceback_that_a_step_survives_is_shown_after_a_moment() -> None:
    clock = Clock()
    written = Written("r-1", clock)
    assert written.add("a", TRACEBACK) == []
    assert written.due() == {}
    clock.now = 0.6
    assert written.due() == {"a": TRACEBACK.splitlines()}
    assert written.due() == {}


def test_another_traceback_than_its_own_is_shown() -> None:
    written = Written("r-1")
    written.add("a", TRACEBACK)
    assert written.end("a", TRACEBACK.replace("no", "yes")) == TRACEBACK.splitlines()


@given(st.text(alphabet="ab\n", max_size=40), st.lists(st.integers(0, 40), max_size=5))
def test_no_line_is_lost_however_it_arrives(text: str, cuts: list[int]) -> None:
    written = Written("r-1")
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    shown = [line for piece in pieces for line in written.add("a", piece)]
    assert [*shown, *written.end("a")] == (text.removesuffix("\n").split("\n") if text else [])
