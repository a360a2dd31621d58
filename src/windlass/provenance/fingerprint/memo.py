"""Fingerprints kept from one process to the next, for as long as nothing they rest on has changed.

To take a fingerprint, all the code that a step can reach is read. To see that it would be the same
again is cheaper: the files are those of the last time, and every name that was read stands for
what it stood for. Code is told by its place in such a file, data by its value.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from windlass.hashing import DIGEST_LENGTH, Part, digest, digest_bytes
from windlass.provenance.fingerprint.findings import ABSENT, Findings, full_name, lookup
from windlass.provenance.fingerprint.origin import origin_of_file, origin_of_module
from windlass.provenance.fingerprint.packing import pack
from windlass.provenance.fingerprint.walk import Walk
from windlass.version import __version__

_FORMAT = 1
_RACY_NS = 2_000_000_000
"""A file that was written so shortly ago may be written again within the grain of its clock."""


class Memo:
    """The digests of fingerprints that were taken before.

    Args:
        folder: Where they are kept; None to keep none.
        root: The project's folder.
        context: What else they rest on, such as the environment.
    """

    def __init__(self, folder: Path | None, root: str, context: str) -> None:
        self._folder = folder
        self._root = root
        self._context = digest(
            "memo", _FORMAT, __version__, sys.version, sys.flags.optimize, context
        )
        self._tokens = _Tokens(root)
        self._stamps: dict[str, tuple[int, ...] | None] = {}

    def recall(self, step: str) -> str | None:
        """The digest of the fingerprint of a step, if it would be the same now."""
        known = self._read(step)
        if known is None or known["context"] != self._context:
            return None
        if any(self._stamp(file) != stamp for file, stamp in known["files"]):
            return None
        if any(_file_of(name) != file for name, file in known["modules"]):
            return None
        return known["digest"] if self._holds(known["names"]) else None

    def remember(self, step: str, found: str, findings: Findings) -> None:
        """Keeps the digest of a fingerprint with what it rests on."""
        files = self._files(findings)
        names = self._names(findings)
        if self._folder is None or files is None or names is None or findings.has_late:
            return
        late = [piece.name for piece in findings.pieces.values() if piece.kind == "file"]
        imported = [(name, _file_of(name)) for name in (*findings.modules, *late)]
        document = {
            "context": self._context,
            "digest": found,
            "files": files,
            "modules": imported,
            "names": names,
        }
        path = self._path(step)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        with contextlib.suppress(OSError):  # a cache that cannot be kept is only slower
            path.parent.mkdir(parents=True, exist_ok=True)
            data = marshal.dumps(document, 2)
            partial.write_bytes(digest_bytes(data).encode() + data)
            partial.replace(path)

    def _path(self, step: str) -> Path:
        assert self._folder is not None
        return self._folder / "fingerprints" / digest("step", step)[:32]

    def _read(self, step: str) -> dict[str, Any] | None:
        if self._folder is None:
            return None
        try:
            data = self._path(step).read_bytes()
        except OSError:
            return None
        told, data = data[:DIGEST_LENGTH], data[DIGEST_LENGTH:]
        if digest_bytes(data).encode() != told:  # cut short, or not ours: marshal would not mind
            return None
        known: dict[str, Any] = marshal.loads(data)  # noqa: S302
        return known

    def _holds(self, names: Mapping[tuple[str, str], list[tuple[str, bytes]]]) -> bool:
        for (module, qualname), bound in names.items():
            space = _space(module, qualname)
            if space is None:
                return False
            for name, token in bound:
                if self._tokens.of(lookup(space, name)) != token:
                    return False
        return True

    def _names(self, findings: Findings) -> dict[tuple[str, str], list[tuple[str, bytes]]] | None:
        found: dict[tuple[str, str], dict[str, bytes]] = {}
        for space, name, value in findings.bindings:
            place = _place(space)
            if place is None:
                return None
            found.setdefault(place, {})[name] = self._tokens.of(value)
        return {place: list(bound.items()) for place, bound in found.items()}

    def _files(self, findings: Findings) -> list[tuple[str, tuple[int, ...]]] | None:
        now, files = time.time_ns(), []
        for file in sorted(set(_files_of(findings, self._root))):
            stamp = self._stamp(file)
            if stamp is None or stamp[1] > now - _RACY_NS:
                return None
            files.append((file, stamp))
        return files

    def _stamp(self, file: str) -> tuple[int, ...] | None:
        if file not in self._stamps:
            self._stamps[file] = _stamp(file)
        return self._stamps[file]


def _stamp(file: str) -> tuple[int, ...] | None:
    try:
        status = os.stat(file)  # noqa: PTH116
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _told(code: CodeType) -> list[Part]:
    constants = [
        _told(each) if isinstance(each, CodeType) else _shown(each) for each in code.co_consts
    ]
    return [code.co_code, code.co_names, constants]


def _shown(constant: object) -> Part:
    return sorted(map(repr, constant)) if isinstance(constant, frozenset) else repr(constant)


class _Tokens(Walk):
    """Stands for values by short tokens: code by its place, data by its value.

    Nothing is followed from here: what code says, its file tells.
    """

    def of(self, value: Any) -> bytes:
        """The token of a value."""
        return pack(["absent"] if value is ABSENT else [*self.told(value)])

    def _function(self, function: FunctionType) -> Part:
        code = function.__code__
        told: list[Part] = [code.co_filename, function.__qualname__, code.co_firstlineno]
        told += _told(code)  # of several on a line, which one
        if origin_of_file(code.co_filename).owner == "project" or function.__closure__:
            told += self._surroundings(function)
        return told

    def _class(self, cls: type) -> Part:
        kinds = (type(cls), *cls.__bases__)
        return ["class", cls.__module__, cls.__qualname__, *map(full_name, kinds)]

    def _module(self, module: ModuleType) -> Part:
        return ["module", module.__name__, _file_of(module.__name__)]

    def text(self, text: str) -> None:
        """Nothing: what it names was read by that name."""

    def made(self, value: Any, module: str, name: str) -> Part:  # noqa: ARG002
        """Nothing: how a value was made, its file tells."""
        return []


def _files_of(findings: Findings, root: str) -> Iterator[str]:
    for name in findings.modules:
        file = _file_of(name)
        if file and origin_of_module(name).owner == "project":
            yield file
    for piece in findings.pieces.values():
        if piece.kind in ("file", "notebook") and piece.file is not None:
            yield os.path.join(root, piece.file)  # noqa: PTH118


def _file_of(module: str) -> str | None:
    """The file that a module was imported from; empty if it has none, None if it is not there."""
    found = sys.modules.get(module)
    return None if found is None else getattr(found, "__file__", None) or ""


def _place(space: Mapping[str, Any] | type) -> tuple[str, str] | None:
    """Where names are looked up, to be found again: a module's name, and a class's within."""
    if isinstance(space, type):
        return space.__module__, space.__qualname__
    name = space.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) else None
    return (str(name), "") if module is not None and vars(module) is space else None


def _space(module: str, qualname: str) -> Mapping[str, Any] | type | None:
    found: Any = sys.modules.get(module)
    for name in filter(None, qualname.split(".")):
        found = getattr(found, name, None)
    return vars(found) if isinstance(found, ModuleType) else found
