"""Whether each column that a model takes is of use to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from windlass.models.release.found import Found
from windlass.models.release.labelled import Labelled, of_holdout, predictions, score_for
from windlass.models.release.ready import Evidence, TestFunction, ready
from windlass.models.release.slicing import resamples_for, together
from windlass.models.statistics.comparing import Options, compare
from windlass.models.statistics.finding import Finding
from windlass.models.statistics.multiple import Correction
from windlass.models.statistics.scores import Score, find_score
from windlass.models.tables import (
    make_table,
    read_columns,
    rows_of,
    table_library,
    take,
)

if TYPE_CHECKING:
    from windlass.models.version import Version

ROWS = 5_000
"""Rows of the holdout that are asked for; more make the intervals narrower."""


def features_are_of_use(
    score: str | Score | None = None,
    *,
    at_least: float = 0.0,
    rows: int = ROWS,
    correction: Correction = "holm",
    capability: str = "features",
    **options: Unpack[Options],
) -> TestFunction:
    """A test that each column that the model takes is of use: its permutation importance.

    The values of one column at a time are exchanged among the rows of the holdout at random. By how
    much the model was better before is what the column is worth. It passes where the interval of
    that lies above `at_least`, allowing for the number of columns; a column that the model does not
    use at all fails, and so does one whose interval lies below `at_least`; of one that is the same
    in all rows nothing is shown. Of two columns that tell the same, each may look as if it were of
    little use.

    Args:
        score: A score or its name; None as for `compare`.
        at_least: What a column must be worth, in the score's unit. With 0, one that is worth next
            to nothing is never more than inconclusive.
        rows: How many rows are asked for, evenly out of all.
        correction: ``holm`` or ``benjamini-hochberg``.
        capability: What of the model it is about.
        **options: As for `compare`.

    Raises:
        ScoreError: There is no such score.

    Sources: Breiman 2001; Fisher, Rudin & Dominici 2019.
    """
    if score is not None:
        find_score(score)

    def test(candidate: Version, holdout: Any, evidence: Evidence) -> None:
        whole = of_holdout(candidate, holdout)
        count = rows_of(holdout)
        places = np.linspace(0, max(count - 1, 0), min(rows, count)).astype(int)
        some = Labelled(take(holdout, places), whole.target, whole.data)
        evidence(*_importances(candidate, some, score, at_least, correction, options))

    return ready(test, "Every column is of use.", capability, "data.2")


def _importances(
    version: Version,
    rows: Labelled,
    score: str | Score | None,
    at_least: float,
    correction: Correction,
    options: Options,
) -> list[Found]:
    found = score_for(score, version)
    table = version.conform(rows.table)
    [ours], classes = predictions(found.needs, table, [version])
    told: Options = {**classes, **rows.options(options)}
    varied = {column.name: len(set(column.cells())) > 1 for column in read_columns(table)}
    told["resamples"] = resamples_for(len(varied), told)
    worth: dict[str, Finding] = {}
    unused = set()
    for name, shuffled in _shuffled(table, told.get("seed", 0)):
        [theirs], _ = predictions(found.needs, shuffled, [version])
        worth[name] = compare(found, rows.labels, ours, theirs, threshold=at_least, **told)
        if np.array_equal(ours, theirs):
            unused.add(name)
    used = {name: each for name, each in worth.items() if name not in unused}
    decided = together(used, 1.0, correction) if used else {}
    wanted = f"worth more than {at_least:g}" if at_least else "of use"
    return [
        _of_unused(name, worth[name], rows.data, varies=varies)
        if name in unused
        else Found(decided[name], name, rows.data, wanted=wanted)
        for name, varies in varied.items()
    ]


def _of_unused(name: str, finding: Finding, data: str | None, *, varies: bool) -> Found:
    judged = replace(finding, verdict="fail" if varies else "inconclusive", cases_needed=None)
    if varies:
        return Found(judged, name, data, text="the model gives the same without it: of no use")
    return Found(judged, name, data, text="it is the same in all rows: they cannot tell its use")


def _shuffled(table: Any, seed: int) -> Iterator[tuple[str, Any]]:
    """The table, one column after the other exchanged among its rows."""
    columns = read_columns(table)
    dtypes = {column.name: column.dtype for column in columns}
    library, index = table_library(table), getattr(table, "index", None)
    for place, column in enumerate(columns):
        order = np.random.default_rng([seed, place]).permutation(len(column))
        made = [*columns[:place], column.take(order), *columns[place + 1 :]]
        yield column.name, make_table(made, library, dtypes, index)
