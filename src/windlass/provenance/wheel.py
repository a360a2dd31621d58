"""The running Windlass as a wheel: other environments need it, and no index need have it.

It is made of the installed files, editable or not: the same files give the same bytes, wherever
and whenever. Sorted, without times, stored and not compressed, since compressors differ.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import LockError
from windlass.hashing import digest
from windlass.provenance.distributions import installed, read_text
from windlass.version import __version__

if TYPE_CHECKING:
    from windlass.artifacts import ArtifactStore

NAME = "windlass"
FILE = f"{NAME}-{__version__}-py3-none-any.whl"

_PACKAGE = Path(__file__).resolve().parent.parent
_INFO = f"{NAME}-{__version__}.dist-info"
_KEPT = re.compile(r"^(?:Requires-Python|Requires-Dist|Provides-Extra): .+$", re.MULTILINE)
_WHEEL = "Wheel-Version: 1.0\nGenerator: windlass\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ENTRY_POINTS = """\
[console_scripts]
windlass = windlass.cli:main
[pytest11]
windlass = windlass.models.testing.plugin
"""


def requirements() -> list[str]:
    """What Windlass itself requires, as its distribution says; without its extras.

    Raises:
        LockError: It is not installed as one.
    """
    lines = [line.partition(": ") for line in facts() if line.startswith("Requires-Dist")]
    return [told for _, _, told in lines if "extra ==" not in told]


def requirement(file: Path, extras: Sequence[str] = ()) -> str:
    """A wheel of Windlass as a requirement, with some of its extras."""
    told = f"[{','.join(sorted(extras))}]" if extras else ""
    return f"{NAME}{told} @ {file.as_uri()}"


def make_wheel() -> bytes:
    """The wheel of the running Windlass.

    Raises:
        LockError: It is not installed as a distribution, so what it requires is not known.
    """
    metadata = [f"Metadata-Version: 2.3\nName: {NAME}\nVersion: {__version__}", *facts()]
    entries = {f"{NAME}/{path}": (_PACKAGE / path).read_bytes() for path in _files()}
    entries[f"{_INFO}/METADATA"] = "\n".join([*metadata, ""]).encode()
    entries[f"{_INFO}/WHEEL"] = _WHEEL.encode()
    entries[f"{_INFO}/entry_points.txt"] = _ENTRY_POINTS.encode()
    lines = [_line(name, data) for name, data in entries.items()]
    entries[f"{_INFO}/RECORD"] = "".join([*lines, f"{_INFO}/RECORD,,\n"]).encode()
    return _zip(entries)


def store_wheel(store: ArtifactStore, cache: Path) -> str:
    """Stores the wheel of the running Windlass, once; returns the digest of its bytes.

    Args:
        store: Where.
        cache: The folder of what can be worked out again: a Windlass that is as it was the last
            time is not packed again.
    """
    now, note = _stamp(), cache / "wheel.json"
    known = _read_note(note)
    if known.get("made_of") == now and store.has(known["blob"]):
        return known["blob"]
    with store.writer() as writer:
        writer.write(_made_of(now))
        blob, _, _ = writer.finish(inline=-1)
    _write_note(note, {"made_of": now, "blob": blob})
    return blob


def _stamp() -> str:
    """What changes when a wheel of the running Windlass would."""
    return digest("wheel", facts(), _stamps())


@functools.lru_cache(maxsize=1)
def _made_of(_now: str) -> bytes:
    """The wheel of the files as they are now: packed once in a process, for all its stores."""
    return make_wheel()


def _write_note(note: Path, told: dict[str, str]) -> None:
    partial = note.with_name(f"{note.name}.{os.getpid()}.partial")
    with contextlib.suppress(OSError):  # a cache that cannot be kept is only slower
        note.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(told))
        partial.replace(note)


def _read_note(note: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(note.read_text())
        return known if isinstance(known, dict) else {}
    except (OSError, ValueError):
        return {}


def _files(folder: str = "") -> list[str]:
    """The paths of the package's files, sorted."""
    found = []
    for entry in os.scandir(_PACKAGE / folder):
        path = f"{folder}{entry.name}"
        if entry.is_dir():
            found += _files(f"{path}/") if entry.name != "__pycache__" else []
        elif not path.endswith(".pyc"):
            found.append(path)
    return sorted(found)


def _stamps() -> str:
    """What changes when a file of the package does; quicker than to read it."""
    found = [(path, os.stat(f"{_PACKAGE}/{path}")) for path in _files()]  # noqa: PTH116
    return repr([(path, each.st_size, each.st_mtime_ns, each.st_ino) for path, each in found])


def facts() -> list[str]:
    """What the distribution says of what it and its extras need: the rest of it is for indexes.

    Raises:
        LockError: It is not installed as one.
    """
    for distribution in installed():
        if distribution.name == NAME:
            text = read_text(f"{distribution.info}/METADATA") or ""
            return sorted(_KEPT.findall(text.partition("\n\n")[0]))
    raise LockError(
        f"Windlass runs from {_PACKAGE} without being installed, so what it requires is not known",
        hint="Install it: pip install windlass, or pip install -e FOLDER.",
    )


def _line(name: str, data: bytes) -> str:
    import base64
    import hashlib

    told = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={told},{len(data)}\n"


def _zip(entries: dict[str, bytes]) -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)  # of 1980: no time is that of any file
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()
