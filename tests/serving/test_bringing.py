"""A server that brings a release along: it serves without a record, or follows one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from windlass.errors import (
    ConfigError,
    CorruptError,
    ModelError,
    NotFoundError,
    UnreachableError,
)
from windlass.execution.job import Stores
from windlass.provenance.project import Project, find_project
from windlass.records.models import Move
from windlass.serving import server as module
from windlass.serving.deployment import Deployment
from windlass.serving.following import Follower
from windlass.serving.releases import Release, packed, packed_name, read_release
from windlass.serving.server import LateStores, deployments, followers
from windlass.serving.settings import ServerSettings
from windlass.stacks.stack import Stack, load_stack

from .conftest import Register, Released, rows_of


@pytest.fixture
def release(released: Released, tmp_path: Path) -> Release:
    return packed(released(1), tmp_path / "brought", ["/srv"])


@pytest.fixture
def elsewhere(tmp_path: Path) -> Stack:
    """A stack of another machine, in which nothing was recorded."""
    (tmp_path / "there").mkdir()
    return Stack("default", Project(tmp_path / "there", tmp_path / "there" / ".windlass"))


def begun(settings: ServerSettings) -> tuple[Deployment, Follower]:
    late = LateStores(settings.stack)
    (served,) = deployments(settings, late).values()
    (follower,) = followers(settings, late, lambda _: lambda: [served])
    follower.start()
    return served, follower


def settings_of(release: Release, stack: Stack) -> ServerSettings:
    return ServerSettings((("delay", "champion"),), stack, release=str(release.folder))


def test_what_is_packed_tells_where_its_code_lies_and_can_be_read(
    released: Released, tmp_path: Path
) -> None:
    original = released(1)
    found = packed(original, tmp_path / "image", ["/srv", "/srv/src"])
    assert found.folder.name == packed_name(original, ["/srv", "/srv/src"])
    assert read_release(found.folder).document["code"] == ["/srv", "/srv/src"]
    assert found.folder.name != original.folder.name
    (found.folder / "release.json").write_text("{}")
    with pytest.raises(CorruptError):
        read_release(found.folder)


def test_it_serves_alone_and_notes_what_it_answers(release: Release, elsewhere: Stack) -> None:
    served, follower = begun(settings_of(release, elsewhere))
    try:
        assert served.versions() == ("1",)
        assert follower.trouble is None
        assert not follower.look()
        served.predict(rows_of(1, 5)[["a", "b"]], 5, "mine")
    finally:
        served.close()
    (segment,) = elsewhere.project.home.glob("predictions/delay/predictions/*/*.parquet")
    assert segment.stat().st_size
    state = served.state()["noting"]
    assert isinstance(state, dict)
    assert (state["logged"], state["uncounted"], state["problems"]) == (5, {}, {})


def test_it_follows_the_record_that_it_is_told_of(
    stores: Stores, register: Register, release: Release
) -> None:
    register(2)
    assert stores.records.move_alias(Move("delay", "champion", None, 2, "me", "promoted"))
    stack = load_stack(None, find_project(stores.project))
    told = replace(stack, records=str(stores.project / ".windlass" / "windlass.db"))
    served, _ = begun(settings_of(release, told))
    assert served.versions() == ("2",)
    served.close()


def test_it_starts_by_it_while_the_record_is_out_of_reach(
    release: Release, elsewhere: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> Stores:
        raise UnreachableError("the database does not answer")

    monkeypatch.setattr(module, "open_stores", gone)
    settings = settings_of(release, replace(elsewhere, records="postgresql://there/windlass"))
    served, follower = begun(settings)
    assert served.versions() == ("1",)
    assert follower.trouble is not None
    served.close()
    (name,) = elsewhere.project.cache.glob("releases/*.json")  # the next start knows it, too
    assert name.name == "delay@champion.json"


def test_it_starts_by_it_where_the_champion_cannot_be_loaded(
    stores: Stores, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unfit:
        def __init__(self, *_: object) -> None: ...

        def number(self) -> int:
            return 2

        def release(self, number: int) -> Release:
            raise ModelError(f"delay@{number} cannot be loaded: it needs another scikit-learn")

    monkeypatch.setattr(module, "Recorded", Unfit)
    stack = load_stack(None, find_project(stores.project))
    told = replace(stack, records=str(stores.project / ".windlass" / "windlass.db"))
    settings = settings_of(release, told)
    served, follower = begun(settings)
    assert served.versions() == ("1",)
    assert follower.trouble is not None
    served.close()
    with pytest.raises(ModelError):  # who has nothing else is told at once
        begun(replace(settings, release=None))


def test_a_release_of_another_model_is_refused(release: Release, elsewhere: Stack) -> None:
    settings = replace(settings_of(release, elsewhere), models=(("price", "champion"),))
    with pytest.raises(ConfigError, match="a release of 'delay', and not of price"):
        begun(settings)


def test_a_server_waits_for_the_first_version_if_it_is_told_to(
    stores: Stores, register: Register
) -> None:
    stack = load_stack(None, find_project(stores.project))
    settings = ServerSettings((("delay", "champion"),), stack, wait=True)
    with pytest.raises(NotFoundError):
        begun(replace(settings, wait=False))
    served, follower = begun(settings)
    assert not served.is_ready()
    assert [follower.trouble] != [None]
    register(1)
    assert not follower.look()  # there is a version, and no champion yet
    assert stores.records.move_alias(Move("delay", "champion", None, 1, "me", "promoted"))
    assert follower.look()
    assert served.versions() == ("1",)
    assert follower.trouble is None
    served.close()


def test_what_a_server_is_told_reaches_its_workers(release: Release, elsewhere: Stack) -> None:
    settings = replace(settings_of(release, elsewhere), wait=True)
    assert ServerSettings.read(settings.document()) == settings
    assert settings.stands_alone
