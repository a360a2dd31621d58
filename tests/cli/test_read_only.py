"""A project that can be read, and not written: another user's, or on a disk mounted so."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from .program import PROGRAM, Done, Folder

ROOT = os.geteuid() == 0


class Guest:
    """The program, started where permissions hold for it: even for root."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.home = folder.root / ".windlass"

    def windlass(self, *arguments: str) -> Done:
        bound = ["setpriv", "--bounding-set=-dac_override"] if ROOT else []
        return self.folder.command(*bound, str(PROGRAM), *arguments, PYTHONDONTWRITEBYTECODE="1")

    def files(self) -> list[Path]:
        return sorted(self.home.rglob("*"))


def _set_writable(home: Path, *, yes: bool) -> None:
    for each in [home, *home.rglob("*")]:
        each.chmod((0o755 if each.is_dir() else 0o644) & (0o777 if yes else 0o555))


@pytest.fixture(scope="module")
def ran(template: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project with two runs in it."""
    root = tmp_path_factory.mktemp("ran") / "project"
    folder = Folder(shutil.copytree(template.root, root))
    assert folder.windlass("run", "sample.py:talk", "-p", "n=3").code == 0
    assert folder.windlass("run", "sample.py:counting").code == 0
    return folder


@pytest.fixture
def guest(ran: Folder, tmp_path: Path) -> Iterator[Guest]:
    if ROOT and shutil.which("setpriv") is None:
        pytest.skip("for root, permissions can only be made to hold with setpriv")
    found = Guest(Folder(shutil.copytree(ran.root, tmp_path / "project")))
    _set_writable(found.home, yes=False)
    yield found
    _set_writable(found.home, yes=True)


LOOKS = (
    ["runs"],
    ["show", "latest"],
    ["explain", "latest"],
    ["explain", "latest", "count"],
    ["logs", "talk-1"],
    ["lineage", "latest:count"],
    ["artifacts", "list"],
    ["artifacts", "show", "latest:count"],
    ["cache"],
    ["run", "sample.py:counting", "--dry-run"],
)


def test_looking_works_and_leaves_nothing(guest: Guest) -> None:
    before = guest.files()
    for look in LOOKS:
        done = guest.windlass(*look)
        assert (done.code, done.err) == (0, ""), (look, done)
        assert done.out
    assert guest.files() == before


def test_writing_is_refused_in_words(guest: Guest) -> None:
    record = "windlass.db can be looked at, but not written"
    store = "artifacts cannot be written: Permission denied"
    for arguments, what in (
        (["run", "sample.py:counting"], store),
        (["cache", "prune", "--all"], record),
    ):
        done = guest.windlass(*arguments)
        assert done.code == 1
        assert what in done.err
    told = guest.windlass("doctor").out
    assert ".windlass cannot be written" in told
    assert "can only be looked at" in told
    assert "Error" not in told


def test_a_dry_run_tells_what_changed(guest: Guest) -> None:
    file = guest.folder.root / "sample.py"
    file.write_text(file.read_text().replace("return bytes(", "return b'' + bytes("))
    told = guest.windlass("run", "sample.py:counting", "--dry-run").out
    assert "the step itself changed" in told


def test_what_a_dead_writer_left_in_its_log_is_read(guest: Guest) -> None:
    _set_writable(guest.home, yes=True)
    with contextlib.closing(sqlite3.connect(guest.home / "windlass.db")) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("UPDATE runs SET seed = 4321")
        connection.commit()
        for name in ("windlass.db-wal", "windlass.db-shm"):
            shutil.copy(guest.home / name, guest.home / f"{name}.kept")
    for name in ("windlass.db-wal", "windlass.db-shm"):
        (guest.home / f"{name}.kept").rename(guest.home / name)
    _set_writable(guest.home, yes=False)
    assert "4321" in guest.windlass("show", "latest").out


@pytest.mark.parametrize(("revision", "told"), [("9999", "newer"), ("0002", "older")])
def test_a_database_of_another_version(guest: Guest, revision: str, told: str) -> None:
    _set_writable(guest.home, yes=True)
    with contextlib.closing(sqlite3.connect(guest.home / "windlass.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    _set_writable(guest.home, yes=False)
    done = guest.windlass("show", "latest")
    assert f"{told} Windlass" in done.err
