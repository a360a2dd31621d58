"""A page of HTML in a terminal: its tables aligned, all else as lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import zip_longest
from typing import TypeAlias

Rows: TypeAlias = list[list[str]]

_HIDDEN = ("script", "style", "title")
_BREAKS = ("br", "div", "h1", "h2", "h3", "h4", "li", "p", "pre", "tr")
_GAP = 2
_NUMBER = re.compile(r"[-+]?[\d.,:% -]*\d[\d.,:% -]*(e[-+]?\d+)?|nan|none|nat|<na>", re.IGNORECASE)


def page_lines(page: str, width: int | None = None) -> list[str]:
    """The text of a page.

    Args:
        page: Its HTML.
        width: How many characters a row of a table may have; columns beyond are left out.
    """
    parser = _Page()
    parser.feed(page)
    parser.close()
    parser.end_text()
    lines: list[str] = []
    for block in parser.blocks:
        lines += [block] if isinstance(block, str) else table_lines(block, width)
    return lines


def table_lines(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Rows of cells as aligned lines, the first row being the head.

    Args:
        rows: Of any lengths.
        width: How many characters a line may have; columns beyond are left out.
    """
    columns = list(zip_longest(*rows, fillvalue=""))
    widths = [max(map(len, column)) for column in columns]
    kept = _fitting(widths, width)
    if kept < len(columns):
        columns = [*columns[:kept], ("…", *[""] * (len(rows) - 1))]
    told = [_aligned(column) for column in columns]
    return [(" " * _GAP).join(cells).rstrip() for cells in zip(*told, strict=True)]


def _fitting(widths: Sequence[int], width: int | None) -> int:
    """How many columns fit, with room for the sign that there are more."""
    if width is None or sum(widths) + _GAP * (len(widths) - 1) <= width:
        return len(widths)
    left, count = width - 1, 0
    while count < len(widths) and widths[count] + _GAP <= left:
        left -= widths[count] + _GAP
        count += 1
    return max(count, 1)


def _aligned(column: Sequence[str]) -> list[str]:
    size = max(map(len, column))
    numbers = all(not cell or _NUMBER.fullmatch(cell) for cell in column[1:])
    return [cell.rjust(size) if numbers else cell.ljust(size) for cell in column]


class _Page(HTMLParser):
    """Takes a page apart into lines of text and tables."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str | Rows] = []
        self._rows: Rows | None = None
        self._text: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "table" and self._rows is None:
            self.end_text()
            self._rows = []
        elif self._rows is not None:
            if tag == "tr":
                self._rows.append([])
            if tag in ("td", "th", "tr"):
                self._text.clear()
        elif tag in _BREAKS:
            self.end_text()

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif self._rows is None:
            if tag in _BREAKS:
                self.end_text()
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append(self._taken())
        elif tag == "table":
            if any(self._rows):
                self.blocks.append([row for row in self._rows if row])
            self._rows = None
            self._text.clear()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._text.append(data)

    def end_text(self) -> None:
        """Ends a line, if there is something on it."""
        if text := self._taken():
            self.blocks.append(text)

    def _taken(self) -> str:
        text = " ".join("".join(self._text).split())
        self._text.clear()
        return text
