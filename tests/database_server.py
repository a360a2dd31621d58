"""A PostgreSQL that tests start, stop and start again."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import subprocess
from pathlib import Path

PROGRAMS = Path("/usr/lib/postgresql/15/bin")


class Server:
    """A server in a folder of its own.

    Args:
        folder: An empty folder, with a short path: the socket lies in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        if self._user is not None:  # it refuses to be root's
            os.chown(folder, self._user, -1)
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self._port = free.getsockname()[1]
        self.address = f"postgresql+psycopg://windlass@127.0.0.1:{self._port}"

    def make(self) -> None:
        self._call("initdb", "-U", "windlass", "-A", "trust", "-E", "UTF8", "-N")

    def start(self) -> None:
        options = f"-p {self._port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._call("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Ends it at once, as a crash would."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._call("pg_ctl", "-m", "immediate", "-w", "stop")

    def _call(self, program: str, *words: str) -> None:
        command = [str(PROGRAMS / program), "-D", str(self.folder / "data"), *words]
        null = subprocess.DEVNULL
        subprocess.run(command, user=self._user, cwd=self.folder, check=True, stdout=null)
