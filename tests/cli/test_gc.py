"""``windlass gc`` as a person types it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from .program import Folder

SIZES = """
from windlass import pipeline, step

@step
def make(n: int) -> bytes:
    return bytes([n]) * 10_000

@pipeline
def sizes(n: int) -> bytes:
    return make(n)
"""
SHARED = '[stacks.default]\nartifacts = "../shared"\n[stacks.other]\nartifacts = "../shared"\n'


def age(folder: Path) -> None:
    """Lets every blob have been written long ago."""
    then = time.time() - 2 * 24 * 3600
    for file in folder.glob("??/*"):
        os.utime(file, (then, then))


def blobs(folder: Path) -> int:
    return len(list(folder.glob("??/*")))


def test_old_runs_go_where_that_is_asked_for(project: Folder) -> None:
    (project.root / "sizes.py").write_text(SIZES)
    for n in (1, 2, 3):
        assert project.windlass("run", "sizes.py", "-p", f"n={n}").code == 0
    store = project.root / ".windlass" / "artifacts"
    age(store)
    assert project.windlass("gc").out == "nothing is to be removed\n"
    assert "--older-than" in project.refused("gc", "--keep-last", "2")
    expected = project.document("gc", "--dry-run", "--older-than", "0.001 s", "--keep-last", "2")
    assert (expected["runs"], expected["artifacts"], expected["blobs"]) == (["sizes-1"], 1, 1)
    assert expected["bytes"] >= 10_000
    assert blobs(store) == 5  # the archive of the code and the wheel, too
    done = project.windlass("gc", "--older-than", "0.001 s")
    assert done.code == 0
    assert done.out.startswith("removed, 2")
    assert "2  runs  " in done.out
    assert blobs(store) == 3
    assert project.document("show", "sizes-3")["status"] == "succeeded"
    assert project.windlass("artifacts", "show", "sizes-3:make").code == 0
    assert not project.windlass("show", "sizes-1").out


def test_what_another_record_needs_stays(project: Folder, tmp_path: Path) -> None:
    (project.root / "sizes.py").write_text(SIZES)
    toml = project.root / "windlass.toml"
    toml.write_text(SHARED + 'records = "other.db"\n')
    beside = Folder(shutil.copytree(project.root, tmp_path / "beside"))
    assert project.windlass("run", "sizes.py", "-p", "n=1").code == 0
    assert project.windlass("run", "sizes.py", "-p", "n=2", "--stack", "other").code == 0
    assert beside.windlass("run", "sizes.py", "-p", "n=3").code == 0
    age(tmp_path / "shared")
    before = blobs(tmp_path / "shared")
    said = project.refused("gc")
    assert str(beside.root / ".windlass" / "windlass.db") in said
    assert "Describe it as a stack" in said
    shutil.rmtree(beside.root)  # with its record: nobody needs what it had
    assert project.document("gc")["blobs"] == 1
    assert blobs(tmp_path / "shared") == before - 1
    for stack in ("default", "other"):
        shown = project.windlass("artifacts", "show", "latest:make", "--stack", stack)
        assert shown.code == 0, shown


def test_code_that_nobody_has_used_for_long_goes(project: Folder) -> None:
    code = project.root / ".windlass" / "cache" / "code"
    for name in ("used", "old"):
        (code / name / "flow").mkdir(parents=True)
        (code / name / "flow" / "a.py").write_text("x = 1\n")
    then = time.time() - 8 * 24 * 3600
    os.utime(code / "old", (then, then))
    cache = {"WINDLASS_CACHE": str(project.root / "elsewhere")}
    (project.root / "sizes.py").write_text(SIZES)
    assert project.windlass("run", "sizes.py", "-p", "n=1", **cache).code == 0
    assert project.windlass("gc", "--dry-run", **cache).out.endswith("1  folders of code\n")
    assert (code / "old").exists()
    assert project.windlass("gc", **cache).code == 0
    assert [each.name for each in code.iterdir() if each.is_dir()] == ["used"]
