"""What several tests start: a real PostgreSQL, an S3, containers, where they are to be had."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import container_engine
from database_server import PROGRAMS, Server
from mlflow_server import MlflowServer
from object_server import ObjectServer


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Some tests belong together."""
    from scheduling import Groups

    return Groups(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes run them, those tests come first that take long."""
    if hasattr(config, "workerinput"):
        from scheduling import place_of

        items.sort(key=lambda item: place_of(item.nodeid))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL of our own."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed")
    if not (PROGRAMS / "initdb").exists():
        pytest.skip(f"there is no PostgreSQL in {PROGRAMS}")
    server = Server(Path(tempfile.mkdtemp(prefix="wl-pg-", dir="/tmp")))
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(postgres_server: Server) -> str:
    """The address of a server of our own, without the database's name."""
    return postgres_server.address


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The address of an empty database."""
    import psycopg

    name = "t" + uuid.uuid4().hex
    address = postgres.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{postgres}/{name}"


@pytest.fixture(scope="session")
def container_base() -> Iterator[str]:
    """The name of an image with Python, and a podman that makes containers of it."""
    problem = container_engine.missing()
    if problem is not None:
        pytest.skip(f"no containers here: {problem}")
    with tempfile.TemporaryDirectory(prefix="wl-podman-") as folder:
        before = os.environ.get("CONTAINERS_CONF")
        os.environ["CONTAINERS_CONF"] = str(container_engine.settings(Path(folder)))
        try:
            problem = container_engine.make_base()
            if problem is not None:
                pytest.skip(f"no containers here: {problem}")
            yield container_engine.BASE
        finally:
            os.environ.pop("CONTAINERS_CONF")
            if before is not None:
                os.environ["CONTAINERS_CONF"] = before


@pytest.fixture(scope="session")
def object_server() -> Iterator[ObjectServer]:
    """An S3 of our own."""
    for package in ("moto", "s3fs"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    server = ObjectServer()
    yield server
    server.stop()


@pytest.fixture
def bucket(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty bucket, for this process and for those that it starts."""
    for name, value in object_server.variables.items():
        monkeypatch.setenv(name, value)
    name = f"t-{uuid.uuid4().hex}"
    object_server.make_bucket(name)
    return f"s3://{name}"


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """A server of MLflow, for its client where that is installed."""
    if importlib.util.find_spec("mlflow") is None:
        pytest.skip("MLflow's client is not installed")
    server = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    try:
        server.start()
        yield server
    finally:
        server.close()
