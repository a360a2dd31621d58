"""A check is remembered only while any change would show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from windlass.artifacts.stamps import Stamp, Stamps, is_settled, settle, stamp_of
from windlass.artifacts.store import ArtifactStore
from windlass.hashing import digest_file

BIG = bytes(range(256)) * 8192  # 2 MiB: its check is remembered


def file_of(folder: Path, data: bytes = b"data") -> Path:
    path = folder / "file"
    path.write_bytes(data)
    return path


def put(store: ArtifactStore, data: bytes) -> str:
    with store.writer() as writer:
        writer.write(data)
        return writer.finish(inline=-1)[0]


def test_every_change_shows_in_a_stamp(tmp_path: Path) -> None:
    path = file_of(tmp_path)
    before = stamp_of(path)
    assert settle(before)
    path.write_bytes(b"atad")
    os.utime(path, ns=(0, before.modified))
    assert stamp_of(path) != before
    assert stamp_of(path).size == before.size
    assert stamp_of(path).modified == before.modified


def test_a_stamp_of_this_very_moment_is_not_settled() -> None:
    ahead = Stamp(1, 1, 2**62, 1)
    assert not is_settled(ahead)
    assert not settle(ahead)  # a file server whose clock is ahead must not make us wait for it
    assert is_settled(Stamp(1, 1, 1, 1))


def test_other_processes_recall_what_one_remembered(tmp_path: Path) -> None:
    path = file_of(tmp_path)
    stamp = stamp_of(path)
    assert settle(stamp)
    Stamps(tmp_path / "verified").remember("blob", path, stamp)
    assert Stamps(tmp_path / "verified").recall("blob") == stamp
    assert Stamps(tmp_path / "verified").recall("other") is None
    assert Stamps(None).recall("blob") is None


def test_what_changed_during_the_check_is_not_remembered(tmp_path: Path) -> None:
    path = file_of(tmp_path)
    stamp = stamp_of(path)
    assert settle(stamp)
    path.write_bytes(b"other")
    stamps = Stamps(tmp_path / "verified")
    stamps.remember("blob", path, stamp)
    assert stamps.recall("blob") is None


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d", "1 2 3 4 5", "é"])
def test_a_spoilt_note_is_no_note(tmp_path: Path, text: str) -> None:
    (tmp_path / "blob").write_text(text)
    assert Stamps(tmp_path).recall("blob") is None


def test_a_folder_that_cannot_be_written_costs_only_another_check(tmp_path: Path) -> None:
    store = ArtifactStore.open_store(tmp_path / "store", verified=tmp_path / "file" / "below")
    (tmp_path / "file").write_text("")
    blob = put(store, BIG)
    assert store.path(blob).read_bytes() == BIG


def test_a_large_blob_is_read_once_and_a_small_one_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtifactStore.open_store(tmp_path / "store", verified=tmp_path / "verified")
    large, small = put(store, BIG), put(store, b"small")
    assert settle(stamp_of(store.path(large)))
    store.path(large)
    read: list[str] = []

    def counted(path: Path) -> str:
        read.append(path.name)
        return digest_file(path)

    monkeypatch.setattr("windlass.artifacts.blobs.digest_file", counted)
    again = ArtifactStore.open_store(tmp_path / "store", verified=tmp_path / "verified")
    for _ in range(2):
        again.path(large)
        again.path(small)
    assert read == [small, small]
