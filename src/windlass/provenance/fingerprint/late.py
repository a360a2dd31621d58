"""What a function imports when it runs, and what cannot be followed."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from windlass.hashing import Part
from windlass.provenance.fingerprint import unimported
from windlass.provenance.fingerprint.bytecode import Import, Read, absolute
from windlass.provenance.fingerprint.findings import Findings
from windlass.provenance.fingerprint.model import Piece, Unresolved
from windlass.provenance.fingerprint.origin import is_there, origin_of_module
from windlass.provenance.fingerprint.source import Definition, parse_file

IMPORTERS = (
    *("importlib.import_module", "importlib.__import__", "importlib.reload"),
    *("importlib.util.module_from_spec", "importlib.util.spec_from", "importlib.util.LazyLoader"),
    *(
        "importlib.machinery",
        "sys.modules",
        "sys.path",
        "sys.meta_path",
        "site.addsitedir",
        "sys._getframe",
        "runpy.",
        "pkgutil.",
        "pydoc.locate",
    ),
    *("builtins.eval", "builtins.exec", "builtins.__import__", "inspect.currentframe"),
    *("inspect.stack", "inspect.getsource", "inspect.getdoc", "pickle.load", "_pickle.load"),
    *("pickle.Unpickler", "_pickle.Unpickler", "pickle._load", "dill.load", "cloudpickle.load"),
    *("joblib.load", "joblib.numpy_pickle.load", "pandas.read_pickle", "pandas.io.pickle"),
    *("yaml.unsafe_load", "yaml.load", "yaml.full_load", "pydoc.resolve", "pkgutil.resolve_name"),
)
"""What leads to code that no name tells of."""


class LateImports(Findings, ABC):
    """Follows imports within functions to the modules, imported already or not."""

    @abstractmethod
    def reference(self, value: Any) -> Part:
        """What stands for a function, class, module or the like; it will be followed."""

    @abstractmethod
    def read(self, space: Mapping[str, Any], module: str, read: Read) -> None:
        """Follows a name that code of a module reads."""

    @abstractmethod
    def attribute(self, module: ModuleType, name: str) -> Any:
        """What a module holds under a name; `ABSENT` if nothing."""

    def give_up(self, what: str, module: str, read: Read) -> None:
        """Notes what cannot be followed: all code of the project counts in its place."""
        file = self.file_of(module) or module
        place = f"{file}:{read.line}" if read.line else file
        self.unresolved[Unresolved(what, place)] = None

    def import_within(
        self,
        function: FunctionType,
        wanted: Import,
        attributes: frozenset[str],
        *,
        everything: bool,
    ) -> None:
        """Follows an import that a function does when it runs."""
        space = function.__globals__
        name = absolute(wanted, space)
        origin = origin_of_module(name)
        if origin.owner != "project":
            self.touch(origin)
            self.has_late = self.has_late or not is_there(name)
            places = [f"{name}.{each}" for each in wanted.names] or [
                f"{name}.{each}" for each in attributes
            ]
            if any(place.startswith(IMPORTERS) for place in places):
                line = function.__code__.co_firstlineno
                self.give_up(f"{name}", function.__module__, Read((), line))
            return
        module = sys.modules.get(name)
        if module is None or name == "__main__":
            self.file_of_unimported(name)
            return
        self.enter_module(name)
        package = name.rpartition(".")[0]
        if not wanted.names and package:  # `import models.one` gives a name to `models`, too
            whole = Import(package, 0, ())
            self.import_within(function, whole, attributes, everything=everything)
        for each in wanted.names or [key for key in vars(module) if key in attributes]:
            inner = f"{name}.{each}"
            if each == "*" or (everything and not wanted.names):
                self.reference(module)
            elif each in vars(module):
                self.read(vars(module), name, Read((each,)))
            elif inner in sys.modules:
                self.reference(sys.modules[inner])
            else:
                self.attribute(module, each)
        if everything and not wanted.names:
            self.reference(module)

    def file_of_unimported(self, name: str) -> bool:
        """Follows a module that is imported only when a step runs: all of its file counts."""
        found = unimported.files(name)
        self.has_late = True
        for file in found:
            self.note_dynamic(file)
            source = parse_file(file.file)
            told = Definition(file.digest, (), 1, source.text) if source is not None else None
            self.add(Piece("file", file.module, file.digest, self.relative(file.file)), told)
            for module, taken in file.imports:
                self.imported_by_file(module, taken)
        return bool(found)

    def note_dynamic(self, file: unimported.File) -> None:
        """Notes code of a file that leads to what no name tells of."""
        if file.dynamic is not None:
            place = self.relative(file.file) or file.module
            self.unresolved[Unresolved(file.dynamic, place)] = None

    def imported_by_file(self, name: str, taken: str | None) -> None:
        """Follows what a file imports that is itself imported only when a step runs."""
        module, origin = sys.modules.get(name), origin_of_module(name)
        if origin.owner != "project":
            self.touch(origin)
        elif module is not None and taken is not None:
            self.read(vars(module), name, Read((taken,)))
        elif module is not None:
            self.reference(module)
