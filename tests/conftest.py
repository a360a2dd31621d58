"""Servers that several tests start: a real PostgreSQL, where there is one."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAMS = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server of our own, without the database's name."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed")
    if not (PROGRAMS / "initdb").exists():
        pytest.skip(f"there is no PostgreSQL in {PROGRAMS}")
    folder = Path(tempfile.mkdtemp(prefix="wl-pg-", dir="/tmp"))
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None  # it refuses to be root's
    if user is not None:
        os.chown(folder, user, -1)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    data = str(folder / "data")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    stop = [str(PROGRAMS / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop"]
    start = [
        str(PROGRAMS / "pg_ctl"),
        "-D",
        data,
        "-w",
        "-l",
        str(folder / "log"),
        "-o",
        options,
        "start",
    ]
    make = [
        str(PROGRAMS / "initdb"),
        "-D",
        data,
        "-U",
        "windlass",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "-N",
    ]
    try:
        for command in (make, start):
            subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        yield f"postgresql+psycopg://windlass@127.0.0.1:{port}"
    finally:
        subprocess.run(stop, user=user, cwd=folder, check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The address of an empty database."""
    import psycopg

    name = "t" + uuid.uuid4().hex
    address = postgres.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{postgres}/{name}"
