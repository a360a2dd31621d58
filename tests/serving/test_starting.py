"""A server that starts while the record cannot be reached, and finds it later."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest

from windlass.errors import UnreachableError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.provenance.project import find_project
from windlass.records.models import Move
from windlass.records.production import SILENCE
from windlass.records.production import Deployment as Said
from windlass.serving import server as module
from windlass.serving.beacon import Beacon
from windlass.serving.deployment import Deployment
from windlass.serving.embedding import asgi
from windlass.serving.following import Follower
from windlass.serving.server import LateStores, deployments, followers, note, serve
from windlass.serving.settings import ServerSettings
from windlass.stacks.stack import Stack, load_stack

from .asgi import ask
from .conftest import Register


def test_it_serves_what_it_served_last_and_takes_notes_once_it_can(
    stores: Stores, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(1), register(2)
    assert stores.records.move_alias(Move("delay", "champion", None, 1, "me", "promoted"))
    settings = ServerSettings((("delay", "champion"),), stack_of(stores))
    began(settings, LateStores(settings.stack))  # it has served once

    reachable = open_stores

    def gone(*_: object, **__: object) -> Stores:
        raise UnreachableError("the database does not answer")

    monkeypatch.setattr(module, "open_stores", gone)
    late = LateStores(settings.stack)
    served, follower = began(settings, late)
    assert served.versions() == ("1",)
    assert not notes(served)
    assert follower.trouble is not None
    assert not follower.look()

    monkeypatch.setattr(module, "open_stores", reachable)
    note(settings, {"delay": served}, late)
    assert notes(served)
    assert stores.records.move_alias(Move("delay", "champion", 1, 2, "me", "promoted"))
    assert follower.look()
    assert served.versions() == ("2", "1")
    served.close()
    late.close()


def test_a_server_of_one_process_tells_that_the_record_is_gone(
    stores: Stores, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(1)
    assert stores.records.move_alias(Move("delay", "champion", None, 1, "me", "promoted"))
    monkeypatch.chdir(stores.project)
    assert ask(asgi("delay", follow=None, log=False), "GET", "/v2/health/ready").status == 200

    def gone(*_: object, **__: object) -> Stores:
        raise UnreachableError("the database does not answer")

    monkeypatch.setattr(module, "open_stores", gone)
    app = asgi("delay", follow=None, log=False)
    assert ask(app, "GET", "/v2/health/ready").status == 503
    assert ask(app, "GET", "/v2/models/delay/ready").status == 200
    assert ask(app, "GET", "/state").json["troubles"] == ["the database does not answer"]


def test_a_disk_on_which_nothing_can_be_noted_keeps_nobody_from_being_served(
    stores: Stores, register: Register, caplog: pytest.LogCaptureFixture
) -> None:
    register(1)
    assert stores.records.move_alias(Move("delay", "champion", None, 1, "me", "promoted"))
    spool = stores.logs.parent / "spool"
    spool.write_text("no folder")
    settings = ServerSettings((("delay", "champion"),), stack_of(stores))
    late = LateStores(settings.stack)
    served, _ = began(settings, late)
    assert served.versions() == ("1",)
    note(settings, {"delay": served}, late)
    assert not notes(served)
    assert [r.message for r in caplog.records if "cannot be noted" in r.message]
    spool.unlink()
    note(settings, {"delay": served}, late)
    assert notes(served)
    served.close()
    late.close()


@pytest.fixture
def signals() -> Iterator[None]:
    """What handles the signals that end a process, put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", ["followers", "followed"])
def test_one_that_is_told_to_end_while_it_begins_ends(
    stores: Stores,
    register: Register,
    place: str,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model may take minutes to be loaded; and uvicorn takes signals only as it begins."""
    register(1)
    assert stores.records.move_alias(Move("delay", "champion", None, 1, "me", "promoted"))
    found = getattr(module, place)

    def told(*words: object) -> object:
        os.kill(os.getpid(), number)
        return found(*words)

    monkeypatch.setattr(module, place, told)
    settings = ServerSettings((("delay", "champion"),), stack_of(stores), port=0)
    is_loading = place == "followers"
    with pytest.raises(SystemExit) if is_loading else contextlib.nullcontext() as ended:
        serve(settings, lambda _: None)
    assert ended is None or not ended.value.code


def notes(served: Deployment) -> bool:
    return served.observer is not None


def stack_of(stores: Stores) -> Stack:
    return load_stack(None, find_project(stores.project))


def began(settings: ServerSettings, late: LateStores) -> tuple[Deployment, Follower]:
    (served,) = deployments(settings, late).values()
    (follower,) = followers(settings, late, lambda _: lambda: [served])
    follower.start()
    if served.observer is not None:
        served.close()
    return served, follower


def test_a_server_says_what_it_serves_and_that_it_ends(stores: Stores) -> None:
    class Source:
        release = None
        generation = 0
        trouble = None

    reachable = [False]

    def late() -> Stores:
        if not reachable[0]:
            raise UnreachableError("the database does not answer")
        return stores

    beacon = Beacon(late, Source(), "delay", "champion", "http://there:1", lambda: 2)  # type: ignore[arg-type]
    beacon.tell()
    assert stores.records.deployments("delay") == []
    reachable[0] = True
    beacon.tell()
    (said,) = stores.records.deployments("delay")
    assert (said.document["workers"], said.alias, said.ended) == (2, "champion", None)
    assert said.lives(time.time())
    assert not said.lives(time.time() + SILENCE + 1)
    beacon.tell()
    assert stores.records.deployments("delay") == [said]  # it has nothing new to say yet
    beacon.tell(end=True)
    (ended,) = stores.records.deployments("delay")
    assert isinstance(ended, Said)
    assert not ended.lives(time.time())
