"""What a step reads though nothing in its code or its inputs says so: declared files and variables.

A step names them, ``@step(files=["rules/*.yaml"], variables=["REGION"])``. Then their contents are
in its key like its code is. Of a variable only a digest is ever recorded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from windlass.errors import DefinitionError
from windlass.hashing import digest
from windlass.provenance.filecache import FileDigests
from windlass.provenance.project import HOME

_MOST = 10_000
"""Files that a step may declare: every run looks at each of them."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the steps of a pipeline declare, as it is now.

    Args:
        files: By pattern, the digests of the files that it stands for, by their paths.
        variables: By name, the digests of environment variables.
    """

    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def take_declared(
    root: Path, cache: Path | None, patterns: Iterable[str], variables: Iterable[str]
) -> Declared:
    """Looks at declared files and variables.

    Args:
        root: The project's folder, from which patterns begin.
        cache: The folder of what can be worked out again.
        patterns: Names of files and folders, and patterns such as ``data/**/*.csv``.
        variables: Names of environment variables.

    Raises:
        DefinitionError: A pattern stands for no file, or for too many.
    """
    patterns = sorted(set(patterns))
    digests = FileDigests(cache / "declared.json" if cache is not None and patterns else None)
    files = {pattern: _files(root, pattern, digests) for pattern in patterns}
    digests.save()
    return Declared(files, {name: _variable(name) for name in sorted(set(variables))})


def _files(root: Path, pattern: str, digests: FileDigests) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted({*_matches(root, pattern)}):
        if len(found) == _MOST:
            raise DefinitionError(
                f"files={pattern!r} stands for more than {_MOST:,} files",
                hint="Give the step their folder as a parameter of type Path.",
            )
        found[path.relative_to(root).as_posix()] = digests.digest(str(path), path.stat())
    if not found:
        raise DefinitionError(
            f"files={pattern!r} stands for no file in {root}",
            hint="Paths begin at the project's folder, such as 'src/rules/*.yaml'.",
        )
    return found


def _matches(root: Path, pattern: str) -> Iterator[Path]:
    for path in root.glob(pattern):
        for each in path.rglob("*") if path.is_dir() else (path,):
            parts = each.relative_to(root).parts
            if each.is_file() and HOME not in parts and "__pycache__" not in parts:
                yield each


def _variable(name: str) -> str:
    value = os.environ.get(name)
    return digest("no variable") if value is None else digest("variable", os.fsencode(value))
