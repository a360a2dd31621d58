"""What a request is answered with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from windlass.serving.protocol.response import write_json

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Header: TypeAlias = tuple[bytes, bytes]

JSON = b"application/json"
BINARY = b"application/octet-stream"
HEADER_LENGTH = b"inference-header-content-length"
_ALWAYS: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"),)


@dataclass(slots=True)
class Reply:
    """An answer over HTTP.

    Args:
        body: What it says.
        status: Its status.
        kind: Its content type.
        headers: More headers.
        version: The version of the model that gave it; empty if none did.
        failure: As what monitors note it: see `windlass.serving.exchange.Observer.failed`; empty
            if nothing failed.
    """

    body: bytes
    status: int = 200
    kind: bytes = JSON
    headers: tuple[Header, ...] = ()
    version: str = ""
    failure: str = ""

    @classmethod
    def json(cls, document: Any, status: int = 200, *headers: Header, version: str = "") -> Reply:
        """An answer of JSON."""
        return cls(write_json(document), status, JSON, headers, version)

    async def send(self, send: Send, request: str, head_only: bool) -> None:
        """Sends it.

        Args:
            send: ASGI's.
            request: The id of the request.
            head_only: Whether the body is left out.
        """
        headers = [
            (b"content-type", self.kind),
            (b"content-length", b"%d" % len(self.body)),
            (b"x-request-id", request.encode()),
            *_ALWAYS,
            *self.headers,
        ]
        if self.version:
            headers.append((b"x-model-version", self.version.encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head_only else self.body})
