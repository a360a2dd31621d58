"""Labels and predictions, checked once and in words, before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from windlass.errors import ScoreError
from windlass.models.statistics.means import FloatArray, Means

Array: TypeAlias = npt.NDArray[Any]
Needs: TypeAlias = Literal["labels", "probabilities", "ranks", "numbers"]
"""What a score needs of a model; ``ranks`` are probabilities, or any numbers that rank cases."""

_SUM = 1e-3  # how far probabilities of float32 may be from adding up to one
_CLASSES = 1_000  # more are no classes
_KINDS = {"b": "number", "i": "number", "u": "number", "f": "number"}


@dataclass(frozen=True, slots=True)
class Cases:
    """Labelled cases.

    Args:
        labels: Of each, (n,).
        classes: All classes in the order of a model's probabilities; None where labels are numbers.
        positive: The place in `classes` of the one that is looked for; None if all are alike.
        weights: How much each counts, (n,); None: all alike.
        groups: The number of each case's group, (n,); None: each is its own.
    """

    labels: Array
    classes: Array | None = None
    positive: int | None = None
    weights: FloatArray | None = None
    groups: npt.NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def rows(self) -> int:
        """How many there are to resample: groups, or else cases."""
        return len(self) if self.groups is None else int(self.groups.max()) + 1

    def codes(self, labels: Array) -> npt.NDArray[np.intp]:
        """The places of labels (n,) in the classes.

        Raises:
            ScoreError: One is no class.
        """
        classes = self.classes if self.classes is not None else np.unique(labels)
        order = np.argsort(classes)
        near = np.searchsorted(classes, labels, sorter=order).clip(max=len(classes) - 1)
        places: npt.NDArray[np.intp] = order[near]
        strange = classes[places] != labels
        if strange.any():
            raise ScoreError(
                f"{labels[strange].tolist()[0]!r} is none of the classes {_listed(classes)}",
                hint="Give all of them as classes=, in the order of the model's probabilities.",
            )
        return places

    def counted(self, means: Means) -> Means:
        """Means in which cases count by their weights, and groups are resampled whole."""
        if self.weights is not None:
            means = means.weighted(self.weights)
        return means if self.groups is None else means.grouped(self.groups)

    def part(self, chosen: npt.NDArray[np.bool_]) -> Cases:
        """Some of the cases, (n,)."""
        weights = None if self.weights is None else self.weights[chosen]
        groups = None if self.groups is None else _numbered(self.groups[chosen])
        return replace(self, labels=self.labels[chosen], weights=weights, groups=groups)


def read_cases(
    needs: Needs,
    labels: object,
    predictions: Sequence[object],
    *,
    classes: Sequence[object] | None = None,
    positive: object = None,
    weights: object = None,
    groups: object = None,
) -> tuple[Cases, list[Array]]:
    """Labels and the predictions of one or more models, checked.

    Args:
        needs: What the predictions are.
        labels: Of the cases, (n,): anything that numpy makes an array of.
        predictions: Of each model: (n,), or of probabilities (n, classes).
        classes: All classes, in the order of the columns of probabilities; None: those that occur,
            sorted.
        positive: The class that is looked for; None: of two, the second.
        weights: How much each case counts, (n,), not negative.
        groups: What each case belongs to, such as its day, (n,): groups are resampled whole.

    Raises:
        ScoreError: One of these is not as it must be.
    """
    truth = _column(labels, "labels")
    found = [_read_prediction(needs, given, len(truth)) for given in predictions]
    cases = Cases(
        truth,
        weights=None if weights is None else _read_weights(weights, len(truth)),
        groups=None if groups is None else _numbered(_sized(_column(groups, "groups"), len(truth))),
    )
    if needs == "numbers":
        return replace(cases, labels=numbers(truth, "labels")), found
    return _classified(cases, needs, found, classes, positive), found


def numbers(values: Array, what: str) -> FloatArray:
    """Finite numbers.

    Raises:
        ScoreError: They are not.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ScoreError(f"the {what} are no numbers: {error}") from error
    if not np.isfinite(found).all():
        place = int(np.argmin(np.isfinite(found.reshape(len(found), -1)).all(axis=1)))
        raise ScoreError(
            f"the {what} hold {found[place]} (row {place})",
            hint="Every case needs a finite number; leave out those that have none.",
        )
    return found


def _classified(
    cases: Cases,
    needs: Needs,
    predictions: Sequence[Array],
    classes: Sequence[object] | None,
    positive: object,
) -> Cases:
    labelled = [cases.labels, *(predictions if needs == "labels" else ())]
    given = [] if classes is None else [_column(classes, "classes")]
    _check_kinds([*labelled, *given])
    known = _classes(np.concatenate([np.unique(each) for each in labelled]), *given)
    cases = replace(cases, classes=known, positive=_positive(known, positive))
    for each in labelled:
        cases.codes(each)
    for each in predictions if needs != "labels" else ():
        _check_width(cases, known, each, alone=needs == "ranks")
    return cases


def _check_kinds(labelled: Sequence[Array]) -> None:
    """Labels are of types that can be equal."""
    kinds = {_KINDS.get(each.dtype.kind, each.dtype.kind) for each in labelled}
    if len(kinds) == 1 and "O" not in kinds:
        return
    examples = ", ".join(repr(each.tolist()[0]) for each in labelled if len(each))
    raise ScoreError(
        f"labels cannot be told to be equal: there are such as {examples}",
        hint="Labels, predicted labels and classes must all be texts, or all be numbers.",
    )


def _classes(found: Array, given: Array | None = None) -> Array:
    classes = np.unique(found) if given is None else given
    if len(classes) == 1 and classes.dtype.kind in _KINDS and classes[0] in (0, 1):
        return np.array([0, 1], dtype=classes.dtype)
    if len(np.unique(classes)) < len(classes):
        raise ScoreError(f"a class is named twice: {_listed(classes)}", hint="Name each once.")
    if len(classes) > _CLASSES:
        raise ScoreError(
            f"there are {len(classes):,} classes, from {classes.min()} to {classes.max()}",
            hint="Are these numbers to be predicted? Take mae, rmse or r2.",
        )
    return classes


def _positive(classes: Array, given: object) -> int | None:
    if given is None:
        return 1 if len(classes) == 2 else None
    places = np.flatnonzero(classes == given)
    if not len(places):
        raise ScoreError(
            f"the positive class {given!r} is none of {_listed(classes)}",
            hint="Name one of these, or give all classes= where it does not occur.",
        )
    return int(places[0])


def _check_width(cases: Cases, classes: Array, prediction: Array, *, alone: bool) -> None:
    """Probabilities fit the classes; `alone`: numbers for one class of many will do."""
    told = alone and (cases.positive is not None or len(classes) == 1)
    if prediction.ndim == 1 and len(classes) != 2 and not told:
        raise ScoreError(
            f"one number a case does not tell of the classes {_listed(classes)}",
            hint="Give probabilities of all classes (n, classes), or both classes=.",
        )
    if prediction.ndim == 2 and prediction.shape[1] != len(classes):
        raise ScoreError(
            f"there are probabilities of {prediction.shape[1]} classes, and the labels have "
            f"{len(classes)}: {_listed(classes)}",
            hint="Give all classes= in the order of the columns, such as model.classes_.",
        )


def _read_prediction(needs: Needs, given: object, count: int) -> Array:
    if needs == "labels":
        return _sized(_column(given, "predictions"), count)
    values = _sized(np.asarray(given), count)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim > (1 if needs == "numbers" else 2):
        raise ScoreError(f"the predictions have the shape {values.shape}, not one number a case")
    found = numbers(values, "predictions")
    if needs == "probabilities":
        _check_probabilities(found)
    return found


def _check_probabilities(values: FloatArray) -> None:
    outside = (values < -1e-9) | (values > 1 + 1e-9)
    if outside.any():
        raise ScoreError(
            f"{values[outside][0]:g} is no probability",
            hint="Give what predict_proba returns; auc and average_precision take any scores.",
        )
    if values.ndim == 2 and (off := np.abs(values.sum(axis=1) - 1) > _SUM).any():
        place = int(np.argmax(off))
        raise ScoreError(
            f"the probabilities of row {place} add up to {values[place].sum():g}",
            hint="Those of all classes must add up to one.",
        )


def _read_weights(given: object, count: int) -> FloatArray:
    weights = numbers(_sized(_column(given, "weights"), count), "weights")
    if (weights < 0).any() or not weights.any():
        raise ScoreError(
            "weights must not be negative, nor all zero", hint="They say how much a case counts."
        )
    relative: FloatArray = weights / weights.mean()
    return relative


def _column(given: object, what: str) -> Array:
    values = np.asarray(given)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ScoreError(f"the {what} have the shape {values.shape}, not one value a case")
    if not len(values):
        raise ScoreError(f"there are no {what}", hint="A score needs at least one case.")
    missing = _missing(values)
    if missing.any():
        raise ScoreError(
            f"{int(missing.sum())} of the {what} are missing, the first in row "
            f"{int(np.argmax(missing))}",
            hint="Leave such cases out, or fill them in.",
        )
    return _of_one_type(values) if values.dtype.kind == "O" else values


def _missing(values: Array) -> npt.NDArray[np.bool_]:
    if values.dtype.kind == "O":
        return np.fromiter(map(_is_missing, values), dtype=np.bool_, count=len(values))
    unequal: npt.NDArray[np.bool_] = values != values  # noqa: PLR0124
    return unequal


def _is_missing(value: Any) -> bool:
    # Of pandas' NA nothing can be asked, not even whether it equals itself.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)  # noqa: PLR0124


def _of_one_type(values: Array) -> Array:
    """Objects as an array of their own type, if they have one: a text column of pandas."""
    types = set(map(type, values))
    return np.array(values.tolist()) if len(types) == 1 else values


def _sized(values: Array, count: int) -> Array:
    if values.ndim == 0 or len(values) != count:
        given = "one value" if values.ndim == 0 else f"{len(values):,}"
        raise ScoreError(
            f"there are {count:,} labels, and {given} to go with them",
            hint="There must be one for each case, in the same order.",
        )
    return values


def _numbered(groups: Array) -> npt.NDArray[np.intp]:
    return np.unique(groups, return_inverse=True)[1]


def _listed(classes: Array) -> str:
    told = ", ".join(repr(value) for value in classes[:10].tolist())
    return told if len(classes) <= 10 else f"{told}, … ({len(classes)} in all)"
