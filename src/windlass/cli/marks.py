"""Marks and colours of states, and what a plain terminal gets instead."""

from __future__ import annotations

import codecs

STYLES = {
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "lost": "magenta",
    "skipped": "dim",
    "running": "cyan",
    "waiting": "dim",
}
MARKS = {
    "succeeded": "✓",
    "failed": "✗",
    "cancelled": "⊘",
    "lost": "?",
    "skipped": "-",
    "running": "●",
    "waiting": "·",
}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_SPINNER = "|/-\\"

_PLAIN = str.maketrans("✓✗⊘●·×…│━─–’", "+x/*.x~|=--'")
"""One character for one, so that no table or live display is put out of shape."""


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Replaces what a terminal cannot show."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(c if c.isascii() else "?" for c in lost), error.end


PLAINLY = "windlass.plainly"
"""The handler of encoding errors that every stream of the command line is given."""

codecs.register_error(PLAINLY, _plainly)
