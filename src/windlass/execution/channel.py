"""Messages between the driver of a run and its processes: JSON, each with its length before it."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Protocol

_LENGTH = struct.Struct("<I")


class Talk(Protocol):
    """A worker's end of its talk with the driver, over whatever leads there."""

    def receive(self) -> Any:
        """The next message; None when there is none any more."""
        ...

    def send(self, message: Any) -> None:
        """Sends a message."""
        ...


class Channel:
    """One end of a stream socket. Only digests and names travel on it, never values."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def fileno(self) -> int:
        """For selectors."""
        return self._socket.fileno()

    def send(self, message: Any, descriptors: tuple[int, ...] = ()) -> None:
        """Sends a message, and open file descriptors with it.

        Raises:
            OSError: The other end is gone.
        """
        text = json.dumps(message).encode()
        data = _LENGTH.pack(len(text)) + text
        if descriptors:
            sent = socket.send_fds(self._socket, [data], descriptors)
            data = data[sent:]
        self._socket.sendall(data)

    def receive(self) -> Any:
        """The next message; None when the other end is gone."""
        head = self._exactly(_LENGTH.size)
        body = self._exactly(_LENGTH.unpack(head)[0]) if head else None
        return json.loads(body) if body else None

    def receive_with_descriptor(self) -> tuple[Any, int]:
        """The next message and the descriptor that came with it; (None, -1) at the end."""
        try:
            head, descriptors, _, _ = socket.recv_fds(self._socket, _LENGTH.size, 1)
        except ConnectionError:
            return None, -1
        if len(head) < _LENGTH.size:
            return None, -1
        body = self._exactly(_LENGTH.unpack(head)[0])
        return (json.loads(body), descriptors[0]) if body and descriptors else (None, -1)

    def close(self) -> None:
        """Closes this end."""
        self._socket.close()

    def _exactly(self, size: int) -> bytes | None:
        parts = []
        while size:
            try:
                part = self._socket.recv(size)
            except ConnectionError:
                return None
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def channel_pair() -> tuple[Channel, socket.socket]:
    """A channel for this process, and the socket of its other end."""
    ours, theirs = socket.socketpair()
    return Channel(ours), theirs
