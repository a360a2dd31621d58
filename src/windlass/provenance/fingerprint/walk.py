"""The walk from a step's function to all the code and the constants that it can reach.

It goes over the objects that are really there when the pipeline is traced: a name stands for what
it is bound to, a registry for the functions that are in it, a decorated function for what the
decorator made of it. Code of installed distributions is not entered: their versions count.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

from windlass import modules
from windlass.hashing import Part
from windlass.provenance.cells.file import notebook_code, notebook_of
from windlass.provenance.fingerprint import unimported
from windlass.provenance.fingerprint.bytecode import Read, names_in_text, read_code
from windlass.provenance.fingerprint.classes import FUNCTION_OF, held_by
from windlass.provenance.fingerprint.encoding import OpaqueError
from windlass.provenance.fingerprint.findings import ABSENT, full_name
from windlass.provenance.fingerprint.inside import code_inside
from windlass.provenance.fingerprint.instances import own_attributes
from windlass.provenance.fingerprint.model import Piece
from windlass.provenance.fingerprint.names import EVALUATORS, OF_MODULES, UNFOLLOWED
from windlass.provenance.fingerprint.origin import (
    origin_of_file,
    origin_of_living,
    origin_of_module,
)
from windlass.provenance.fingerprint.packing import digest_packed
from windlass.provenance.fingerprint.source import Definition
from windlass.provenance.fingerprint.walk_classes import Classes, is_at_its_name, wrapped

_HELD = ("__defaults__", "__kwdefaults__", "__closure__", "__annotations__", "__dict__")
_NOTHING_HELD: tuple[Part, ...] = ([], [], [], [])
"""What most functions hold besides their code: no defaults, of either kind, and so on."""


class Walk(Classes):
    """Follows functions, classes and modules to what they hold and read.

    Args:
        root: The project's folder.
    """

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._texts: set[str] = set()
        self._met: dict[int, tuple[object, Part]] = {}

    def finish(self) -> None:
        """Follows everything that waits."""
        while self._waiting:
            self._waiting.popleft()()

    def follow(self, function: Any) -> None:
        """Begins at a function."""
        module = sys.modules.get(function.__module__)
        if module is not None and "." not in function.__qualname__:
            name = function.__qualname__  # what stands there may be made otherwise elsewhere
            self.bindings.append((vars(module), name, vars(module).get(name, ABSENT)))
        self.thing(function, function.__module__, function.__name__, Read(()))

    def reference(self, value: Any) -> Part:
        """What stands for a function, class, module or the like; it will be followed."""
        known = self._met.get(id(value))
        if known is not None:
            return known[1]
        name = value.__qualname__ if isinstance(value, FunctionType | type) else ""
        self._met[id(value)] = (value, ["again", name])
        try:
            part = self._reference(value)
        except OpaqueError:
            del self._met[id(value)]
            raise
        self._met[id(value)] = (value, part)
        return part

    def _reference(self, value: Any) -> Part:  # noqa: PLR0911 (one return a kind)
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, ModuleType):
            return self._module(value)
        if isinstance(value, MethodType):
            return ["method", self.reference(value.__func__), self.encode(value.__self__)]
        if isinstance(value, functools.partial):
            given = [each for each in [own_attributes(value)] if each]
            parts = (value.func, value.args, value.keywords, *given)
            return ["partial", *self._kind(value), *map(self.encode, parts)]
        parts = wrapped(value)
        if parts:
            return [type(value).__name__, *self._kind(value), *map(self.encode, parts)]
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, ModuleType):
            return ["method", getattr(value, "__name__", ""), self.encode(owner)]
        module = str(getattr(value, "__module__", None) or getattr(owner, "__name__", "builtins"))
        self._touch_built_in(module)
        if any(value is each for each in EVALUATORS):
            self.give_up(f"{value.__name__}(…)", module, Read(()))
        return ["built in", module, getattr(value, "__qualname__", repr(type(value)))]

    def _kind(self, value: Any) -> list[Part]:
        """What stands for the class of a thing whose kind is Python's own, if it is derived."""
        origin = origin_of_module(type(value).__module__)
        return [] if origin.owner == "python" else [self.reference(type(value))]

    def _touch_built_in(self, module: str) -> None:
        origin = origin_of_module(module)
        self.touch(origin)
        if origin.owner == "project":  # an extension that was compiled here
            self.enter_module(module)

    def _function(self, function: FunctionType) -> Part:
        notebook = notebook_of(function)
        if notebook is not None:
            return self._notebook(notebook, function)
        origin = origin_of_file(function.__code__.co_filename)
        if origin.owner != "project":
            self.touch(origin)
            named: list[Part] = [origin.owner, function.__module__, function.__qualname__]
            if origin.owner != "windlass" and function.__closure__:
                return self._made_by_library(function, named)
            return named
        name = full_name(function)
        code = read_code(function.__code__)
        told = digest_packed("function", code.digest, *self._surroundings(function))
        self.add(Piece("function", name, told, *self._place(function)), function.__code__)
        self._waiting.append(functools.partial(self._enter_function, function))
        return ["function", name, told]

    def _made_by_library(self, function: Any, named: list[Part]) -> Part:
        """A function that a library made of what it was given, as its decorators do."""
        registry = getattr(function, "registry", None)
        if isinstance(registry, Mapping):  # of `functools.singledispatch`
            kinds: list[Part] = [
                [self.encode(kind), self.encode(f)] for kind, f in registry.items()
            ]
            return [*named, kinds, self.encode(own_attributes(function))]
        is_library = origin_of_module(function.__module__).owner != "project"
        if is_library and is_at_its_name(function):  # made of its own, such as by a decorator
            return named
        if code_inside(function):
            raise OpaqueError(function.__qualname__)
        cells: list[Part] = []
        for cell in function.__closure__:
            with contextlib.suppress(ValueError):  # empty as yet
                cells.append(self.encode(cell.cell_contents))
        return [*named, cells]

    def _notebook(self, file: Path, function: Any) -> Part:
        """A function that runs a notebook: its code and what that imports, as if imported late."""
        found = unimported.notebook(file)
        piece = Piece("notebook", file.name, found.digest, self.relative(found.file))
        self.has_late = True
        self.note_dynamic(found)
        self.add(piece, Definition(found.digest, (), 1, functools.partial(notebook_code, file)))
        for module, taken in found.imports:
            if not self.file_of_unimported(module):
                self.imported_by_file(module, taken)
        return ["notebook", found.digest, self.reference(function.__wrapped__)]

    def _surroundings(self, function: FunctionType) -> Iterator[Part]:
        """What a function holds besides its code: defaults, closure, attributes, annotations."""
        if not any(map(function.__getattribute__, _HELD)):
            yield from _NOTHING_HELD
            return
        yield self._value(function.__defaults__, function)
        yield self._value(function.__kwdefaults__, function)
        for cell in function.__closure__ or ():
            try:
                content = cell.cell_contents
            except ValueError:  # empty as yet
                continue
            yield self._value(content, function)
        yield self._value(function.__annotations__, function)
        yield self._value(vars(function), function)

    def _value(self, value: Any, holder: FunctionType) -> Part:
        """A value that a function holds; if it is opaque, the function's own definition counts."""
        if value is None or (type(value) in (tuple, dict) and not value):
            return []
        part, inside = self.told(value)
        if inside is None:
            return part
        name = holder.__qualname__.partition(".")[0]
        return [part, inside, self.made(value, holder.__module__, name)]

    def _enter_function(self, function: FunctionType) -> None:
        code, space = read_code(function.__code__), function.__globals__
        module = space.get("__name__") or function.__module__
        self.enter_module(module)
        for read in code.reads:
            self.read(space, module, read)
            if code.is_querying:  # `table.query(Q)`, where Q is a constant
                for name in names_in_text(space.get(read.chain[0])):
                    self.read(space, module, Read((name,)))
        for name in sorted(code.attributes & UNFOLLOWED):
            self.give_up(f".{name}", module, Read((), function.__code__.co_firstlineno))
        for text in code.texts:
            self.text(text)
        for chain in _chains_of(function.__annotations__):
            if chain[0] in space:
                self.read(space, module, Read(chain))
        for wanted in code.imports:
            self.import_within(function, wanted, code.attributes, everything=code.passes_modules)

    def _module(self, module: ModuleType) -> Part:
        """A module that is used as a value: all that it holds can be reached."""
        origin = origin_of_living(module)
        if origin.owner == "project":
            self._waiting.append(functools.partial(self._enter_whole, module))
        else:
            self.touch(origin)
        return ["module", modules.canonical(module.__name__)]

    def _enter_whole(self, module: ModuleType) -> None:
        self.enter_module(module.__name__)
        for name in list(vars(module)):
            inner = vars(module)[name]
            is_part = isinstance(inner, ModuleType) and inner.__name__.startswith(
                f"{module.__name__}."
            )
            is_told = name not in OF_MODULES or name == "__annotations__"
            if is_told and (is_part or not isinstance(inner, ModuleType)):
                self.read(vars(module), module.__name__, Read((name,)))

    def text(self, text: str) -> None:
        """Follows what a text names, later. Most name nothing, and data may have very many."""
        top = re.split("[.:]", text, maxsplit=1)[0]
        if text not in self._texts and (top in sys.modules or top in self._importable):
            self._texts.add(text)
            self._waiting.append(functools.partial(self.named, text))

    @functools.cached_property
    def _importable(self) -> set[str]:
        """What stands in the project's folders that modules are imported from."""
        folders = [self.root, *(each for each in sys.path if each.startswith(self.root))]
        found = (inner for each in folders if Path(each).is_dir() for inner in Path(each).iterdir())
        return {inner.name.partition(".")[0] for inner in found}

    def state(self, value: Any) -> Part | None:
        """What an instance of a class of the project holds."""
        cls = type(value)
        inner = FUNCTION_OF.get(f"{cls.__module__}.{cls.__qualname__}")
        if inner is not None:
            return self.encode(getattr(value, inner))
        if origin_of_module(cls.__module__).owner != "project":
            return None
        return self.encode(held_by(value))

    def _place(self, function: FunctionType) -> tuple[str | None, int]:
        code = function.__code__
        return self.relative(code.co_filename), code.co_firstlineno


def _chains_of(annotations: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The names in annotations that are texts, with what is read off them."""
    for text in annotations.values():
        if isinstance(text, str):
            yield from _names_of(text)


@functools.cache
def _names_of(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(chain.split(".")) for chain in _NAMES.findall(text))


_NAMES = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
