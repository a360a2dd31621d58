"""The statement of a class, parsed without the rest of its file, which takes most of the time."""

from __future__ import annotations

import ast
from types import CodeType, ModuleType

from windlass.provenance.fingerprint.source import Definition, Source, read_file, source_of
from windlass.provenance.fingerprint.toplevel import OPTIMIZED, code_of


def class_head(module: ModuleType, qualname: str) -> Definition | None:
    """A class but for the bodies of its methods; None if its module has no such statement."""
    alone = _alone(module, qualname)
    if alone is not None:
        return alone.class_head(qualname)
    source = source_of(module)
    return source.class_head(qualname) if source is not None else None


def _alone(module: ModuleType, name: str) -> Source | None:
    """The one statement of a class at the top of a module; None where only the whole file tells.

    The compiled module says where the statement begins, and where the next one does.
    """
    code, file = code_of(module), getattr(module, "__file__", None)
    if code is None or not isinstance(file, str):
        return None
    found = [body for body in code.co_consts if isinstance(body, CodeType) and body.co_name == name]
    if len(found) != 1 or found[0].co_flags & OPTIMIZED:
        return None
    first = found[0].co_firstlineno
    last = max(_lines(found[0]), default=first)
    end = min((line for line in _lines(code) if line > last), default=None)
    data = read_file(file)
    rows = data.split(b"\n") if data is not None else []
    above = b"\n" * (first - 1)  # so that each line has its number
    return _parsed(data or b"", above + b"\n".join(rows[first - 1 : end and end - 1]), name)


def _parsed(data: bytes, segment: bytes, name: str) -> Source | None:
    try:
        body = ast.parse(segment).body
    except (SyntaxError, ValueError):  # it is in a block, or what follows is cut
        return None
    if not body or not isinstance(body[0], ast.ClassDef) or body[0].name != name:
        return None
    return Source(data, ast.Module(body[:1], []))


def _lines(code: CodeType) -> set[int]:
    return {line for _, _, line in code.co_lines() if line is not None}
