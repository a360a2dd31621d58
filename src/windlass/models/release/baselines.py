"""Whether a simple model would do: a constant, a linear model, a small tree."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

import numpy as np

from windlass.models.release.encoding import Encoding
from windlass.models.release.found import Found
from windlass.models.release.labelled import (
    Labelled,
    classes_of,
    of_holdout,
    predictions,
    score_for,
    widened,
)
from windlass.models.release.ready import Evidence, TestFunction, ready
from windlass.models.statistics.cases import Needs
from windlass.models.statistics.comparing import Options, compare
from windlass.models.statistics.scores import Score, find_score
from windlass.models.tables import rows_of, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.version import Version

_MOST_ROWS = 20_000
_DEPTH = 3

Fit: TypeAlias = "Callable[[NDArray[Any], NDArray[Any]], Any]"
"""From inputs (n, k) and labels (n,) to a fitted estimator of scikit-learn."""


def beats_a_baseline(
    score: str | Score | None = None,
    *,
    by: float = 0.0,
    capability: str = "gain",
    **options: Unpack[Options],
) -> TestFunction:
    """A test that no simple model is as good.

    The candidate must be better on the holdout than each of three that are fitted on its reference:
    one that always says the same (the shares of the classes, the mean), a linear one, and a tree of
    depth 3. They see the columns that the candidate sees: of numbers, missing ones are filled by
    the median and all are scaled; of categories the 20 most frequent have a column each. Of more
    than 20,000 rows of the reference, so many evenly out of all are used.

    Args:
        score: As for `compare`.
        by: What the gain over each must exceed.
        capability: What of the model it is about.
        **options: As for `compare`.

    Raises:
        ScoreError: There is no such score.
    """
    if score is not None:
        find_score(score)

    def test(candidate: Version, reference: Any, holdout: Any, evidence: Evidence) -> None:
        rows = of_holdout(candidate, holdout)
        learnt = Labelled(_some(reference), rows.target)
        found = score_for(score, candidate)
        [ours], told = predictions(found.needs, rows.table, [candidate])
        told = {**told, **rows.options(options)}
        classes = told.get("classes") or classes_of(candidate.predictor)
        given = baselines(candidate, learnt, rows, found.needs, classes)
        wanted = f"better by more than {by:g}" if by else "better than it"
        evidence(
            *(
                Found(
                    compare(found, rows.labels, ours, theirs, threshold=by, **told),
                    f"against {name}",
                    rows.data,
                    wanted=wanted,
                )
                for name, theirs in given.items()
            )
        )

    return ready(test, "A simpler model is not as good.", capability, "model.5")


def baselines(
    version: Version, learnt: Labelled, rows: Labelled, needs: Needs, classes: Sequence[Any]
) -> dict[str, NDArray[Any]]:
    """What simple models that are fitted on some rows give for others, by their names.

    Args:
        version: Whose columns they see.
        learnt: The rows that they learn from.
        rows: Those that they are asked about.
        needs: What is needed of them.
        classes: In whose order probabilities are wanted.
    """
    encoding = Encoding.of(version.conform(learnt.table))
    inputs, asked = (encoding.matrix(version.conform(each)) for each in (learnt.table, rows.table))
    task = "regression" if needs == "numbers" else "classification"
    found = {}
    for name, fit in _FITS[task].items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a solver that stops early: it is a baseline
            model = fit(inputs, learnt.labels)
        found[name] = _asked(model, asked, needs, classes)
    return found


def _asked(model: Any, inputs: NDArray[Any], needs: Needs, classes: Sequence[Any]) -> NDArray[Any]:
    if needs in ("numbers", "labels"):
        return np.asarray(model.predict(inputs))
    return widened(model.predict_proba(inputs), model.classes_.tolist(), classes)


def _some(table: Any) -> Any:
    count = rows_of(table)
    if count <= _MOST_ROWS:
        return table
    return take(table, np.linspace(0, count - 1, _MOST_ROWS).astype(int))


def _shares(inputs: NDArray[Any], labels: NDArray[Any]) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior").fit(inputs, labels)


def _logistic(inputs: NDArray[Any], labels: NDArray[Any]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=100).fit(inputs, labels)


def _small_tree(inputs: NDArray[Any], labels: NDArray[Any]) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=_DEPTH, random_state=0).fit(inputs, labels)


def _mean(inputs: NDArray[Any], labels: NDArray[Any]) -> Any:
    from sklearn.dummy import DummyRegressor

    return DummyRegressor().fit(inputs, labels)


def _ridge(inputs: NDArray[Any], labels: NDArray[Any]) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge().fit(inputs, labels)


def _small_regression_tree(inputs: NDArray[Any], labels: NDArray[Any]) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(max_depth=_DEPTH, random_state=0).fit(inputs, labels)


_FITS: dict[str, dict[str, Fit]] = {
    "classification": {
        "the shares of the classes": _shares,
        "a linear model": _logistic,
        "a tree of depth 3": _small_tree,
    },
    "regression": {
        "the mean": _mean,
        "a linear model": _ridge,
        "a tree of depth 3": _small_regression_tree,
    },
}
