"""Named objects: created once, by one writer, whole; on a disk and behind a URL."""

from __future__ import annotations

import multiprocessing
import os
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.artifacts.store import ArtifactStore
from windlass.errors import StoreError


@pytest.fixture(params=["disk", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    urls = {"disk": str(tmp_path / "store"), "memory": f"memory://{uuid.uuid4()}"}
    url = urls.get(request.param) or request.getfixturevalue("bucket")
    return ArtifactStore.open_store(url, cache=tmp_path / "cache")


def test_the_first_one_stays(store: ArtifactStore) -> None:
    named = store.named
    assert named.read("runs/a/one") is None
    assert named.create("runs/a/one", b"first")
    assert not named.create("runs/a/one", b"second")
    assert named.create("runs/a/one", b"first")  # sent again, since the answer was lost
    assert named.read("runs/a/one") == b"first"


def test_names_are_listed_below_a_folder(store: ArtifactStore) -> None:
    named = store.named
    names = ["runs/a/train[2]", "runs/a/group.fit%", "runs/a/ä ö/..", "runs/ab/x"]
    for name in names:
        assert named.create(name, name.encode())
    assert named.names("runs/a") == sorted(names[:3])
    assert named.names("nothing") == []
    assert all(named.read(name) == name.encode() for name in names)
    named.remove("runs/a")
    assert named.names("runs") == ["runs/ab/x"]
    named.remove("runs/a")


@given(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=6), st.binary(max_size=20))
def test_every_name_is_one_of_its_own(names: list[str], data: bytes) -> None:
    named = ArtifactStore.open_store(f"memory://{uuid.uuid4()}").named
    made = [f"f/{name}" for name in names if "/" not in name]
    assert all(named.create(name, data + name.encode("utf-8", "ignore")) for name in made)
    assert named.names("f") == sorted(made)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file is in the way")
    named = ArtifactStore.open_store(tmp_path / "store").named
    with pytest.raises(StoreError, match="cannot be written"):
        named.create("a", b"")


def _create(folder: str, number: int) -> None:
    named = ArtifactStore.open_store(folder).named
    won = [at for at in range(200) if named.create(f"race/{at}", b"%d" % number)]
    named.create(f"winners/{number}", repr(won).encode())


def test_of_several_processes_one_wins_each_name(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    racers = [context.Process(target=_create, args=(str(tmp_path), n)) for n in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    named = ArtifactStore.open_store(tmp_path).named
    for at in range(200):
        (winner,) = [n for n in range(3) if at in eval(named.read(f"winners/{n}") or b"")]
        assert named.read(f"race/{at}") == b"%d" % winner
    assert os.listdir(tmp_path / "tmp") == []
