"""Versions of a model in stores of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.models.registry import register_in
from windlass.models.version import Version
from windlass.pipeline.marks import Model
from windlass.provenance.project import find_project
from windlass.serving.releases import Release, fetch
from windlass.stacks.stack import load_stack

Register = Callable[[int], Version]
Released = Callable[[int], Release]


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    (tmp_path / "windlass.toml").write_text("")
    return open_stores(load_stack(None, find_project(tmp_path)))


def rows_of(seed: int, count: int = 200) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    made = pd.DataFrame({"a": draw.normal(size=count), "b": draw.normal(size=count)})
    made["late"] = np.where(made.a + draw.normal(size=count) > 0, "late", "on time")
    return made


@pytest.fixture
def register(stores: Stores) -> Register:
    """Registers a version that learnt from rows of a seed."""

    def registered(seed: int) -> Version:
        rows = rows_of(seed)
        model = LogisticRegression(C=0.1 + seed).fit(rows[["a", "b"]], rows.late)
        values = {"model": model, "reference": rows, "holdout": rows_of(seed + 1000)}
        return register_in(stores, Model("delay", target="late"), values)

    return registered


@pytest.fixture
def released(register: Register, tmp_path: Path) -> Released:
    """A version as it lies on a server's disk."""
    return lambda seed: fetch(register(seed), tmp_path / "releases")
