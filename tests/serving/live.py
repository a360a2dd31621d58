"""A real server over a deployment without a model, in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from windlass.serving.app.application import Application
from windlass.serving.app.wire import BoundedProtocol


@contextlib.contextmanager
def served(app: Application) -> Iterator[str]:
    """The address, ``127.0.0.1:…``, of an application under uvicorn."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, http=BoundedProtocol, log_level="critical", lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            deadline = time.monotonic() + 20
            while not server.started:
                assert thread.is_alive(), "the server died"
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.01)
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server does not end"
