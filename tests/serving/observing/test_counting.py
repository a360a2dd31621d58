"""What is counted adds up: in any order, in any pieces, from any number of writers."""

from __future__ import annotations

import json
import random
from collections import Counter
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from windlass.errors import ModelError
from windlass.models.profile import Profile
from windlass.models.tables import array_columns
from windlass.serving.exchange import Batch
from windlass.serving.observing import counting, joining, latency
from windlass.serving.observing.counting import Tally, count_rows
from windlass.serving.observing.counts import UNKNOWN, Counts
from windlass.serving.observing.inbox import Inbox
from windlass.serving.observing.joining import joined
from windlass.serving.observing.known import Known

from .making import batch, known, outputs, reference, request, rows

LAWS = settings(deadline=None, max_examples=40)
KNOWN = known()
_sizes = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=4), min_size=1, max_size=8)


def _counted(batches: list[Batch]) -> Counts:
    found = (count_rows(each, KNOWN)[0] for each in joined(batches, lambda _: 0.0))
    return reduce(Counts.__add__, found, Counts())


@LAWS
@given(_sizes, st.randoms(use_true_random=False))
def test_counts_of_parts_in_any_order_are_those_of_the_whole(
    sizes: list[list[int]], shuffle: random.Random
) -> None:
    batches = [batch(each, at=60.0, seed=place) for place, each in enumerate(sizes)]
    whole = _counted(batches)
    shuffle.shuffle(batches)
    cut = shuffle.randrange(len(batches) + 1)
    assert _counted(batches[:cut]) + _counted(batches[cut:]) == whole
    assert whole.requests == sum(map(len, sizes)) == whole.latency.sum()
    assert whole.rows == sum(map(sum, sizes))
    for name in KNOWN.columns:
        assert sum(whole.columns.get(name, [])) == whole.rows, name


@LAWS
@given(_sizes)
def test_rows_are_counted_as_the_profile_counts_a_table(sizes: list[list[int]]) -> None:
    batches = [batch(each, at=60.0, seed=place) for place, each in enumerate(sizes)]
    whole, profile = _counted(batches), reference()
    tables = [pd.DataFrame(each.inputs) for each in batches]
    told = [profile.count(t, dict(b.outputs)) for t, b in zip(tables, batches, strict=True)]
    want = reduce(Profile.__add__, told)
    for name, column in {**want.inputs, **want.outputs}.items():
        none = [0] * len(column.counts)
        assert list(whole.columns.get(name, none)) == column.counts.tolist(), name


@LAWS
@given(
    arrays(
        st.sampled_from(["f2", "f4", "f8"]),
        array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5),
        elements=st.floats(width=16) | st.sampled_from([-2.0, 0.0, 1.0]),
    )
)
def test_floating_numbers_are_counted_as_one_column_after_the_other(values: Any) -> None:
    draw = np.random.default_rng(0).normal(size=(50, *values.shape[1:]))
    some = Known.of(None, Profile.of({"x": draw})) if draw.size else Known()
    given_ = Batch("1", request("a", len(values), 1.0), {"x": values}, {})
    [(found, problems)] = [count_rows(each, some) for each in joined([given_], float)]
    want = {
        column.name: some.columns[column.name].anchors.count(column).tolist()
        for column in array_columns("x", values)
        if len(values) and column.name in some.columns
    }
    assert {name: each.tolist() for name, each in found.columns.items()} == want
    assert problems == {}


@LAWS
@given(_sizes)
def test_counts_come_back_from_json(sizes: list[list[int]]) -> None:
    found = _counted([batch(each, at=1.0, seed=place) for place, each in enumerate(sizes)])
    found += Counts(dropped=(1, 20), failures=Counter(busy=3))
    assert Counts.read(json.loads(json.dumps(found.document()))) == found


def test_a_batch_larger_than_a_piece_is_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _counted([batch([500], at=1.0)])
    monkeypatch.setattr(joining, "PIECE", 7)
    assert _counted([batch([500], at=1.0)]) == whole


def test_columns_of_other_bins_are_not_added() -> None:
    one = Counts(columns={"a": np.zeros(3, np.int64)})
    with pytest.raises(ModelError, match="'a' was counted in 3 bins, and in 4"):
        one + Counts(columns={"a": np.zeros(4, np.int64)})


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.array([1, 2, 2]), id="whole numbers"),
        pytest.param(np.array([1.0, 2.0, np.nan]), id="with missing ones"),
    ],
)
def test_categories_may_be_whole_numbers(values: Any) -> None:
    table = pd.DataFrame({"k": pd.Categorical([1, 1, 2, 3])})
    some = Known.of(None, Profile.of(table))
    given_ = Batch("1", request("a", 3, 1.0), {"k": values}, {})
    [found], _ = zip(*[count_rows(each, some) for each in joined([given_], float)], strict=True)
    twos, nulls = int((values == 2).sum()), int(pd.isna(values).sum())
    assert found.columns["k"].tolist() == [1, twos, 0, 0, nulls]


def test_what_cannot_be_counted_is_told_and_the_rest_is_counted() -> None:
    inputs = {**rows(3), "distance": np.array(["far", "near", "far"], object)}
    given_ = Batch("1", request("a", 3, 1.0), inputs, outputs(3))
    [(found, problems)] = [count_rows(each, KNOWN) for each in joined([given_], float)]
    assert "holds text" in problems["distance"]
    assert "distance" not in found.columns
    assert found.columns["hour"].sum() == 3


def test_versions_and_windows_are_counted_apart() -> None:
    # What is answered at 60 came before, and is counted in the window in which it was answered.
    batches = [batch([2], at=t, version=v) for t, v in [(10, "1"), (60, "1"), (71, "2"), (11, "1")]]
    found = {(each.version, each.began): each.rows for each in joined(batches, Inbox(60.0).began)}
    assert found == {("1", 0.0): 4, ("1", 60.0): 2, ("2", 60.0): 2}


def test_the_inbox_is_bounded_and_counts_what_it_drops() -> None:
    inbox = Inbox(60.0, most_rows=10)
    took = [inbox.put(batch([n], at=61.0)) for n in (50, 1)]
    assert took == [True, False]  # one that is alone finds room: it is in memory already
    assert inbox.take().dropped == {(60.0, "1"): (1, 1)}
    assert [inbox.put(batch([n], at=61.0)) for n in (5, 5, 1)] == [True, True, False]
    assert inbox.rows == 10
    assert inbox.totals["rows"] == 2


def test_failures_are_counted_however_many() -> None:
    inbox, tally = Inbox(60.0, most_rows=1), Tally(60.0)
    for _ in range(1000):
        inbox.fail("busy", 0.002)
    inbox.fail("error", 0.5)
    tally.add_taken(inbox.take())
    [(key, (counts, _))] = tally.unsaved().items()
    assert key[1] == UNKNOWN
    assert counts.failures == {"busy": 1000, "error": 1}
    assert counts.latency.sum() == 1001


def test_a_window_that_was_let_go_is_never_written_over() -> None:
    """What comes late is counted in the next one: the record has that window already."""
    tally = Tally(60.0)
    tally.add(0.0, 1, Counts(rows=5))
    tally.save({key: changes for key, (_, changes) in tally.unsaved().items()}, before=100.0)
    tally.add(0.0, 1, Counts(rows=2))
    assert {key: counts.rows for key, (counts, _) in tally.unsaved().items()} == {(60.0, 1): 2}


def test_windows_that_wait_for_the_record_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_CELLS", 5 * latency.CELLS)
    tally = Tally(60.0)
    for window in range(20):
        tally.add(window * 60.0, 1, Counts(rows=1))
        tally.add(window * 60.0, 1, Counts(rows=1))
    assert [key[0] for key in tally.unsaved()] == [at * 60.0 for at in range(15, 20)]
    assert tally.lost == 15
    tally.save(dict.fromkeys([(0.0, 1)], 2), before=0.0)  # what was given up while it was saved
    tally.add(0.0, 1, Counts(rows=1))  # it is not begun anew, which would replace what was saved
    assert [key[0] for key in tally.unsaved()] == [at * 60.0 for at in range(15, 20)]


def test_a_clock_that_was_wrong_for_a_moment_is_not_followed_for_ever() -> None:
    tally = Tally(60.0)
    tally.add(1e9, 1, Counts(rows=1))
    tally.save({key: changes for key, (_, changes) in tally.unsaved().items()}, before=2e9)
    tally.add(6000.0, 1, Counts(rows=5))
    assert {key: counts.rows for key, (counts, _) in tally.unsaved().items()} == {(6000.0, 1): 5}


@LAWS
@given(st.lists(st.floats(1e-6, 200), min_size=1, max_size=200), st.floats(0.01, 1))
def test_quantiles_of_latency_are_right_to_a_cell(seconds: list[float], share: float) -> None:
    counts = latency.count(seconds)
    assert counts.sum() == len(seconds)
    assert [latency.cell(each) for each in seconds] == np.searchsorted(
        latency.BOUNDS, seconds
    ).tolist()
    found = latency.quantile(counts, share)
    true = np.sort(seconds)[int(np.ceil(share * len(seconds) - 1e-9)) - 1]
    assert found is not None
    if latency.BOUNDS[0] < true <= latency.BOUNDS[-1]:
        assert true <= found * 1.0001
        assert found <= true * 1.19
    assert latency.quantile(counts * 0, 0.5) is None
