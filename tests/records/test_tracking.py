"""What steps log, in the record: told in any portions, it comes to the same."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass.records import Records
from windlass.records.model import Run
from windlass.records.points import PART, Points
from windlass.records.tracked import Logged, Series

from .making import artifact, begin, new_run, outcome, points, series

VALUES = st.lists(st.floats(), min_size=1, max_size=40)


def state(records: Records, run: Run) -> tuple[Any, ...]:
    summary = records.summaries([run.id])[run.id]
    metrics = [(m.node, m.attempt, m.name, m.seq, m.step, m.value) for m in records.metrics(run.id)]
    return repr(summary), sorted(metrics, key=repr)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=VALUES, cuts=st.lists(st.integers(0, 40), max_size=5))
def test_told_bit_by_bit_twice_or_at_once_is_the_same(
    local: Records, values: list[float], cuts: list[int]
) -> None:
    """As by a flush while it runs, by the outcome, and by whoever drives the run after a death."""
    whole, parts = (local.create_run(new_run()) for _ in range(2))
    told = points(*values)
    local.add_series([Series(whole.id, "n", 1, "loss", told)])
    done = 0
    for cut in [*sorted(cuts), len(values)]:
        new = told[done:cut]
        if len(new):
            local.add_series([Series(parts.id, "n", 1, "loss", new, before=done)])
            local.add_series([Series(parts.id, "n", 1, "loss", new, before=done)])
        done = max(done, min(cut, len(values)))
        local.add_series([Series(parts.id, "n", 1, "loss", told[:done])] if done else [])
    assert state(local, parts) == state(local, whole)
    (summary,) = local.summaries([parts.id])[parts.id].values()
    numbers = [value for value in values if not math.isnan(value)]
    assert (summary.count, summary.series) == (len(values), 1)
    assert (summary.low, summary.high) == (min(numbers, default=None), max(numbers, default=None))
    assert summary.last == (None if math.isnan(values[-1]) else values[-1])


def test_summaries_are_of_all_nodes_and_the_newest_is_last(records: Records) -> None:
    run = records.create_run(new_run())
    records.add_series([series(run, "train[1]", "auc", 0.9, time=50.0)])
    records.add_series([series(run, "train[0]", "auc", 0.5, 0.7, time=10.0)])
    records.add_series([series(run, "train[0]", "system/cpu", 1.0)])
    (found,) = records.summaries([run.id])[run.id].values()
    assert (found.last, found.low, found.high, found.node) == (0.9, 0.5, 0.9, "train[1]")
    assert (found.count, found.series) == (3, 2)
    told = [(last.node, last.name, last.value) for last in records.last_values(run.id)]
    assert told == [("train[0]", "auc", 0.7), ("train[1]", "auc", 0.9)]


def test_a_curve_of_many_points_is_thinned_exactly(records: Records) -> None:
    run = records.create_run(new_run())
    values = [math.sin(at / 900) for at in range(5 * PART + 7)]
    values[12_345], values[6_789] = 99.0, -99.0
    records.add_series([Series(run.id, "n", 1, "loss", points(*values))])
    rows = records.execute("SELECT part, count FROM series ORDER BY part")
    assert [row["count"] for row in rows] == [PART] * 5 + [7]
    (curve,) = records.curves(run.id, points=200)
    assert len(curve.values) <= 200
    assert curve.count == len(values)
    assert (curve.values[0], curve.values[-1]) == (values[0], values[-1])
    for value, step in ((99.0, 12_345), (-99.0, 6_789)):
        assert curve.steps[curve.values.index(value)] == step
    (whole,) = records.curves(run.id, points=10**6)
    assert whole.values == values


def test_of_several_attempts_the_last_is_drawn(records: Records) -> None:
    run = records.create_run(new_run())
    for attempt in (1, 2):
        records.add_series([series(run, "n", "loss", *[float(attempt)] * 3, attempt=attempt)])
    (curve,) = records.curves(run.id)
    assert (curve.attempt, curve.values) == (2, [2.0] * 3)
    assert len(records.metrics(run.id)) == 6


def test_the_machines_own_are_drawn_where_they_are_asked_for(records: Records) -> None:
    run = records.create_run(new_run())
    records.add_series([series(run, "n", name, 1.0) for name in ("system/cpu", "loss")])
    assert [curve.name for curve in records.curves(run.id)] == ["loss"]
    assert [curve.name for curve in records.curves(run.id, ["system/cpu"])] == ["system/cpu"]
    assert records.curves(run.id, []) == []
    assert [metric.name for metric in records.metrics(run.id)] == ["loss"]


def test_a_cached_node_has_what_it_logged_when_it_was_computed(records: Records) -> None:
    first, second = (records.create_run(new_run()) for _ in range(2))
    told = [series(first, "n", "auc", 0.5, 0.8), series(first, "n", "system/cpu", 1.0)]
    made = artifact("figure")
    logged = Logged(first.id, "n", 1, 0, "curve", "figure", made.content, None, 2.0)
    records.commit_outcome(
        outcome(first, "n", key="k", series=tuple(told), logged=(logged,), artifacts=(made,))
    )
    had = outcome(second, "n_2", key="k", cached=True, origin_run=first.id, origin_node="n")
    for _ in range(2):
        records.commit_outcomes([had])
    found = records.summaries([second.id])[second.id]
    assert {name: (each.last, each.node) for name, each in found.items()} == {"auc": (0.8, "n_2")}
    assert [(c.node, c.values) for c in records.curves(second.id)] == [("n_2", [0.5, 0.8])]
    assert [c.node for c in records.curves(second.id, node="n_2")] == ["n_2"]
    assert records.curves(second.id, node="n") == []
    assert [(m.run, m.node) for m in records.metrics(second.id)] == [(second.id, "n_2")] * 2
    (shown,) = records.logged(second.id)
    assert (shown.run, shown.node, shown.name, shown.artifact) == (second.id, "n_2", "curve", made)
    assert [r.id for r in records.find_runs("metrics.auc = 0.8")] == [second.id, first.id]


def test_what_was_logged_goes_with_its_run_and_not_before(records: Records) -> None:
    run, other = (records.create_run(new_run()) for _ in range(2))
    made = artifact("table")
    assert begin(records, run, "n")
    logged = Logged(run.id, "n", 1, 0, "scores", "table", made.content, 3, 2.0)
    records.add_logged([logged], [made])
    records.add_logged([logged], [made])
    records.add_series([series(each, "n", "loss", 1.0) for each in (run, other)])
    assert [(each.name, each.step) for each in records.logged(run.id)] == [("scores", 3)]
    with records.write():
        assert records.remove_artifacts() == 0
        records.remove_runs([records.run_by_id(run.id)])
        assert records.remove_artifacts() == 1
    assert records.logged(run.id) == []
    assert records.curves(run.id) == []
    assert records.summaries([run.id, other.id])[run.id] == {}
    assert len(records.curves(other.id)) == 1


def test_a_figure_is_followed_to_the_step_that_logged_it(records: Records) -> None:
    run = records.create_run(new_run())
    made = artifact("figure")
    logged = Logged(run.id, "n", 1, 0, "curve", "figure", made.content, None, 2.0)
    told = outcome(run, "n", reads=("data",), logged=(logged,), artifacts=(made,))
    records.save_artifacts([artifact("data")])
    assert records.commit_outcome(told)
    found = records.lineage(made.content)
    assert [(edge.node, edge.name) for edge in found.made] == [("n", "curve")]
    assert [edge.name for edge in found.read] == ["x"]


def test_the_points_of_a_flush_survive_a_reopening(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    with contextlib.closing(Records.open(path)) as records:
        run = records.create_run(new_run())
        records.add_series([series(run, "n", "loss", 1.0, 2.0)])
    with contextlib.closing(Records.open(path)) as records:
        assert [metric.value for metric in records.metrics(run.id)] == [1.0, 2.0]


def test_no_points_are_no_series(records: Records) -> None:
    run = records.create_run(new_run())
    records.add_series([Series(run.id, "n", 1, "loss", Points())])
    assert records.curves(run.id) == []
    assert records.summaries([run.id]) == {run.id: {}}


@pytest.mark.parametrize("name", ["a\0b", "\udc80"])
def test_odd_names_are_found_as_they_are_shown(records: Records, name: str) -> None:
    run = records.create_run(new_run())
    records.add_series([series(run, "n", name, 1.0)])
    (curve,) = records.curves(run.id)
    assert [each.name for each in records.curves(run.id, [name])] == [curve.name]
