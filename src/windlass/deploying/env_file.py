"""The file ``.env`` beside a compose file: secrets, for their owner alone to read."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from windlass.provenance import git

FILE = ".env"
_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=", re.MULTILINE)


def add_password(folder: Path, name: str) -> bool:
    """Draws a password and appends it to the file, if it has none of that name yet.

    The file is made, or becomes, one that nobody but its owner reads.

    Returns:
        Whether one was drawn.
    """
    file = folder / FILE
    if name in names_in(folder):
        return False
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    gap = "" if before.endswith("\n") or not before else "\n"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as opened:
        os.fchmod(descriptor, 0o600)
        # Letters and digits: it stands in a URL.
        opened.write(f"{gap}{name}={secrets.token_hex(24)}\n")
    return True


def names_in(folder: Path) -> set[str]:
    """The variables that the file sets; none if it is not there."""
    file = folder / FILE
    return {*_LINE.findall(file.read_text(encoding="utf-8"))} if file.is_file() else set()


def is_shown_to_git(folder: Path) -> bool:
    """Whether the file would be committed with the rest of its folder."""
    if not git.in_checkout(folder):
        return False
    return git.finish(git.start(folder, "check-ignore", "--quiet", FILE)) is None
