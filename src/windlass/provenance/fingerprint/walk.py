"""The walk from a step's function to all the code and the constants that it can reach.

It goes over the objects that are really there when the pipeline is traced: a name stands for what
it is bound to, a registry for the functions that are in it, a decorated function for what the
decorator made of it. Code of installed distributions is not entered: their versions count.
"""

from __future__ import annotations

import builtins
import functools
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple, TypeAlias

from windlass import modules
from windlass.hashing import Part
from windlass.provenance.cells.file import notebook_code, notebook_of
from windlass.provenance.fingerprint import unimported
from windlass.provenance.fingerprint.bytecode import Import, Read, absolute, read_code
from windlass.provenance.fingerprint.classes import class_entries
from windlass.provenance.fingerprint.encoding import Encoder, OpaqueError
from windlass.provenance.fingerprint.inside import code_inside
from windlass.provenance.fingerprint.model import Piece, Unresolved
from windlass.provenance.fingerprint.origin import Origin, origin_of_file, origin_of_module
from windlass.provenance.fingerprint.packing import digest_packed
from windlass.provenance.fingerprint.source import Definition, source_of

ABSENT: Any = object()
"""What a name stands for that is not there."""

_OF_MODULES = {
    *("__name__", "__doc__", "__file__", "__path__", "__spec__", "__loader__", "__package__"),
    *("__builtins__", "__cached__", "__annotations__"),
}
"""What a module holds of itself: where it lies is not what it does."""
_FOLLOWED = {
    "windlass.pipeline.step.Step": "function",
    "windlass.pipeline.pipeline.Pipeline": "function",
}


Binding: TypeAlias = tuple[Mapping[str, Any] | type, str, Any]
"""Where a name is looked up, the name, and what it stands for."""


class Constant(NamedTuple):
    """The value of a constant, to be told of later."""

    value: Any


class Walk:
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
        self.encode = Encoder(root, self.reference, self._state)
        self._waiting: deque[Callable[[], None]] = deque()
        self._met: dict[int, tuple[object, Part]] = {}
        self._read_before: set[tuple[int, tuple[str, ...]]] = set()

    def finish(self) -> None:
        """Follows everything that waits."""
        while self._waiting:
            self._waiting.popleft()()

    def sorted_pieces(self) -> tuple[Piece, ...]:
        """The pieces in the order of their kinds and names."""
        return tuple(sorted(self.pieces.values(), key=lambda each: each[:3]))

    def follow(self, function: Any) -> None:
        """Begins at a function."""
        self._thing(function, function.__module__, function.__name__, Read(()))

    # What stands for a piece of code in a value, and is then followed.

    def reference(self, value: Any) -> Part:
        """What stands for a function, class, module or the like; it will be followed."""
        known = self._met.get(id(value))
        if known is not None:
            return known[1]
        self._met[id(value)] = (value, ["again", getattr(value, "__qualname__", "")])
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
            return ["partial", *map(self.encode, (value.func, value.args, value.keywords))]
        parts = _wrapped(value)
        if parts:
            return [type(value).__name__, *map(self.encode, parts)]
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, ModuleType):
            return ["method", getattr(value, "__name__", ""), self.encode(owner)]
        module = str(getattr(value, "__module__", None) or getattr(owner, "__name__", "builtins"))
        self.touch(origin_of_module(module))
        return ["built in", module, getattr(value, "__qualname__", repr(type(value)))]

    def _function(self, function: FunctionType) -> Part:
        notebook = notebook_of(function)
        if notebook is not None:
            return self._notebook(notebook, function)
        origin = origin_of_file(function.__code__.co_filename)
        if origin.owner != "project":
            self.touch(origin)
            if origin.owner != "windlass" and function.__closure__ and code_inside(function):
                raise OpaqueError(function.__qualname__)  # what a library's decorator made
            return [origin.owner, function.__module__, function.__qualname__]
        name = full_name(function)
        code = read_code(function.__code__)
        told = digest_packed("function", code.digest, *self._surroundings(function))
        self.add(Piece("function", name, told, *self._place(function)), function.__code__)
        self._waiting.append(functools.partial(self._enter_function, function))
        return ["function", name, told]

    def _notebook(self, file: Path, function: Any) -> Part:
        """A function that runs a notebook: its code and what that imports, as if imported late."""
        found = unimported.notebook(file)
        piece = Piece("notebook", file.name, found.digest, self._relative(found.file))
        self.add(piece, Definition(found.digest, (), 1, notebook_code(file)))
        for module, taken in found.imports:
            if not self._file_of_unimported(module):
                self._imported_by_file(module, taken)
        return ["notebook", found.digest, self.reference(function.__wrapped__)]

    def _surroundings(self, function: FunctionType) -> Iterator[Part]:
        """What a function holds besides its code: defaults, closure, attributes, annotations."""
        yield self._value(function.__defaults__, function)
        yield self._value(function.__kwdefaults__, function)
        for cell in function.__closure__ or ():
            try:
                content = cell.cell_contents
            except ValueError:  # empty as yet
                continue
            yield self._value(content, function)
        yield self._value(function.__annotations__, function)
        yield self._value({k: v for k, v in vars(function).items() if k != "__wrapped__"}, function)

    def _value(self, value: Any, holder: FunctionType) -> Part:
        """A value that a function holds; if it is opaque, the function's own definition counts."""
        if not value and value is not False and value != 0:
            return [] if value is None or isinstance(value, tuple | dict) else self.encode(value)
        try:
            return self.encode(value)
        except OpaqueError:
            module, name = holder.__module__, holder.__qualname__.partition(".")[0]
            return self._opaque(value, module, name)

    def _enter_function(self, function: FunctionType) -> None:
        code, space = read_code(function.__code__), function.__globals__
        module = space.get("__name__") or function.__module__
        self.enter_module(module)
        for read in code.reads:
            self.read(space, module, read)
        for wanted in code.imports:
            self._import_within(function, wanted, code.attributes, everything=code.passes_modules)

    def _class(self, cls: type) -> Part:
        origin = origin_of_module(cls.__module__)
        if origin.owner != "project":
            self.touch(origin)
            return [origin.owner, cls.__module__, cls.__qualname__]
        self._waiting.append(functools.partial(self._enter_class, cls))
        return ["class", full_name(cls)]

    def _enter_class(self, cls: type) -> None:
        self.enter_module(cls.__module__)
        name = full_name(cls)
        for base in (*cls.__bases__, type(cls)):
            self.reference(base)
        head = self._head(cls)
        for key, entry in class_entries(cls, has_source=head is not None):
            try:
                part = self.encode(entry)
            except OpaqueError:
                part = self._inside(entry)
                if head is None:
                    part = [part, type(entry).__qualname__]
            self.bindings.append((cls, key, entry))
            if not callable(entry):
                self._add_constant(f"{name}.{key}", entry, part, cls.__module__)
            elif head is None:
                self.add(Piece("name", f"{name}.{key}", digest_packed("name", part)))
        bases: list[Part] = [each.__qualname__ for each in cls.__bases__]
        told = head.digest if head else digest_packed("class", bases)
        line = head.line if head else None
        self.add(Piece("class", name, told, self.file_of(cls.__module__), line), head)

    def _head(self, cls: type) -> Definition | None:
        module = sys.modules.get(cls.__module__)
        source = source_of(module) if module is not None else None
        head = source.class_head(cls.__qualname__) if source is not None else None
        if head is not None and module is not None:
            self._read_all(head, module)
        return head

    def _module(self, module: ModuleType) -> Part:
        """A module that is used as a value: all that it holds can be reached."""
        origin = origin_of_module(module.__name__)
        if origin.owner == "project":
            self._waiting.append(functools.partial(self._enter_whole, module))
        else:
            self.touch(origin)
        return ["module", modules.canonical(module.__name__)]

    def _enter_whole(self, module: ModuleType) -> None:
        self.enter_module(module.__name__)
        for name in list(vars(module)):
            if name not in _OF_MODULES and not isinstance(vars(module)[name], ModuleType):
                self.read(vars(module), module.__name__, Read((name,)))

    def _state(self, value: Any) -> Part | None:
        """What an instance of a class of the project holds."""
        cls = type(value)
        inner = _FOLLOWED.get(f"{cls.__module__}.{cls.__qualname__}")
        if inner is not None:
            return self.encode(getattr(value, inner))
        if origin_of_module(cls.__module__).owner != "project":
            return None
        slots = {
            name: getattr(value, name)
            for base in cls.__mro__
            for name in _slots(base)
            if hasattr(value, name)
        }
        return self.encode({**getattr(value, "__dict__", {}), **slots})

    # What names stand for.

    def read(self, space: Mapping[str, Any], module: str, read: Read) -> None:
        """Follows a name that code of a module reads."""
        key = (id(space), read.chain)
        if key in self._read_before:
            return
        self._read_before.add(key)
        name = read.chain[0]
        if name in _OF_MODULES:
            return
        value = space.get(name, ABSENT)
        self.bindings.append((space, name, value))
        if value is not ABSENT:
            self._bound(value, module, read)
        elif hasattr(builtins, name):
            self._built_in(name, module, read)
        else:
            self.add(Piece("name", f"{modules.canonical(module)}.{name}", digest_packed("absent")))

    def _bound(self, value: Any, module: str, read: Read) -> None:
        chain = list(read.chain)
        name = chain.pop(0)
        while isinstance(value, ModuleType):
            origin = origin_of_module(value.__name__)
            self._add_name(module, name, ["module", modules.canonical(value.__name__)])
            if origin.owner != "project":
                self.touch(origin)
                self._dynamic(value.__name__, chain, module, read)
                return
            if not chain:
                self.reference(value)
                return
            self.enter_module(value.__name__)
            module, name = value.__name__, chain.pop(0)
            value = self._attribute(value, name)
            if value is ABSENT or name in _OF_MODULES:
                return
        self._thing(value, module, name, read)

    def _attribute(self, module: ModuleType, name: str) -> Any:
        found = vars(module).get(name, ABSENT)
        self.bindings.append((vars(module), name, found))
        if found is not ABSENT:
            return found
        inner = f"{module.__name__}.{name}"
        if self._file_of_unimported(inner):
            return ABSENT
        if "__getattr__" in vars(module):
            self.reference(module)
        else:
            self.add(Piece("name", modules.canonical(inner), digest_packed("absent")))
        return ABSENT

    def _thing(self, value: Any, module: str, name: str, read: Read) -> None:
        full = f"{modules.canonical(module)}.{name}"
        try:
            part = self.encode(value)
        except OpaqueError:
            part = self._opaque(value, module, name)
            self.add(Piece("name", full, digest_packed("name", part)))
            return
        if isinstance(value, FunctionType | type) or callable(value):
            if full_name(value) != full:
                self._add_name(module, name, part)
            self._dynamic(full_name(value), list(read.chain[1:]), module, read)
            return
        self._add_constant(full, value, part, module)

    def _add_constant(self, full: str, value: Any, part: Part, module: str) -> None:
        told = digest_packed("constant", part)
        self.add(Piece("constant", full, told, self.file_of(module)), Constant(value))
        if isinstance(part, list):  # else a scalar, which cannot change in place
            self.held.append((value, part))

    def _add_name(self, module: str, name: str, part: Part) -> None:
        full = f"{modules.canonical(module)}.{name}"
        self.add(Piece("name", full, digest_packed("name", part)))

    def _opaque(self, value: Any, module: str, name: str) -> Part:
        """What stands for a value that cannot be looked into: how it was made, and code in it."""
        self.touch(origin_of_module(type(value).__module__))
        found = self._inside(value)
        living = sys.modules.get(module)
        source = source_of(living) if living is not None else None
        definition = source.definition(name) if source is not None else None
        full = f"{modules.canonical(module)}.{name}"
        if definition is None or living is None:
            what = f"{full}, a {type(value).__qualname__}, cannot be looked into"
            self.unresolved[Unresolved(what, self.file_of(module) or module)] = None
            return ["unknown", found]
        self.enter_module(module)
        place = self.file_of(module), definition.line
        self.add(Piece("definition", full, definition.digest, *place), definition)
        self._read_all(definition, living)
        return ["made by", full, found]

    def _inside(self, value: Any) -> Part:
        return [self.reference(each) for each in code_inside(value)]

    def _read_all(self, definition: Definition, module: ModuleType) -> None:
        for chain in definition.reads:
            if chain[0] in vars(module):  # else a parameter, a variable, or built in
                self.read(vars(module), module.__name__, Read(chain))

    # What cannot be told from the code.

    def _built_in(self, name: str, module: str, read: Read) -> None:
        if name == "globals":
            living = sys.modules.get(module)
            if living is not None:
                self.reference(living)
        elif name in ("eval", "exec", "__import__"):
            self._give_up(f"{name}(…)", module, read)

    def _dynamic(self, name: str, chain: list[str], module: str, read: Read) -> None:
        whole = ".".join([name, *chain])
        if whole.startswith(_IMPORTERS):
            self._give_up(whole, module, read)

    def _give_up(self, what: str, module: str, read: Read) -> None:
        file = self.file_of(module) or module
        place = f"{file}:{read.line}" if read.line else file
        self.unresolved[Unresolved(what, place)] = None

    # Imports.

    def _import_within(
        self,
        function: FunctionType,
        wanted: Import,
        attributes: frozenset[str],
        *,
        everything: bool,
    ) -> None:
        space = function.__globals__
        name = absolute(wanted, space)
        origin = origin_of_module(name)
        if origin.owner != "project":
            self.touch(origin)
            places = [f"{name}.{each}" for each in wanted.names] or [
                f"{name}.{each}" for each in attributes
            ]
            if any(place.startswith(_IMPORTERS) for place in places):
                line = function.__code__.co_firstlineno
                self._give_up(f"{name}", function.__module__, Read((), line))
            return
        module = sys.modules.get(name)
        if module is None or name == "__main__":
            self._file_of_unimported(name)
            return
        self.enter_module(name)
        for each in wanted.names or [key for key in vars(module) if key in attributes]:
            inner = f"{name}.{each}"
            if each == "*" or (everything and not wanted.names):
                self.reference(module)
            elif each in vars(module):
                self.read(vars(module), name, Read((each,)))
            elif inner in sys.modules:
                self.reference(sys.modules[inner])
            else:
                self._attribute(module, each)
        if everything and not wanted.names:
            self.reference(module)

    def _file_of_unimported(self, name: str) -> bool:
        """Follows a module that is imported only when a step runs: all of its file counts."""
        found = unimported.files(name)
        for file in found:
            self.add(Piece("file", file.module, file.digest, self._relative(file.file), 1))
            for module, taken in file.imports:
                self._imported_by_file(module, taken)
        return bool(found)

    def _imported_by_file(self, name: str, taken: str | None) -> None:
        module, origin = sys.modules.get(name), origin_of_module(name)
        if origin.owner != "project":
            self.touch(origin)
        elif module is not None and taken is not None:
            self.read(vars(module), name, Read((taken,)))
        elif module is not None:
            self.reference(module)

    def enter_module(self, name: str) -> None:
        """Notes a module of the project that must be imported, with the packages that it is in."""
        while name and name not in self.modules:
            self.modules[name] = None
            name = name.rpartition(".")[0]

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

    def _place(self, function: FunctionType) -> tuple[str | None, int]:
        code = function.__code__
        return self._relative(code.co_filename), code.co_firstlineno

    def file_of(self, module: str) -> str | None:
        """The file of a module, relative to the project's folder."""
        file = getattr(sys.modules.get(module), "__file__", None)
        return self._relative(file) if isinstance(file, str) else None

    def _relative(self, file: str) -> str | None:
        if file.startswith("<"):
            return None
        return file[len(self.root) + 1 :] if file.startswith(f"{self.root}/") else file


_IMPORTERS = ("importlib.import_module", "importlib.__import__", "sys.modules", "runpy.run_")


def lookup(space: Mapping[str, Any] | type, name: str) -> Any:
    """What a name stands for, in the globals of a module or in a class; `ABSENT` if nothing."""
    names = vars(space) if isinstance(space, type) else space
    return names.get(name, ABSENT)


def full_name(value: Any) -> str:
    """``features.lag``: the canonical name of a function or class."""
    module = modules.canonical(getattr(value, "__module__", None) or "builtins")
    return f"{module}.{getattr(value, '__qualname__', '?')}"


def _wrapped(value: Any) -> tuple[Any, ...]:
    if isinstance(value, staticmethod | classmethod):
        return (value.__func__,)
    if isinstance(value, property):
        return (value.fget, value.fset, value.fdel)
    if isinstance(value, functools.cached_property):
        return (value.func,)
    if isinstance(value, functools.partialmethod):
        return (value.func, value.args, value.keywords)
    return ()


def _slots(cls: type) -> tuple[str, ...]:
    slots = vars(cls).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))
