"""All that a step's function can reach, and what importing the modules of that does."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from windlass import modules
from windlass.pipeline.annotations import annotations_of
from windlass.provenance.fingerprint.by_file import forget_files
from windlass.provenance.fingerprint.bytecode import Read
from windlass.provenance.fingerprint.changes import changes_outside
from windlass.provenance.fingerprint.effects import (
    Imports,
    imported_names,
    project_modules,
)
from windlass.provenance.fingerprint.judging import CONFIGURING, Altered, Judge
from windlass.provenance.fingerprint.model import Piece
from windlass.provenance.fingerprint.origin import origin_of_module
from windlass.provenance.fingerprint.running import has_hooks
from windlass.provenance.fingerprint.source import Source, source_of
from windlass.provenance.fingerprint.toplevel import plain_imports
from windlass.provenance.fingerprint.walk import Walk

_PURE = {
    *("abc", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime"),
    *("enum", "fractions", "functools", "heapq", "inspect", "itertools", "json", "math", "numbers"),
    *("operator", "pathlib", "re", "statistics", "string", "textwrap", "types", "typing", "uuid"),
    *("builtins", "_collections_abc"),
}
"""Modules of Python's own that change nothing outside what they are given."""


def reach(function: Callable[..., Any], root: Path) -> Walk:
    """Everything that a step's function can reach now.

    Args:
        function: The function.
        root: The project's folder.
    """
    walk = Walk(os.path.realpath(root))
    with together(root) as judged:
        walk.follow(function)
        for annotation in annotations_of(function).values():
            walk.told(annotation)  # the classes of what it takes and returns
        walk.finish()
        _enter_modules(walk, judged)
    return walk


@contextlib.contextmanager
def together(root: Path) -> Iterator[_Judged]:
    """Lets several functions be walked from, while what they share is looked into once.

    Nothing of the project may run meanwhile. Garbage collection is put off: what a walk makes is
    kept, so a third of the time would be looking through it.
    """
    global _open  # noqa: PLW0603
    if _open is not None:
        yield _open
        return
    was_on = gc.isenabled()
    gc.disable()
    _open = _Judged(os.path.realpath(root))
    try:
        yield _open
    finally:
        _open = None
        forget_files()  # else the first collection after this would go through them
        if was_on:
            gc.enable()


def _enter_modules(walk: Walk, judged: _Judged) -> None:
    """Adds what importing the modules does that the step needs, and those that they import."""
    done = 0
    while done < len(walk.modules):
        for name in list(walk.modules)[done:]:
            _enter_module(walk, name, judged)
            done += 1
        walk.finish()


def _enter_module(walk: Walk, name: str, judged: _Judged) -> None:
    module = sys.modules.get(name)
    if module is None:
        return
    imports = None if has_hooks(module) else plain_imports(module)
    if imports is not None:
        for each in project_modules(imported_names(imports, module)):
            walk.enter_module(each)
        return
    source = source_of(module)
    if source is None:
        return
    found = judged.imports_of(module, source)
    for each in project_modules(found.modules):
        walk.enter_module(each)
    for each in found.registered:
        walk.read(vars(module), name, Read((each,)))
    if found.effects:
        told = source.told(found.effects)
        piece = Piece("module", modules.canonical(name), told.digest, walk.file_of(name), told.line)
        walk.add(piece, told)
        for chain in told.reads:
            if chain[0] in vars(module):
                walk.read(vars(module), name, Read(chain))


class _Judged:
    """What functions, classes and modules of the project do when they run, each looked at once.

    Args:
        root: The project's folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: dict[int, tuple[Any, _Changes]] = {}
        self._imports: dict[int, Imports] = {}

    def imports_of(self, module: ModuleType, source: Source) -> Imports:
        """What importing a module does, which is the same for all steps that need it."""
        if id(module) not in self._imports:
            judge = Judge(module, source, self.is_pure, self.alters)
            self._imports[id(module)] = Imports(source.tree.body, judge)
        return self._imports[id(module)]

    def is_pure(self, function: FunctionType) -> bool:
        """Whether a function can only change the project's own objects."""
        walk = self._changes(function)
        is_inside = not walk.tops and not walk.unresolved and walk.python <= _PURE
        return is_inside and not walk.found

    def alters(self, code: Sequence[Any]) -> Altered:
        """What functions and classes do to libraries."""
        walks = [self._changes(each) for each in code]
        changes = any(walk.found or walk.configures for walk in walks)
        return Altered(changes, any(walk.registers for walk in walks))

    def _changes(self, code: Any) -> _Changes:
        if id(code) not in self._known:
            walk = _Changes(self._root)
            walk.told(code)
            walk.finish()
            self._known[id(code)] = (code, walk)
        return self._known[id(code)][1]


_open: _Judged | None = None
"""What is known meanwhile."""


class _Changes(Walk):
    """A walk that sees whether a function on the way changes what is not the project's own."""

    found = configures = registers = False

    def _enter_function(self, function: FunctionType) -> None:
        self.found = self.found or changes_outside(function)
        super()._enter_function(function)

    def _dynamic(self, name: str, chain: list[str], module: str, read: Read) -> None:
        super()._dynamic(name, chain, module, read)
        top, last = name.partition(".")[0], ".".join([name, *chain]).rpartition(".")[2]
        if top not in _PURE and origin_of_module(name).owner != "project":
            self.configures = self.configures or last.startswith(CONFIGURING)
            self.registers = self.registers or last.startswith("register")
