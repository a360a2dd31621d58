"""The project of these tests, made once, and the dashboard over copies of it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("sklearn")

from starlette.testclient import TestClient

from windlass.web.app import make_app
from windlass.web.guard import Guard
from windlass.web.site import Sites, open_sites

from .project import make_project

HERE = "http://localhost"


@pytest.fixture(autouse=True)
def _who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDLASS_USER", "tester@desk")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two models, which no test changes."""
    root = tmp_path_factory.mktemp("models") / "flights"
    root.mkdir()
    make_project(root)
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of it, of a test's own."""
    return Path(shutil.copytree(made, tmp_path / "flights"))


@pytest.fixture
def own(root: Path) -> Sites:
    """The copy as the dashboard shows it."""
    return open_sites([root])


@pytest.fixture(scope="session")
def look(made: Path) -> Iterator[TestClient]:
    """Asks about the project that no test changes."""
    with ask(open_sites([made])) as client:
        yield client


@pytest.fixture
def client(own: Sites) -> Iterator[TestClient]:
    """Asks about the copy."""
    with ask(own) as client:
        yield client


def ask(sites: Sites, guard: Guard | None = None, peer: str = "127.0.0.1") -> TestClient:
    """A client of a dashboard; it follows nothing, and errors of the server raise."""
    app = make_app(sites, guard)
    return TestClient(app, HERE, client=(peer, 50000), follow_redirects=False)


@contextlib.contextmanager
def served(sites: Sites, guard: Guard | None = None) -> Iterator[str]:
    """The address of a dashboard behind a real port."""
    import uvicorn

    from windlass.serving.app.wire import BoundedProtocol

    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            make_app(sites, guard), http=BoundedProtocol, log_level="critical", proxy_headers=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            until(lambda: server.started)
            yield f"http://localhost:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


def until(holds: Callable[[], Any], seconds: float = 90.0) -> Any:
    """What is waited for, once it holds."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.05)
    return found
