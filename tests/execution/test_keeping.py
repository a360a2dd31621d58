"""A project whose files change while a run is recorded: it runs, and what it recorded is whole."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from windlass.errors import ChangedFileError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.provenance import archive
from windlass.provenance.archive import unpack
from windlass.provenance.bundle import BundleFile, capture_bundle
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack
from windlass.targets.keeping import capture_kept


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("WINDLASS_HOME")
    root = tmp_path / "project"
    root.mkdir()
    (root / "windlass.toml").write_text("")
    (root / "flow.py").write_text("x = 1\n")
    (root / "run.log").write_text("begun\n")
    return root


def opened(root: Path) -> Stores:
    return open_stores(load_stack(None, find_project(root)))


@contextlib.contextmanager
def written_on(path: Path) -> Iterator[None]:
    """Somebody writes a file all the time."""
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            number += 1
            path.write_text(f"x = {number}\n" * (number % 50 + 1))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def slowed(monkeypatch: pytest.MonkeyPatch, path: Path, change: Callable[[], object]) -> None:
    """A file is changed after it was captured, and before it is stored: once."""
    read = archive._read
    waiting = [change]

    def late(file: BundleFile, place: Path) -> bytes:
        if place == path and waiting:
            waiting.pop()()
        return read(file, place)

    monkeypatch.setattr(archive, "_read", late)


def test_what_changed_once_is_captured_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = project / "flow.py"
    slowed(monkeypatch, code, lambda: code.write_text("x = 2\n"))
    stores = opened(project)
    found = capture_kept(find_project(project), stores).bundle
    assert found == capture_bundle(project)
    blob = stores.records.archive(found.digest)
    assert blob is not None
    unpack(stores.artifacts.path(blob), found, tmp_path / "there")
    assert (tmp_path / "there" / "flow.py").read_text() == "x = 2\n"


def test_a_log_that_is_written_all_the_time_is_left_out(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project / "run.log"

    def write() -> None:
        log.write_text(log.read_text() + "more\n")
        slowed(monkeypatch, log, write)

    slowed(monkeypatch, log, write)
    found = capture_kept(find_project(project), opened(project)).bundle
    assert [file.path for file in found.files] == ["flow.py", "windlass.toml"]
    assert ("run.log", "it is being written to") in found.left_out


def test_code_that_is_written_all_the_time_is_refused_or_whole(
    project: Path, tmp_path: Path
) -> None:
    stores = opened(project)
    with written_on(project / "flow.py"):
        for attempt in range(10):
            try:
                found = capture_kept(find_project(project), stores).bundle
            except ChangedFileError as error:
                told = error
                assert (told.path, told.hint) == ("flow.py", "Run it again.")
            else:
                blob = stores.records.archive(found.digest)
                assert blob is not None
                unpack(stores.artifacts.path(blob), found, tmp_path / str(attempt))


def test_a_run_whose_output_goes_to_a_file_of_the_project(project: Path) -> None:
    (project / "flow.py").write_text(
        "from windlass import pipeline, step\n@step\ndef one() -> int:\n    return 1\n"
        "@pipeline\ndef ones() -> int:\n    return one()\n"
    )
    with (project / "out.txt").open("w") as out, written_on(project / "run.log"):
        done = subprocess.run(
            [sys.executable, "-m", "windlass", "run", "flow.py"],
            cwd=project,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    assert done.returncode == 0, (project / "out.txt").read_text()
