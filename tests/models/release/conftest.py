"""A shop of small models: a good one, worse ones, broken ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.models.registry import register_in
from windlass.models.testing.evidence import Evidence
from windlass.models.testing.verdicts import Inconclusive
from windlass.models.version import Version
from windlass.pipeline.marks import Model
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack

INPUTS = ["rain", "wind", "noise"]


def flights(rows: int, seed: int = 0) -> pd.DataFrame:
    """Flights that are late when it rains or blows, most of all when it does both."""
    draw = np.random.default_rng(seed)
    made = pd.DataFrame({name: draw.normal(size=rows) for name in INPUTS})
    odds = 1.5 * made.rain + made.wind
    late = (draw.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)
    carrier = draw.choice(["AA", "BB", "ZZ"], rows, p=[0.5, 0.48, 0.02])
    return made.assign(carrier=carrier, minutes=30 * odds + draw.normal(size=rows), late=late)


def logistic(table: pd.DataFrame) -> Any:
    return LogisticRegression().fit(table[INPUTS], table["late"])


class Altered:
    """A fitted model, and what is done to its inputs or to what it gives."""

    def __init__(self, inner: Any, before: Any = None, after: Any = None) -> None:
        self._inner, self._before, self._after = inner, before, after
        self.feature_names_in_ = inner.feature_names_in_
        if hasattr(inner, "classes_"):
            self.classes_ = inner.classes_
            self.predict_proba = self._predict_proba

    def _predict_proba(self, table: Any) -> Any:
        proba = self._inner.predict_proba(table if self._before is None else self._before(table))
        return proba if self._after is None else self._after(proba)

    def predict(self, table: Any) -> Any:
        if hasattr(self, "classes_"):
            return self.classes_[self._predict_proba(table).argmax(axis=1)]
        return self._inner.predict(table if self._before is None else self._before(table))


def altered(version: Version, before: Any = None, after: Any = None) -> Version:
    """The same version, whose model was broken in some way."""
    return as_model(version, Altered(version.model, before, after))


def as_model(version: Version, model: Any) -> Version:
    """The same version with another model in its place, which needs no format so."""
    found = Version(version.row, version.stores)
    found.__dict__["model"] = model
    return found


def outcome(test: Any, *fixtures: Any) -> tuple[str, list[dict[str, Any]], str]:
    """How a test ends with these fixtures, what it kept, and what it says."""
    kept: list[dict[str, Any]] = []
    try:
        test(*fixtures, Evidence(kept))
    except Inconclusive as told:
        return "inconclusive", kept, str(told)
    except pytest.fail.Exception as told:
        return "fail", kept, str(told)
    return "pass", kept, ""


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    root = tmp_path_factory.mktemp("shop")
    (root / "windlass.toml").touch()
    stores = open_stores(load_stack(None, find_project(root)))
    with contextlib.closing(stores.records):
        yield stores


@pytest.fixture(scope="package")
def learnt() -> pd.DataFrame:
    return flights(2000, 1)


@pytest.fixture(scope="package")
def holdout() -> pd.DataFrame:
    return flights(3000, 2)


@pytest.fixture(scope="package")
def good(shop: Stores, learnt: pd.DataFrame, holdout: pd.DataFrame) -> Version:
    """A logistic regression, which is what the flights follow."""
    values = {"model": logistic(learnt), "reference": learnt, "holdout": holdout}
    return register_in(shop, Model("delay", "late", INPUTS), values)


@pytest.fixture(scope="package")
def minutes(shop: Stores, learnt: pd.DataFrame, holdout: pd.DataFrame) -> Version:
    """A linear regression."""
    model = LinearRegression().fit(learnt[INPUTS], learnt["minutes"])
    values = {"model": model, "reference": learnt, "holdout": holdout}
    return register_in(shop, Model("minutes", "minutes", INPUTS), values)


@pytest.fixture(scope="package")
def blind(good: Version) -> Version:
    """The same model, to which the rain is turned round."""
    return altered(good, lambda table: table.assign(rain=2 - table["rain"]))
