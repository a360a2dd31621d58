"""Local copies of a store elsewhere: up to a limit, used last gone last, never under a reader."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from windlass.artifacts.copies import Copies
from windlass.artifacts.store import ArtifactStore
from windlass.hashing import digest_bytes

PIECE = 1_000_000


def make(folder: Path, pieces: int) -> Copies:
    return Copies(folder, folder / "verified", pieces * PIECE)


def put(copies: Copies, number: int) -> str:
    with copies.writer() as writer:
        writer.write(bytes([number]) * PIECE)
        return writer.finish(inline=-1)[0]


def age(copies: Copies, blob: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(copies.root / blob[:2] / blob, (then, then))


def there(copies: Copies) -> set[str]:
    return {path.name for path in copies.root.glob("??/*")}


def test_what_was_used_last_stays(tmp_path: Path) -> None:
    copies = make(tmp_path, 10)
    blobs = [put(copies, number) for number in range(10)]
    assert there(copies) == set(blobs)
    for number, blob in enumerate(blobs):
        age(copies, blob, 1000 - number)
    reader = make(tmp_path, 10)  # another process's, by the same means
    reader.path(blobs[0])
    blobs.append(put(reader, 10))
    del copies
    reader.make_room()
    assert there(reader) == {blobs[0], *blobs[3:]}  # down to nine tenths
    assert reader.kept() == (9 * PIECE, 10 * PIECE)
    assert {path.name for path in (tmp_path / "used").iterdir()} <= there(reader)


def test_a_copy_that_was_just_asked_for_is_not_removed(tmp_path: Path) -> None:
    reader = make(tmp_path, 2)
    first = put(reader, 0)
    path = reader.path(first)
    age(reader, first, 1000)
    writer = make(tmp_path, 2)
    for number in range(1, 9):
        put(writer, number)
    assert path.read_bytes() == bytes(PIECE)
    del reader, writer
    make(tmp_path, 2).make_room()
    assert len(list(tmp_path.glob("??/*"))) == 1


def test_a_copy_larger_than_the_limit_can_be_read(tmp_path: Path) -> None:
    copies = Copies(tmp_path, limit=PIECE // 2)
    blob = put(copies, 1)
    assert copies.path(blob).read_bytes() == bytes([1]) * PIECE
    del copies
    Copies(tmp_path, limit=PIECE // 2).make_room()
    assert list(tmp_path.glob("??/*")) == []


def test_a_mark_of_use_does_not_make_a_copy_be_checked_again(tmp_path: Path) -> None:
    copies = make(tmp_path, 10)
    blob = put(copies, 1)
    before = copies.path(blob).stat()
    after = copies.path(blob).stat()
    assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)


_USER = """
import os, random, sys
from pathlib import Path
from windlass.artifacts.store import ArtifactStore
from windlass.hashing import digest_bytes
url, folder, seed, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = ArtifactStore.open_store(url, cache=Path(folder), limit=5_000_000)
choose = random.Random(seed)
for _ in range(rounds):
    data = bytes([choose.randrange(12)]) * 1_000_000
    with store.writer() as writer:
        writer.write(data)
        blob = writer.finish(inline=-1)[0]
    print(blob, flush=True)
    data = bytes([choose.randrange(12)]) * 1_000_000
    blob = digest_bytes(data)
    if store.has(blob):
        assert store.path(blob).read_bytes() == data
"""


def use(url: str, folder: Path, seed: int, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _USER, url, str(folder), str(seed), str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_share_copies_and_may_be_killed_at_any_time(bucket: str, tmp_path: Path) -> None:
    killed = use(bucket, tmp_path, 99, 10_000)
    users = [use(bucket, tmp_path, seed, 20) for seed in range(2)]
    assert killed.stdout is not None
    for _ in range(5):
        killed.stdout.readline()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert [user.communicate(timeout=100)[0].count("\n") for user in users] == [20, 20]
    assert [user.returncode for user in users] == [0, 0]
    after = Copies(tmp_path, limit=5_000_000)
    for left in (tmp_path / "tmp").iterdir():
        os.utime(left, (0, 0))
    after.make_room()
    assert after.kept().bytes <= 5_000_000
    for blob in there(after):
        assert digest_bytes(after.path(blob).read_bytes()) == blob
    store = ArtifactStore.open_store(bucket, cache=tmp_path, limit=5_000_000)
    assert store.kept_here() == after.kept()
