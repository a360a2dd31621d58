"""A deployment without a model: it holds rows against a real signature, and answers by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from windlass.errors import NotFoundError, NotReadyError
from windlass.models.signature import Signature, signature_of
from windlass.serving.exchange import Answer, Arrays, Served
from windlass.values import Json

CLASSES = ["late", "on time"]


def flights(times: bool = True) -> Signature:
    """A classifier of a table with a column of every kind, or of all but times."""
    table = pd.DataFrame(
        {
            "distance": [100.5, np.nan, 2500.0],
            "month": np.array([1, 6, 12], "i4"),
            "origin": pd.Categorical(["JFK", "EWR", "LGA"]),
            "weekend": [True, False, True],
            "carrier": ["AA", "DL", "UA"],
            "leaves": pd.to_datetime(["2026-01-02 03:04", "2026-05-06 07:08", "2026-07-08 09:10"]),
        }
    )
    if not times:
        del table["leaves"]
    outputs = {"predict": np.array(["late", "on time", "late"]), "predict_proba": np.ones((3, 2))}
    return signature_of(table, outputs, classes=CLASSES)


FLIGHT: dict[str, Any] = {
    "distance": 733.5,
    "month": 3,
    "origin": "JFK",
    "weekend": False,
    "carrier": "AA",
    "leaves": "2026-03-29T14:05:00",
}


def numbers(columns: int = 16) -> Signature:
    """A regression of a table of floats."""
    table = pd.DataFrame(
        np.array([[-9.0] * columns, [9.0] * columns]), columns=[f"c{at}" for at in range(columns)]
    )
    return signature_of(table, {"predict": np.array([0.5, 1.5])})


def images() -> Signature:
    """A regression of a tensor."""
    return signature_of(np.ones((3, 2, 2), "f4"), {"predict": np.array([0.5, 1.0, 1.5], "f4")})


class Fake:
    """A deployment that answers with the places of its rows.

    Args:
        name: The model's.
        signature: What it takes and gives; None if that is not known.
        error: What it raises instead of an answer.
    """

    def __init__(
        self, name: str, signature: Signature | None, error: Exception | None = None
    ) -> None:
        self.name = name
        self.error = error
        self.asked: list[tuple[Arrays, int, str | None, str]] = []
        self.noted: list[tuple[str, list[Any]]] = []
        self.failures: list[str] = []
        self.has_room = True
        self.is_up = True
        self._signature = signature

    def versions(self) -> tuple[str, ...]:
        return ("2", "1") if self.is_up else ()

    def signature(self, version: str | None = None) -> Signature | None:
        self._check(version)
        return self._signature

    def is_ready(self, version: str | None = None) -> bool:
        return self.is_up and (version is None or version in self.versions())

    def _check(self, version: str | None) -> None:
        if not self.is_up:
            raise NotReadyError("the file /secret/model is not there")
        if version is not None and version not in self.versions():
            raise NotFoundError(f"the model '{self.name}' does not serve its version {version}")

    async def ask(
        self, inputs: Arrays, rows: int, *, version: str | None = None, request: str, began: float
    ) -> Answer:
        self.asked.append((inputs, rows, version, request))
        if self.error is not None:
            raise self.error
        self._check(version)
        signature = self._signature
        if signature is not None:
            signature.conform(dict(inputs))
        return Answer(version or "2", 7, self._outputs(rows))

    def _outputs(self, rows: int) -> dict[str, Any]:
        if self._signature is None or self._signature.classes is None:
            return {"predict": np.arange(rows) / 2}
        late = np.arange(rows) % 2 == 0
        shares = np.where(late[:, None], [[0.75, 0.25]], [[0.25, 0.75]])
        return {"predict": np.where(late, *CLASSES).astype(object), "predict_proba": shares}

    def note_failure(self, kind: str, seconds: float) -> None:
        assert 0 < seconds < 60
        self.failures.append(kind)

    def feedback(self, request: str, truth: Sequence[Any]) -> bool:
        self.noted.append((request, list(truth)))
        return self.has_room

    def state(self) -> Mapping[str, Json]:
        return {"alias": "champion", "live": "2"}


_: type[Served] = Fake
