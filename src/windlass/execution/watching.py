"""What a step does that no record of it tells, as far as Python's audit events show it.

Files that it opens outside of the project and its inputs, addresses that it connects to, processes
that it starts. Only a run that is watched pays for it. What is not seen: the clock, files that
native code opens by itself (as pyarrow's readers do), and what a process that it started does.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from windlass.execution.job import Job

READ, CONNECTION, PROCESS = "read", "connection", "process"

_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/bin", "/lib", "/lib32", "/lib64", "/usr", "/opt/lib")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Event(NamedTuple):
    """One thing that a step did.

    Args:
        kind: `READ`, `CONNECTION` or `PROCESS`.
        what: The file, the address or the command.
        place: The line of the project that did it, such as ``data.py:12``; None if none did.
    """

    kind: str
    what: str
    place: str | None = None


class _Watch:
    """Writes the events of one step to a file, each once, also from copies of the process."""

    def __init__(self, descriptor: int, root: str, known: Iterable[str]) -> None:
        self._descriptor = descriptor
        self._root = root
        self._known = tuple({*known, root})
        self._seen: set[tuple[str, str]] = set()

    def note(self, kind: str, what: str) -> None:
        if (kind, what) not in self._seen:
            self._seen.add((kind, what))
            line = json.dumps([kind, what, self._place()])
            os.write(self._descriptor, f"{line}\n".encode())

    def note_file(self, path: object, flags: int) -> None:
        name = _path(path)
        if name is None or any(is_below(name, known) for known in self._known):
            return
        if flags & _WRITES:  # what it wrote itself is no secret to it
            self._seen.add((READ, name))
        else:
            self.note(READ, name)

    def _place(self) -> str | None:
        frame: Any = sys._getframe(1)  # noqa: SLF001 (there is no public way to it as cheap)
        while frame is not None:
            file = frame.f_code.co_filename
            if is_below(file, self._root):
                return f"{file[len(self._root) + 1 :]}:{frame.f_lineno}"
            frame = frame.f_back
        return None


_watches: list[_Watch] = []
"""The one of the step that runs, or none."""


@contextlib.contextmanager
def watched(job: Job, path: Path) -> Iterator[None]:
    """Notes in a file what is done meanwhile.

    Args:
        job: The run.
        path: The file; `read_events` reads it.
    """
    _install()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    _watches.append(_Watch(descriptor, str(job.stores.project), _known(job)))
    try:
        yield
    finally:
        _watches.clear()
        os.close(descriptor)


def read_events(path: Path) -> list[Event]:
    """What `watched` noted; nothing where there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return sorted({Event(*json.loads(line)) for line in lines}, key=str)


def is_below(name: str, folder: str) -> bool:
    """Whether a path is a folder, or lies in it."""
    return name == folder or name.startswith(f"{folder}/")


def _known(job: Job) -> Iterator[str]:
    """The folders of which a run knows by its record, and those of the system and of caches."""
    from windlass.execution.job import paths_in

    yield from _SYSTEM
    yield from (sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values())
    yield from (entry for entry in sys.path if entry)
    yield os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    yield from (str(job.stores.logs.parent), str(job.stores.artifacts.root))
    for document in job.parameters.values():
        yield from (os.path.abspath(each) for each in paths_in(document))  # noqa: PTH100


def _path(path: object) -> str | None:
    """A path that was opened, from the root; None for a descriptor that was open already."""
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    return os.path.abspath(path) if isinstance(path, str) else None  # noqa: PTH100


def _on_open(watch: _Watch, args: Any) -> None:
    watch.note_file(args[0], args[2] or 0)


def _on_look(watch: _Watch, args: Any) -> None:
    watch.note_file(args[0], 0)


def _on_connect(watch: _Watch, args: Any) -> None:
    address = args[1]
    told = ":".join(map(str, address[:2])) if isinstance(address, tuple) else os.fsdecode(address)
    watch.note(CONNECTION, told)


def _on_lookup(watch: _Watch, args: Any) -> None:
    watch.note(CONNECTION, f"{args[0]}:{args[1]}" if args[1] else str(args[0]))


def _on_start(watch: _Watch, args: Any) -> None:
    words = args[1] if len(args) > 1 and args[1] else args[0]
    first = words if isinstance(words, str | bytes | os.PathLike) else next(iter(words), "?")
    watch.note(PROCESS, os.fsdecode(first))


def _on_fork(watch: _Watch, _args: Any) -> None:
    watch.note(PROCESS, "a copy of its own")


_EVENTS: dict[str, Callable[[_Watch, Any], None]] = {
    "open": _on_open,
    "sqlite3.connect": _on_look,
    "os.listdir": _on_look,
    "os.scandir": _on_look,
    "socket.connect": _on_connect,
    "socket.getaddrinfo": _on_lookup,
    "subprocess.Popen": _on_start,
    "os.posix_spawn": _on_start,
    "os.exec": _on_start,
    "os.system": _on_start,
    "os.fork": _on_fork,
}
_installed: list[bool] = []


def _install() -> None:
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hear)  # there is no way to take one away again


def _hear(event: str, args: Any) -> None:
    if _watches and event in _EVENTS:
        with contextlib.suppress(Exception):  # what a step does must not fail because we listen
            _EVENTS[event](_watches[0], args)
