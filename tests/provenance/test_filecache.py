from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from windlass.hashing import Buffer, digest_bytes
from windlass.provenance import filecache
from windlass.provenance.bundle import capture_bundle
from windlass.provenance.filecache import FileDigests


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "x.py"
    file.write_text("one")
    return file


@pytest.fixture
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets files count as old enough at once: a test cannot turn back a file's ctime."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10_000_000_000)


def digest(cache: Path, file: Path) -> str:
    """The digest as another process finds it: one that has read nothing itself."""
    filecache._read_here.clear()
    return digest_again(cache, file)


def digest_again(cache: Path, file: Path) -> str:
    digests = FileDigests(cache)
    found = digests.digest(str(file), file.stat())
    digests.save()
    return found


@pytest.mark.usefixtures("_settled")
def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache" / "files.json"
    first = digest(cache, file)
    reads: list[int] = []

    def counted(data: Buffer) -> str:
        reads.append(len(data))
        return digest_bytes(data)

    monkeypatch.setattr(filecache, "digest_bytes", counted)
    assert digest(cache, file) == first == digest_bytes(b"one")
    assert reads == []
    file.write_text("three")
    assert digest(cache, file) == digest_bytes(b"three")
    assert reads == [5]


@pytest.mark.usefixtures("_settled")
def test_what_was_read_for_one_project_is_not_read_again_for_another(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest(tmp_path / "one.json", file)
    with monkeypatch.context() as patch:
        patch.setattr(filecache, "digest_bytes", lambda data: "read again")
        assert digest_again(tmp_path / "two.json", file) == digest_bytes(b"one")
        filecache._read_here.clear()  # it was kept for the other one, too
        assert digest_again(tmp_path / "two.json", file) == digest_bytes(b"one")
    file.write_text("two")
    assert digest_again(tmp_path / "three.json", file) == digest_bytes(b"two")


@pytest.mark.usefixtures("_settled")
def test_an_edit_that_restores_size_and_time_is_seen(tmp_path: Path, file: Path) -> None:
    cache = tmp_path / "files.json"
    status = file.stat()
    digest(cache, file)
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digest(cache, file) == digest_bytes(b"two")


@pytest.mark.usefixtures("_settled")
def test_a_file_put_in_the_place_of_another_is_seen(tmp_path: Path, file: Path) -> None:
    cache = tmp_path / "files.json"
    digest(cache, file)
    other = tmp_path / "other"
    other.write_text("two")
    status = file.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)
    assert digest(cache, file) == digest_bytes(b"two")


def test_a_file_changed_a_moment_ago_is_not_kept(tmp_path: Path, file: Path) -> None:
    cache = tmp_path / "files.json"
    digest(cache, file)
    assert not cache.exists() or json.loads(cache.read_text())["files"] == {}


@pytest.mark.usefixtures("_settled")
@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version":1}',
        '{"version":1,"files":[]}',
        '{"version":0,"files":{}}',
    ],
)
def test_a_damaged_cache_counts_as_empty(tmp_path: Path, file: Path, damaged: str) -> None:
    cache = tmp_path / "files.json"
    cache.write_text(damaged)
    assert digest(cache, file) == digest_bytes(b"one")
    assert str(file) in json.loads(cache.read_text())["files"]


@pytest.mark.usefixtures("_settled")
def test_entries_of_the_wrong_form_are_not_believed(tmp_path: Path, file: Path) -> None:
    cache = tmp_path / "files.json"
    cache.write_text(json.dumps({"version": 1, "files": {str(file): [1, 2, 3, 4, None]}}))
    assert digest(cache, file) == digest_bytes(b"one")


@pytest.mark.usefixtures("_settled")
def test_files_that_are_gone_are_forgotten(tmp_path: Path, file: Path) -> None:
    cache = tmp_path / "files.json"
    digest(cache, file)
    other = tmp_path / "other.py"
    other.touch()
    digest(cache, other)
    assert list(json.loads(cache.read_text())["files"]) == [str(other)]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, file: Path) -> None:
    (tmp_path / "taken").touch()
    assert digest(tmp_path / "taken" / "files.json", file) == digest_bytes(b"one")


@pytest.mark.usefixtures("_settled")
def test_a_bundle_with_and_without_its_cache_is_one(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert capture_bundle(project) == capture_bundle(project, cache)
    assert capture_bundle(project) == capture_bundle(project, cache)
    (project / "pipeline.py").write_text("changed = 1")
    assert capture_bundle(project) == capture_bundle(project, cache)
