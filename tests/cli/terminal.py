"""The program on a terminal of its own: what it draws, and what a key does."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .program import PROGRAM, Folder, wait_until

_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
COLUMNS = 60
_SEQUENCE = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07)")


class Terminal:
    """A process on a pseudo terminal, and all that it has written there."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def raw(self) -> str:
        return self._written.decode("utf-8", "replace")

    @property
    def lines(self) -> list[str]:
        """Everything ever drawn, line by line, without colours and movements."""
        return re.split(r"[\r\n]+", _SEQUENCE.sub("", self.raw))

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.raw or self.process.poll() is not None)
        assert text in self.raw, self.raw

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def end(self, seconds: float = 60) -> int:
        """Waits until the process has ended; returns its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._master, 65536)
            except OSError:  # nobody has the other end open any more
                return
            if not chunk:
                return
            self._written += chunk


@contextmanager
def on_terminal(
    folder: Folder, *arguments: str, rows: int = 15, environment: dict[str, str] | None = None
) -> Iterator[Terminal]:
    """The program, started on a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_TERMINAL, str(PROGRAM), *arguments],
        cwd=folder.root,
        env=folder.variables({"TERM": "xterm-256color", **(environment or {})}),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait(10)
        time.sleep(0.05)
        os.close(master)
