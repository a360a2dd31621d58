"""Labelled rows, and what versions of a model give for them as scores take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from windlass.errors import ModelError
from windlass.models.statistics.cases import Needs
from windlass.models.statistics.comparing import Options
from windlass.models.statistics.scores import Score, find_score
from windlass.models.tables import names_of, read_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.estimator import Predictor
    from windlass.models.version import Version


@dataclass(frozen=True)
class Labelled:
    """Labelled rows.

    Args:
        table: n rows.
        target: The column of the labels.
        data: Their digest, if they are recorded.
    """

    table: Any
    target: str
    data: str | None = None

    @cached_property
    def labels(self) -> NDArray[Any]:
        """(n,) labels.

        Raises:
            ModelError: There is no such column.
        """
        if self.target not in names_of(self.table):
            raise ModelError(
                f"the rows have no column '{self.target}', which the model is to predict",
                hint=f"They have {', '.join(names_of(self.table))}. "
                "Keep the labels in the holdout, or name their column: Model(NAME, target=…).",
            )
        return self.column(self.target)

    def column(self, name: str) -> NDArray[Any]:
        """(n,) the values of a column; those that are missing None or NaN.

        Raises:
            ModelError: There is none of that name.
        """
        return values_of(self.table, name)

    def options(self, options: Options) -> Options:
        """Options in which weights and groups that name a column are its values."""
        named = {key: value for key, value in options.items() if isinstance(value, str)}
        found = {key: self.column(named[key]) for key in ("groups", "weights") if key in named}
        return cast("Options", {**options, **found})


def values_of(table: Any, name: str) -> NDArray[Any]:
    """(n,) the values of a table's column; those that are missing None or NaN.

    Raises:
        ModelError: There is none of that name.
    """
    column = read_column(table, name) if name in names_of(table) else None
    if column is None:
        raise ModelError(
            f"the rows have no column '{name}'", hint=f"They have {', '.join(names_of(table))}."
        )
    if column.kind in ("text", "category"):
        found = np.empty(len(column), object)
        found[:] = column.cells()
        return found
    if column.kind == "time" or not column.missing.any():
        return column.values
    return column.numbers()


def labelled(version: Version, table: Any = None) -> Labelled:
    """The rows by which a version is judged.

    Args:
        version: Which says what its target is.
        table: The rows; None for its holdout.

    Raises:
        ModelError: It has no target, or no holdout.
    """
    if version.target is None:
        raise ModelError(
            f"it is not known what {version.name} is to predict",
            hint="Name the column of the labels: Model(NAME, target='late').",
        )
    if table is None:
        return Labelled(version.holdout(), version.target, version.row.artifacts.get("holdout"))
    return Labelled(table, version.target)


def of_holdout(version: Version, table: Any) -> Labelled:
    """The rows of the fixture ``holdout``, with their digest."""
    found = labelled(version, table)
    return Labelled(found.table, found.target, version.row.artifacts.get("holdout"))


def score_for(score: str | Score | None, version: Version) -> Score:
    """A score; where none is named, log loss of a classifier, else the root mean squared error.

    A classifier that gives no probabilities is judged by its accuracy.
    """
    if score is not None:
        return find_score(score)
    facts = version.predictor.facts
    if facts.has_proba:
        return find_score("log_loss")
    return find_score("accuracy" if facts.classes or facts.task == "classification" else "rmse")


def predictions(
    needs: Needs, table: Any, versions: Sequence[Version]
) -> tuple[list[NDArray[Any]], Options]:
    """What versions give for rows, and the classes that this is of.

    Classes that one of them does not know have the probability zero there.

    Args:
        needs: What a score needs of them.
        table: n rows.
        versions: At least one.

    Raises:
        ModelError: One gives no probabilities, or cannot predict these rows.
        SignatureError: The rows are not what one takes.
    """
    if needs == "numbers":
        _check_numbers(versions)
        return [version.predict(table) for version in versions], {}
    known = [classes_of(version.predictor) for version in versions]
    union = [*dict.fromkeys(label for classes in known for label in classes)]
    options: Options = {"classes": _ordered(union)} if union else {}
    if needs == "labels":
        return [version.predict(table) for version in versions], options
    given = [version.predict_proba(table) for version in versions]
    if not union:
        return given, {}
    return [
        widened(proba, classes, _ordered(union))
        for proba, classes in zip(given, known, strict=True)
    ], options


def widened(
    proba: NDArray[Any], classes: Sequence[object], wanted: Sequence[object]
) -> NDArray[Any]:
    """Probabilities (n, classes) in the columns of other classes; zero where they lack one."""
    if list(classes) == list(wanted) or not classes:
        return proba
    found = np.zeros((len(proba), len(wanted)))
    found[:, [list(wanted).index(label) for label in classes]] = proba
    return found


def classes_of(predictor: Predictor) -> list[Any]:
    """The classes of a classifier, in the order of its probabilities; none if it doesn't tell."""
    return list(predictor.facts.classes or ())


def _ordered(labels: Sequence[Any]) -> list[Any]:
    """In order, since of two classes the greater is the one that is looked for."""
    return sorted(labels)


def _check_numbers(versions: Sequence[Version]) -> None:
    for version in versions:
        if version.predictor.facts.task == "classification":
            raise ModelError(
                f"{version.name} predicts classes, and this score is of numbers",
                hint="Take a score of classes: log_loss, brier, auc, accuracy.",
            )
