"""Servers that several tests start: a real PostgreSQL, where there is one."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from database_server import PROGRAMS, Server


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
