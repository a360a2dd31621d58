"""A sink and a source in memory or in one file, for testing a format by itself."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

from windlass.artifacts.format import Format
from windlass.hashing import digest_bytes


class MemorySink:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.data += view
        return view.nbytes

    def save(self, value: object, *, again: bool = True) -> str:
        raise AssertionError("this format has no parts")

    def add_file(self, path: Path) -> str:
        raise AssertionError("this format has no files")

    def uses(self, code: Any) -> None:
        pass


class MemorySource:
    def __init__(self, data: bytes, file: Path | None = None) -> None:
        self.data = data
        self.at = file

    def bytes(self) -> bytes:
        return self.data

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)

    def path(self) -> Path | None:
        return self.at

    def load(self, content: str) -> Any:
        raise AssertionError("this format has no parts")

    def file(self, blob: str) -> Path:
        raise AssertionError("this format has no files")


def written(fmt: Format[Any], value: object) -> bytes:
    sink = MemorySink()
    fmt.write(value, sink)
    return bytes(sink.data)


def content(fmt: Format[Any], value: object) -> str:
    sink = MemorySink()
    found = fmt.write(value, sink)
    return found or fmt.content(value, digest_bytes(sink.data))


def back(fmt: Format[Any], value: object, folder: Path | None = None) -> Any:
    """The value written and read again: from a file if a folder is given, else from memory."""
    data = written(fmt, value)
    if folder is None:
        return fmt.read(MemorySource(data))
    file = folder / "blob"
    file.write_bytes(data)
    return fmt.read(MemorySource(data, file))


def outputs_elsewhere(code: str, *arguments: str) -> list[str]:
    """What a script prints in two new processes, whose strings hash differently."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    environments = [{**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed} for seed in "12"]
    command = [sys.executable, "-c", code, *arguments]
    return [subprocess.check_output(command, env=env, text=True) for env in environments]
