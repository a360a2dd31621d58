"""Large objects come in several streams, each begun again where it breaks."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from object_server import ObjectServer
from windlass.artifacts.store import ArtifactStore
from windlass.artifacts.streaming import LARGE
from windlass.errors import StoreError

_AT_ONCE = 1 << 16


class Breaking:
    """Stands before a server, and breaks so many connections when so much has come from it."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._server = (parts.hostname, parts.port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self.breaks = 0
        self.after = LARGE // 8
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        try:
            while True:
                asker, _ = self._door.accept()
                server = socket.create_connection(self._server)
                for way in ((asker, server, False), (server, asker, True)):
                    threading.Thread(target=self._pass_on, args=way, daemon=True).start()
        except OSError:  # closed
            return

    def _pass_on(self, source: socket.socket, goal: socket.socket, answers: bool) -> None:
        passed = 0
        try:
            while data := source.recv(_AT_ONCE):
                goal.sendall(data)
                passed += len(data)
                if answers and passed > self.after and self.breaks:
                    self.breaks -= 1
                    break
        except OSError:
            pass
        for each in (source, goal):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture
def breaking(object_server: ObjectServer) -> Iterator[Breaking]:
    made = Breaking(object_server.endpoint)
    yield made
    made.close()


def test_streams_that_break_are_begun_again(
    bucket: str, breaking: Breaking, tmp_path: Path
) -> None:
    store = ArtifactStore.open_store(bucket, cache=tmp_path / "one")
    data = os.urandom(LARGE + 1)
    with store.writer() as writer:
        writer.write(data)
        blob = writer.finish(inline=-1)[0]
    far = ArtifactStore.open_store(
        bucket, cache=tmp_path / "other", options={"endpoint_url": breaking.endpoint}
    )
    breaking.breaks = 6
    assert far.path(blob).read_bytes() == data
    assert breaking.breaks == 0
    breaking.breaks, breaking.after = 10_000, _AT_ONCE
    far.path(blob).unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        far.path(blob)
    assert not list((tmp_path / "other" / "tmp").iterdir())
