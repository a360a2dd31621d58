"""Two versions of a model on the same rows: scores with intervals, slices, where they disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError, UndefinedError
from windlass.models.predictions import labels_of, predictions_for
from windlass.models.statistics import Finding, compare, compare_slices, find_score, measure
from windlass.models.tables import library_of, names_of, take
from windlass.models.version import Version

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCORES = {
    "classification": ("log_loss", "brier", "auc", "accuracy"),
    "regression": ("mae", "rmse", "r2"),
}
"""What is compared, by task, where nothing is said."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A score of both versions.

    Args:
        score: Its name.
        first: The value of the first version.
        second: That of the second.
        gain: By how much the second is better.
    """

    score: str
    first: float | None
    second: float | None
    gain: Finding


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions on the same rows.

    Args:
        first: The name of the first.
        second: The name of the second.
        rows: How many rows.
        data: The content of the rows.
        scores: The scores.
        slices: By column, by value: by how much the second is better there.
        disagreements: The rows on which they differ most, the most first.
    """

    first: str
    second: str
    rows: int
    data: str
    scores: tuple[Scored, ...]
    slices: Mapping[str, Mapping[str, Finding]] = field(default_factory=dict)
    disagreements: tuple[Mapping[str, Any], ...] = ()

    def document(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "rows": self.rows,
            "data": self.data,
            "scores": [
                {"score": s.score, "first": s.first, "second": s.second, "gain": s.gain.document()}
                for s in self.scores
            ],
            "slices": {
                column: {name: each.document() for name, each in found.items()}
                for column, found in self.slices.items()
            },
            "disagreements": [dict(each) for each in self.disagreements],
        }


def compare_versions(
    first: Version,
    second: Version,
    *,
    scores: Sequence[str] = (),
    by: Sequence[str] = (),
    rows: int = 10,
) -> Comparison:
    """Compares two versions of a model on the holdout of the second.

    Args:
        first: The version that is there, such as the champion.
        second: The one that may replace it.
        scores: Names of scores; those that suit the task if none are given.
        by: Columns of the holdout by whose values it is sliced; each slice by the first score.
        rows: How many of the rows are told on which they differ most.

    Raises:
        ModelError: The holdout is not there, or lacks a column; or they cannot predict it.
        ScoreError: A score does not suit what they predict.
    """
    holdout, labels = second.holdout(), labels_of(second)
    names = tuple(scores) or SCORES[second.predictor.facts.task or "regression"]
    return Comparison(
        first.name,
        second.name,
        len(labels),
        second.row.artifacts["holdout"],
        tuple(_scored(name, first, second, holdout, labels) for name in names),
        {column: _sliced(names[0], column, first, second, holdout, labels) for column in by},
        tuple(_disagreements(first, second, holdout, labels, rows)),
    )


def _scored(name: str, first: Version, second: Version, holdout: Any, labels: Any) -> Scored:
    needs = find_score(name).needs
    then, now = (predictions_for(each, holdout, needs) for each in (first, second))
    options: Any = _options(second, needs)
    first_value, second_value = (_value(name, labels, each, options) for each in (then, now))
    gain = compare(name, labels, now, then, **options)
    return Scored(name, first_value, second_value, gain)


def _value(name: str, labels: Any, given: Any, options: Any) -> float | None:
    try:
        return measure(name, labels, given, **options).estimate
    except UndefinedError:
        return None


def _sliced(
    name: str, column: str, first: Version, second: Version, holdout: Any, labels: Any
) -> Mapping[str, Finding]:
    needs = find_score(name).needs
    then, now = (predictions_for(each, holdout, needs) for each in (first, second))
    slices = column_values(holdout, column).astype(str)
    options: Any = _options(second, needs)
    return compare_slices(name, labels, now, then, slices, **options)


def _options(version: Version, needs: str) -> dict[str, Any]:
    classes = version.predictor.facts.classes
    return {} if needs == "numbers" or classes is None else {"classes": list(classes)}


def column_values(table: Any, column: str) -> NDArray[Any]:
    """A column of a table as an array.

    Raises:
        ModelError: It has none of that name.
    """
    import numpy as np

    names = names_of(table)
    if column not in names:
        raise ModelError(
            f"the holdout has no column '{column}'", hint=f"It has {', '.join(names)}."
        )
    return np.asarray(table[column])


def _disagreements(
    first: Version, second: Version, holdout: Any, labels: Any, rows: int
) -> list[Mapping[str, Any]]:
    """The rows on which two versions differ most; none where they never do."""
    import numpy as np

    needs = "probabilities" if second.predictor.facts.has_proba else "numbers"
    if needs == "numbers" and second.predictor.facts.task == "classification":
        needs = "labels"
    then, now = (predictions_for(each, holdout, needs) for each in (first, second))
    apart = _apart(np.asarray(then), np.asarray(now))
    chosen = np.argsort(-apart, kind="stable")[:rows]
    return [
        {
            "row": int(at),
            "label": _plain(labels[at]),
            first.name: _plain(then[at]),
            second.name: _plain(now[at]),
            "inputs": _inputs(second, holdout, int(at)),
        }
        for at in chosen
        if apart[at] > 0
    ]


def _apart(then: NDArray[Any], now: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if then.dtype.kind not in "fiu":
        return np.asarray(then != now, dtype=float)
    apart = np.abs(now.astype(float) - then)
    return np.asarray(apart.max(axis=1) if apart.ndim > 1 else apart)


def _inputs(version: Version, holdout: Any, at: int) -> dict[str, Any]:
    import numpy as np

    row = version.conform(take(holdout, np.array([at])))
    if library_of(row) in (None, "numpy"):
        return {}
    return {name: _plain(np.asarray(row[name])[0]) for name in names_of(row)}


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
