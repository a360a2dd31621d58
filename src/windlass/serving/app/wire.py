"""Uvicorn's HTTP, with an end to how long the head of a request may be, and may take.

What may come after the pieces of a body, or beside them, is bounded as a head is: nobody reads it.

Uvicorn's protocol by httptools keeps whatever headers come, for as long as they come: a client that
never ends them would fill the memory, and one that sends none would keep its connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 65_536
"""Bytes that a head may have, beyond what comes in one piece."""
SECONDS = 20.0
"""That a connection may take to send its first head, and each later one once it is begun."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose heads are bounded."""

    _size = 0
    _in_head = False
    _in_body = _has_come = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begins to wait for the first head."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(SECONDS, self._end)

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._size, self._in_head = 0, True

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._in_head, self._in_body, self._size = False, True, 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header of the head; those after the body are no part of the request."""
        if not self._in_body:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Takes a piece of the body."""
        self._has_come = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_body = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Takes a piece; a head that comes in one, as nearly all do, is not counted."""
        self._has_come = False
        super().data_received(data)
        if not (self._in_head or self._in_body) or self.transport.is_closing():
            return
        if self._in_body:
            self._count_rest(len(data))
            return
        self._size += len(data)
        if self._size > HEAD:
            self.send_400_response("The head of the request is too long.")
        elif self._timer is None:
            self._timer = self.loop.call_later(SECONDS, self._end)

    def _count_rest(self, size: int) -> None:
        """Ends a connection on which much comes that is no body: trailers, extensions of chunks."""
        self._size = 0 if self._has_come else self._size + size
        if self._size > HEAD:
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
