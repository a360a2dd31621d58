"""The store: published whole or not at all, and never anything but what was written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from windlass.artifacts.blobs import INLINE, Blobs
from windlass.artifacts.store import ArtifactStore
from windlass.errors import CorruptError, StoreError
from windlass.hashing import digest_bytes

BIG = bytes(range(256)) * 8192  # 2 MiB: its check is remembered


@pytest.fixture(params=["local", "memory", "file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    return ArtifactStore.open_store(
        address(request, tmp_path), verified=tmp_path / "verified", cache=tmp_path / "cache"
    )


@pytest.fixture(params=["memory", "s3"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return address(request, tmp_path)


def address(request: pytest.FixtureRequest, folder: Path) -> str:
    urls = {
        "local": str(folder / "store"),
        "memory": f"memory://{folder.name}",
        "file": f"file://{folder}/store",
    }
    if request.param in urls:
        return urls[request.param]
    bucket: str = request.getfixturevalue("bucket")
    return f"{bucket}/team"


def put(store: Blobs, data: bytes) -> str:
    with store.writer() as writer:
        writer.write(data)
        blob, size, inline = writer.finish(inline=-1)
    assert size == len(data)
    assert inline is None
    return blob


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 1, INLINE, INLINE + 1, 3_000_000])
def test_what_is_written_is_read(store: ArtifactStore, size: int) -> None:
    data = os.urandom(size)
    blob = put(store, data)
    assert blob == digest_bytes(data)
    assert store.has(blob)
    assert store.path(blob).read_bytes() == data
    assert store.path(blob).stat().st_mode & 0o222 == 0


def test_few_bytes_need_no_file(store: ArtifactStore, tmp_path: Path) -> None:
    with store.writer() as writer:
        writer.write(b"x" * INLINE)
        blob, _, inline = writer.finish()
    assert inline == b"x" * INLINE
    assert blob == digest_bytes(inline)
    assert not store.has(blob)
    assert files(tmp_path) == []


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    store = ArtifactStore.open_store(tmp_path / "store")
    first = store.path(put(store, BIG)).stat()
    assert store.path(put(store, BIG)).stat().st_ino == first.st_ino
    assert len(files(tmp_path / "store")) == 1


def test_what_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    store = ArtifactStore.open_store(tmp_path / "store")
    with store.writer() as writer:
        writer.write(BIG)
        assert files(tmp_path / "store") != []
    assert files(tmp_path / "store") == []


@pytest.mark.parametrize("data", [b"small", BIG])
@pytest.mark.parametrize("how", ["flipped", "flipped, times set back", "cut", "grown", "replaced"])
def test_altered_bytes_are_named_and_never_served(tmp_path: Path, data: bytes, how: str) -> None:
    store = ArtifactStore.open_store(tmp_path / "store", verified=tmp_path / "verified")
    blob = put(store, data)
    path = store.path(blob)  # checked once, and remembered if it is large
    before = path.stat()
    path.chmod(0o644)
    if how == "replaced":
        path.unlink()
        path.write_bytes(b"y" * len(data))
    else:
        changed = {"cut": data[:-1], "grown": data + b"x"}.get(how, b"!" + data[1:])
        path.write_bytes(changed)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(CorruptError, match="altered") as caught:
        store.path(blob)
    assert str(path) in str(caught.value)
    again = ArtifactStore.open_store(tmp_path / "store", verified=tmp_path / "verified")
    with pytest.raises(CorruptError, match="altered"):
        again.path(blob)


def test_a_blob_that_is_gone_is_named(store: ArtifactStore) -> None:
    blob = put(store, BIG)
    store.delete(blob)
    assert not store.has(blob)
    with pytest.raises(CorruptError, match="gone"):
        store.path(blob)


def test_an_altered_local_copy_of_a_remote_blob_is_fetched_again(
    elsewhere: str, tmp_path: Path
) -> None:
    store = ArtifactStore.open_store(elsewhere, cache=tmp_path / "cache")
    blob = put(store, BIG)
    copy = store.path(blob)
    copy.chmod(0o644)
    copy.write_bytes(b"!" + BIG[1:])
    assert store.path(blob).read_bytes() == BIG


@pytest.mark.parametrize("size", [INLINE + 1, 20_000_000])
def test_what_one_machine_writes_another_reads(elsewhere: str, size: int, tmp_path: Path) -> None:
    one = ArtifactStore.open_store(elsewhere, cache=tmp_path / "one")
    other = ArtifactStore.open_store(elsewhere, cache=tmp_path / "other")
    data = os.urandom(size)
    blob = put(one, data)
    assert other.keep(blob)
    assert other.path(blob).read_bytes() == data
    assert [(each.blob, each.size) for each in other.stored()] == [(blob, size)]
    assert other.collect(blob, one.grace * 1e6) == size
    assert not one.has(blob)


def test_altered_bytes_of_a_remote_blob_are_named(elsewhere: str, tmp_path: Path) -> None:
    store = ArtifactStore.open_store(elsewhere, cache=tmp_path / "cache")
    blob = put(store, BIG)
    import fsspec

    with fsspec.open(f"{elsewhere}/{blob[:2]}/{blob}", "wb") as file:
        file.write(b"!" + BIG[1:])
    other = ArtifactStore.open_store(elsewhere, cache=tmp_path / "other")
    with pytest.raises(CorruptError, match="altered"):
        other.path(blob)
    assert files(tmp_path / "other") == []


@pytest.mark.parametrize("data", [b"small", BIG])
@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_a_spoilt_blob_is_healed_by_writing_it_again(tmp_path: Path, data: bytes, how: str) -> None:
    store = ArtifactStore.open_store(tmp_path / "store", verified=tmp_path / "verified")
    blob = put(store, data)
    path = store.path(blob)
    path.chmod(0o644)
    path.write_bytes(data[:-1] if how == "cut" else b"!" + data[1:])
    put(store, data)
    assert store.path(blob).read_bytes() == data
    assert files(tmp_path / "store") == [blob]


def test_a_durable_store_keeps_the_same(tmp_path: Path) -> None:
    store = ArtifactStore.open_store(tmp_path / "store", durable=True)
    assert store.path(put(store, BIG)).read_bytes() == BIG


def test_many_small_writes_and_large_ones_follow_in_order(store: ArtifactStore) -> None:
    pieces = [os.urandom(size) for size in (1, 5000, 70_000, 300_000, 0, 7, 9_000_000, 3)]
    with store.writer() as writer:
        for piece in pieces:
            assert writer.write(piece) == len(piece)
        blob, size, _ = writer.finish()
    assert size == sum(map(len, pieces))
    assert store.path(blob).read_bytes() == b"".join(pieces)


_WRITER = """
import sys
from windlass.artifacts.store import ArtifactStore
store = ArtifactStore.open_store(sys.argv[1])
for number in range(int(sys.argv[2])):
    with store.writer() as writer:
        for _ in range(20):
            writer.write(bytes([number % 7]) * 200_000)
        print(writer.finish(inline=-1)[0], flush=True)
"""


def test_four_processes_publish_the_same_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path), "7"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = [process.communicate(timeout=60)[0].split() for process in processes]
    assert told == [told[0]] * 4
    assert files(tmp_path) == sorted(told[0])
    store = ArtifactStore.open_store(tmp_path)
    assert all(store.path(blob) for blob in told[0])


def test_a_kill_leaves_no_half_blob(tmp_path: Path) -> None:
    for round_ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), "1000"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for _ in range(1 + round_ % 3):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    store = ArtifactStore.open_store(tmp_path)
    published = list(tmp_path.glob("??/*"))
    assert published
    for path in published:
        assert store.path(path.name) == path


def test_old_leftovers_are_swept(tmp_path: Path) -> None:
    left = tmp_path / "tmp" / "123-abc"
    left.parent.mkdir()
    left.write_bytes(b"half")
    ArtifactStore.open_store(tmp_path)
    assert left.exists()
    os.utime(left, (0, 0))
    ArtifactStore.open_store(tmp_path)
    assert not left.exists()


_LIMITED = """
import resource, sys
from pathlib import Path
from windlass.artifacts.store import ArtifactStore
from windlass.errors import StoreError
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
store = ArtifactStore.open_store(sys.argv[1])
try:
    with store.writer() as writer:
        writer.write(b"x" * 1_000_000)
        writer.finish()
except StoreError as error:
    print(error)
print([str(p) for p in Path(sys.argv[1]).rglob("*") if p.is_file()])
"""


def test_a_full_disk_is_told_and_nothing_half_written_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LIMITED, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "cannot be written" in told
    assert "Free some space" in told
    assert told.splitlines()[-1] == "[]"


def test_a_store_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = ArtifactStore.open_store(tmp_path / "file" / "store")
    with pytest.raises(StoreError, match="cannot be written: Not a directory"):
        put(store, BIG)


_AS_NOBODY = """
import os, sys
from windlass.artifacts.store import ArtifactStore
from windlass.errors import StoreError
os.setgid(65534); os.setuid(65534)
store = ArtifactStore.open_store(sys.argv[1])
print(store.path(sys.argv[2]).stat().st_size)
try:
    with store.writer() as writer:
        writer.write(b"x" * 1_000_000)
        writer.finish()
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_read_only_store_can_be_read_and_says_that_it_cannot_be_written() -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        store = ArtifactStore.open_store(folder)
        blob = put(store, BIG)
        command = [sys.executable, "-c", _AS_NOBODY, folder, blob]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0] == str(len(BIG))
        assert "cannot be written: Permission denied" in done.stdout
