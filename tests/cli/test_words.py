"""Durations, sizes and facts in words; and what a plain terminal gets of them."""

from __future__ import annotations

import io

import pytest

from windlass.cli.marks import MARKS, PLAINLY, SPINNER, STYLES
from windlass.words import ago_text, number_text, seconds_text, shortened, size_text, summary_text


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, ""),
        (0.0001, "<1 ms"),
        (0.84, "840 ms"),
        (1.234, "1.23 s"),
        (12.34, "12.3 s"),
        (61, "1 min 1 s"),
        (3 * 3600 + 60, "3 h 1 min"),
    ],
)
def test_durations(seconds: float | None, told: str) -> None:
    assert seconds_text(seconds) == told


@pytest.mark.parametrize(
    ("ago", "told"),
    [(5, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (86400 * 3, "3 days ago")],
)
def test_moments(ago: float, told: str) -> None:
    assert ago_text(1e9 - ago, 1e9) == told


def test_moments_long_ago_are_days() -> None:
    assert ago_text(1e9 - 86400 * 30, 1e9).startswith("2001-08-")


@pytest.mark.parametrize(
    ("size", "told"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (2 * 10**15, "2000.0 TB")]
)
def test_sizes(size: int, told: str) -> None:
    assert size_text(size) == told


def test_numbers() -> None:
    assert (number_text(0.123456), number_text(None), number_text(3.0)) == ("0.1235", "nan", "3")


@pytest.mark.parametrize(
    ("summary", "told"),
    [
        ({"value": "'a\nb'"}, "'a b'"),
        ({"shape": [3, 1000], "dtype": "float64"}, "3 × 1,000 float64"),
        ({"rows": 1500, "columns": {"a": {}, "b": {}}}, "1,500 rows × 2 columns"),
        ({"rows": 2}, "2 rows"),
        ({"length": 1200, "of": ["int"]}, "1,200 items"),
        ({"length": 1200}, "length 1,200"),
        ({"class": "Ridge", "parameters": {"a": 1}}, "class Ridge"),
        ({"shape": "odd", "rows": None}, "shape odd"),
        ({}, ""),
    ],
)
def test_summaries(summary: dict[str, object], told: str) -> None:
    assert summary_text(summary) == told


def test_long_texts_are_cut_to_one_line() -> None:
    assert shortened("a\n b " * 400, 10) == "a b a b a…"


def test_a_plain_terminal_gets_one_character_for_one() -> None:
    told = f"{''.join(MARKS.values())} a × b… │ {SPINNER} é"
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", errors=PLAINLY)
    stream.write(told)
    stream.flush()
    plain = stream.buffer.getvalue().decode("ascii")
    assert len(plain) == len(told)
    assert "a x b~ |" in plain


def test_every_status_has_a_mark_and_a_style() -> None:
    assert set(MARKS) == set(STYLES)
