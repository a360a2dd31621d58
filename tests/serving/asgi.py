"""Calls an ASGI application in this process, as a server would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from windlass.serving.app.application import Application

LOCAL = ("127.0.0.1", 50_000)
FAR = ("203.0.113.9", 50_000)


@dataclass(frozen=True)
class Got:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def scope_of(
    method: str,
    path: str,
    headers: Iterable[tuple[str, str]] = (),
    client: tuple[str, int] | None = LOCAL,
    root: str = "",
) -> dict[str, Any]:
    """What a server tells of a request."""
    given = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    if "host" not in {name.lower() for name, _ in headers}:
        given.insert(0, (b"host", b"localhost:8080"))
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": root,
        "headers": given,
        "client": client,
    }


def ask(
    app: Application,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] = b"",
    headers: Iterable[tuple[str, str]] = (),
    **more: Any,
) -> Got:
    """What an application answers.

    Args:
        app: The application.
        method: The request's.
        path: As it is sent.
        body: The whole, or its pieces.
        headers: Beside the host.
        more: The client, and where the application is mounted.
    """
    pieces = [body] if isinstance(body, bytes) else list(body)
    messages = [
        {"type": "http.request", "body": piece, "more_body": at + 1 < len(pieces)}
        for at, piece in enumerate(pieces)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope_of(method, path, list(headers), **more), receive, send))
    start, end = sent
    told = [(name.decode(), value.decode()) for name, value in start["headers"]]
    assert len(dict(told)) == len(told), "a header is sent twice"
    return Got(start["status"], dict(told), end["body"])


def post(app: Application, path: str, document: Any, *headers: tuple[str, str], **more: Any) -> Got:
    """What an application answers to JSON."""
    kind = ("content-type", "application/json")
    return ask(app, "POST", path, json.dumps(document).encode(), [kind, *headers], **more)
