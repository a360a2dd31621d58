"""What the names that code reads stand for."""

from __future__ import annotations

import builtins
import sys
from abc import abstractmethod
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from windlass import modules
from windlass.hashing import Part
from windlass.provenance.fingerprint import unimported
from windlass.provenance.fingerprint.bytecode import Import, Read, absolute
from windlass.provenance.fingerprint.encoding import Encoder
from windlass.provenance.fingerprint.findings import ABSENT, Constant, full_name
from windlass.provenance.fingerprint.inside import code_inside
from windlass.provenance.fingerprint.instances import own_attributes
from windlass.provenance.fingerprint.late import IMPORTERS, LateImports
from windlass.provenance.fingerprint.model import Piece, Unresolved
from windlass.provenance.fingerprint.origin import origin_of_living, origin_of_module
from windlass.provenance.fingerprint.packing import digest_packed
from windlass.provenance.fingerprint.source import Definition, source_of

OF_MODULES = {
    *("__name__", "__doc__", "__file__", "__path__", "__spec__", "__loader__", "__package__"),
    *("__builtins__", "__cached__", "__annotations__"),
}
"""What a module holds of itself: where it lies is not what it does."""
_SAID = ("__doc__", "__annotations__")
"""What its text says of it: that counts where it is read."""
EVALUATORS = (eval, exec, __import__)
UNFOLLOWED = {
    *("__subclasses__", "__globals__", "f_globals", "f_back", "__doc__", "getdoc", "getsource"),
    *("getsourcelines", "model_json_schema", "resolve_name", "spec_from_file_location"),
    *("SourceFileLoader", "exec_module", "load_module", "get_code", "get_source"),
}
"""Attributes that lead to code that no name tells of, or to the text of code itself."""


class Names(LateImports):
    """Follows names to what they stand for.

    Args:
        root: The project's folder.
    """

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.encode = Encoder(root, self.reference, self.state, self.text)
        self._read_before: set[tuple[int, tuple[str, ...]]] = set()

    @abstractmethod
    def state(self, value: Any) -> Part | None:
        """What an instance of a class of the project holds; None for what is none."""

    @abstractmethod
    def text(self, text: str) -> None:
        """Is told of a text that may be a dotted name."""

    def named(self, text: str) -> None:
        """Follows what of the project's a text is the dotted name of: a library may import it."""
        parts = text.replace(":", ".").split(".")
        for count in range(len(parts) - 1, 0, -1):
            name = ".".join(parts[:count])
            if origin_of_module(name).owner != "project":
                continue
            module = sys.modules.get(name)
            if module is not None:
                if parts[count] in vars(module):
                    self.enter_module(name)
                    self.read(vars(module), name, Read(tuple(parts[count:])))
                return
            if unimported.defines(name, parts[count]):
                self.file_of_unimported(name)
                return

    def read(self, space: Mapping[str, Any], module: str, read: Read) -> None:
        """Follows a name that code of a module reads."""
        key = (id(space), read.chain)
        if key in self._read_before:
            return
        self._read_before.add(key)
        name = read.chain[0]
        if name in OF_MODULES and name not in _SAID:
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
            origin = origin_of_living(value)
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
            if name == "__dict__":
                self.reference(value)
                return
            value = self.attribute(value, name)
            if value is ABSENT or name in OF_MODULES:
                return
        self.thing(value, module, name, read)

    def attribute(self, module: ModuleType, name: str) -> Any:
        """What a module holds under a name; `ABSENT` if nothing."""
        found = vars(module).get(name, ABSENT)
        self.bindings.append((vars(module), name, found))
        if found is not ABSENT:
            return found
        inner = f"{module.__name__}.{name}"
        if self.file_of_unimported(inner):
            return ABSENT
        if "__getattr__" in vars(module):
            self.reference(module)
        else:
            self.add(Piece("name", modules.canonical(inner), digest_packed("absent")))
        return ABSENT

    def thing(self, value: Any, module: str, name: str, read: Read) -> None:
        """Notes what a name of a module stands for, and follows it."""
        full = f"{modules.canonical(module)}.{name}"
        part, inside = self.told(value)
        if inside is not None:
            self.held.append((value, part))
            part = [part, inside, self.made(value, module, name)]
            self.add(Piece("name", full, digest_packed("name", part)))
        elif isinstance(value, FunctionType | type) or callable(value):
            if full_name(value) != full or not _is_by_name(part):
                self._add_name(module, name, part)
            self._dynamic(full_name(value), list(read.chain[1:]), module, read)
        else:
            self.add_constant(full, value, part, module)

    def told(self, value: Any) -> tuple[Part, Part]:
        """What stands for a value; and the code inside it, if not all could be looked into."""
        before = self.encode.opaque
        part = self.encode(value)
        if self.encode.opaque == before:
            return part, None
        self.encode.opaque = before  # who asks sees to it: what holds this is not opaque for it
        return part, self.inside(value)

    def add_constant(
        self, full: str, value: Any, part: Part, module: str, inside: Part = None
    ) -> None:
        """Notes a value that a name stands for."""
        told = digest_packed("constant", part, inside)
        self.add(Piece("constant", full, told, self.file_of(module)), Constant(value))
        if isinstance(part, list):  # else a scalar, which cannot change in place
            self.held.append((value, part))

    def _add_name(self, module: str, name: str, part: Part) -> None:
        full = f"{modules.canonical(module)}.{name}"
        self.add(Piece("name", full, digest_packed("name", part)))

    def made(self, value: Any, module: str, name: str) -> Part:
        """How a value was made, of which not all can be looked into."""
        self.touch(origin_of_module(type(value).__module__))
        living = sys.modules.get(module)
        source = source_of(living) if living is not None else None
        definition = source.definition(name) if source is not None else None
        if definition is None and source is not None and living is not None:
            where = self._imported_from(source.imported(name), living)
            if where is not None:
                return self.made(value, *where)
        full = f"{modules.canonical(module)}.{name}"
        if definition is None or living is None:
            what = f"{full}, a {type(value).__qualname__}, cannot be looked into"
            self.unresolved[Unresolved(what, self.file_of(module) or module)] = None
            return ["unknown"]
        self.enter_module(module)
        place = self.file_of(module), definition.line
        self.add(Piece("definition", full, definition.digest, *place), definition)
        self.read_all(definition, living)
        return ["made by", full]

    def _imported_from(self, wanted: Import | None, module: ModuleType) -> tuple[str, str] | None:
        """The module and the name that an import takes, if it is one of the project's."""
        if wanted is None:
            return None
        name = absolute(wanted, vars(module))
        is_own = name in sys.modules and origin_of_module(name).owner == "project"
        if not is_own or name == module.__name__:
            return None
        self.enter_module(name)
        return name, wanted.names[0]

    def inside(self, value: Any) -> Part:
        """The code in a value that cannot be looked into, and what was put on a function."""
        found = [self.reference(each) for each in code_inside(value)]
        given = own_attributes(value) if isinstance(value, FunctionType) else {}
        return [*found, self.encode(given)] if given else found

    def read_all(self, definition: Definition, module: ModuleType) -> None:
        """Follows the names that a definition reads."""
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
            self.give_up(f"{name}(…)", module, read)

    def _dynamic(self, name: str, chain: list[str], module: str, read: Read) -> None:
        whole = ".".join([name, *chain])
        if whole.startswith(IMPORTERS):
            self.give_up(whole, module, read)


def _is_by_name(part: Part) -> bool:
    """Whether it is a function or class of the project, which is a piece of its own."""
    return isinstance(part, list) and part[:1] in (["function"], ["class"])
