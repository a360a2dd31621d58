"""How wide text is, without a font at hand: names are set in fixed-width letters."""

from __future__ import annotations

import unicodedata

LETTER = 7.5
"""Width of one cell of a name, in pixels: 0.6 of 12.5, as in all usual fixed-width fonts."""

SMALL = 6.4
"""Width of one letter of small text, rather more than less."""

LONGEST = 32


def cells(text: str) -> int:
    """How many cells of a fixed-width font a text takes; Chinese signs take two each."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    none = sum(unicodedata.combining(sign) != 0 for sign in text)
    return len(text) + wide - none


def short(text: str, longest: int = LONGEST) -> str:
    """A text, its middle left out if it is long: names differ at their ends."""
    if cells(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{_cut(text, half)}…{_cut(text[::-1], half)[::-1]}"


def _cut(text: str, longest: int) -> str:
    while cells(text) > longest:
        text = text[: max(1, len(text) - max(1, (cells(text) - longest) // 2))]
        if len(text) == 1:
            break
    return text
