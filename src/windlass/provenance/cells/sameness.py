"""Whether what a notebook holds is what its cells make when they are run anew."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from windlass import modules
from windlass.hashing import Part
from windlass.provenance.cells.statements import LATE_ANNOTATIONS, inner_of, is_future
from windlass.provenance.fingerprint.bytecode import read_code
from windlass.provenance.fingerprint.classes import (
    FUNCTION_OF,
    class_entries,
    fields_of,
    held_by,
)
from windlass.provenance.fingerprint.encoding import Encoder
from windlass.provenance.fingerprint.packing import pack


class Sameness:
    """Tells whether objects hold the same data and the same code, as far as that can be told.

    Args:
        texts: The statements that made those of the notebook, each by itself; the others were
            made of the same, but in one module, and read annotations late.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        imports = "".join(f"{row}\n" for text in texts for row in _imports(text))
        head = f"{LATE_ANNOTATIONS}{imports}"
        self._in_module = dict(pair for text in texts for pair in _digests(text, head))

    def __call__(self, here: object, anew: object) -> bool:
        """Whether an object of the notebook is the same as one that was made anew."""
        if isinstance(here, Iterator):
            return False  # how far it was read, nobody can tell
        parts = _Parts(self._in_module).encode(here), _Parts({}).encode(anew)
        return pack(parts[0]) == pack(parts[1])  # by their bytes: NaN is the same as NaN


def _imports(text: str) -> Iterator[str]:
    """What a statement imports: calls on a module that is imported in the same file have a form."""
    waiting: list[ast.stmt] = ast.parse(text).body
    while waiting:
        node = waiting.pop()
        waiting += inner_of(node)
        if isinstance(node, ast.Import | ast.ImportFrom) and not is_future(node):
            yield ast.unparse(node)


def _digests(text: str, head: str) -> Iterator[tuple[str, str]]:
    """The digests of functions, with those of the same functions after the head of a module."""
    try:
        both = [compile(each, "<cell>", "exec", dont_inherit=True) for each in (text, head + text)]
    except (SyntaxError, ValueError):
        return
    waiting = [(both[0], both[1])]
    while waiting:
        pairs = zip(*map(_functions, waiting.pop()), strict=False)
        for here, late in pairs:
            yield read_code(here).digest, read_code(late).digest
            waiting.append((here, late))


def _functions(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]


class _Parts:
    """What stands for objects: code by what it says, not by its place."""

    def __init__(self, in_module: Mapping[str, str]) -> None:
        self._in_module = in_module
        self.encode = Encoder("", self._reference, self._state)
        self._met: dict[int, tuple[object, Part]] = {}

    def _reference(self, value: Any) -> Part:
        if id(value) not in self._met:
            self._met[id(value)] = (value, "again")
            self._met[id(value)] = (value, self._told(value))
        return self._met[id(value)][1]

    def _told(self, value: Any) -> Part:
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, ModuleType):
            return ["module", value.__name__]
        if isinstance(value, functools.partial):
            return ["partial", *map(self.encode, (value.func, value.args, value.keywords))]
        if isinstance(value, MethodType):
            return ["method", self._reference(value.__func__), self.encode(value.__self__)]
        inner = getattr(value, "__func__", None) or getattr(value, "fget", None)
        return ["code", type(value).__qualname__, self._reference(inner) if inner else None]

    def _function(self, function: FunctionType) -> Part:
        """Its code and its defaults; of its closure the code, since its data may have changed."""
        held: list[Part] = []
        for cell in function.__closure__ or ():
            try:
                content = cell.cell_contents
            except ValueError:  # empty as yet
                continue
            if isinstance(content, FunctionType | type):
                held.append(self._reference(content))
        given = (self.encode(function.__defaults__), self.encode(function.__kwdefaults__))
        digest = read_code(function.__code__).digest
        return ["function", self._in_module.get(digest, digest), *given, held]

    def _class(self, cls: type) -> Part:
        if not _is_of_cells(cls):
            return ["class", cls.__module__, cls.__qualname__]
        entries: list[Part] = [
            [name, self.encode(entry)]
            for name, entry in class_entries(cls)
            if name != "__annotations__"  # which may be read late in one of the two
        ]
        fields = self.encode(dict(fields_of(cls)))
        return ["class", cls.__qualname__, *map(self._reference, cls.__bases__), entries, fields]

    def _state(self, value: Any) -> Part | None:
        cls = type(value)
        name = f"{cls.__module__}.{cls.__qualname__}"
        inner = FUNCTION_OF.get(name)
        if inner is not None:
            return self.encode(getattr(value, inner))
        if name in _STATES:
            return self.encode(_STATES[name](value))
        return self.encode(held_by(value)) if _is_of_cells(cls) else None


_STATES: dict[str, Callable[[Any], Any]] = {
    "random.Random": lambda value: value.getstate(),
    "numpy.random._generator.Generator": lambda value: repr(value.bit_generator.state),
    "numpy.random.mtrand.RandomState": lambda value: repr(value.get_state(legacy=False)),
    "_io.StringIO": lambda value: [value.getvalue(), value.tell()],
    "_io.BytesIO": lambda value: [value.getvalue(), value.tell()],
}
"""What objects hold that change as they are used."""


def _is_of_cells(cls: type) -> bool:
    return cls.__module__ in ("__main__", modules.notebook_module())
