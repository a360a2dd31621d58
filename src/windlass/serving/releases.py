"""A release: a version as a server keeps it on its own disk, whole and checked.

The folder is named by the digest of all it holds. It is copied once, under a temporary name, and
is there or not there: a server never reads one that is being written. A server that starts while
the stores are out of reach serves the release that it served last.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from windlass import artifacts
from windlass.artifacts import Artifact, ArtifactStore
from windlass.errors import CorruptError, ModelError, StoreError
from windlass.hashing import digest
from windlass.models.code import code_folders
from windlass.models.conversion.outcome import KIND as ONNX
from windlass.models.conversion.outcome import onnx_runs_here
from windlass.models.version import Version

_FORMAT = 1
_EVIDENCE = ("facts", "signature", "golden", "profile")
_DOCUMENT = "release.json"
_STALE = 86400.0
_KEPT = 10
"""Releases that stay on the disk, those last asked for; what is served stays beside them."""


@dataclass(frozen=True)
class Release:
    """A version on this machine's disk.

    Args:
        folder: Where it lies.
        document: What is told of it: see `_document_of`.
    """

    folder: Path
    document: Mapping[str, Any]

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.document["model"])

    @property
    def number(self) -> int:
        """The version's."""
        return int(self.document["number"])

    @property
    def name(self) -> str:
        """As a person calls it, such as ``delay@3``."""
        return f"{self.model}@{self.number}"

    @property
    def role(self) -> str:
        """What is served: ``onnx`` where the version has that, and it runs here; else ``model``."""
        return str(self.document["role"])

    @property
    def evidence(self) -> Mapping[str, Any]:
        """What is known of the version: its signature, golden examples, profile, facts."""
        found: Mapping[str, Any] = self.document["evidence"]
        return found

    def value(self) -> Any:
        """The model, its bytes checked.

        Raises:
            ModelError: It cannot be read.
        """
        store = ArtifactStore(self.folder)
        told = (_artifact(each) for each in self.document["artifacts"])
        catalog = _Listed({each.content: each for each in told})
        trusted = bool(self.document["trust_pickle"])
        try:
            return artifacts.load(self.document["content"], store, catalog, trust_pickle=trusted)
        except Exception as error:
            raise ModelError(
                f"{self.name} cannot be loaded: {getattr(error, 'message', None) or error!r}",
                hint="Serve it where the packages of its run are installed: windlass models show "
                f"{self.name}",
            ) from error


class _Listed(dict[str, Artifact]):
    """Artifacts by their contents, as a catalog."""

    def artifact(self, content: str) -> Artifact | None:
        return self.get(content)


def fetch(version: Version, root: Path) -> Release:
    """The release of a version; it is copied if it is not on this disk yet.

    Args:
        version: As the record has it.
        root: The folder of releases.

    Raises:
        CorruptError: Its bytes are gone or altered.
        StoreError: They cannot be read, or there is no room for them.
    """
    document = _document_of(version)
    folder = root / _name(document)
    if not _is_whole(folder, document):
        shutil.rmtree(folder, ignore_errors=True)
        _clear(root)
        try:
            with _made_anew(folder) as new:
                _copy(version, document, new)
        except OSError as error:
            raise StoreError(
                f"{version.name} cannot be copied to {root}: {error.strerror}",
                hint="Is there room on its disk, and may you write there?",
            ) from error
    with contextlib.suppress(OSError):  # a disk that can only be read
        os.utime(folder)  # it was asked for
    return Release(folder, document)


def _clear(root: Path) -> None:
    """Removes what was asked for a day ago or longer, if nobody needs it.

    That is what killed processes left half copied; and releases that are neither among the last
    ones nor what a server here has served last, and would start with again.
    """
    served = "".join(_read(file) for file in root.glob("*@*.json"))
    whole = sorted((path for path in root.glob("[0-9a-f]*") if path.is_dir()), key=_used)
    needless = [path for path in whole[:-_KEPT] if path.name not in served]
    for path in (*root.glob(".*-*-*"), *needless):
        if path.is_dir() and time.time() - _used(path) > _STALE:
            shutil.rmtree(path, ignore_errors=True)


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # somebody else removes it
        return 0.0


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def read_release(folder: Path) -> Release:
    """The release of a folder.

    Raises:
        CorruptError: It is not whole, or not what its name says.
    """
    try:
        document = json.loads((folder / _DOCUMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorruptError(f"the release in {folder} cannot be read: {error}") from error
    if _name(document) != folder.name:
        raise CorruptError(
            f"the release in {folder} was altered", hint="Delete the folder; it is copied again."
        )
    return Release(folder, document)


def packed(release: Release, root: Path, code: Sequence[str]) -> Release:
    """A copy of a release for another machine, where its project's code lies elsewhere.

    Args:
        release: It.
        root: The folder of releases that it is copied into.
        code: The folders of the project's modules there.
    """
    document = {**release.document, "code": [*code]}
    folder = root / _name(document)
    shutil.copytree(release.folder, folder, copy_function=shutil.copyfile)
    (folder / _DOCUMENT).write_text(_text(document), encoding="utf-8")
    return Release(folder, document)


def packed_name(release: Release, code: Sequence[str]) -> str:
    """What the folder of that copy is called."""
    return _name({**release.document, "code": [*code]})


def _is_whole(folder: Path, document: Mapping[str, Any]) -> bool:
    """Whether a release is there, every byte of it as it was."""
    if not (folder / _DOCUMENT).exists():
        return False
    store = ArtifactStore(folder)
    parts = [_artifact(each) for each in document["artifacts"]]
    return all(store.trouble(blob) is None for blob in _blobs(parts))


def _document_of(version: Version) -> dict[str, Any]:
    role = ONNX if version.has(ONNX) and onnx_runs_here() else "model"
    content = version.row.artifacts[role]
    return {
        "format": _FORMAT,
        "model": version.row.model,
        "number": version.number,
        "role": role,
        "content": content,
        "details": dict(version.row.details),
        "evidence": {kind: version.evidence.get(kind) for kind in _EVIDENCE},
        "artifacts": [_artifact_document(each) for each in _parts(version, content)],
        "trust_pickle": version.stores.trust_pickle,
        "code": [str(folder) for folder in code_folders(version)],
    }


def _parts(version: Version, content: str) -> Iterator[Artifact]:
    """An artifact and all that it is made of."""
    found = version.stores.records.artifact(content)
    if found is None:
        raise ModelError(f"the record does not know the model of {version.name} any more")
    yield found
    for child in found.children:
        yield from _parts(version, child)


def _copy(version: Version, document: Mapping[str, Any], folder: Path) -> None:
    store, new = version.stores.artifacts, ArtifactStore(folder)
    parts = [_artifact(each) for each in document["artifacts"]]
    for blob in dict.fromkeys(_blobs(parts)):
        copied, _ = new.put_file(store.path(blob))
        if copied != blob:
            raise CorruptError(f"{version.name} changes while it is copied: {blob[:12]}…")
    (folder / _DOCUMENT).write_text(_text(document), encoding="utf-8")


def _blobs(parts: Iterable[Artifact]) -> Iterator[str]:
    for part in parts:
        yield from part.files
        if part.inline is None:
            yield part.blob


@contextlib.contextmanager
def _made_anew(folder: Path) -> Iterator[Path]:
    """A folder under another name, which becomes that one when all in it is written."""
    new = folder.with_name(f".{folder.name}-{os.getpid()}-{os.urandom(4).hex()}")
    new.mkdir(parents=True)
    try:
        yield new
        try:
            new.rename(folder)
        except OSError:
            if not (folder / _DOCUMENT).exists():
                raise
            # Somebody else was first, and has made the very same.
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _name(document: Mapping[str, Any]) -> str:
    """What the folder of a release is called: a digest of all it holds."""
    return digest("release", _text(document))[:32]


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _artifact_document(artifact: Artifact) -> dict[str, Any]:
    inline = artifact.inline
    told = None if inline is None else base64.b64encode(inline).decode()
    return {**asdict(artifact), "inline": told}


def _artifact(document: Mapping[str, Any]) -> Artifact:
    inline = document["inline"]
    lists = {name: tuple(document[name]) for name in ("children", "classes", "files")}
    return Artifact(
        **{**document, **lists, "inline": None if inline is None else base64.b64decode(inline)}
    )
