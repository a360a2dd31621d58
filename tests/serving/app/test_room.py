"""Large requests take room of their own, and keep no small one waiting."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from typing import Any

import pytest

from serving.asgi import ask, post, scope_of
from serving.fakes import FLIGHT, Fake, flights
from windlass.serving.app import call as calls
from windlass.serving.app.application import Application
from windlass.serving.app.room import LARGE
from windlass.serving.protocol.limits import Limits
from windlass.serving.protocol.request import read_object

PREDICT = "/models/delay/predict"
JSON = ("content-type", "application/json")
LARGE_BODY = json.dumps({"rows": [{**FLIGHT, "more": "x" * LARGE}]}).encode()
SMALL_BODY = json.dumps(FLIGHT).encode()


def app_of(**limits: Any) -> Application:
    return Application({"delay": Fake("delay", flights())}, limits=Limits(**limits))


async def asked(app: Application, pieces: list[bytes], before_last: Any = None) -> int:
    """The status of an answer; awaits something before the last piece of the body comes."""
    sent: list[Any] = []
    left = list(pieces)

    async def receive() -> Any:
        if len(left) == 1 and before_last is not None:
            await before_last()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope_of("POST", PREDICT, [JSON]), receive, send)
    return int(sent[0]["status"])


def test_a_small_request_does_not_wait_for_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def slowly(body: bytes) -> dict[str, Any]:
        if len(body) >= LARGE:
            assert answered.wait(20), "the small request waits for the large one"
        return read_object(body)

    monkeypatch.setattr(calls, "read_object", slowly)
    app = app_of()

    async def both() -> tuple[int, int]:
        large = asyncio.create_task(asked(app, [LARGE_BODY]))
        await asyncio.sleep(0.05)
        small = await asked(app, [SMALL_BODY])
        answered.set()
        return small, await large

    assert asyncio.run(both()) == (200, 200)


def test_there_is_room_for_so_many_large_bodies_and_again_when_they_are_answered() -> None:
    app = app_of(held=len(LARGE_BODY) + 10)

    async def during() -> None:
        assert await asked(app, [b"", LARGE_BODY]) == 503
        assert await asked(app, [SMALL_BODY]) == 200  # which came in one piece

    async def all_of_them() -> None:
        assert await asked(app, [b"", LARGE_BODY[:-1], LARGE_BODY[-1:]], during) == 200
        assert await asked(app, [b"", LARGE_BODY]) == 200

    asyncio.run(all_of_them())
    assert app.room.held == 0


def test_what_is_unpacked_takes_room_too() -> None:
    app = app_of(held=1000)
    app.room.take(900)
    packed = gzip.compress(b'{"a": "' + b"x" * 200 + b'"}')
    assert ask(app, "POST", PREDICT, packed, [JSON, ("content-encoding", "gzip")]).status == 503
    assert app.room.held == 900


def test_many_brackets_are_refused_before_they_are_read() -> None:
    body = b'{"rows": [' + b",".join([b"[]"] * 600_000) + b"]}"
    got = ask(app_of(), "POST", PREDICT, body, [JSON])
    assert got.status == 400
    assert "lists and objects" in got.json["error"]


def test_a_label_has_a_length() -> None:
    app = app_of()
    for letters, status in ((1000, 202), (1001, 413)):
        told = {"id": "a", "truth": ["late", "x" * letters]}
        assert post(app, "/models/delay/feedback", told).status == status
