"""What a function's code is, and which names it reads, by its compiled form.

Comments, blank lines, formatting and line numbers are not in it; docstrings are, among constants
that no instruction loads, and so don't count here. Reading it costs a tenth of parsing the source,
and it is there for lambdas, closures and cells of a notebook too: it is what really runs.
"""

from __future__ import annotations

import dis
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import compress
from types import CodeType
from typing import Any, NamedTuple

from windlass.provenance.fingerprint.instructions import Instructions, instructions_of
from windlass.provenance.fingerprint.packing import digest_packed, pack

_CONSTANT = frozenset(dis.hasconst)
_EXTENDED = dis.EXTENDED_ARG
_op = dis.opmap.get
_GLOBAL, _ATTRIBUTE = _op("LOAD_GLOBAL"), _op("LOAD_ATTR")
_GLOBALS = {_GLOBAL, _op("LOAD_NAME")}
_ATTRIBUTES = {_ATTRIBUTE, _op("LOAD_METHOD")}
_STORE_NAME, _IMPORT = _op("STORE_NAME"), _op("IMPORT_NAME")
_NAMING = bytes(
    int(op in {*_GLOBALS, *_ATTRIBUTES, *_CONSTANT, _STORE_NAME, _IMPORT, _EXTENDED})
    for op in range(256)
)
"""For each instruction, whether its argument names something."""
_SHIFT = int(sys.version_info >= (3, 12))
"""From 3.12 on the lowest bit of an attribute's argument says whether it is called."""
_FLAGS = 0x01FF  # of how it is called; not whether there is a docstring or a __future__ import
_ABOUT = {"__doc__", "__qualname__", "__module__", "__firstlineno__", "__static_attributes__"}
"""What the body of a class notes of itself."""


class Import(NamedTuple):
    """An import within a function.

    Args:
        module: As written, without the dots.
        level: How many dots are before it.
        names: What is taken from it; empty for ``import module``.
    """

    module: str
    level: int
    names: tuple[str, ...]


def absolute(wanted: Import, space: Mapping[str, Any]) -> str:
    """The module of an import, by its full name, seen from the module of these globals."""
    if not wanted.level:
        return wanted.module
    package = space.get("__package__") or str(space.get("__name__", "")).rpartition(".")[0]
    try:
        return importlib.util.resolve_name("." * wanted.level + wanted.module, package)
    except ImportError:
        return wanted.module


class Read(NamedTuple):
    """A name that code reads from its module, with the attributes that are read off it at once.

    Args:
        chain: ``("np", "linalg", "norm")``.
        line: Where, for names of `DYNAMIC`; else None.
    """

    chain: tuple[str, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A function's code.

    Args:
        digest: Equal for code that does the same in the same way.
        reads: The global names that it reads, also in the functions within it.
        imports: The imports within it.
        attributes: Every attribute that it reads, of whatever.
        passes_modules: Whether a module that it imports goes elsewhere than into ``module.name``.
        texts: Those of its constants that could be the dotted name of something.
    """

    digest: str
    reads: tuple[Read, ...]
    imports: tuple[Import, ...]
    attributes: frozenset[str]
    passes_modules: bool
    texts: frozenset[str]

    @property
    def is_querying(self) -> bool:
        """Whether it may give a table a text in which ``@name`` is a variable."""
        return not self.attributes.isdisjoint(_QUERYING)


def names_in_text(value: object) -> list[str]:
    """The names that are variables in an expression for a table."""
    return re.findall(r"@(\w+)", value) if isinstance(value, str) else []


def is_dotted(text: str) -> bool:
    """Whether a text could name something in a module, as ``helper.f`` or ``helper:f``."""
    return ("." in text or ":" in text) and _DOTTED.fullmatch(text) is not None


_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*[.:][^\W\d]\w*")

DYNAMIC = {"eval", "exec", "globals", "__import__", "import_module", "importlib", "sys", "runpy"}
"""Names by which code may reach what it does not name."""

_known: dict[int, tuple[CodeType, Code]] = {}


def read_code(code: CodeType) -> Code:
    """What a function's code is and reads."""
    found = _known.get(id(code))
    if found is None:
        scan = _Scan()
        told = digest_packed("code", _parts(code, scan))
        attributes = frozenset(scan.attributes)
        if not attributes.isdisjoint(_QUERYING):
            scan.reads.update(dict.fromkeys(((name,) for name in _in_texts(code)), None))
        imports = tuple(scan.imports)
        passes = bool(imports) and _passes_modules(code)
        reads = tuple(Read(*each) for each in scan.reads.items())
        made = Code(told, reads, imports, attributes, passes, frozenset(scan.texts))
        found = _known[id(code)] = (code, made)  # with the code, or another could get its id
    return found[1]


_BY_TEXT = {"__doc__", "__subclasses__", "__globals__", "__wrapped__", "__dict__"}
_QUERYING = {"query", "eval"}
"""Methods of tables that take expressions, in which ``@name`` is a variable."""


def _in_texts(code: CodeType) -> Iterator[str]:
    for value in code.co_consts:
        yield from names_in_text(value)
        if isinstance(value, CodeType):
            yield from _in_texts(value)


@dataclass(slots=True)
class _Scan:
    """What is found on the way, in a function and in those within it."""

    reads: dict[tuple[str, ...], int | None] = field(default_factory=dict)
    imports: dict[Import, None] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


def _parts(code: CodeType, scan: _Scan) -> tuple[Any, ...]:
    """What makes the code, as nothing but tuples and scalars."""
    live = instructions_of(code)
    shape, names = live.uses(code)
    args = bytearray(shape)
    constants = _scan_instructions(code, live, args, scan)
    return (
        (live.ops, bytes(args)),
        tuple(_constant(value, scan) for value in constants),
        (names, code.co_cellvars, code.co_freevars),
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        code.co_flags & _FLAGS,
        live.handlers,
    )


def _constant(value: Any, scan: _Scan) -> Any:
    if isinstance(value, str):
        if value in _BY_TEXT:  # as in getattr(cls, "__subclasses__")
            scan.attributes.add(value)
        elif is_dotted(value):
            scan.texts.add(value)
        return value
    if isinstance(value, CodeType):
        return ("code", value.co_name, *_parts(value, scan))
    if isinstance(value, tuple):
        return ("tuple", *(_constant(item, scan) for item in value))
    if isinstance(value, frozenset):  # its order differs from process to process
        return ("set", *sorted(pack(_constant(item, scan)) for item in value))
    return value


def _scan_instructions(  # noqa: C901, PLR0912
    code: CodeType, live: Instructions, shape: bytearray, scan: _Scan
) -> list[Any]:
    """Blanks the places of constants out, and gives the constants in order.

    One loop without calls, over those instructions alone that name something: a project has some
    hundred thousand.
    """
    names, constants = code.co_names, code.co_consts
    ops, args, places, _ = live
    loaded: list[Any] = []
    extended, extends, chain_ends = 0, -1, -1
    chain: list[str] = []
    for at in compress(range(len(ops)), ops.translate(_NAMING)):
        op, arg = ops[at], args[at] | extended if at == extends else args[at]
        if chain and at > chain_ends:
            _add_read(scan, code, chain, places[chain_ends - 1])
            chain = []
        if op == _EXTENDED:
            extended, extends, chain_ends = arg << 8, at + 1, chain_ends + (at == chain_ends)
            continue
        if op in _ATTRIBUTES:
            name = names[arg >> _SHIFT if op == _ATTRIBUTE else arg]
            scan.attributes.add(name)
            if chain:
                chain.append(name)
                chain_ends = at + 1
            continue
        if chain:
            _add_read(scan, code, chain, places[chain_ends - 1])
            chain = []
        if op in _CONSTANT:
            loaded.append(constants[arg])
            shape[at] = 0
            if arg > 255:
                shape[at - 1] = 0
        elif op in _GLOBALS:
            chain, chain_ends = [names[arg >> 1 if op == _GLOBAL else arg]], at + 1
        elif op == _STORE_NAME:
            if names[arg] in _ABOUT and loaded:
                loaded[-1] = None
        elif op == _IMPORT:
            wanted, level = loaded[-1], loaded[-2]
            scan.imports[Import(names[arg], level, tuple(wanted or ()))] = None
    if chain:
        _add_read(scan, code, chain, places[chain_ends - 1])
    return loaded


def _add_read(scan: _Scan, code: CodeType, chain: list[str], at: int) -> None:
    names = tuple(chain)
    if names not in scan.reads:
        scan.reads[names] = _line(code, at) if names[0] in DYNAMIC else None


def _line(code: CodeType, at: int) -> int:
    for start, end, line in code.co_lines():
        if start <= 2 * at < end and line is not None:
            return line
    return code.co_firstlineno


def _passes_modules(code: CodeType) -> bool:
    """Whether a module that is imported here is used as a value, such as an argument."""
    modules: set[str] = set()
    importing = reading = False
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if reading and name not in ("LOAD_ATTR", "LOAD_METHOD"):
            return True
        reading = False
        if name == "IMPORT_NAME":
            importing = instruction.argval is not None
        elif importing and name.startswith("STORE_"):
            importing = False
            if not name.startswith("STORE_FAST"):
                return True
            stored, *loaded = _variables(instruction.argval)
            modules.add(stored)
            reading = stored in loaded
        elif name.startswith("LOAD_FAST"):
            *first, last = _variables(instruction.argval)
            if modules.intersection(first):
                return True
            reading = last in modules
    return any(isinstance(each, CodeType) and _passes_modules(each) for each in code.co_consts)


def _variables(argument: Any) -> tuple[str, ...]:
    """The variables of an instruction: two where Python 3.13 made one of two instructions."""
    return argument if isinstance(argument, tuple) else (argument,)
