"""The source of the pieces of a fingerprint, for a person to compare."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from windlass import modules
from windlass.places import place
from windlass.provenance.fingerprint.bytecode import absolute
from windlass.provenance.fingerprint.findings import Constant
from windlass.provenance.fingerprint.model import Fingerprint, Piece
from windlass.provenance.fingerprint.source import Definition, source_of

_LONGEST = 20_000
_MOST_IMPORTS = 9
"""Modules that hand a name on to one another; more would be a circle."""


def text_of(piece: Piece, fingerprint: Fingerprint) -> str:
    """The source of a piece; of a constant, its value; empty where there is none."""
    text = _text(fingerprint.sources.get(piece.digest))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def located(piece: Piece, root: Path) -> Piece:
    """A piece with the place where a person finds it.

    A live object does not tell the line on which a constant is given its value; and what stands in
    the module that a notebook's cells became, stands in a cell.
    """
    if piece.file is None:
        return piece
    if piece.kind == "constant" and piece.line is None:
        piece = _bound(piece, root)
    file = str(root / (piece.file or ""))
    cell = place(file, piece.line).file
    return piece if cell == file else piece._replace(file=cell, line=None)


def _bound(piece: Piece, root: Path) -> Piece:
    """A constant with the place where it was given its value, which may be another module."""
    module, name = _module_of(piece.name)
    for _ in range(_MOST_IMPORTS):
        source = source_of(module) if module is not None else None
        if module is None or source is None:
            break
        line = source.line_of(name)
        if line is not None:
            file = str(module.__file__)
            return piece._replace(file=file.removeprefix(f"{root}/"), line=line)
        wanted = source.imported(name)
        if wanted is None:
            break
        module, name = sys.modules.get(absolute(wanted, vars(module))), wanted.names[0]
    return piece


def _module_of(full: str) -> tuple[ModuleType | None, str]:
    """The module that a full name is in, and the name there: of a class, its attribute's."""
    module, _, name = full.rpartition(".")
    while module:
        living = sys.modules.get("__main__" if module == modules.main_alias() else module)
        if living is not None:
            return living, name
        module, _, last = module.rpartition(".")
        name = f"{last}.{name}"
    return None, name


def _text(told: object) -> str:
    match told:
        case CodeType():
            return _code_text(told)
        case Definition():
            return told.text()
        case Constant(value):
            return _value_text(value)
    return ""


def _code_text(code: CodeType) -> str:
    lines = linecache.getlines(code.co_filename)
    return "".join(lines[code.co_firstlineno - 1 : _last_line(code)])


def _last_line(code: CodeType) -> int:
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    return max([last, *(_last_line(each) for each in code.co_consts if isinstance(each, CodeType))])


def _value_text(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 (it is the project's own method)
        return f"<{type(value).__qualname__}: {type(error).__name__}>"
