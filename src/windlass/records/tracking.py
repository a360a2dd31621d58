"""What steps log: series of numbers, the summaries of runs, figures, tables and texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from windlass.records import rows
from windlass.records.database import one_of
from windlass.records.inserting import Inserting
from windlass.records.model import Outcome
from windlass.records.patience import patiently
from windlass.records.reading import portions
from windlass.records.tracked import (
    SYSTEM,
    Logged,
    Series,
    is_system,
    part_rows,
    summary_row,
)

_RECORDED = """
SELECT name, sum(count) AS points, count(*) AS parts FROM series
WHERE run = :run AND node = :node AND attempt = :attempt GROUP BY name
"""
_NEWER = "CASE WHEN excluded.time >= summaries.time THEN excluded.{0} ELSE summaries.{0} END"
_BEYOND = (
    "CASE WHEN summaries.{0} IS NULL OR excluded.{0} {1} summaries.{0} "
    "THEN excluded.{0} ELSE summaries.{0} END"
)
_SUM_UP = f"""
INSERT INTO summaries (name, run, last, low, high, count, series, node, time)
VALUES (:name, :run, :last, :low, :high, :count, :series, :node, :time)
ON CONFLICT (name, run) DO UPDATE SET
    last = {_NEWER.format("last")}, node = {_NEWER.format("node")}, time = {_NEWER.format("time")},
    low = {_BEYOND.format("low", "<")}, high = {_BEYOND.format("high", ">")},
    count = summaries.count + excluded.count, series = summaries.series + excluded.series
"""  # noqa: S608
_HAD = f"""
SELECT outcomes.run, outcomes.node, series.name, series.part, series.last, series.low, series.high,
    series.count, series.last_time
FROM (SELECT * FROM outcomes WHERE run = :run AND cached AND {{condition}}) outcomes
JOIN series ON series.run = outcomes.origin_run AND series.node = outcomes.origin_node
WHERE substr(series.name, 1, {len(SYSTEM)}) <> '{SYSTEM}'
ORDER BY outcomes.node, series.attempt, series.part
"""  # noqa: S608


class Tracking(Inserting):
    """Writes what steps log."""

    @patiently
    def add_series(self, told: Sequence[Series]) -> None:
        """Adds what is new in series; what the record has of them is left alone."""
        if told:
            with self.write():
                self.put_series(told)

    def put_series(self, told: Iterable[Series]) -> None:
        """Adds what is new in series, in the transaction that is open.

        Of each series the record has the beginning. So it does not matter whether what an attempt
        logged is told once, again, or bit by bit while it goes on.
        """
        of_attempts: dict[tuple[str, str, int], list[Series]] = {}
        for series in told:
            cleaned = replace(series, name=rows.clean(series.name))
            of_attempts.setdefault(cleaned.key[:3], []).append(cleaned)
        self.hold(dict.fromkeys(run for run, _, _ in of_attempts))
        new = [
            row for attempt, some in of_attempts.items() for row in self._new_parts(attempt, some)
        ]
        self._add("series", new)
        self._sum_up([summary_row(row) for row in new if not is_system(row["name"])])

    def put_logged(self, told: Iterable[Logged]) -> None:
        """Adds figures, tables and texts, in the transaction that is open."""
        self._add("logged", [_logged_row(each) for each in told])

    def put_had(self, outcomes: Sequence[Outcome]) -> None:
        """Sums up, for their new runs, what nodes logged when they were computed.

        In the transaction that is open, once their outcomes stand in it.
        """
        cached: dict[str, list[str]] = {}
        for outcome in outcomes:
            if outcome.cached:
                cached.setdefault(outcome.run, []).append(outcome.node)
        for run, nodes in cached.items():
            for some in portions(nodes):
                condition, names = one_of("node", some)
                found = self.execute(_HAD.format(condition=condition), {"run": run, **names})
                self._sum_up([summary_row(row) for row in found])

    def _new_parts(self, attempt: tuple[str, str, int], told: Sequence[Series]) -> list[rows.Row]:
        place = dict(zip(("run", "node", "attempt"), attempt, strict=True))
        found = self.execute(_RECORDED, place)
        known = {row["name"]: (row["points"], row["parts"]) for row in found}
        parts = (part_rows(each, *known.get(each.name, (0, 0))) for each in told)
        return [row for some in parts for row in some]

    def _sum_up(self, told: Sequence[Mapping[str, object]]) -> None:
        if told:
            self.change(_SUM_UP, told)


def _logged_row(told: Logged) -> rows.Row:
    fields = ("run", "node", "attempt", "seq", "kind", "content", "step", "time")
    return {**{name: getattr(told, name) for name in fields}, "name": rows.clean(told.name)}
