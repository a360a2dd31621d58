"""The body of a request, within its limits."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping

from windlass.errors import ProtocolError
from windlass.serving.app.reply import BINARY, HEADER_LENGTH, JSON, Receive
from windlass.serving.app.room import Share
from windlass.serving.protocol.limits import Limits

_WINDOWS = {b"gzip": 31, b"deflate": 15}
"""What zlib calls the formats of RFC 1952 and RFC 1950."""
_KINDS = (JSON, BINARY)


class Disconnected(Exception):  # noqa: N818 (nobody is there any more to be told an error)
    """The client has gone."""


async def read_body(
    receive: Receive, headers: Mapping[bytes, bytes], limits: Limits, share: Share
) -> bytes:
    """The whole body, decompressed.

    Raises:
        ProtocolError: 413 for what is too long, 415 for what it is not read as, 408 for what takes
            too long to come, 400 for what is no body of its encoding.
        BusyError: There is no room for a body as large.
        Disconnected: The client has gone.
    """
    _check_kind(headers.get(b"content-type"))
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding not in _WINDOWS:
        raise ProtocolError("the content encoding is neither gzip nor deflate", status=415)
    if _length(headers.get(b"content-length")) > limits.body:
        raise limits.too_large()
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise Disconnected
    if message.get("more_body"):
        body = await _rest(receive, body, limits, share)
    if len(body) > limits.body:
        raise limits.too_large()
    if encoding is None:
        return body
    made = await share.room.work(len(body), _decompressed, body, _WINDOWS[encoding], limits)
    share.take(len(made))
    return made


def _check_kind(kind: bytes | None) -> None:
    if kind in _KINDS or not kind:  # some clients don't say
        return
    if kind.partition(b";")[0].strip().lower() not in _KINDS:
        raise ProtocolError(
            "the content type is neither application/json nor application/octet-stream",
            status=415,
            hint="With curl: -H 'Content-Type: application/json'.",
        )


def _length(text: bytes | None) -> int:
    return int(text) if text is not None and text.isdigit() and len(text) < 20 else 0


async def _rest(receive: Receive, first: bytes, limits: Limits, share: Share) -> bytes:
    try:
        async with asyncio.timeout(limits.seconds):
            return await _joined(receive, first, limits, share)
    except TimeoutError:
        raise ProtocolError(
            f"the body did not come within {limits.seconds:g} s", status=408
        ) from None


async def _joined(receive: Receive, first: bytes, limits: Limits, share: Share) -> bytes:
    parts, size = [first], len(first)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        share.take(len(parts[-1]))
        if size > limits.body or len(parts) > limits.chunks:
            raise limits.too_large()
        if not message.get("more_body"):
            return b"".join(parts)


def _decompressed(body: bytes, window: int, limits: Limits) -> bytes:
    most = min(limits.body, len(body) * limits.expansion)
    inflater = zlib.decompressobj(window)
    try:
        made = inflater.decompress(body, most + 1)
    except zlib.error:
        raise ProtocolError("the body is not compressed as content-encoding says") from None
    if len(made) > most:
        raise limits.too_large()
    if not inflater.eof or inflater.unused_data:
        raise ProtocolError("the compressed body is cut short, or there is more after it")
    return made


def header_length(headers: Mapping[bytes, bytes]) -> int | None:
    """How many bytes of a body are JSON, as a client says; None if it does not.

    Raises:
        ProtocolError: It says no number.
    """
    text = headers.get(HEADER_LENGTH)
    if text is None:
        return None
    if not text.isdigit() or len(text) > 12:
        raise ProtocolError("inference-header-content-length is no number of bytes")
    return int(text)
