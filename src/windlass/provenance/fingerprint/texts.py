"""The source of the pieces of a fingerprint, for a person to compare."""

from __future__ import annotations

import linecache
from pathlib import Path
from types import CodeType
from typing import Any

from windlass.places import place
from windlass.provenance.fingerprint.findings import Constant
from windlass.provenance.fingerprint.model import Fingerprint, Piece
from windlass.provenance.fingerprint.source import Definition, parse_file

_LONGEST = 20_000


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
    file = str(root / piece.file)
    if piece.kind == "constant" and piece.line is None:
        source = parse_file(file)
        found = source.definition(piece.name.rpartition(".")[2]) if source is not None else None
        piece = piece if found is None else piece._replace(line=found.line)
    cell = place(file, piece.line).file
    return piece if cell == file else piece._replace(file=cell, line=None)


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
