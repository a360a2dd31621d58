"""The ASGI application."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from windlass.errors import NotFoundError, ProtocolError
from windlass.pipeline.marks import check_name
from windlass.serving.app.bodies import Disconnected
from windlass.serving.app.call import Call, Deployed
from windlass.serving.app.counters import Counters
from windlass.serving.app.guard import Guard
from windlass.serving.app.openapi import Described, document_of
from windlass.serving.app.refusals import refusal
from windlass.serving.app.reply import Receive, Reply, Scope, Send
from windlass.serving.app.room import Room
from windlass.serving.app.routes import Place, Route, find
from windlass.serving.exchange import Served
from windlass.serving.protocol.limits import Limits
from windlass.serving.protocol.response import write_json

Gather = Callable[[], Awaitable[Iterable[Mapping[str, Any]]]]


class Application:
    """The deployments of a server, behind HTTP.

    Args:
        deployments: By the names of their models.
        hosts: Names that the server has, beside those of its machine: see `Guard`.
        token: What opens the admin plane from other machines; None if nothing does.
        origins: Pages of other hosts that may ask.
        limits: The most that a request may have.
        counters: What counts requests; another one can be given gauges before.
        gather: Gives the snapshots of all workers, for `/metrics`; None if this is the only one.
        troubles: What is wrong with the server beside its models, in words; while there is
            anything it is not ready.

    Raises:
        DefinitionError: A name cannot be that of a model.
    """

    def __init__(
        self,
        deployments: Mapping[str, Served],
        *,
        hosts: Collection[str] = (),
        token: str | None = None,
        origins: Collection[str] = (),
        limits: Limits | None = None,
        counters: Counters | None = None,
        gather: Gather | None = None,
        troubles: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        for name in deployments:
            check_name(name)
        self.deployed = {name: Deployed(served) for name, served in deployments.items()}
        self.limits = limits or Limits()
        self.room = Room(self.limits.held)
        self.counters = counters or Counters()
        self.gather = gather or self._gather
        self.troubles = troubles
        self._guard = Guard(hosts, token, origins)
        self._openapi: tuple[list[Described], bytes] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a connection, as ASGI has it."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(self, scope, receive)
        found: Route | None = None
        try:
            place = self._admit(call)
            found = _route(place, scope["method"])
            if found.access != "anyone":
                self._guard.check_admin(scope, call.headers)
            call.find_model(place.model, place.version)
            reply = await found.handler(call)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 (whatever it is, it is answered, and logged there)
            reply = self._refused(error, call)
        finally:
            call.share.leave()
        self._note(call, found, reply)
        await reply.send(send, call.take_id(None), scope["method"] == "HEAD")

    def _note(self, call: Call, route: Route | None, reply: Reply) -> None:
        seconds = time.perf_counter() - call.began
        name = "" if route is None else route.name
        self.counters.answered(call.model, reply.version, name, reply.status, seconds)
        if reply.failure and route is not None and route.asks and call.model:
            call.served.note_failure(reply.failure, seconds)

    def _admit(self, call: Call) -> Place:
        """Where a request leads, if it may be here at all."""
        call.read_headers()
        self._guard.check(call.headers)
        place = find(path_of(call.scope))
        if place is None:
            raise NotFoundError("there is nothing at this path", hint="See /openapi.json.")
        return place

    def _refused(self, error: Exception, call: Call) -> Reply:
        reply = refusal(error, call.take_id(None))
        if reply.status == 405:
            place = find(path_of(call.scope))
            allowed = ", ".join(place.methods) if place else ""
            reply.headers = (*reply.headers, (b"allow", allowed.encode()))
        return reply

    def openapi(self) -> bytes:
        """The OpenAPI document of all that is served now; made anew when that is another."""
        told = [
            Described(name, each.served.versions(), each.signature)
            for name, each in self.deployed.items()
        ]
        if self._openapi is None or told != self._openapi[0]:
            self._openapi = told, write_json(document_of(told))
        return self._openapi[1]

    async def _gather(self) -> Iterable[Mapping[str, Any]]:
        return (self.counters.snapshot(),)


def path_of(scope: Scope) -> str:
    """The path as it was sent, below where the application is mounted.

    No name that is served needs an escape, so one with any leads nowhere: nobody decodes it twice.
    """
    root: str = scope.get("root_path", "")
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if b"%" in raw or not raw.isascii():
        return "/%"
    return raw.decode().removeprefix(root)


def _route(place: Place, method: str) -> Route:
    route = place.methods.get("GET" if method == "HEAD" else method)
    if route is None:
        raise ProtocolError("this path is not asked by that method", status=405)
    return route


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
