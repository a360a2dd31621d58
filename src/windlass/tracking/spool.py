"""Where the bytes of what a step logs are kept until the artifact store has them."""

from __future__ import annotations

from pathlib import Path


def spool_of(journal: Path) -> Path:
    """The folder beside a journal for the bytes of values that it tells of."""
    return journal.with_name(f"{journal.name}.values")
