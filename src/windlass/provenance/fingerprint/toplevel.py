"""Whether a module only defines things, and what it imports, by its compiled form.

Most modules do nothing else when they are imported; they need not be parsed to know that.
"""

from __future__ import annotations

import dis
from types import CodeType, ModuleType
from typing import Any

from windlass.provenance.fingerprint.by_file import ByFile
from windlass.provenance.fingerprint.bytecode import Import
from windlass.provenance.fingerprint.running import has_instances

_op = dis.opmap.get
_IMPORT, _IMPORT_FROM, _POP = _op("IMPORT_NAME"), _op("IMPORT_FROM"), _op("POP_TOP")
_CONSTANT, _STORE = frozenset(dis.hasconst), _op("STORE_NAME")
_OPERATOR, _IN_PLACE = _op("BINARY_OP"), 13
_BUILD = dis.opmap["LOAD_BUILD_CLASS"]
_CALLS = [op for name, op in dis.opmap.items() if name in ("CALL", "CALL_FUNCTION_EX", "CALL_KW")]
_CHANGING = {dis.opmap["STORE_ATTR"], dis.opmap["STORE_SUBSCR"], dis.opmap["DELETE_SUBSCR"]}
_OPERATING = {
    op
    for name, op in dis.opmap.items()
    if name.startswith(("BINARY_", "UNARY_", "LOAD_ATTR", "LOAD_METHOD")) or name.endswith("_OP")
}
OPTIMIZED = 0x1
"""Of the code of functions; that of a class runs when the module does."""
_DOING = {
    *(op for name, op in dis.opmap.items() if name.startswith(("STORE_", "DELETE_"))),
    *dis.hasjrel,
    *dis.hasjabs,
} - {_STORE}
"""What a module that only defines things does not do: branch, loop, change an object."""


def plain_imports(module: ModuleType) -> list[Import] | None:
    """What a module imports, if it does nothing else but define things; None if it may do more."""
    code = code_of(module)
    if code is None or _does_more(code) or (_operates(code) and has_instances(module)):
        return None
    return _imports(code)


def _operates(code: CodeType) -> bool:
    return not _OPERATING.isdisjoint(code.co_code[::2])


def _does_more(code: CodeType) -> bool:
    """Whether a module or a class calls anything but what makes its classes."""
    calls = sum(code.co_code[::2].count(op) for op in _CALLS)
    if calls > code.co_code[::2].count(_BUILD):
        return True
    bodies = [each for each in code.co_consts if isinstance(each, CodeType)]
    classes = [body for body in bodies if not body.co_flags & OPTIMIZED]
    return any(_changes(body) or _does_more(body) for body in classes)


def _changes(body: CodeType) -> bool:
    return not _CHANGING.isdisjoint(body.co_code[::2])


def code_of(module: ModuleType) -> CodeType | None:
    """The code that importing a module from its file would run now; None if that cannot be told."""
    spec, file = getattr(module, "__spec__", None), getattr(module, "__file__", None)
    get: Any = getattr(getattr(spec, "loader", None), "get_code", None)
    if spec is None or get is None or not isinstance(file, str):
        return None

    def made(_: str) -> CodeType | None:
        try:
            code = get(spec.name)
        except (ImportError, OSError, SyntaxError, ValueError):
            return None
        return code if isinstance(code, CodeType) else None

    return _codes.get(file, made)


_codes: ByFile[CodeType] = ByFile()


def _imports(code: CodeType) -> list[Import] | None:
    found: list[Import] = []
    loaded: list[Any] = []
    thrown = from_imports = 0
    raw, names, extended = code.co_code, code.co_names, 0
    for op, low in zip(raw[::2], raw[1::2], strict=True):
        arg, extended = low | extended, 0
        if op == dis.EXTENDED_ARG:
            extended = arg << 8
        elif op in _DOING or (op == _OPERATOR and arg >= _IN_PLACE):
            return None
        elif op in _CONSTANT:
            loaded.append(code.co_consts[arg])
        elif op == _POP:
            thrown += 1
        elif op == _STORE and not names[arg].strip("_"):
            return None  # `_ = call()`: what is thrown away was called for what it does
        elif op == _IMPORT:
            if len(loaded) < 2 or type(loaded[-2]) is not int:
                return None
            wanted = tuple(loaded[-1] or ())
            from_imports += bool(wanted)
            found.append(Import(names[arg], loaded[-2], wanted))
    # The module of `from … import …` is thrown away after it; so is nothing else here.
    return found if thrown == from_imports else None
