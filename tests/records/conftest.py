"""Records on SQLite, and on a real PostgreSQL where there is one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from windlass.records import Records


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a record of this test's own may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "records.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def records(url: str) -> Iterator[Records]:
    with contextlib.closing(Records.open(url)) as opened:
        yield opened


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Records]:
    """A record on SQLite, for what is SQLite's own."""
    with contextlib.closing(Records.open(tmp_path / "records.db")) as opened:
        yield opened
