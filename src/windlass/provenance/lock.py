"""The lock: an environment as uv solved it, every file by its hash.

It holds what is needed to build the environment again, and nothing of where it came from: no
address of an index, no credentials, no path of this machine. What cannot be had again, such as a
package in a folder of this machine, is named in it with the reason.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from windlass.errors import LockError
from windlass.hashing import digest
from windlass.provenance import uv
from windlass.provenance.distributions import normalised
from windlass.provenance.environment import Environment, Package, environment_of
from windlass.provenance.git import clean_url
from windlass.provenance.wheel import NAME
from windlass.values import to_text

_FORMAT = 1
_COMMENT = re.compile(r"(^|\s)#(?!sha256=|subdirectory=|egg=).*$", re.MULTILINE)
_NAME = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(==|@)\s*(\S+)")


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
        return dict(map(_pin, self.requirements))

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
    out. What is not to be had is in `Lock.missing`: each failure of uv names the next of them.

    Args:
        environment: As it was recorded.
        folder: The project's: uv looks for its settings there.

    Raises:
        LockError: uv is not there, or cannot reach an index.
    """
    pins, addresses, missing = _told_apart(environment.packages)
    solved = ""
    while pins:
        try:
            text = "\n".join(f"{name}=={version}" for name, version in pins.items())
            solved = compile_lock(environment.python, folder, text=text, dependencies=False)
            break
        except LockError as error:
            gone = [name for name in pins if _is_named(name, error.message)]
            if not gone:
                raise
            why = next((why for words, why in _REASONS.items() if words in error.message), _GONE)
            missing += [Missing(name, pins.pop(name), why) for name in gone]
    return Lock(
        environment.python,
        environment.implementation,
        tuple(sorted((*requirements_of(solved), *addresses), key=_pin)),
        tuple(sorted(missing)),
    )


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


def requirements_of(text: str) -> tuple[str, ...]:
    """Requirements as uv wrote them, each on one line, those that need no path of this machine."""
    joined = _COMMENT.sub("", text).replace("\\\n", " ")
    lines = (" ".join(line.split()) for line in joined.splitlines())
    own = (line for line in lines if line and not line.startswith("-") and not _is_path(line))
    cleaned = (_without_credentials(line) for line in own if _pin(line)[0] != NAME)
    return tuple(sorted(cleaned, key=_pin))


def paths_of(text: str) -> list[Missing]:
    """The requirements that are folders or files of this machine."""
    found = []
    for line in _COMMENT.sub("", text).replace("\\\n", " ").splitlines():
        if line.startswith("-e ") or _is_path(line):
            name = _pin(line)[0] if "@" in line else Path(line.split()[-1]).name
            found += [Missing(name, "", _OWN_FOLDER)] if name != NAME else []
    return found


def applies(line: str, python: str) -> bool:
    """Whether a requirement is one on this machine, for a minor version of Python."""
    from packaging.markers import Marker

    _, semicolon, rest = line.partition(" ;")
    if not semicolon:
        return True
    marker = Marker(rest.partition(" --hash")[0].strip())
    return marker.evaluate({"python_version": python, "python_full_version": f"{python}.0"})


def without_marker(line: str) -> str:
    """A requirement without its condition, which holds."""
    told, _, rest = line.partition(" ;")
    _, dash, hashes = rest.partition(" --hash")
    return f"{told}{dash}{hashes}".replace("  ", " ")


def differences(lock: Lock, environment: Environment) -> list[str]:
    """How an environment differs from a lock, in words; what is only in the former is no matter."""
    there = {each.name: each for each in environment.packages}
    return list(_differences(lock, environment, there))


def with_system(lock: Lock, system: Sequence[str], missing: Iterable[Missing] = ()) -> Lock:
    """A lock with packages of the operating system, and what else cannot be had."""
    return replace(lock, system=tuple(system), missing=(*lock.missing, *missing))


_OWN_FOLDER = "lies in a folder of this machine"
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


def _is_path(line: str) -> bool:
    return "file://" in line or line.startswith(("./", "../", "/"))


def _pin(line: str) -> tuple[str, str]:
    found = _NAME.match(line)
    return (normalised(found[1]), found[3]) if found else (line, "")


def _without_credentials(line: str) -> str:
    """A requirement from an address without the user, password and query in it."""
    found = re.match(r"(\S+ @ )(git\+)?(\w[^\s#]*)(#\S+)?(.*)", line)
    if found is None:
        return line
    name, git, url, fragment, rest = (part or "" for part in found.groups())
    return f"{name}{git}{clean_url(url) or url}{fragment}{rest}"
