"""Stores of a test's own, and batches as a model's thread makes them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """The stores of an empty project."""
    (tmp_path / "windlass.toml").touch()
    found = open_stores(load_stack(None, find_project(tmp_path)))
    with contextlib.closing(found.records):
        yield found
