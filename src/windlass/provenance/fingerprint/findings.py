"""What a walk through code has found."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

from windlass import modules
from windlass.hashing import Part
from windlass.places import Place, place
from windlass.provenance.fingerprint.classes import FIELDS, fields_of
from windlass.provenance.fingerprint.compiled import compiled_file
from windlass.provenance.fingerprint.model import Piece, Unresolved
from windlass.provenance.fingerprint.origin import Origin

ABSENT: Any = object()
"""What a name stands for that is not there."""

Binding: TypeAlias = tuple[Mapping[str, Any] | type, str, Any]
"""Where a name is looked up, the name, and what it stands for."""


NAMES = "<names>"
"""A name that nothing holds, for the names that a module or a class does."""


class Constant(NamedTuple):
    """The value of a constant, to be told of later."""

    value: Any


class Findings:
    """Everything that was reached.

    Args:
        root: The project's folder.

    Attributes:
        pieces: By kind, name and digest.
        tops: Import names of distributions.
        python: Modules of Python's own library.
        unresolved: What could not be followed.
        modules: The project's modules that something was reached in, or that these import.
        bindings: What every name stood for, as ``(where it is looked up, name, value)``.
        held: Values that may change in place, with what they were.
        texts: Where the source of a piece stands, by its digest; of a constant, its value.
        has_late: Whether modules were looked for that are imported only when a step runs.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.pieces: dict[tuple[str, str, str], Piece] = {}
        self.tops: set[str] = set()
        self.python: set[str] = set()
        self.unresolved: dict[Unresolved, None] = {}
        self.modules: dict[str, None] = {}
        self.bindings: list[Binding] = []
        self.held: list[tuple[Any, Part]] = []
        self.texts: dict[str, Any] = {}
        self.has_late = False

    def sorted_pieces(self) -> tuple[Piece, ...]:
        """The pieces in the order of their kinds and names."""
        return tuple(self.pieces[key] for key in sorted(self.pieces))

    def enter_module(self, name: str) -> None:
        """Notes a module of the project that must be imported, with the packages that it is in."""
        while name and name not in self.modules:
            self.modules[name] = None
            self._note_module(name)
            name = name.rpartition(".")[0]

    def _note_module(self, name: str) -> None:
        """Notes which names a module holds, and its file if it has no source: all of it counts."""
        module = sys.modules.get(name)
        if module is not None:
            self.bindings.append((vars(module), NAMES, lookup(vars(module), NAMES)))
        found = compiled_file(module) if module is not None else None
        if found is not None:
            self.add(Piece("file", modules.canonical(name), found[1], self.relative(found[0])))

    def touch(self, origin: Origin) -> None:
        """Notes that something is not the project's own."""
        if origin.owner == "distribution":
            self.tops.add(origin.name)
        elif origin.owner == "python":
            self.python.add(origin.name)

    def add(self, piece: Piece, text: object = None) -> None:
        """Adds something that was reached, and where its source stands."""
        self.pieces.setdefault(piece[:3], piece)
        if text is not None:
            self.texts[piece.digest] = text

    def file_of(self, module: str) -> str | None:
        """The file of a module, relative to the project's folder."""
        file = getattr(sys.modules.get(module), "__file__", None)
        return self.relative(file) if isinstance(file, str) else None

    def place_in(self, module: str, line: int | None) -> str:
        """A line of a module, as a person finds it."""
        file = getattr(sys.modules.get(module), "__file__", None)
        found = place(file, line) if isinstance(file, str) else Place(module, None)
        return str(found._replace(file=self.relative(found.file) or module))

    def relative(self, file: str) -> str | None:
        """A file as it is seen from the project's folder; None for what is no file."""
        if file.startswith("<"):
            return None
        return file[len(self.root) + 1 :] if file.startswith(f"{self.root}/") else file


def lookup(space: Mapping[str, Any] | type, name: str) -> Any:
    """What a name stands for, in the globals of a module or in a class; `ABSENT` if nothing.

    By `FIELDS`, what the fields of a class were made with; by `NAMES`, all names that are there.
    """
    if name == FIELDS and isinstance(space, type):
        return dict(fields_of(space))
    names = vars(space) if isinstance(space, type) else space
    if name == NAMES:
        return tuple(sorted(n for n, each in names.items() if not isinstance(each, ModuleType)))
    return names.get(name, ABSENT)


def full_name(value: Any) -> str:
    """``features.lag``: the canonical name of a function or class."""
    module = modules.canonical(getattr(value, "__module__", None) or "builtins")
    return f"{module}.{getattr(value, '__qualname__', '?')}"
