"""The cells of a notebook as a module, from which its pipelines are run, here and elsewhere.

A notebook's steps live in ``__main__``, which no other process can import. So of all cells that
were run, those statements that a pipeline needs are written to a file, as if the notebook had been
one from the start, and the pipeline is taken from there.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

from windlass import modules, values
from windlass.errors import ConfigError, FormatError
from windlass.hashing import digest
from windlass.pipeline.pipeline import Pipeline
from windlass.places import place
from windlass.provenance.bundle import FILE, Bundle, BundleFile, digest_files
from windlass.provenance.cells.kernel import executed
from windlass.provenance.cells.refusals import of_another, of_failure
from windlass.provenance.cells.sameness import Sameness
from windlass.provenance.cells.slicing import Slicer
from windlass.provenance.cells.statements import Statement
from windlass.provenance.filecache import FileDigests
from windlass.provenance.project import Project

FOLDER = "cells"
_ABSENT = object()
_WRITTEN_AT = 315_532_800
"""When every file of cells is said to be written: the first second of 1980."""


def from_cells(pipeline: Pipeline[Any, Any], project: Project) -> Pipeline[Any, Any]:
    """A notebook's pipeline as it is in the module that its cells become; others as they are.

    Raises:
        DefinitionError: It needs a name that no cell defines, or something that is not the same
            when the cells are run anew.
        ConfigError: The module cannot be written.
    """
    alias, name = modules.notebook_module(), pipeline.function.__qualname__
    if alias is None or pipeline.function.__module__ != "__main__" or "<locals>" in name:
        return pipeline
    space = vars(sys.modules["__main__"])
    slicer = Slicer(executed(), space)
    text = slicer.module([name])
    file = _written(text, project.make_home() / FOLDER, alias)
    module = _imported(alias, file, slicer.statements)
    is_same = Sameness([each.text for each in slicer.statements])
    for each in slicer.made_anew():
        if not is_same(space[each], vars(module).get(each, _ABSENT)):
            raise of_another(each, space[each], slicer.made(each), slicer.suspect(each))
    found: Pipeline[Any, Any] = vars(module)[name]
    return found


def in_cells(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with instances of a notebook's classes as those of the module of its cells.

    What is no plain data is left as it is.
    """
    found = {}
    for name, value in given.items():
        try:
            found[name] = values.decode(values.encode(value), _class_anew)
        except FormatError:
            found[name] = value
    return found


def _class_anew(ref: str) -> type:
    found = modules.resolve(ref)
    assert isinstance(found, type)
    return found


def _written(text: str, folder: Path, alias: str) -> Path:
    path = folder / digest("cells", text)[:16] / f"{alias}.py"
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text)
        # The path tells one text from another. By its time, IPython's autoreload would take the
        # file for a module that was edited, and fail to reload it.
        os.utime(partial, (_WRITTEN_AT, _WRITTEN_AT))
        partial.replace(path)
    except OSError as error:
        raise ConfigError(
            f"the cells cannot be written to {path}: {error.strerror}",
            hint="Workers import them from there.",
        ) from error
    return path


def _imported(alias: str, path: Path, made: Sequence[Statement]) -> ModuleType:
    known = sys.modules.get(alias)
    if known is not None and known.__file__ == str(path):
        return known
    spec = importlib.util.spec_from_file_location(alias, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[alias]
        raise of_failure(error, _where(error, path), made) from error
    return module


def _where(error: BaseException, path: Path) -> str:
    """The cell in which an error arose, to stand before it."""
    lines = [it.lineno for it in extract_tb(error.__traceback__) if it.filename == str(path)]
    return f"{place(str(path), lines[-1])}: " if lines else ""


def with_cells(bundle: Bundle, file: Path) -> Bundle:
    """A bundle with a notebook's cells as a module at its root."""
    status = file.stat()
    content = FileDigests(None).digest(str(file), status)
    cells = BundleFile(file.name, FILE, status.st_size, content)
    others = [each for each in bundle.files if each.path != file.name]
    files = sorted([*others, cells], key=lambda each: each.path)
    return Bundle(digest_files(files), tuple(files), bundle.left_out)
