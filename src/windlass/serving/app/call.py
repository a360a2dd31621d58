"""A request on its way through the application."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from windlass.errors import NotFoundError, NotReadyError, ProtocolError
from windlass.models.signature import Signature
from windlass.serving.app.bodies import read_body
from windlass.serving.app.identity import check_id, drawn_id
from windlass.serving.app.reply import HEADER_LENGTH, Receive, Scope
from windlass.serving.app.room import Share
from windlass.serving.exchange import Answer, Arrays, Served
from windlass.serving.protocol.binding import Binding
from windlass.serving.protocol.limits import Limits
from windlass.serving.protocol.request import read_object

if TYPE_CHECKING:
    from windlass.serving.app.application import Application

P = ParamSpec("P")
R = TypeVar("R")

_ONCE = frozenset(
    (
        *(b"host", b"origin", b"authorization", b"content-type", b"content-encoding"),
        *(b"content-length", b"x-request-id", HEADER_LENGTH),
    )
)
"""Headers of which a second one would be read by one and not by another."""


class Deployed:
    """A deployment, with the bindings of its versions.

    Args:
        served: The deployment.
    """

    def __init__(self, served: Served) -> None:
        self.served = served
        self._bindings: dict[str | None, Binding] = {}

    @property
    def signature(self) -> Signature | None:
        """That of the live version; None if it has none, or there is none."""
        try:
            return self.served.signature()
        except NotReadyError:
            return None

    def binding(self, version: str | None = None) -> Binding | None:
        """That of a version's signature; None if it has none.

        Raises:
            NotFoundError: That version does not answer here.
        """
        signature = self.served.signature(version)
        if signature is None:
            return None
        found = self._bindings.get(version)
        if found is None or found.signature is not signature:
            if len(self._bindings) > 16:  # versions that are long gone
                self._bindings.clear()
            found = self._bindings[version] = Binding(signature)
        return found

    def binding_of(self, answer: Answer, asked: Binding | None) -> Binding | None:
        """That of the version which answered: another one may be live by now than was asked."""
        try:
            return self.binding(answer.version)
        except NotFoundError:  # it was let go in this very moment
            return asked


class Call:
    """A request, and what is known of it so far.

    Args:
        app: The application.
        scope: ASGI's.
        receive: ASGI's.
    """

    __slots__ = (
        *("_deployed", "app", "began", "headers", "id", "receive", "scope", "share", "version"),
    )

    def __init__(self, app: Application, scope: Scope, receive: Receive) -> None:
        self.began = time.perf_counter()
        self.app = app
        self.scope = scope
        self.receive = receive
        self.share = Share(app.room)
        self.headers: Mapping[bytes, bytes] = {}
        self.id = ""
        self.version: str | None = None
        self._deployed: Deployed | None = None

    @property
    def limits(self) -> Limits:
        """The most that it may have."""
        return self.app.limits

    @property
    def deployed(self) -> Deployed:
        """The deployment that its path names."""
        assert self._deployed is not None
        return self._deployed

    @property
    def served(self) -> Served:
        """The same, as the application asks it."""
        return self.deployed.served

    @property
    def model(self) -> str:
        """The name of its model; empty if its path names none."""
        return self._deployed.served.name if self._deployed else ""

    def read_headers(self) -> None:
        """Takes its headers and its id.

        Raises:
            ProtocolError: 431 for too many; one that counts comes twice; the id is none.
        """
        listed = self.scope["headers"]
        if len(listed) > self.limits.headers:
            raise ProtocolError("the request has too many headers", status=431)
        self.headers = headers = dict(listed)
        if len(headers) < len(listed):
            names = [name for name, _ in listed]
            for name in _ONCE.intersection(headers):
                if names.count(name) > 1:
                    raise ProtocolError(f"the request has two headers {name.decode()}")
        given = headers.get(b"x-request-id")
        self.id = check_id(given) if given is not None else ""

    def take_id(self, given: str | None) -> str:
        """The request's id: of its header, else the one given, else one that is drawn."""
        if not self.id:
            self.id = drawn_id() if given is None else check_id(given)
        return self.id

    def find_model(self, model: str | None, version: str | None) -> None:
        """Takes the deployment that the path names.

        Raises:
            NotFoundError: There is none of that name, or it cannot be a version's.
        """
        if model is None:
            return
        self._deployed = self.app.deployed.get(model)
        if self._deployed is None:
            raise NotFoundError("no model of that name is served here")
        if version is not None and not (version.isascii() and version.isdigit()):
            raise NotFoundError(f"the model '{model}' has no version of that name")
        self.version = version

    async def body(self) -> bytes:
        """The whole body, decompressed; raises as `read_body` does."""
        return await read_body(self.receive, self.headers, self.limits, self.share)

    async def work(
        self, body: bytes, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """What a function gives that has as much to do as its body is large."""
        return await self.app.room.work(len(body), work, *args, **kwargs)

    async def read(self, read: Callable[[dict[str, Any]], R]) -> tuple[bytes, R]:
        """The body, and what is read from the object of JSON that it is.

        Raises:
            ProtocolError: It is none, or too large; or what `read` raises.
        """
        body = await self.body()
        self.limits.check_json(body, len(body))
        return body, await self.work(body, lambda: read(read_object(body)))

    async def ask(self, inputs: Arrays, rows: int) -> Answer:
        """What the model gives; raises as `Served.ask` does."""
        self.app.counters.in_flight += 1
        try:
            answer = await self.served.ask(
                inputs, rows, version=self.version, request=self.id, began=self.began
            )
        finally:
            self.app.counters.in_flight -= 1
        self.app.counters.served_by(self.model, answer.generation)
        return answer
