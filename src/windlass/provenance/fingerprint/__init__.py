"""The fingerprint of a step: everything in code that its result can depend on."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from windlass import modules
from windlass.provenance.environment import Environment
from windlass.provenance.fingerprint.findings import Findings, full_name
from windlass.provenance.fingerprint.memo import Memo
from windlass.provenance.fingerprint.model import Fingerprint, Piece, Unresolved, read_fingerprint
from windlass.provenance.fingerprint.origin import Origin, origin_of_module
from windlass.provenance.fingerprint.reach import reach, together
from windlass.provenance.fingerprint.requirements import (
    Everything,
    Lookalike,
    Requirements,
)
from windlass.provenance.fingerprint.texts import located, text_of

__all__ = [
    "Fingerprint",
    "Fingerprinter",
    "Piece",
    "Taken",
    "Unresolved",
    "reach",
    "read_fingerprint",
    "text_of",
    "together",
]


class Taken(NamedTuple):
    """A fingerprint by its digest.

    Args:
        digest: Its digest.
        whole: Gives all of it, which takes longer where the digest was remembered.
    """

    digest: str
    whole: Callable[[], Fingerprint]


class Fingerprinter:
    """Takes fingerprints of functions.

    Args:
        root: The project's folder.
        environment: What identifies the installed distributions.
        everything: Gives the digest of all code that a step could import, for what cannot be
            resolved. It takes long, so it is only asked where it is needed.
        cache: The folder of what can be worked out again.
        elsewhere: Whether the steps run in another interpreter than this one. Then all of its
            distributions count, since which of them need which cannot be looked up here.
        here: What is installed in this interpreter, if that may be the same: then only those count
            that a step uses, as far as they are the same here.
    """

    def __init__(
        self,
        root: Path,
        environment: Environment,
        everything: Callable[[], str],
        cache: Path | None = None,
        *,
        elsewhere: bool = False,
        here: Environment | None = None,
    ) -> None:
        self._root = root
        self._requirements = _requirements(environment, here, elsewhere=elsewhere)
        is_other = elsewhere or here is not None
        if is_other and cache is not None:  # what is remembered of a step here is another thing
            cache = cache / "environments" / environment.digest[:16]
        self._everything = everything
        context = environment.digest + ("" if here is None else here.digest)
        self._memo = Memo(cache, os.path.realpath(root), context)

    def take(self, function: Callable[..., Any]) -> Taken:
        """The fingerprint of a step's function as it is now, by its digest."""
        known = self._memo.recall(full_name(function))
        if known is not None:
            return Taken(known, lambda: self._located(self.of(function)))
        found = self.of(function)
        return Taken(found.digest, lambda: self._located(found))

    def take_class(self, name: str) -> Taken:
        """The fingerprint of a class or function by its ``module:qualname``.

        One of the project is imported; of an installed distribution, its version counts.

        Raises:
            ImportError: Its module cannot be imported.
            AttributeError: Its module does not hold it.
        """
        origin = origin_of_module(name.partition(":")[0])
        if origin.owner == "project":
            found: Any = modules.resolve(name)
            return self.take(found)
        top = origin.name
        known = self._memo.recall(top)
        if known is not None:
            return Taken(known, lambda: self._distribution(origin))
        told = self._distribution(origin)
        self._memo.remember(top, told.digest, Findings(""))
        return Taken(told.digest, lambda: told)

    def _distribution(self, origin: Origin) -> Fingerprint:
        tops = [origin.name] if origin.owner == "distribution" else []
        return Fingerprint(
            entry=origin.name, pieces=(), distributions=self._requirements.closure(tops)
        )

    def _located(self, found: Fingerprint) -> Fingerprint:
        return replace(found, pieces=tuple(located(piece, self._root) for piece in found.pieces))

    def of(self, function: Callable[..., Any]) -> Fingerprint:
        """The fingerprint of a step's function as it is now."""
        walk = reach(function, self._root)
        unresolved = tuple(sorted(walk.unresolved))
        found = Fingerprint(
            entry=full_name(function),
            pieces=walk.sorted_pieces(),
            distributions=self._requirements.closure(sorted(walk.tops)),
            unresolved=unresolved,
            bundle=self._everything() if unresolved else None,
            sources=walk.texts,
        )
        if not unresolved:  # else it rests on every file of the project
            self._memo.remember(found.entry, found.digest, walk)
        return found


def _requirements(
    environment: Environment, here: Environment | None, *, elsewhere: bool
) -> Requirements | Lookalike | Everything:
    if here is not None:
        return Lookalike(environment, here)
    return Everything(environment) if elsewhere else Requirements(environment)
