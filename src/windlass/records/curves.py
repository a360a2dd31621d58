"""What is asked of the numbers that steps logged: their summaries, their curves, all of them.

A node whose result came from the cache has what it logged when it was computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from windlass.records import rows
from windlass.records.database import Row, one_of
from windlass.records.looking import Looking
from windlass.records.model import Metric
from windlass.records.points import OUTLINE, Points, thinned, unpack
from windlass.records.reading import portions
from windlass.records.tracked import SYSTEM, Curve, Last, Logged, Summary, number

_MACHINE = f"substr(s.name, 1, {len(SYSTEM)}) = '{SYSTEM}'"
_PLAIN = f"NOT {_MACHINE}"
_ALL = f"""
SELECT s.node AS node, s.attempt, s.name, s.part, {{columns}} FROM series s
WHERE s.run = :run AND s.node = coalesce(:node, s.node) AND {{only}}
UNION ALL
SELECT o.node AS node, s.attempt, s.name, s.part, {{columns}}
FROM outcomes o JOIN series s ON s.run = o.origin_run AND s.node = o.origin_node
WHERE o.run = :run AND o.node = coalesce(:node, o.node) AND o.cached AND {_PLAIN} AND {{only}}
ORDER BY node, name, attempt, part
"""  # noqa: S608
_DRAWN = """
s.count, CASE WHEN s.outline IS NULL OR (
    SELECT max(t.part) FROM series t
    WHERE t.run = s.run AND t.node = s.node AND t.attempt = s.attempt AND t.name = s.name
) < :few THEN s.points ELSE s.outline END AS points
"""
_LOGGED = """
SELECT l.node AS at_node, l.attempt, l.seq, l.name AS logged_as, l.kind, l.step, l.time,
    artifacts.*
FROM logged l JOIN artifacts ON artifacts.content = l.content WHERE l.run = :run
UNION ALL
SELECT o.node AS at_node, l.attempt, l.seq, l.name AS logged_as, l.kind, l.step, l.time,
    artifacts.*
FROM outcomes o JOIN logged l ON l.run = o.origin_run AND l.node = o.origin_node
JOIN artifacts ON artifacts.content = l.content WHERE o.run = :run AND o.cached
"""


class Curves(Looking):
    """The questions about what steps logged."""

    def metrics(self, run: str, names: Sequence[str] | None = None) -> list[Metric]:
        """Every number that a run's steps logged, in the order of time.

        Args:
            run: The run's id.
            names: Only these; None for all but the machine's own.
        """
        only, told = _only(names)
        query = _ALL.format(columns="s.points", only=only)
        found = self.execute(query, {"run": run, "node": None, **told})
        metrics = [metric for some in _by_series(found) for metric in _metrics(run, some)]
        return sorted(metrics, key=lambda m: (m.time, m.node, m.attempt, m.name, m.seq))

    def curves(
        self,
        run: str,
        names: Sequence[str] | None = None,
        points: int = 500,
        *,
        node: str | None = None,
        machine: bool = False,
    ) -> list[Curve]:
        """The curves of a run's numbers, thinned so that first, last and all peaks stay.

        What began first comes first.

        Args:
            run: The run's id.
            names: Only these; None for all but the machine's own, whose names begin with
                ``system/``.
            points: How many of each curve are enough, 4 or more.
            node: Only of this one.
            machine: Instead all of the machine's own.
        """
        only, told = (_MACHINE, {}) if machine else _only(names)
        told |= {"run": run, "node": node, "few": -(-points // OUTLINE)}
        found = list(_by_series(self.execute(_ALL.format(columns=_DRAWN, only=only), told)))
        newest = {(some[0]["node"], some[0]["name"]): some for some in found}
        curves = [_curve(some, points) for some in newest.values()]
        return sorted(curves, key=lambda curve: (curve.times[0], curve.node, curve.name))

    def summaries(self, runs: Iterable[str]) -> dict[str, dict[str, Summary]]:
        """What runs logged in short, by run and name, what was last logged last."""
        found: dict[str, dict[str, Summary]] = {run: {} for run in runs}
        for some in portions(list(found)):
            condition, names = one_of("run", some)
            query = f"SELECT * FROM summaries WHERE {condition} ORDER BY time, name"  # noqa: S608
            for row in self.execute(query, names):
                fields = {key: row[key] for key in row.keys() if key not in ("run", "name")}  # noqa: SIM118
                found[row["run"]][row["name"]] = Summary(**fields)
        return found

    def newest_points(self, run: str, node: str) -> dict[str, Points]:
        """All points of a node's numbers, the machine's own too, of the last attempt that has any.

        Args:
            run: The run's id.
            node: The node, or the item of a map.
        """
        query = _ALL.format(columns="s.points", only="1 = 1")
        found = self.execute(query, {"run": run, "node": node})
        return {some[0]["name"]: _joined(some) for some in _by_series(found)}

    def last_values(self, run: str) -> list[Last]:
        """The newest number of every node of a run by every name, but for the machine's own."""
        query = _ALL.format(columns="s.last, s.last_time", only=_PLAIN)
        found = self.execute(query, {"run": run, "node": None})
        newest: dict[tuple[str, str], Last] = {}
        for row in sorted(found, key=lambda row: (row["last_time"], row["attempt"], row["part"])):
            newest[row["node"], row["name"]] = Last(row["node"], row["name"], row["last"])
        return list(newest.values())

    def logged(self, run: str, node: str | None = None) -> list[Logged]:
        """The figures, tables and texts that a run's steps logged, in the order of time.

        Args:
            run: The run's id.
            node: Only of this one.
        """
        found = [
            Logged(
                *(run, row["at_node"], row["attempt"], row["seq"], row["logged_as"], row["kind"]),
                *(row["content"], row["step"], row["time"], rows.artifact_of(row)),
            )
            for row in self.execute(_LOGGED, {"run": run})
            if node in (None, row["at_node"])
        ]
        return sorted(found, key=lambda each: (each.time, each.node, each.attempt, each.seq))


def _only(names: Sequence[str] | None) -> tuple[str, dict[str, object]]:
    if names is None:
        return _PLAIN, {}
    if not names:
        return "1 = 0", {}
    told: dict[str, object] = {f"name_{place}": rows.clean(n) for place, n in enumerate(names)}
    return f"s.name IN ({', '.join(':' + each for each in told)})", told


def _by_series(found: Sequence[Row]) -> Iterator[list[Row]]:
    for _, some in groupby(found, key=lambda row: (row["node"], row["name"], row["attempt"])):
        yield list(some)


def _joined(parts: Sequence[Row]) -> Points:
    points = unpack(parts[0]["points"])
    for part in parts[1:]:
        points.extend(unpack(part["points"]))
    return points


def _metrics(run: str, parts: Sequence[Row]) -> Iterator[Metric]:
    first, points = parts[0], _joined(parts)
    columns = zip(points.told_steps(), points.values, points.times, strict=True)
    for seq, (step, value, time) in enumerate(columns):
        place = (run, first["node"], first["attempt"], seq, first["name"])
        yield Metric(*place, step, number(value), time)


def _curve(parts: Sequence[Row], most: int) -> Curve:
    first, drawn = parts[0], thinned(_joined(parts), most)
    return Curve(
        node=first["node"],
        attempt=first["attempt"],
        name=first["name"],
        count=sum(part["count"] for part in parts),
        steps=drawn.told_steps(),
        values=[number(value) for value in drawn.values],
        times=list(drawn.times),
    )
