"""Whether a model may know what it could not know where it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from windlass.errors import ScoreError
from windlass.models.release.found import Found, checked
from windlass.models.release.labelled import (
    Labelled,
    classes_of,
    of_holdout,
    values_of,
)
from windlass.models.release.ready import Evidence, TestFunction, ready, verdict_if
from windlass.models.statistics.comparing import measure
from windlass.models.statistics.finding import Finding, Verdict
from windlass.models.tables import read_column, read_columns, rows_of
from windlass.models.tables.column import Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.version import Version

TOO_GOOD = 0.95
"""The area under the curve, or R², that a column alone does not reach by honest means."""
_BINS = 20
_UNIQUE = 0.9
_FEW = 50
"""Rows from which on it means something that nearly all values differ."""


def no_leakage(
    *,
    identifiers: Sequence[str] = (),
    later: Sequence[str] = (),
    apart: Sequence[str] = (),
    times: Sequence[str] = (),
    at_most: float = TOO_GOOD,
    capability: str = "leakage",
) -> TestFunction:
    """A test that the model knows nothing that it could not know where it is used.

    No column that it takes may be its target, one of `identifiers` or `later`, or different in
    nearly every row of the reference as an identifier is; and none may alone predict the target
    better than `at_most`: what the reference tells of its values is held against the holdout.

    Args:
        identifiers: Columns that name a row, such as an order number.
        later: Columns that are only known after the prediction is made.
        apart: Columns whose values must not stand in both the reference and the holdout, such as a
            patient's number.
        times: Columns of times or numbers by which the whole holdout must come after the reference.
        at_most: The greatest area under the ROC curve, or R² of numbers, of a column alone.
        capability: What of the model it is about.

    Raises:
        ScoreError: `at_most` is not between 0 and 1.
    """
    if not 0 < at_most < 1:
        raise ScoreError(f"a bound of {at_most:g}", hint="It lies between 0 and 1: 0.95.")

    def test(candidate: Version, reference: Any, holdout: Any, evidence: Evidence) -> None:
        rows = of_holdout(candidate, holdout)
        learnt = Labelled(reference, rows.target)
        inputs = read_columns(candidate.conform(reference))
        forbidden = {**dict.fromkeys(later, "known too late"), **_named(identifiers, rows.target)}
        evidence(
            _of_names(inputs, forbidden),
            _of_unique(inputs),
            *(_of_both(name, learnt, rows) for name in apart),
            *(_of_time(name, learnt, rows) for name in times),
            *_of_single(candidate, inputs, learnt, rows, at_most),
        )

    return ready(test, "It knows nothing that it could not know.", capability)


def _named(identifiers: Sequence[str], target: str) -> dict[str, str]:
    return {**dict.fromkeys(identifiers, "an identifier"), target: "the target itself"}


def _of_names(inputs: Sequence[Column], forbidden: dict[str, str]) -> Found:
    bad = [column.name for column in inputs if column.name in forbidden]
    told = ", ".join(f"'{name}' ({forbidden[name]})" for name in bad)
    text = f"among what it takes is {told}" if bad else "it takes nothing that it must not"
    return checked("forbidden columns", text, verdict_if(not bad), n=len(inputs), columns=[*bad])


def _of_unique(inputs: Sequence[Column]) -> Found:
    rows = len(inputs[0]) if inputs else 0
    if rows < _FEW:
        text = f"of {rows} rows it cannot be told what is an identifier"
        return checked("identifiers", text, "inconclusive", n=rows, cases_needed=_FEW)
    bad = [column.name for column in inputs if _is_unique(column)]
    text = (
        f"different in nearly every row, as an identifier is: {', '.join(bad)}"
        if bad
        else "no column is different in nearly every row"
    )
    return checked("identifiers", text, verdict_if(not bad), n=rows, columns=[*bad])


def _is_unique(column: Column) -> bool:
    """Of numbers that are not whole, and of times, it means nothing."""
    if column.kind not in ("text", "category", "integer"):
        return False
    known = column.values[~column.missing]
    return len(known) >= _FEW and len(np.unique(known)) > _UNIQUE * len(known)


def _of_both(name: str, learnt: Labelled, rows: Labelled) -> Found:
    before, after = learnt.column(name), rows.column(name)
    known = {each for each in before.tolist() if each is not None}
    both = sum(each in known for each in after.tolist())
    text = f"{both:,} of {len(after):,} rows of the holdout have a '{name}' of the reference"
    return checked(
        "apart",
        text,
        verdict_if(not both),
        n=len(after),
        estimate=both / max(1, len(after)),
        threshold=0.0,
        data=rows.data,
    )


def _of_time(name: str, learnt: Labelled, rows: Labelled) -> Found:
    before, after = (_moments(each, name) for each in (learnt, rows))
    if not len(before) or not len(after):
        return checked("time", f"'{name}' is never known", "inconclusive", n=0, data=rows.data)
    early = int((after <= before.max()).sum())
    text = (
        f"by '{name}', {early:,} of {len(after):,} rows of the holdout are not after the reference"
    )
    return checked(
        "time",
        text,
        verdict_if(not early),
        n=len(after),
        estimate=early / len(after),
        threshold=0.0,
        data=rows.data,
    )


def _moments(rows: Labelled, name: str) -> NDArray[np.float64]:
    values_of(rows.table, name)  # tells if there is none of that name
    column = read_column(rows.table, name)
    if column.kind in ("text", "category"):
        raise ScoreError(
            f"the column '{name}' holds text, and times have an order",
            hint="Make it times: pd.to_datetime(…).",
        )
    numbers = column.numbers()
    found: NDArray[np.float64] = numbers[np.isfinite(numbers)]
    return found


def _of_single(
    version: Version,
    inputs: Sequence[Column],
    learnt: Labelled,
    rows: Labelled,
    at_most: float,
) -> Iterator[Found]:
    asked = read_columns(version.conform(rows.table))
    classes = classes_of(version.predictor)
    for before, after in zip(inputs, asked, strict=True):
        table = _by_bin(before, learnt.labels, classes)
        given = table[_places(before, after)]
        if classes:
            finding = measure("auc", rows.labels, given, threshold=at_most, classes=classes)
        else:
            finding = measure("r2", rows.labels, given[:, 0], threshold=at_most)
        wanted = f"below {at_most:g}, or it knows too much"
        yield Found(_below(finding, rows_of(rows.table)), before.name, rows.data, wanted=wanted)


def _below(finding: Finding, rows: int) -> Finding:
    """The same judged the other way: what exceeds its threshold fails."""
    turned: dict[str | None, Verdict] = {"pass": "fail", "fail": "pass"}
    verdict = turned.get(finding.verdict, "inconclusive")
    return replace(finding, verdict=verdict, n=rows)


def _by_bin(column: Column, labels: NDArray[Any], classes: Sequence[Any]) -> NDArray[np.float64]:
    """What is predicted in each bin, (bins, classes): shares of classes, or the mean alone."""
    places = _places(column, column)
    truth = (
        np.column_stack([labels == label for label in classes]).astype(np.float64)
        if classes
        else labels.astype(np.float64)[:, None]
    )
    bins = max(len(column.labels), _BINS) + 2
    counts = np.bincount(places, minlength=bins)[:, None]
    sums = np.column_stack([np.bincount(places, each, bins) for each in truth.T])
    # One case of the average in each: a value that stands once tells little.
    found: NDArray[np.float64] = (sums + truth.mean(axis=0)) / (counts + 1)
    return found


def _places(reference: Column, column: Column) -> NDArray[np.intp]:
    """The bin of each row: of text a label of the reference; of numbers a span at its quantiles.

    The first is of what is missing, the second of what the reference has not.
    """
    if reference.kind in ("text", "category"):
        found = column.with_labels(reference.labels).values
        return np.where(column.missing, 0, np.where(found < 0, 1, found + 2))
    known = reference.numbers()
    known = known[np.isfinite(known)]
    if not len(known):
        return np.zeros(len(column), np.intp)
    edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS))
    numbers = column.numbers()
    return np.where(np.isnan(numbers), 0, np.searchsorted(edges, numbers, side="left") + 2)
