"""A model that is registered, and what its servers have counted and logged of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from windlass.execution.job import Stores

from .making import World, make_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model of two versions."""
    folder = tmp_path_factory.mktemp("watched")
    with contextlib.closing(make_world(folder).stores.records):
        pass
    return folder


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    """The same, in a copy of a test's own."""
    import shutil

    from .making import open_world

    root = Path(shutil.copytree(template, tmp_path / "project"))
    found = open_world(root)
    with contextlib.closing(found.stores.records):
        yield found


@pytest.fixture
def stores(world: World) -> Stores:
    """Its stores."""
    return world.stores
