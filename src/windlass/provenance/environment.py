"""The environment: Python's minor version and every installed distribution, under one digest.

It says the same on every machine: no paths, no host, no platform (see `machine` for those).
A distribution is told by its version where an index gave it. Others are told by what they hold:

- *editable*: the digest of its source tree, or nothing where that is the project's own, which
  the bundle holds;
- *vcs*: the commit, and the address without credentials;
- *archive*: the hash of the file, and the address without credentials;
- *local*: the digest of the hashes of its installed files.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from windlass.hashing import Part, digest
from windlass.provenance import listing
from windlass.provenance.distributions import Distribution, installed, is_site, read_text
from windlass.provenance.filecache import FileDigests
from windlass.provenance.git import clean_url
from windlass.values import to_text

_FORMAT = 1
_MAX_SOURCES = 20_000
_UNHASHED = (
    *("direct_url.json", "INSTALLER", "RECORD", "REQUESTED", "uv_cache.json", "uv_build.json"),
    ".pyc",
)
"""Files that tell how a distribution was installed and not what it is."""


class Package(NamedTuple):
    """One installed distribution.

    Args:
        name: As PEP 503 normalises it.
        version: As installed.
        source: What tells it apart from one of that version in an index; None if it is that.
            ``kind`` is ``editable``, ``vcs``, ``archive`` or ``local``.
    """

    name: str
    version: str
    source: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """What a run's steps could import, besides the project.

    Args:
        digest: Of the other fields.
        python: Python's minor version, such as ``"3.11"``; the full one is a fact of the machine.
        implementation: Such as ``"cpython"``.
        packages: Sorted by name.
    """

    digest: str
    python: str
    implementation: str
    packages: tuple[Package, ...]

    def document(self) -> str:
        """The canonical JSON: two environments of one digest have one document."""
        return to_text(
            {
                "format": _FORMAT,
                "python": self.python,
                "implementation": self.implementation,
                "packages": [
                    {"name": each.name, "version": each.version, "source": _plain(each.source)}
                    for each in self.packages
                ],
            }
        )

    def versions(self) -> dict[str, str]:
        """What tells each distribution by its name: its version, or that and its source."""
        return {each.name: _identity(each) for each in self.packages}


def read_environment(document: Any) -> Environment:
    """The environment of a document that `Environment.document` made, parsed."""
    packages = [Package(**each) for each in document["packages"]]
    return environment_of(packages, document["python"], document["implementation"])


def capture_environment(
    root: Path | None = None, cache: Path | None = None, *, path: Sequence[str] | None = None
) -> Environment:
    """The environment of this interpreter.

    Args:
        root: The project's root, so that the project itself is not told of twice.
        cache: The folder of what can be worked out again; unchanged sources are not re-read.
        path: Where to look, as in ``sys.path``, which is the default.
    """
    own = os.path.realpath(root) if root is not None else None
    digests = FileDigests(cache / "environment.json" if cache is not None else None)
    packages = tuple(
        Package(each.name, each.version, _source(each, own, digests))
        for each in installed(path, own)
    )
    digests.save()
    return environment_of(packages)


def environment_of(
    packages: Sequence[Package],
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}",
    implementation: str = sys.implementation.name,
) -> Environment:
    """The environment of these packages, sorted by name."""
    entries: list[Part] = [[each.name, each.version, each.source] for each in packages]
    found = digest("environment", python, implementation, entries)
    return Environment(found, python, implementation, tuple(packages))


def _plain(source: dict[str, str] | None) -> Any:
    return None if source is None else dict(sorted(source.items()))


def _identity(package: Package) -> str:
    if package.source is None:
        return package.version
    facts = (f"{key}={value}" for key, value in sorted(package.source.items()))
    return f"{package.version} ({', '.join(facts)})"


def _source(
    distribution: Distribution, own: str | None, digests: FileDigests
) -> dict[str, str] | None:
    if distribution.is_egg:
        return _egg_source(distribution, own, digests)
    text = read_text(f"{distribution.info}/direct_url.json")
    if text is None:
        return None
    try:
        document = json.loads(text)
        return _direct_source(distribution, document, own, digests)
    except (ValueError, TypeError, AttributeError):  # not of PEP 610's form
        return {"kind": "local", "digest": _installed_digest(distribution)}


def _egg_source(
    distribution: Distribution, own: str | None, digests: FileDigests
) -> dict[str, str] | None:
    folder = os.path.dirname(distribution.info)  # noqa: PTH120 - see distributions.py
    if is_site(folder):
        return None
    return _editable(folder, (folder,), own, digests)  # setup.py develop


def _direct_source(
    distribution: Distribution, document: dict[str, Any], own: str | None, digests: FileDigests
) -> dict[str, str]:
    url = str(document.get("url", ""))
    if document.get("dir_info", {}).get("editable"):
        folder = _local_path(url)
        return _editable(folder, _source_folders(distribution, folder), own, digests)
    if "vcs_info" in document:
        facts = document["vcs_info"]
        return _remote("vcs", url, document, commit=str(facts["commit_id"]))
    archive = _archive_hash(document.get("archive_info", {}))
    if archive is not None:
        return _remote("archive", url, document, hash=archive)
    return {"kind": "local", "digest": _installed_digest(distribution)}


def _remote(kind: str, url: str, document: Mapping[str, Any], **facts: str) -> dict[str, str]:
    address = clean_url(url)
    if address is not None:
        facts["url"] = address
    if document.get("subdirectory"):
        facts["subdirectory"] = str(document["subdirectory"])
    return {"kind": kind, **facts}


def _archive_hash(facts: Mapping[str, Any]) -> str | None:
    hashes = facts.get("hashes") or {}
    if "sha256" in hashes:
        return f"sha256={hashes['sha256']}"
    return str(facts["hash"]) if facts.get("hash") else None


def _local_path(url: str) -> str:
    from urllib.parse import unquote, urlsplit

    return os.path.realpath(unquote(urlsplit(url).path))


def _editable(
    folder: str, sources: tuple[str, ...], own: str | None, digests: FileDigests
) -> dict[str, str]:
    if own is not None and f"{folder}/".startswith(f"{own}/"):
        return {"kind": "editable"}
    return {"kind": "editable", "digest": _tree_digest(folder, sources, digests)}


def _source_folders(distribution: Distribution, folder: str) -> tuple[str, ...]:
    """Where an editable distribution is imported from: the lines of its ``.pth``, or all of it."""
    site = os.path.dirname(distribution.info)  # noqa: PTH120
    record = read_text(f"{distribution.info}/RECORD") or ""
    names = [line.partition(",")[0] for line in record.splitlines() if ".pth," in line]
    lines = [line for name in names for line in (read_text(f"{site}/{name}") or "").splitlines()]
    found = [os.path.realpath(line) for line in lines if line.startswith(os.sep)]
    return tuple(each for each in found if f"{each}/".startswith(f"{folder}/")) or (folder,)


def _tree_digest(folder: str, sources: tuple[str, ...], digests: FileDigests) -> str:
    return digest("sources", sorted(_entries(folder, sources, digests), key=repr))


def _entries(folder: str, sources: tuple[str, ...], digests: FileDigests) -> list[Part]:
    entries: list[Part] = []
    for source in dict.fromkeys(sources):
        start = f"{source}/"[len(folder) + 1 :]
        for path in _source_files(Path(source)):
            content = _content(f"{source}/{path}", digests)
            if content is not None:
                entries.append([f"{start}{path}", content])
    return entries


def _content(file: str, digests: FileDigests) -> str | None:
    try:
        status = os.stat(file)  # noqa: PTH116
        return digests.digest(file, status) if stat.S_ISREG(status.st_mode) else None
    except OSError:  # gone meanwhile, a link to nowhere, or not ours to read
        return None


def _source_files(folder: Path) -> list[str]:
    paths = []
    for path in listing.walk(folder):
        paths.append(path)
        if len(paths) > _MAX_SOURCES:
            return listing.near_files(folder)
    return paths


def _installed_digest(distribution: Distribution) -> str:
    """The digest of what pip says it installed, without scripts, which name the interpreter."""
    record = read_text(f"{distribution.info}/RECORD") or ""
    lines: list[Part] = [
        line
        for line in sorted(record.splitlines())
        if not line.startswith("..") and not line.partition(",")[0].endswith(_UNHASHED)
    ]
    return digest("installed", lines)
