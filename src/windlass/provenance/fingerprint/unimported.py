"""Modules of the project that are not imported when the pipeline is traced, by their files.

A step may import a module only when it runs, to be quick before. It is not imported for a
fingerprint: everything in its file counts, and in the files that it imports.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from windlass.hashing import digest
from windlass.provenance.cells.file import notebook_code
from windlass.provenance.fingerprint.compiled import file_without_source
from windlass.provenance.fingerprint.origin import origin_of_file
from windlass.provenance.fingerprint.source import parse_file


class File(NamedTuple):
    """A file of a module that is not imported.

    Args:
        module: Its name.
        file: Its path.
        digest: Of what it says, not of how it is laid out.
        imports: The modules that it imports, each with a name that it takes from there, or None.
        dynamic: What in it leads to code that no name tells of; None if nothing does.
    """

    module: str
    file: str
    digest: str
    imports: tuple[tuple[str, str | None], ...]
    dynamic: str | None = None


_DYNAMIC = {
    *("eval", "exec", "__import__", "import_module", "exec_module", "run_path", "run_module"),
    *("spec_from_file_location", "__subclasses__", "__globals__", "reload", "load_module"),
    *("resolve_name", "walk_packages", "iter_modules", "addsitedir", "__doc__", "getsource"),
    *("getdoc", "getsourcelines", "unsafe_load"),
}


def defines(name: str, inner: str) -> bool:
    """Whether a module that is not imported, and is the project's, gives something a name."""
    place = _find(name)
    source = parse_file(place) if place and origin_of_file(place).owner == "project" else None
    return source is not None and source.definition(inner) is not None


def files(name: str) -> list[File]:
    """A module's file and those of the other modules that are imported with it, likewise."""
    waiting = deque([name])
    found: dict[str, File | None] = {}
    while waiting:
        module = waiting.popleft()
        while module and module not in found and module not in sys.modules:
            file = found[module] = _file(module)
            waiting += [each for each, _ in file.imports] if file is not None else []
            module = module.rpartition(".")[0]
    return [file for file in found.values() if file is not None]


def notebook(path: Path) -> File:
    """A notebook's file: the code in its cells, and what that imports."""
    return _told("", str(path), ast.parse(notebook_code(path)), "")


def _file(name: str) -> File | None:
    place = _find(name)
    if place is None or origin_of_file(place).owner != "project":
        return None
    source = parse_file(place)
    if source is None:
        found = file_without_source(place)
        return File(name, *found, ()) if found is not None else None
    package = name if place.endswith("__init__.py") else name.rpartition(".")[0]
    return _told(name, place, source.tree, package)


def _told(name: str, place: str, tree: ast.Module, package: str) -> File:
    imports = {each for node in ast.walk(tree) for each in _imported(node, package)}
    told = digest("file", ast.dump(_without_docstrings(tree)))
    dynamic = next((found for node in ast.walk(tree) if (found := _dynamic(node))), None)
    return File(name, place, told, tuple(sorted(imports, key=repr)), dynamic)


def _dynamic(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
        return "sys.path"
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
    if name in _DYNAMIC:
        return str(name)
    is_magic = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "magic"
    told = getattr(node.args[0], "value", "") if is_magic and node.args else ""  # type: ignore[attr-defined]
    return str(told) if str(told).startswith(("%run", "%load")) else None


def _find(name: str) -> str | None:
    """Where a module's file is, without importing anything."""
    path: list[str] | None = None
    spec = None
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        try:
            spec = importlib.machinery.PathFinder.find_spec(".".join(parts[:count]), path)
        except (ImportError, ValueError):
            return None
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    return spec.origin if spec is not None and spec.has_location else None


def _imported(node: ast.AST, package: str) -> Iterator[tuple[str, str | None]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, None) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            try:
                base = importlib.util.resolve_name("." * node.level + base, package)
            except ImportError:
                return
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            if inner in sys.modules or _find(inner) is not None:
                yield inner, None
            else:
                yield base, None if alias.name == "*" else alias.name


class _Docstrings(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [each for each in body if not _is_text(each)]
            if len(kept) < len(body) and not isinstance(node, ast.Lambda | ast.IfExp):
                return type(node)(**{**dict(ast.iter_fields(node)), "body": kept})
        return node


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _without_docstrings(tree: ast.Module) -> ast.AST:
    return _Docstrings().visit(ast.parse(ast.unparse(tree)))  # type: ignore[no-any-return]
