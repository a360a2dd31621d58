"""Uvicorn's HTTP, with an end to how long the head of a request may be, and may take.

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
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Takes a piece; a head that comes in one, as nearly all do, is not counted."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._size += len(data)
        if self._size > HEAD:
            self.send_400_response("The head of the request is too long.")
        elif self._timer is None:
            self._timer = self.loop.call_later(SECONDS, self._end)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
