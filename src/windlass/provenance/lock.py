"""The lock: an environment as uv solved it, every file by its hash.

It holds what is needed to build the environment again, and nothing of where it came from: no
address of an index, no credentials, no path of this machine. What cannot be had again, such as a
package in a folder of this machine, is named in it with the reason.
"""

from __future__ import annotations

import platform
import re
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from windlass.errors import LockError
from windlass.hashing import digest
from windlass.provenance import uv
from windlass.provenance.environment import Environment, Package, environment_of
from windlass.provenance.requirement_lines import pin, requirements_of
from windlass.provenance.wheel import NAME
from windlass.values import to_text

_FORMAT = 1


class Missing(NamedTuple):
    """A package that was there and cannot be had again, and why."""

    name: str
    version: str
    why: str


@dataclass(frozen=True)
class Lock:
    """An environment, solved.

    Args:
        python: Python's minor version.
        implementation: Such as ``"cpython"``.
        requirements: One to a line, pinned, each with the hashes of its files; sorted by name.
            Those from a repository are pinned by their commit, which is a hash of all they hold.
        missing: What the environment needs and nobody else can get.
        system: Packages of the operating system that it needs; for targets that build images.
        platform: Where it was solved; no part of the digest.
    """

    python: str
    implementation: str
    requirements: tuple[str, ...]
    missing: tuple[Missing, ...] = ()
    system: tuple[str, ...] = ()
    platform: str = f"{sys.platform}-{platform.machine()}"

    @cached_property
    def digest(self) -> str:
        """Of the other fields, but for the platform."""
        told = [[*each[:2]] for each in self.missing]
        return digest(
            "lock", self.python, self.implementation, self.requirements, told, self.system
        )

    def document(self) -> str:
        """The JSON that `read_lock` reads."""
        return to_text(
            {
                "format": _FORMAT,
                "python": self.python,
                "implementation": self.implementation,
                "platform": self.platform,
                "requirements": list(self.requirements),
                "missing": [list(each) for each in self.missing],
                "system": list(self.system),
            }
        )

    def versions(self) -> dict[str, str]:
        """What identifies each package by its name: its version, or where it comes from."""
        return dict(map(pin, self.requirements))

    def environment(self) -> Environment:
        """What there is to be imported in it."""
        packages = [Package(name, version) for name, version in self.versions().items()]
        return environment_of(packages, self.python, self.implementation)

    def refuse_missing(self) -> None:
        """Refuses a lock that cannot be built whole.

        Raises:
            LockError: Something in it cannot be had; it is named, with what can be done.
        """
        if self.missing:
            told = "; ".join(" ".join(filter(None, each)) for each in self.missing)
            raise LockError(
                f"the environment cannot be built: {told}",
                hint="Bring it back to a package index that uv is told of (UV_INDEX), or as a "
                "wheel in a folder (UV_FIND_LINKS); or use the present interpreter.",
            )


def read_lock(document: Any) -> Lock:
    """The lock of a document that `Lock.document` made, parsed."""
    return Lock(
        python=document["python"],
        implementation=document["implementation"],
        requirements=tuple(document["requirements"]),
        missing=tuple(Missing(*each) for each in document["missing"]),
        system=tuple(document["system"]),
        platform=document["platform"],
    )


def lock_recorded(environment: Environment, folder: Path | None = None) -> Lock:
    """The lock of an environment by the record of what was installed in it.

    The project itself, which the bundle holds, and Windlass, which travels as a wheel, are left
    out. What is not to be had is in `Lock.missing`.

    Args:
        environment: As it was recorded.
        folder: The project's: uv looks for its settings there.

    Raises:
        LockError: uv is not there, cannot reach an index, or has no such Python.
    """
    versions, addresses, missing = _told_apart(environment.packages)
    lines, gone = _solved(environment.python, uv.index_folder(folder), versions)
    return Lock(
        environment.python,
        environment.implementation,
        tuple(sorted((*lines, *addresses), key=pin)),
        tuple(sorted((*missing, *gone))),
    )


def lock_requirements(requirements: Iterable[str], folder: Path | None = None) -> Lock:
    """The lock of some requirements and all that these need, for the present Python.

    Args:
        requirements: As ``pip`` reads them.
        folder: The project's: uv looks for its settings there.

    Raises:
        LockError: There is no solution, no uv, or no index to be asked.
    """
    text = "".join(f"{each}\n" for each in requirements)
    told = compile_lock(uv.PYTHON, uv.index_folder(folder), text=text)
    return Lock(uv.PYTHON, sys.implementation.name, requirements_of(told))


def lock_part(
    environment: Environment,
    names: Collection[str],
    windlass: str,
    more: Sequence[str] = (),
    folder: Path | None = None,
) -> Lock:
    """The lock of some packages of an environment, and of all that these and Windlass need.

    What was installed in the environment is taken in the version that it had there.

    Args:
        environment: As it was recorded.
        names: The packages.
        windlass: The requirement of Windlass, with its extras.
        more: Requirements beside them.
        folder: The project's: uv looks for its settings there.

    Raises:
        LockError: There is no solution, no uv, or no index to be asked.
    """
    versions, addresses, missing = _told_apart(environment.packages)
    needed = tuple(each for each in missing if each.name in names)
    if needed:
        return Lock(environment.python, environment.implementation, (), needed)
    lines = [f"{name}=={version}" for name, version in versions.items()]
    wanted = [line for line in (*lines, *addresses) if pin(line)[0] in names]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as held:
        held.write("\n".join(lines))
        held.flush()
        told = compile_lock(
            *(environment.python, uv.index_folder(folder), "--constraint", held.name),
            *("--no-emit-package", NAME),
            text="\n".join([windlass, *wanted, *more]),
        )
    return Lock(environment.python, environment.implementation, requirements_of(told))


def _solved(python: str, folder: Path, versions: dict[str, str]) -> tuple[list[str], list[Missing]]:
    """The requirements of versions, and those that cannot be had: each failure of uv names some."""
    missing: list[Missing] = []
    while versions:
        try:
            text = "\n".join(f"{name}=={version}" for name, version in versions.items())
            told = compile_lock(python, folder, text=text, dependencies=False)
        except LockError as error:
            gone = [name for name in versions if _is_named(name, error.message)]
            if not gone and uv.find_python(python) == python:
                raise uv.no_python(python, error) from error
            if not gone:
                raise
            why = next((why for words, why in _REASONS.items() if words in error.message), _GONE)
            missing += [Missing(name, versions.pop(name), why) for name in gone]
        else:
            found = {pin(line): line for line in requirements_of(told)}
            missing += _overridden(versions, dict(found.keys()))
            return [line for each, line in found.items() if each in versions.items()], missing
    return [], missing


def compile_lock(
    python: str,
    folder: Path | None,
    *sources: str,
    text: str = "",
    dependencies: bool = True,
) -> str:
    """What uv solves, as it writes it.

    Args:
        python: Python's minor version.
        folder: Where uv looks for its settings, and relative paths begin.
        sources: Files and options, beside the text.
        text: Requirements, one a line.
        dependencies: Whether what is required in turn is solved, too.

    Raises:
        LockError: There is no solution, or no index to be asked.
    """
    found = uv.find_python(python)
    # Of an interpreter that is here, the patch version counts, too: some packages ask for one.
    asked = ("--python-version" if found == python else "--python", found)
    return uv.run_uv(
        *("pip", "compile", *sources, *(["-"] if text else [])),
        *("--generate-hashes", "--no-header", "--no-annotate", *asked),
        *(() if dependencies else ("--no-deps",)),
        folder=folder,
        text=text,
    )


def differences(lock: Lock, environment: Environment) -> list[str]:
    """How an environment differs from a lock, in words; what is only in the former is no matter."""
    there = {each.name: each for each in environment.packages}
    return list(_differences(lock, environment, there))


_GONE = "cannot be had"
_REASONS = {
    "no version of": "is in no package index that uv is told of",
    "not found in": "is in no package index that uv is told of",
    "requested Python version": "is not made for that Python",
    "Failed to build": "cannot be built here",
}


def _differences(lock: Lock, environment: Environment, there: dict[str, Package]) -> Iterator[str]:
    if lock.python != environment.python:
        yield f"Python {environment.python} (locked: {lock.python})"
    for name, version in lock.versions().items():
        found = there.get(name)
        if found is None:
            yield f"no {name} (locked: {version})"
        elif "://" not in version and found.version != version:
            yield f"{name} {found.version} (locked: {version})"


def _told_apart(
    packages: Iterable[Package],
) -> tuple[dict[str, str], list[str], list[Missing]]:
    """Versions to be looked for in an index, what is pinned by its address, and what is neither."""
    versions, addresses, missing = {}, [], []
    for name, version, source in packages:
        if name == NAME or source == {"kind": "editable"}:
            continue
        if source is None:
            versions[name] = version
        elif "url" in source and source["kind"] in ("vcs", "archive"):
            addresses.append(_at_address(name, source))
        else:
            how = "editable from" if source["kind"] == "editable" else "from"
            why = f"was installed {how} a folder or file of that machine"
            missing.append(Missing(name, version, why))
    return versions, addresses, missing


def _overridden(versions: dict[str, str], found: dict[str, str]) -> Iterator[Missing]:
    """What the settings of uv make another version of than was there."""
    for name, version in versions.items():
        if found.get(name) != version:
            yield Missing(name, version, f"is overridden in uv's settings: {found.get(name)}")


def _at_address(name: str, source: dict[str, str]) -> str:
    """A requirement that needs no solving: the hash of an archive, or a commit, tells its bytes."""
    folder = f"#subdirectory={source['subdirectory']}" if "subdirectory" in source else ""
    if source["kind"] == "vcs":
        return f"{name} @ git+{source['url'].removeprefix('git+')}@{source['commit']}{folder}"
    return f"{name} @ {source['url']}{folder} --hash={source['hash'].replace('=', ':')}"


def _is_named(name: str, message: str) -> bool:
    """Whether a message of uv is about a package."""
    name = re.escape(name)
    return re.search(rf"(?<![\w.-]){name}(?![\w-]|\.\w)", message, re.IGNORECASE) is not None
