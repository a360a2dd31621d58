"""A disk that fills up and a database that is stopped, both in the middle of a run."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from database_server import Server
from windlass import artifacts
from windlass.artifacts import ArtifactStore
from windlass.records import Records

from .chaos import PROGRAM, _expected

HERE = Path(__file__).parent


class Project:
    def __init__(self, root: Path, toml: str = "", home: Path | None = None) -> None:
        self.root, self.home = root, home or root / ".windlass"
        self.notes = root.with_name("notes")
        shutil.copy(HERE / "flow.py", root / "flow.py")
        (root / "windlass.toml").write_text(toml)

    def start(
        self, *words: str, pause: float = 0.02, most: int | None = None
    ) -> subprocess.Popen[str]:
        command = [str(PROGRAM), *words]
        if most is not None:
            command = ["prlimit", f"--fsize={most}", *command]
        return subprocess.Popen(
            command,
            cwd=self.root,
            env={
                **os.environ,
                "WINDLASS_HOME": str(self.home),
                "CHAOS_NOTES": str(self.notes),
                "CHAOS_PAUSE": str(pause),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def do(self, *words: str, most: int | None = None) -> tuple[int, str]:
        process = self.start(*words, most=most)
        _, err = process.communicate(timeout=120)
        return process.returncode, err

    def executions(self) -> list[str]:
        return self.notes.read_text().splitlines()

    def look_at(self, records: Records) -> None:
        """Every value is what it should be, and every file of the store is whole."""
        store = ArtifactStore.open_store(self.home / "artifacts")
        found = {outcome.node: outcome for outcome in records.outcomes(records.run("latest").id)}
        for node, value in _expected(1).items():
            (output,) = found[node].outputs
            assert artifacts.load(output.content, store, records) == value
        for stored in store.stored():
            store.path(stored.blob)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root mounts a disk, and not everywhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def leave_room(disk: Path, size: int) -> None:
    """Fill a disk until so many bytes are free."""
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(bytes(free - size))


def test_a_disk_that_is_full_is_told_and_nothing_is_lost(tmp_path: Path, small_disk: Path) -> None:
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project", home=small_disk)
    assert project.do("run", "flow.py", "-p", "salt=2")[0] == 0  # the database has its size
    leave_room(small_disk, 500 * 1024)
    code, err = project.do("run", "flow.py", "-p", "salt=1", "--workers", "2")
    assert code == 1
    assert "space" in err or "full" in err, err
    (small_disk / "filler").unlink()
    records = Records.open(small_disk / "windlass.db")
    done = records.succeeded_nodes(records.run("latest").id)
    assert done
    before = len(project.executions())
    assert project.do("resume", "latest")[0] == 0
    again = {line.split(" ")[1] for line in project.executions()[before:]}
    assert not again & done
    assert records.check() == "ok"
    project.look_at(records)
    records.close()


def test_files_that_may_not_grow_are_told_and_nothing_is_lost(tmp_path: Path) -> None:
    """The same for who is not root: a limit on the size of files, that only large values meet."""
    if shutil.which("prlimit") is None:
        pytest.skip("there is no prlimit")
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project")
    assert project.do("run", "flow.py", "-p", "salt=2")[0] == 0  # the database has its size
    code, err = project.do("run", "flow.py", "-p", "salt=1", most=100_000)
    assert code == 1
    assert "too large" in err or "full" in err or "disk I/O" in err, err
    records = Records.open(project.home / "windlass.db")
    done = records.succeeded_nodes(records.run("latest").id)
    before = len(project.executions())
    assert project.do("resume", "latest")[0] == 0
    assert not {line.split(" ")[1] for line in project.executions()[before:]} & done
    project.look_at(records)
    records.close()


def test_a_database_that_is_stopped_for_seconds_is_waited_for(
    tmp_path: Path, postgres_server: Server, postgres_url: str
) -> None:
    (tmp_path / "project").mkdir()
    toml = f'default = "team"\n[stacks.team]\nrecords = "{postgres_url}"\n'
    project = Project(tmp_path / "project", toml)
    process = project.start("run", "flow.py", "-p", "salt=1", "--workers", "2", pause=0.3)
    end = time.monotonic() + 60
    while not project.notes.exists() or len(project.executions()) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    postgres_server.stop()
    time.sleep(2)
    postgres_server.start()
    _, err = process.communicate(timeout=120)
    if process.returncode != 0:  # it stopped in the middle of a write: reported, and not lost
        assert "cannot be used" in err, err
        assert project.do("resume", "latest")[0] == 0
    records = Records.open(postgres_url)
    project.look_at(records)
    assert len(project.executions()) == len(set(project.executions()))
    records.close()


def test_a_database_that_never_was_there_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    toml = 'default = "t"\n[stacks.t]\nrecords = "postgresql://nobody@127.0.0.1:9/none"\n'
    pytest.importorskip("psycopg")
    code, err = Project(tmp_path / "project", toml).do("run", "flow.py", "-p", "salt=1")
    assert code == 1
    assert "Is the server running" in err
