"""What a store holds, and letting go of what is old."""

from __future__ import annotations

import os
import threading
import time
import uuid
from pathlib import Path

import pytest

from windlass.artifacts import ArtifactStore


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "folder":
        return ArtifactStore.open_store(tmp_path / "store", verified=tmp_path / "verified")
    return ArtifactStore.open_store(f"memory://{uuid.uuid4().hex}", cache=tmp_path / "cache")


def put(store: ArtifactStore, data: bytes) -> str:
    with store.writer() as writer:
        writer.write(data)
        return writer.finish(inline=-1)[0]


def test_what_is_there_is_told_and_collected_by_age(store: ArtifactStore) -> None:
    assert list(store.stored()) == []
    assert store.users() == []
    began = time.time()
    blob = put(store, b"x" * 5000)
    store.add_user("/somewhere/windlass.db")
    store.add_user("postgresql://host/name")
    (found,) = store.stored()
    assert (found.blob, found.size) == (blob, 5000)
    assert began - 5 < found.modified < time.time() + 5
    assert store.collect(blob, began - 60) == 0
    assert store.keep(blob)
    assert store.collect(blob, time.time() + 60) == 5000
    assert store.collect(blob, time.time() + 60) == 0
    assert not store.keep(blob)
    assert not store.has(blob)
    assert sorted(store.users()) == ["/somewhere/windlass.db", "postgresql://host/name"]


def test_what_is_written_again_is_young_again(tmp_path: Path) -> None:
    store = ArtifactStore.open_store(tmp_path)
    blob = put(store, b"x" * 5000)
    for renew in (lambda: put(store, b"x" * 5000), lambda: store.keep(blob)):
        os.utime(store.path(blob), (1, 1))
        began = time.time()
        assert renew()
        assert store.collect(blob, began - 60) == 0
    os.utime(store.path(blob), (1, 1))
    assert store.collect(blob, began - 60) == 5000


def test_a_blob_that_is_kept_is_never_collected_under_ones_hands(tmp_path: Path) -> None:
    """Whoever hears that a blob was kept finds it there."""
    store, over, lost = ArtifactStore.open_store(tmp_path), threading.Event(), []
    blob = put(store, b"x" * 5000)

    def collect() -> None:
        while not over.is_set():
            store.collect(blob, time.time() - 3600)

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for _ in range(300):
            os.utime(store.path(put(store, b"x" * 5000)), (1, 1))
            if ArtifactStore.open_store(tmp_path).keep(blob) and not store.has(blob):
                lost.append(blob)
    except Exception as error:
        lost.append(str(error))
    finally:
        over.set()
        collector.join()
    assert not lost
