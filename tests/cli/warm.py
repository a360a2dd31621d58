"""``windlass`` started by a process that has imported it already: half a second less for each.

A server imports what most commands need, and forks. The copy is a process of its own, with its own
folder, variables, streams and exit code, and does all that the program does; only what Python reads
of its variables when it starts, it has read before: `is_for` tells.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

PROGRAM = Path(sys.executable).with_name("windlass")

_CLIENT = Path(__file__).with_name("warm_client.py")
_OF_PYTHON = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "TZ")
_SEED = "PYTHONHASHSEED"
_PRELOADED = (
    "pydantic",
    "rich.console",
    "rich.markup",
    "rich.table",
    "rich.tree",
    "sqlalchemy.dialects.sqlite",
    "windlass.cli.app",
    "windlass.cli.live",
    "windlass.cli.looking",
    "windlass.cli.models",
    "windlass.cli.running",
    "windlass.cli.showing",
    "windlass.execution.delivering.beside",
    "windlass.execution.driver",
    "windlass.execution.execute",
    "windlass.execution.progress",
    "windlass.execution.provenance_document",
    "windlass.execution.run",
    "windlass.execution.stores",
    "windlass.models.minted",
    "windlass.records.asking.asked",
    "windlass.records.migrate",
    "windlass.targets.driving",
    "windlass.targets.keeping",
    "windlass.targets.launch",
    "windlass.targets.local",
    "windlass.targets.record",
    "windlass.targets.resume",
    "windlass.targets.worker_crew",
    "windlass.tracking.trying",
)


def is_for(names: Iterable[str]) -> bool:
    """Whether none of these variables, which a test sets, is for Python's own start."""
    return not any(name.startswith(_OF_PYTHON) for name in names)


def run(
    folder: Path,
    *arguments: str,
    variables: Mapping[str, str] = os.environ,
    seconds: float = 240,
) -> subprocess.CompletedProcess[str]:
    """Runs the program in a folder, with these variables alone, and waits for it.

    Raises:
        subprocess.TimeoutExpired: It took longer, and was killed.
    """
    # `windlass execute` starts itself anew unless sets have the order there that workers have.
    seed = "0" if arguments[:1] == ("execute",) else "random"
    told = {**variables, _SEED: seed} if seed == "0" else dict(variables)
    words = [str(PROGRAM), *arguments]
    request = {"argv": words, "folder": str(folder), "variables": told}
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with theirs:
            descriptors = [theirs.fileno(), out.fileno(), err.fileno()]
            server = _server(variables.get("PYTHONPATH", ""), seed)
            socket.send_fds(server, [b"."], descriptors)
        ours.sendall(json.dumps(request).encode())
        ours.shutdown(socket.SHUT_WR)
        code = _wait(ours, seconds, words)
        return subprocess.CompletedProcess(words, code, _written(out), _written(err))


@contextlib.contextmanager
def program() -> Iterator[list[str]]:
    """The words by which an engine of another interpreter starts ``windlass``, which then is warm.

    As workers have it, the order of sets is fixed. What kills the client does not kill the program.
    """
    server = _server(os.environ.get("PYTHONPATH", ""), "0")
    with (
        tempfile.TemporaryDirectory(prefix="wl-warm-") as folder,
        socket.socket(socket.AF_UNIX) as listening,
    ):
        address = f"{folder}/socket"
        listening.bind(address)
        listening.listen()
        thread = threading.Thread(target=_hand_on, args=(listening, server))
        thread.start()
        try:
            yield [sys.executable, "-I", "-S", str(_CLIENT), address, str(PROGRAM)]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _hand_on(listening: socket.socket, server: socket.socket) -> None:
    """Gives the server the connections and streams of clients, until nobody listens any more."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection:
                _, streams, _, _ = socket.recv_fds(connection, 1, 2)
                socket.send_fds(server, [b"."], [connection.fileno(), *streams])
            for stream in streams:
                os.close(stream)


def _wait(connection: socket.socket, seconds: float, words: Any) -> int:
    """Its exit code, once it has ended."""
    with connection.makefile() as lines:
        process = int(lines.readline())
        connection.settimeout(seconds)
        try:
            return int(lines.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, seconds) from None


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@functools.cache
def _server(path: str, seed: str) -> socket.socket:
    """The way to a server that finds modules on a path; it ends with this process."""
    ours, theirs = socket.socketpair()
    variables = {"LANG": "C.UTF-8", "PATH": os.environ["PATH"], _SEED: seed}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            env={**variables, **({"PYTHONPATH": path} if path else {})},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
    atexit.register(_close, ours, process)
    return ours


def _close(server: socket.socket, process: subprocess.Popen[bytes]) -> None:
    server.close()
    process.wait()


def _serve(control: socket.socket) -> dict[str, Any]:
    """Forks for every request; returns in the copies alone, with what each is to run."""
    children = 0
    while True:
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not asked:
            os._exit(0)
        while children and os.waitpid(-1, os.WNOHANG)[0]:
            children -= 1
        children += 1
        if os.fork() == 0:
            control.close()
            return _fork(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _fork(asking: int, out: int, err: int) -> dict[str, Any]:
    """Becomes two: one that waits and tells the exit code, and the program, in which it returns."""
    with socket.socket(fileno=asking) as connection, connection.makefile() as lines:
        request: dict[str, Any] = json.loads(lines.read())
        program = os.fork()
        if program:
            os.close(out)
            os.close(err)
            connection.sendall(f"{program}\n".encode())
            _, status = os.waitpid(program, 0)
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os._exit(0)
    for ours, standard in ((out, 1), (err, 2)):
        os.dup2(ours, standard)
        os.close(ours)
    return request


def _become(argv: list[str], folder: str, variables: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    # Those of the server know whether theirs could be rewound, as a file can and a pipe cannot.
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv, sys.orig_argv = argv, [sys.executable, *argv]
    sys.modules["__main__"].__file__ = argv[0]


def _warm_up() -> None:
    """Imports what commands need, and has it read what is the same for all projects."""
    for name in _PRELOADED:
        importlib.import_module(name)
    from windlass.provenance import environment, wheel

    environment.capture_environment()
    wheel._made_of(wheel._stamp())
    gc.collect()
    gc.freeze()


def main() -> None:
    sys.path[0] = str(PROGRAM.parent)  # as the program has it, and not this folder's modules
    _warm_up()
    _become(**_serve(socket.socket(fileno=int(sys.argv[1]))))
    from windlass.cli import main as windlass

    windlass()


if __name__ == "__main__":
    main()
