"""Profiles are exact counts: they add up, whatever the order, and tell how far data has moved."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from windlass.errors import ModelError
from windlass.models.bins import BINS, TOP, CategoryBins, NumberBins
from windlass.models.profile import Profile, ProfileLike

from .tables import LAWS, pandas_tables, tables

RNG = np.random.default_rng(0)
_numbers = st.lists(
    st.floats() | st.sampled_from([0.0, 1.0, np.inf, -np.inf, np.nan]), max_size=300
)


def _one(values: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": np.asarray(values, "f8")})


def _counts(profile: Profile) -> list[int]:
    return profile.inputs["x"].counts.tolist()  # type: ignore[no-any-return]


@LAWS
@given(tables)
def test_every_row_is_counted_once(table: Any) -> None:
    profile = Profile.of(table, {"predict": np.arange(len(table))})
    assert {each.rows for each in profile.inputs.values()} == {len(table)}
    assert profile.outputs["predict"].rows == len(table)
    assert profile.count(table).inputs == profile.inputs
    missing = table.isna() if isinstance(table, pd.DataFrame) else table.to_pandas().isna()
    for name, each in profile.inputs.items():
        assert each.nulls == missing[name].sum()


@LAWS
@given(tables)
def test_a_profile_comes_back_from_its_document(table: Any) -> None:
    profile = Profile.of(table, {"predict_proba": np.full((len(table), 2), 0.5)})
    text = json.dumps(profile.document(), allow_nan=False)
    assert Profile.read(json.loads(text)) == profile


@LAWS
@given(pandas_tables, st.data())
def test_parts_add_up_to_the_whole_in_any_order(table: pd.DataFrame, data: st.DataObject) -> None:
    profile = Profile.of(table)
    places = data.draw(st.lists(st.integers(0, 2), min_size=len(table), max_size=len(table)))
    one, two, three = (profile.count(table[np.array(places) == n]) for n in range(3))
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one + two + three == profile
    assert one + profile.empty() == one


@LAWS
@given(_numbers, _numbers)
def test_bins_are_right_closed_and_at_the_quantiles(reference: Any, data: Any) -> None:
    profile = Profile.of(_one(reference))
    anchors = profile.inputs["x"].anchors
    assert isinstance(anchors, NumberBins)
    assert len(anchors.edges) <= BINS
    finite = [each for each in reference if np.isfinite(each)]
    if not finite:
        assert anchors == NumberBins(None, ())
        return
    assert anchors.low == min(finite)
    assert anchors.edges[-1] == max(finite)
    values, edges = np.array(data), [anchors.low, *anchors.edges]
    spans = pairwise(edges)
    inside = [int(((values > left) & (values <= right)).sum()) for left, right in spans]
    inside[0] += int((values == anchors.low).sum())  # the first bin has its left end too
    ends = int((values < anchors.low).sum()), int((values > edges[-1]).sum())
    nulls = int(np.isnan(values).sum())
    assert _counts(profile.count(_one(data))) == [ends[0], *inside, ends[1], nulls]


def test_bins_of_distinct_numbers_hold_as_many() -> None:
    counts = _counts(Profile.of(_one(RNG.normal(size=BINS * 10))))
    assert counts == [0, *[10] * BINS, 0, 0]


@pytest.mark.parametrize(
    ("values", "edges", "counts"),
    [
        ([7.0] * 5, [7.0], [0, 5, 0, 0]),
        ([np.nan] * 3, [], [0, 0, 3]),
        ([-np.inf, 1.0, 2.0, np.inf, np.nan], [1.0, 2.0], [1, 1, 1, 1, 1]),
        ([], [], [0, 0, 0]),
        ([4.0], [4.0], [0, 1, 0, 0]),
    ],
)
def test_few_values_have_few_bins(values: Any, edges: list[float], counts: list[int]) -> None:
    profile = Profile.of(_one(values))
    anchors = profile.inputs["x"].anchors
    assert isinstance(anchors, NumberBins)
    assert list(anchors.edges) == edges
    assert _counts(profile) == counts
    assert len(anchors.cell_names()) == anchors.cells == len(counts)


def test_frequent_values_have_bins_of_their_own() -> None:
    """Half of the values are zero: the distribution is known exactly there."""
    values = np.concatenate([np.zeros(500), RNG.exponential(size=500)])
    profile = Profile.of(_one(values))
    assert _counts(profile)[1] == 500


def test_categories_beyond_the_most_frequent_are_the_rest() -> None:
    names = [f"n{number:03}" for number in range(TOP + 36) for _ in range(1 + (number < TOP))]
    profile = Profile.of(pd.DataFrame({"x": [*names, None]}))
    assert _counts(profile) == [*[2] * TOP, 36, 1]
    assert profile.inputs["x"].anchors.cell_names()[:2] == ["'n000'", "'n001'"]
    assert _counts(profile.count(pd.DataFrame({"x": ["new", "n001", None]}))) == [
        *[0, 1, *[0] * (TOP - 2)],
        *[1, 1],
    ]


def test_true_and_one_are_two_categories() -> None:
    table = pd.DataFrame({"x": pd.Categorical([1, 1, 2])})
    flags = pd.DataFrame({"x": [True, True, False]})
    assert _counts(Profile.of(table).count(flags)) == [0, 0, 3, 0]
    assert _counts(Profile.of(flags)) == [2, 1, 0, 0]


def test_a_million_categories_are_a_few_counts() -> None:
    names = pd.Series([f"n{number}" for number in range(1_000_000)])
    profile = Profile.of(pd.DataFrame({"x": names}))
    assert _counts(profile) == [*[1] * TOP, 1_000_000 - TOP, 0]


def test_predictions_are_counted_too() -> None:
    table = pd.DataFrame({"x": [1.0, 2.0]})
    outputs = {"predict": np.array(["late", "ok"]), "predict_proba": np.array([[1, 0], [0.5, 0.5]])}
    profile = Profile.of(table, outputs)
    assert list(profile.outputs) == ["predict", "predict_proba[0]", "predict_proba[1]"]
    assert isinstance(profile.outputs["predict"].anchors, CategoryBins)
    alone = profile.count_outputs(outputs)
    assert alone.outputs == profile.outputs
    assert alone.inputs["x"].rows == 0
    assert profile.count(table) + alone == profile


def test_arrays_have_profiles_by_their_columns() -> None:
    array = RNG.random((50, 3))
    profile = Profile.of(array)
    assert list(profile.inputs) == ["input[0]", "input[1]", "input[2]"]
    assert profile.count(array) == profile
    images = Profile.of({"image": RNG.random((5, 4, 4))})
    assert images.inputs["image"].rows == 80


def test_profiles_of_other_anchors_do_not_add_up() -> None:
    one, other = (Profile.of(_one(RNG.normal(size=100))) for _ in range(2))
    for together in (lambda: one + other, lambda: one.distances(other)):
        with pytest.raises(ModelError, match="profiles of 'x' were counted in different bins"):
            together()
    with pytest.raises(ModelError, match="two profiles of different columns"):
        one + Profile.of(_one([1]).rename(columns={"x": "y"}))


def test_what_cannot_be_counted_is_refused() -> None:
    profile = Profile.of(pd.DataFrame({"x": [1.0], "k": ["a"]}), {"predict": [1]})
    with pytest.raises(ModelError, match="the column 'x' holds text, and held numbers"):
        profile.count(pd.DataFrame({"x": ["a"], "k": ["a"]}))
    with pytest.raises(ModelError, match="the column 'k' holds numbers, and held categories"):
        profile.count(pd.DataFrame({"x": [1.0], "k": [1.0]}))
    with pytest.raises(ModelError, match="no column 'k'"):
        profile.count(pd.DataFrame({"x": [1.0]}))
    with pytest.raises(ModelError, match="the output 'predict' is missing"):
        profile.count_outputs({})
    with pytest.raises(ModelError, match="of the kind 'sound', which is not known here"):
        Profile.read({"inputs": [{"name": "x", "kind": "sound"}], "outputs": []})


def test_the_same_data_in_another_library_has_the_same_counts() -> None:
    table = pd.DataFrame({"x": RNG.normal(size=9), "k": ["a", "b", None] * 3, "b": [True] * 9})
    profile: ProfileLike = Profile.of(table)
    assert profile.count(pl.from_pandas(table)) == profile


def _distances(reference: Any, data: Any) -> Any:
    profile = Profile.of(_one(reference))
    return profile.distances(profile.count(_one(data)))["x"]


def test_the_same_data_is_at_no_distance() -> None:
    values = RNG.normal(size=1000)
    found = _distances(values, values)
    assert (found.psi, found.jensen_shannon, found.total_variation, found.ks) == (0, 0, 0, 0)
    assert found.document()["rows"] == [1000, 1000]


def test_data_that_shares_no_cell_is_as_far_as_can_be() -> None:
    found = _distances(RNG.random(1000), RNG.random(1000) + 5)
    assert found.jensen_shannon == found.total_variation == found.ks == 1
    assert found.psi > 5


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
def test_distances_are_those_of_scipy(shift: float) -> None:
    reference, data = RNG.normal(size=4000), RNG.normal(size=3000) + shift
    profile = Profile.of(_one(reference))
    counts = [each.inputs["x"].counts for each in (profile, profile.count(_one(data)))]
    found = _distances(reference, data)
    assert found.jensen_shannon == pytest.approx(jensenshannon(*counts, base=2))
    true = ks_2samp(reference, data).statistic
    assert true - 1 / BINS <= found.ks <= true + 1e-12
    p, q = ((each + 0.5) / (each.sum() + 0.5 * len(each)) for each in counts)
    assert found.psi == pytest.approx(sum((p - q) * np.log(p / q)))


@LAWS
@given(st.lists(st.integers(0, 50), min_size=2, max_size=40), st.data())
def test_distances_are_symmetric_and_within_bounds(counts: list[int], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.integers(0, 50), min_size=len(counts), max_size=len(counts)))
    reference = Profile.of(_one(np.arange(len(counts) - 2.0))).inputs["x"]
    if reference.anchors.cells != len(counts) + 1:
        return
    one, other = (
        type(reference)("x", reference.anchors, np.array([*each, 3])) for each in (counts, others)
    )
    there, back = one.distances(other), other.distances(one)
    assert there.psi == pytest.approx(back.psi)
    assert there.psi is not None
    assert there.jensen_shannon is not None
    assert there.total_variation is not None
    assert there.psi >= 0
    assert 0 <= there.jensen_shannon <= 1
    assert 0 <= there.total_variation <= 1
    if there.ks is not None:
        assert 0 <= there.ks <= 1


def test_without_rows_there_is_no_distance() -> None:
    found = _distances([1.0, 2.0], [])
    assert (found.psi, found.ks, found.rows) == (None, None, (2, 0))
    nulls = _distances([1.0, 2.0], [np.nan])
    assert nulls.ks is None
    assert nulls.total_variation == 1


def test_categories_have_no_order_and_no_ks() -> None:
    profile = Profile.of(pd.DataFrame({"k": ["a", "b"]}))
    assert profile.distances(profile)["k"].ks is None
