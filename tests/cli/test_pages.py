"""HTML as lines of a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windlass.cli.pages import page_lines, table_lines

PAGE = """
<style>td {color: red}</style>
<p>Before  the
table</p>
<table><thead><tr><th></th>
  <th>name</th>
  <th>share</th></tr></thead>
<tr><th>0</th><td>a &amp; b</td>
  <td>0.5</td></tr>
<tr><th>10</th><td></td><td>NaN</td></tr></table><p>2 rows</p><script>alert(1)</script>
"""
ROWS = st.lists(st.lists(st.text("ab1.", max_size=5), min_size=1, max_size=6), min_size=1)


def test_a_page_is_told_with_its_table_aligned() -> None:
    assert page_lines(PAGE) == [
        "Before the table",
        "    name   share",
        " 0  a & b    0.5",
        "10           NaN",
        "2 rows",
    ]


def test_columns_that_do_not_fit_are_left_out_and_it_shows() -> None:
    lines = page_lines(PAGE, 12)
    assert lines[1:4] == ["    name   …", " 0  a & b", "10"]


def test_a_page_without_anything_has_no_lines() -> None:
    assert page_lines("<table></table><p> </p>") == []
    assert page_lines("only text") == ["only text"]


@given(ROWS, st.integers(1, 30))
def test_no_line_is_wider_than_asked_beyond_its_first_column(
    rows: list[list[str]], width: int
) -> None:
    first = max(len(row[0]) for row in rows)
    lines = table_lines(rows, width)
    assert len(lines) == len(rows)
    assert max(map(len, lines)) <= max(width, first + 3)
