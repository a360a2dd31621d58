"""One real server for all clients."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from serving.fakes import Fake, flights, images, numbers
from windlass.serving.app.application import Application


@pytest.fixture(scope="session")
def fakes() -> dict[str, Fake]:
    """What the server serves."""
    made = Fake("delay", flights()), Fake("wide", numbers(3)), Fake("images", images())
    return {fake.name: fake for fake in made}


@pytest.fixture(scope="session")
def address(fakes: dict[str, Fake]) -> Iterator[str]:
    """The address of a server under uvicorn."""
    if importlib.util.find_spec("uvicorn") is None:
        pytest.skip("uvicorn is not installed")
    from serving.live import served

    with served(Application(fakes)) as found:
        yield found
