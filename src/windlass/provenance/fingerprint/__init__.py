"""The fingerprint of a step: everything in code that its result can depend on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from windlass.provenance.environment import Environment
from windlass.provenance.fingerprint.model import Fingerprint, Piece, Unresolved, read_fingerprint
from windlass.provenance.fingerprint.reach import reach
from windlass.provenance.fingerprint.requirements import Requirements
from windlass.provenance.fingerprint.texts import text_of
from windlass.provenance.fingerprint.walk import full_name

__all__ = [
    "Fingerprint",
    "Fingerprinter",
    "Piece",
    "Unresolved",
    "reach",
    "read_fingerprint",
    "text_of",
]


class Fingerprinter:
    """Takes fingerprints of functions.

    Args:
        root: The project's folder.
        environment: What identifies the installed distributions.
        everything: Gives the digest of all code that a step could import, for what cannot be
            resolved. It takes long, so it is only asked where it is needed.
    """

    def __init__(self, root: Path, environment: Environment, everything: Callable[[], str]) -> None:
        self._root = root
        self._requirements = Requirements(environment)
        self._everything = everything

    def of(self, function: Callable[..., Any]) -> Fingerprint:
        """The fingerprint of a step's function, as it is now."""
        walk = reach(function, self._root)
        unresolved = tuple(sorted(walk.unresolved))
        return Fingerprint(
            entry=full_name(function),
            pieces=walk.sorted_pieces(),
            distributions=self._requirements.closure(sorted(walk.tops)),
            unresolved=unresolved,
            bundle=self._everything() if unresolved else None,
            sources=walk.texts,
        )
