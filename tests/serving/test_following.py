"""What is promoted is brought into service by itself, and what cannot be is not."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from windlass.artifacts import ArtifactStore
from windlass.errors import ModelError, NotFoundError, StoreError, UnreachableError
from windlass.execution.job import Stores
from windlass.records.models import Move
from windlass.serving import releases
from windlass.serving.deployment import Deployment
from windlass.serving.following import Follower, Recorded
from windlass.serving.releases import Release, fetch

from .conftest import Register


def move(stores: Stores, old: int | None, new: int) -> None:
    moved = Move("delay", "champion", old, new, "me", "promoted")
    assert stores.records.move_alias(moved) is not None


def trouble_of(follower: Follower) -> tuple[object, object] | None:
    found = follower.trouble
    return None if found is None else (found["version"], found["why"])


class Party:
    """Whoever serves, and what they were told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.cannot: set[int] = set()

    def prepare(self, release: Release, number: int) -> None:
        if release.number in self.cannot:
            raise ModelError(f"{release.name} cannot be loaded")
        self.told.append((f"prepare {release.number}", number))

    def commit(self, number: int) -> None:
        self.told.append(("commit", number))


@pytest.fixture
def recorded(stores: Stores, register: Register, tmp_path: Path) -> Recorded:
    register(1)
    register(2)
    move(stores, None, 1)
    return Recorded(lambda: stores, "delay", "champion", tmp_path / "releases")


def test_a_promotion_is_followed(recorded: Recorded, stores: Stores) -> None:
    party = Party()
    follower = Follower(recorded, lambda: [party])
    follower.start()
    assert not follower.look()
    move(stores, 1, 2)
    assert follower.look()
    assert not follower.look()
    assert party.told == [("prepare 1", 1), ("commit", 1), ("prepare 2", 2), ("commit", 2)]
    assert follower.release is not None
    assert (follower.release.name, follower.generation) == ("delay@2", 2)


def test_it_follows_in_a_thread_of_its_own(recorded: Recorded, stores: Stores) -> None:
    served = Deployment("delay")
    follower = Follower(recorded, lambda: [served])
    follower.start()
    stop = threading.Event()
    thread = threading.Thread(target=follower.run, args=(stop, 0.02))
    thread.start()
    move(stores, 1, 2)
    end = time.monotonic() + 20
    while served.versions()[:1] != ("2",) and time.monotonic() < end:
        time.sleep(0.02)
    stop.set()
    thread.join()
    assert served.versions() == ("2", "1")
    served.close()


def test_where_one_cannot_none_swaps_and_it_is_tried_again_later_and_later(
    recorded: Recorded, stores: Stores
) -> None:
    now = [0.0]
    fine, unable = Party(), Party()
    follower = Follower(recorded, lambda: [fine, unable], clock=lambda: now[0])
    follower.start()
    unable.cannot = {2}
    move(stores, 1, 2)
    assert not follower.look()
    assert trouble_of(follower) == (2, "delay@2 cannot be loaded")
    assert ("commit", 2) not in fine.told + unable.told
    tried = len(fine.told)
    now[0] = 9.0
    assert not follower.look()
    assert len(fine.told) == tried  # not yet
    now[0] = 11.0
    assert not follower.look()
    assert len(fine.told) == tried + 1
    now[0] = 25.0
    assert not follower.look()
    assert len(fine.told) == tried + 1  # twice as long
    unable.cannot = set()
    now[0] = 32.0
    assert follower.look()
    assert trouble_of(follower) is None
    assert fine.told[-1] == ("commit", 2)


def test_a_way_back_is_taken_at_once_from_what_cannot_be_served(
    recorded: Recorded, stores: Stores
) -> None:
    party = Party()
    follower = Follower(recorded, lambda: [party])
    follower.start()
    party.cannot = {2}
    move(stores, 1, 2)
    assert not follower.look()
    move(stores, 2, 1)
    assert not follower.look()
    assert trouble_of(follower) is None


class Gone:
    """Stores that cannot be reached."""

    def number(self) -> int:
        raise UnreachableError("the database does not answer")

    def release(self, number: int) -> Release:
        raise AssertionError(number)


def test_without_the_stores_it_serves_on_and_starts_with_what_it_served_last(
    recorded: Recorded, tmp_path: Path
) -> None:
    last = tmp_path / "releases" / "delay@champion.json"
    Follower(recorded, lambda: [Party()], last).start()
    party = Party()
    follower = Follower(Gone(), lambda: [party], last)
    follower.start()
    assert party.told == [("prepare 1", 1), ("commit", 1)]
    assert trouble_of(follower) == (None, "the database does not answer")
    assert not follower.look()
    assert trouble_of(follower) == (None, "the database does not answer")
    with pytest.raises(UnreachableError):
        Follower(Gone(), lambda: [party], tmp_path / "releases" / "other.json").start()


def test_a_disk_that_is_full_is_told_and_what_is_there_is_served(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "releases"
    kept = fetch(register(1), root)
    second = register(2)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(ArtifactStore, "put_file", full)
        with pytest.raises(StoreError, match=r"delay@2 cannot be copied .* No space left"):
            fetch(second, root)
    assert [path.name for path in root.iterdir()] == [kept.folder.name]


def test_what_a_killed_process_left_half_copied_is_cleared(
    register: Register, tmp_path: Path
) -> None:
    root = tmp_path / "releases"
    old, young = root / ".0a-12-cd", root / ".0b-13-ef"
    for path in (old, young):
        path.mkdir(parents=True)
    os.utime(old, (0, 0))
    fetch(register(1), root)
    assert not old.exists()
    assert young.exists()


def test_releases_that_nobody_needs_leave_the_disk(
    stores: Stores, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "_KEPT", 2)
    root = tmp_path / "releases"
    second = register(2)
    served, old, young = (fetch(each, root) for each in (register(1), second, register(3)))
    move(stores, None, served.number)
    recorded = Recorded(lambda: stores, "delay", "champion", root)
    Follower(recorded, lambda: [Party()], root / "delay@champion.json").start()
    for release, age in ((served, 9e5), (old, 8e5), (young, 100.0)):
        os.utime(release.folder, (time.time() - age,) * 2)
    fourth = fetch(register(4), root)
    assert {path for path in root.iterdir() if path.is_dir()} == {
        each.folder for each in (served, old, young, fourth)
    }  # of the two that are kept when the fourth is asked for, one is old
    fifth = fetch(register(5), root)
    assert {path for path in root.iterdir() if path.is_dir()} == {
        each.folder for each in (served, young, fourth, fifth)
    }
    assert fetch(second, root).folder == old.folder  # asked for again, it is copied again


def test_what_is_not_there_is_told_at_the_start(stores: Stores, tmp_path: Path) -> None:
    source = Recorded(lambda: stores, "delay", "champion", tmp_path / "releases")
    with pytest.raises(NotFoundError, match="there is no model 'delay'"):
        Follower(source, lambda: [Party()], tmp_path / "last.json").start()
