"""A model in production, made without a server: windows of counts, and a log with labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.models.registry import register_in
from windlass.models.tables import array_columns
from windlass.models.version import Version
from windlass.pipeline.marks import Model
from windlass.provenance.project import find_project
from windlass.records.models import Move
from windlass.records.production import Observation
from windlass.serving.exchange import Batch, Requests
from windlass.serving.observing import journals, rows
from windlass.serving.observing.counts import UNKNOWN, Counts
from windlass.serving.observing.inbox import Truth
from windlass.serving.observing.joining import joined
from windlass.serving.observing.journal import Folder
from windlass.serving.observing.known import Known
from windlass.serving.observing.latency import count
from windlass.serving.observing.observer import log_place
from windlass.serving.observing.publishing import Publisher
from windlass.stacks.models import ModelSettings, MonitorSettings
from windlass.stacks.stack import load_stack

HOUR = 3600.0
NOW = 500_000 * HOUR
"""A whole hour: the end of the last window."""
SETTINGS = ModelSettings(monitor=MonitorSettings(window=HOUR, minimum=100, persistence=2))


def table(n: int, seed: int, shift: float = 0.0, flipped: float = 0.0) -> pd.DataFrame:
    """Rows with their labels.

    Args:
        n: How many.
        seed: Of the draws.
        shift: By how much `a` is greater.
        flipped: The share of labels that are wrong.
    """
    draw = np.random.default_rng(seed)
    found = pd.DataFrame({"a": draw.normal(shift, size=n), "b": draw.normal(size=n)})
    found["origin"] = draw.choice(["JFK", "LGA", "EWR"], n)
    late = found.a + found.b + draw.normal(scale=0.5, size=n) > 0
    found["late"] = np.where(late ^ (draw.random(n) < flipped), "late", "on time")
    return found


def make_world(root: Path) -> World:
    """A project with a model of two versions, the first of which is the champion."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    (root / "windlass.toml").write_text("")
    found = open_world(root)
    reference, holdout = table(5000, 1), table(3000, 2)
    for weight in (1.0, 0.5):
        encode = make_column_transformer(
            (OneHotEncoder(), ["origin"]), remainder="passthrough", sparse_threshold=0
        )
        model = make_pipeline(encode, LogisticRegression(C=weight))
        model.fit(reference[["a", "b", "origin"]], reference.late)
        values = {"model": model, "reference": reference, "holdout": holdout}
        register_in(found.stores, Model("delay", "late", None, None), values)
    moved = Move("delay", "champion", None, 1, "me", "first")
    assert found.stores.records.move_alias(moved) is not None
    return found


def open_world(root: Path) -> World:
    return World(open_stores(load_stack(None, find_project(root))))


@dataclass
class World:
    stores: Stores

    def version(self, number: int = 1) -> Version:
        return Version(self.stores.records.version("delay", number), self.stores)

    def serve(
        self,
        hours_ago: int,
        n: int = 400,
        *,
        shift: float = 0.0,
        number: int = 1,
        writer: str = "w",
        failures: int = 0,
        **changed: Any,
    ) -> None:
        """Lets the record have what a server counted in an hour, some hours before `NOW`."""
        began = NOW - hours_ago * HOUR
        data = table(n, 1000 + hours_ago, shift)
        for name, values in changed.items():
            data[name] = values
        profile = self.version(number).profile
        inputs = {name: data[name].to_numpy() for name in profile.inputs}
        columns = {
            name: profile.inputs[name].anchors.count(column)
            for name, values in inputs.items()
            for column in array_columns(name, values)
        }
        counts = Counts(n, n, latency=count(np.full(n, 0.004)), columns=columns)
        told = [Observation("delay", number, began, writer, HOUR, counts.document())]
        if failures:
            failed = Counts(failures=Counter(error=failures), latency=count(np.full(failures, 0.1)))
            told.append(Observation("delay", UNKNOWN, began, writer, HOUR, failed.document()))
        self.stores.records.save_observations(told)

    def label(
        self,
        hours_ago: int,
        n: int = 300,
        *,
        flipped: float = 0.0,
        number: int = 1,
        tell: int = 0,
        strange: tuple[Any, ...] = (),
    ) -> None:
        """Logs requests of an hour, and what was true of them, told some hours before `NOW`."""
        data, version = table(n, 2000 + hours_ago, 0.0, flipped), self.version(number)
        predicted = version.predict(data), version.predict_proba(data)
        began = NOW - hours_ago * HOUR
        ids = tuple(f"q{hours_ago}-{i}" for i in range(n))
        inputs = {name: data[name].to_numpy() for name in ("a", "b", "origin")}
        outputs = {"predict": predicted[0], "predict_proba": predicted[1]}
        batches = [
            Batch(
                str(number),
                Requests((name,), (1,), (5.0,), 5.01, began + i + 0.01),
                {name: values[i : i + 1] for name, values in inputs.items()},
                {name: values[i : i + 1] for name, values in outputs.items()},
            )
            for i, name in enumerate(ids)
        ]
        known = Known.of(version.signature, None)
        [one] = joined(batches, lambda _: began)
        tables = list(rows.tables_of(one, known, (), 1.0))
        told = [*strange, *data.late.tolist()[len(strange) :]]
        truths = [
            Truth(request, NOW - tell * HOUR - 60, [label])
            for request, label in zip(ids, told, strict=True)
        ]
        self._publish(
            [
                ("predictions", number, began, tables[0]),
                ("feedback", 0, NOW - tell * HOUR - 120, rows.truths_table(truths)),
            ]
        )

    def _publish(self, some: list[tuple[str, int, float, Any]]) -> None:
        import time
        from unittest import mock

        root = self.stores.logs.parent / "spool" / "delay"
        writer = f"{time.monotonic_ns():x}"
        folder = Folder.make(root, writer)
        open_ = journals.Journals(folder, writer, 60)
        for kind, number, when, told in some:
            with mock.patch("time.time", return_value=when):
                open_.append(kind, number, told)
        open_.close()
        place = log_place(self.stores, SETTINGS.serving)
        publisher = Publisher("delay", root, folder, lambda: place, 1e12)
        publisher.publish()
        folder.remove()
