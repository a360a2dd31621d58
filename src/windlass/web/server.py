"""The dashboard behind a port, until a signal."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError
from windlass.web.site import Sites

if TYPE_CHECKING:
    from windlass.web.guard import Guard


def serve(sites: Sites, guard: Guard, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Shows projects until SIGINT or SIGTERM.

    Args:
        sites: Which ones.
        guard: Decides on who may ask.
        host: The address to listen at.
        port: Its port; 0 for any that is free.
        tell: Is told the address once it listens.

    Raises:
        ConfigError: It cannot listen there.
    """
    import uvicorn

    from windlass.serving.app.wire import BoundedProtocol
    from windlass.web.app import make_app
    from windlass.web.charts import warm_up

    listening = _listen(host, port)
    found = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(
        make_app(sites, guard),
        http=BoundedProtocol,
        log_level="warning",
        timeout_graceful_shutdown=2,  # open pages listen for ever
        server_header=False,
        proxy_headers=False,  # what they say of an address is not to be trusted
    )
    warm_up()
    tell(f"http://{shown}:{found}")
    uvicorn.Server(config).run([listening])


def _listen(host: str, port: int) -> Any:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(
            f"cannot listen at {host}:{port}: {error.strerror or error}",
            hint="Choose another with --port, or any free one with --port 0.",
        ) from error
