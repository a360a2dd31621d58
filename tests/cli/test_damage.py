"""Stores that are altered, full, not writable, or of a newer version: told, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import shlex
import sqlite3
from pathlib import Path

from .program import PROGRAM, Folder

SIZE = 100_000


def _alter(project: Folder) -> Path:
    """Flips a byte of the one artifact of the sample's size."""
    folder = project.root / ".windlass" / "artifacts"
    (file,) = (f for f in folder.rglob("*") if f.is_file() and f.stat().st_size == SIZE)
    data = bytearray(file.read_bytes())
    data[SIZE // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(data)
    return file


def test_altered_bytes_are_named_and_never_served(project: Folder, tmp_path: Path) -> None:
    assert project.windlass("run", "sample.py:counting").code == 0
    file = _alter(project)
    said = project.refused("artifacts", "show", "counting-1:long_bytes", code=1)
    assert "altered" in said
    assert str(file) in said
    target = tmp_path / "out.bin"
    said = project.refused(
        "artifacts", "export", "counting-1:long_bytes", "-o", str(target), code=1
    )
    assert "altered" in said
    assert not target.exists()


def test_altered_bytes_are_made_again(project: Folder) -> None:
    assert project.windlass("run", "sample.py:counting").code == 0
    _alter(project)
    told = project.document("run", "sample.py:counting", "-p", "value=8")
    nodes = {node["node"]: node for node in told["nodes"]}
    assert not nodes["long_bytes"]["cached"]
    assert "altered" in nodes["long_bytes"]["reason"]
    assert nodes["count"]["status"] == "succeeded"


VANDAL = """
from pathlib import Path
from windlass import pipeline, step

@step
def make() -> bytes:
    return bytes(100_000)

@step
def alter() -> bool:
    folder = Path(__file__).parent / ".windlass" / "artifacts"
    (file,) = (f for f in folder.rglob("*") if f.is_file() and f.stat().st_size == 100_000)
    file.chmod(0o644)
    file.write_bytes(bytes(99_999) + b"!")
    return True

@step
def count(data: bytes) -> int:
    return data.count(0)

@pipeline
def vandal() -> int:
    data = make()
    return count.after(alter.after(data)())(data)
"""


def test_a_step_that_reads_altered_bytes_fails_in_words(project: Folder) -> None:
    (project.root / "vandal.py").write_text(VANDAL)
    told = project.document("run", "vandal.py", code=1)
    nodes = {node["node"]: node for node in told["nodes"]}
    assert nodes["count"]["status"] == "failed"
    assert nodes["count"]["error"]["kind"] == "CorruptError"
    assert "altered" in nodes["count"]["error"]["message"]


def test_bytes_that_are_gone(project: Folder) -> None:
    assert project.windlass("run", "sample.py:counting").code == 0
    _alter(project).unlink()
    said = project.refused("artifacts", "show", "counting-1:long_bytes", code=1)
    assert "gone" in said


def test_a_database_from_a_newer_version(project: Folder) -> None:
    database = project.root / ".windlass" / "windlass.db"
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (["runs"], ["run", "sample.py:talk"]):
        said = project.refused(*arguments)
        assert "newer Windlass" in said
        assert "9999" in said
        assert "Upgrade Windlass" in said
    assert project.document("runs", code=2)["error"]["kind"] == "VersionError"


def test_a_file_that_is_no_database(project: Folder) -> None:
    database = project.root / ".windlass" / "windlass.db"
    for each in database.parent.glob("windlass.db*"):
        each.unlink()
    database.write_bytes(b"these are not the bytes of a database" * 50)
    said = project.refused("runs", code=1)
    assert "windlass.db" in said


def test_a_store_that_cannot_be_written_is_told_before_anything_runs(project: Folder) -> None:
    store = project.root / ".windlass" / "artifacts"
    store.write_text("a file, where a folder should be")
    told = project.document("run", "sample.py:counting", code=1)
    assert told["error"]["kind"] == "StoreError"
    assert "artifacts" in told["error"]["message"]
    assert all(run["pipeline"] != "counting" for run in project.document("runs")["runs"])


def test_a_full_store_leaves_nothing_half_written(project: Folder) -> None:
    limit = 8_000_000  # what no file may exceed, as on a disk that is full; our own wheel has 4 MB
    line = f"{shlex.quote(str(PROGRAM))} run arrays.py:heavy"
    done = project.command("bash", "-c", f"trap '' XFSZ; ulimit -f {limit // 1024}; exec {line}")
    assert done.code == 1, done
    assert "StoreError" in done.err
    assert "Traceback" not in done.err
    run = project.document("show", "heavy-1")
    assert run["status"] == "failed"
    with contextlib.closing(sqlite3.connect(project.root / ".windlass" / "windlass.db")) as record:
        kept = {blob for (blob,) in record.execute("SELECT blob FROM bundles")}
        for (details,) in record.execute("SELECT details FROM runs"):
            kept.add(json.loads(details)["windlass"]["wheel"])
    folder = project.root / ".windlass" / "artifacts"
    assert {f.name for f in folder.glob("??/*")} == kept
    assert not list(folder.glob("tmp/*"))
    assert project.windlass("run", "arrays.py:heavy").code == 0


def test_a_state_folder_that_cannot_be_made(project: Folder) -> None:
    home = project.root / "home"
    home.write_text("a file")
    done = project.windlass("runs", WINDLASS_HOME=str(home))
    assert done.code == 2
    assert str(home) in done.err
    assert "Traceback" not in done.err
