"""What a project declares that it needs, and the lock that this comes to.

The first of these counts: ``uv.lock``, the dependencies in ``pyproject.toml``,
``requirements.txt``, the block of PEP 723 in the pipeline's file. A named environment of
``windlass.toml`` has requirements or a file of its own, or the project's with some extras.
"""

from __future__ import annotations

import platform
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError, LockError
from windlass.hashing import digest
from windlass.provenance import uv, wheel
from windlass.provenance.lock import Lock, Missing, compile_lock
from windlass.provenance.requirement_lines import (
    applies,
    paths_of,
    requirements_of,
    without_marker,
)
from windlass.provenance.wanted import Wanted
from windlass.values import to_text

UV_LOCK, PYPROJECT, REQUIREMENTS = "uv.lock", "pyproject.toml", "requirements.txt"

_BLOCK = re.compile(r"(?m)^# /// script\s*$\n(?:^#(?: .*)?$\n)*^# ///\s*$")
_OTHER_FILE = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]+(\S+)", re.MULTILINE)
_KEYS = ("dependencies", "optional-dependencies", "requires-python", "dynamic", "name")


@dataclass(frozen=True)
class Declaration:
    """What is to be solved.

    Args:
        source: The file that says so.
        text: What it says, as far as it matters.
        root: The project's folder.
        wanted: What ``windlass.toml`` says.
        extras: Those of Windlass that are needed beside what the project says.
        more: Requirements beside them.
    """

    source: str
    text: str = field(repr=False)
    root: Path
    wanted: Wanted = field(default_factory=Wanted)
    extras: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def python(self) -> str:
        """Python's minor version."""
        return self.wanted.python or uv.PYTHON

    @cached_property
    def digest(self) -> str:
        """Of all that its lock depends on, but for what the indexes have."""
        machine = (sys.implementation.name, sys.platform, platform.machine())
        asked = [self.wanted.requirements, self.wanted.extras, self.wanted.system]
        if self.extras or self.more:
            asked += [self.extras, self.more, tuple(wheel.facts())]
        told = (self.source, self.text, self.python, *machine, *asked)
        return digest("declaration", *told, wheel.requirements())


def find_declaration(
    root: Path, wanted: Wanted | None = None, script: Path | None = None
) -> Declaration | None:
    """What a project declares; None if nothing.

    Args:
        root: The project's folder.
        wanted: An environment of ``windlass.toml``.
        script: The pipeline's file, which may say what it needs itself.

    Raises:
        ConfigError: A file is not there or cannot be read.
    """
    wanted = wanted or Wanted()
    if wanted.requirements:
        return Declaration("windlass.toml", "", root, wanted)
    if wanted.file is not None:
        return Declaration(wanted.file, _text_of_all(root / wanted.file, wanted), root, wanted)
    for source, say in _SAID.items():
        file = root / source
        text = say(file) if file.is_file() else None
        if text is not None:
            return Declaration(source, text, root, wanted)
    block = _BLOCK.search(_text(script)) if script is not None else None
    if script is None or block is None:
        return None
    return Declaration(str(script), block[0], root, wanted)


def solve(declaration: Declaration, windlass: Path) -> Lock:
    """What uv makes of a declaration.

    Raises:
        LockError: There is no solution, no uv, or no index to be asked.
    """
    wanted = declaration.wanted
    lines = [wheel.requirement(windlass, declaration.extras), *declaration.more]
    try:
        sources, text = _sources(declaration)
        emitted = ("--no-emit-package", wheel.NAME)
        text += "".join(f"{line}\n" for line in lines)
        told = compile_lock(declaration.python, _folder(declaration), *sources, *emitted, text=text)
    except LockError as error:
        raise LockError(
            f"{wanted.shown}, as {declaration.source} has it, cannot be solved: {error.message}",
            hint=error.hint
            or "Change what conflicts. uv must know of a private index: UV_INDEX, "
            "or [[tool.uv.index]] in pyproject.toml.",
        ) from error
    missing = [Missing(name, "", "lies in a folder of this machine") for name in paths_of(told)]
    return Lock(
        declaration.python,
        sys.implementation.name,
        requirements_of(told),
        tuple(missing),
        wanted.system,
    )


def written_lock(declaration: Declaration) -> Lock:
    """What a ``uv.lock`` says for this machine, without any index.

    Raises:
        LockError: uv cannot read it.
    """
    requirements = requirements_of(_exported(declaration))
    return Lock(declaration.python, sys.implementation.name, requirements)


def _folder(declaration: Declaration) -> Path:
    """Where uv is started: what the project overrides counts where its own dependencies do."""
    wanted, root = declaration.wanted, declaration.root
    return uv.index_folder(root) if wanted.requirements or wanted.file else root


def _sources(declaration: Declaration) -> tuple[list[str], str]:
    """The files that uv reads, and the text."""
    wanted = declaration.wanted
    if wanted.requirements:
        return [], "".join(f"{each}\n" for each in wanted.requirements)
    if declaration.source == UV_LOCK:
        return [], _exported(declaration)
    extras = [word for each in wanted.extras for word in ("--extra", each)]
    return [str(declaration.root / declaration.source), *extras], ""


def _exported(declaration: Declaration) -> str:
    extras = [word for each in declaration.wanted.extras for word in ("--extra", each)]
    text = uv.run_uv(
        *("export", "--frozen", "--no-header", "--no-annotate", "--no-emit-project"),
        *("--no-default-groups", "--format", "requirements.txt", *extras),
        folder=declaration.root,
    )
    lines = (line for line in requirements_of(text) if applies(line, declaration.python))
    return "".join(f"{without_marker(line)}\n" for line in lines)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ConfigError(f"{file} cannot be read: {reason}") from error


def _text_of_all(file: Path, wanted: Wanted | None = None) -> str:
    """The text of a file of requirements, with those that it names."""
    if wanted is not None and not file.is_file():
        raise ConfigError(
            f"{wanted.shown} is described in {file}, which is not there",
            hint=f"Write it, or change file = … under [environments.{wanted.name}].",
        )
    return "\n".join(_texts(file, set()))


def _texts(file: Path, seen: set[Path]) -> Iterator[str]:
    if file in seen or not file.is_file():
        return
    seen.add(file)
    text = _text(file)
    yield text
    for name in _OTHER_FILE.findall(text):
        yield from _texts((file.parent / name).resolve(), seen)


def _text_of_pyproject(file: Path) -> str | None:
    """What ``pyproject.toml`` says of dependencies; an edit to the rest of it changes nothing."""
    try:
        document: dict[str, Any] = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not TOML: {error}") from error
    project = document.get("project", {})
    if "dependencies" not in project and "dependencies" not in project.get("dynamic", ()):
        return None
    told = {key: project[key] for key in _KEYS if key in project}
    return to_text({"project": told, "uv": document.get("tool", {}).get("uv", {})})


_SAID: dict[str, Callable[[Path], str | None]] = {
    UV_LOCK: _text,
    PYPROJECT: _text_of_pyproject,
    REQUIREMENTS: _text_of_all,
}
