"""What a step's result depends on in code: the fingerprint, and its parts."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from windlass.provenance.fingerprint.packing import digest_packed
from windlass.values import to_text

_FORMAT = 1


class Piece(NamedTuple):
    """One thing that a step can reach.

    Args:
        kind: ``function``, ``class``, ``constant``, ``name`` (what a name stands for),
            ``definition`` (how an object was made that cannot be looked into), ``module`` (what
            importing it does), or ``file`` (a module that is imported only when a step runs).
        name: Such as ``features.lag``.
        digest: Of it alone, not of what it reaches.
        file: Relative to the project's root; None if it is in no file. Not part of any digest.
        line: Where it begins. Not part of any digest.
    """

    kind: str
    name: str
    digest: str
    file: str | None = None
    line: int | None = None

    @property
    def place(self) -> str | None:
        """``features.py:12``; only the file where the line is not known, None without a file."""
        if self.file is None or self.line is None:
            return self.file
        return f"{self.file}:{self.line}"


class Unresolved(NamedTuple):
    """What could be anything, so that all of the project counts.

    Args:
        what: In words, such as ``eval(…)``.
        place: ``features.py:12``.
    """

    what: str
    place: str


@dataclass(frozen=True)
class Fingerprint:
    """The code that a step can reach.

    Args:
        entry: The full name of the function that it is taken of.
        pieces: Sorted; of one name there may be several, such as lambdas.
        distributions: What identifies each installed distribution that is reached, by name.
        unresolved: What analysis could not follow.
        bundle: The digest of the whole project, if anything is unresolved.
        sources: Where the source of pieces stands, by their digests; see `texts`.
    """

    entry: str
    pieces: tuple[Piece, ...]
    distributions: Mapping[str, str]
    unresolved: tuple[Unresolved, ...] = ()
    bundle: str | None = None
    sources: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)

    @functools.cached_property
    def digest(self) -> str:
        """Of everything that can change a result; not of files and lines."""
        pieces = [each[:3] for each in self.pieces]
        distributions = sorted(self.distributions.items())
        return digest_packed("fingerprint", self.entry, pieces, distributions, self.bundle)

    def document(self) -> str:
        """The JSON that `read_fingerprint` reads."""
        return to_text(
            {
                "format": _FORMAT,
                "entry": self.entry,
                "pieces": [list(each) for each in self.pieces],
                "distributions": dict(sorted(self.distributions.items())),
                "unresolved": [list(each) for each in self.unresolved],
                "bundle": self.bundle,
            }
        )


def read_fingerprint(document: Any) -> Fingerprint:
    """The fingerprint of a document that `Fingerprint.document` made, parsed; without texts."""
    return Fingerprint(
        entry=document["entry"],
        pieces=tuple(Piece(*each) for each in document["pieces"]),
        distributions=document["distributions"],
        unresolved=tuple(Unresolved(*each) for each in document["unresolved"]),
        bundle=document["bundle"],
    )
