"""Golden examples cover what there is, come back exactly, and find what has changed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import ModelError
from windlass.models.golden import ROWS, Golden, replay
from windlass.models.tables import rows_of, take

from .tables import LAWS, same, tables

RNG = np.random.default_rng(0)
N = 3000
HOLDOUT = pd.DataFrame(
    {
        "distance": RNG.normal(1000, 300, N),
        "delay": np.where(RNG.random(N) < 0.01, np.nan, RNG.normal(size=N)),
        "carrier": pd.Categorical(RNG.choice(list("ABCDEFGH"), N)),
        "origin": RNG.choice(["JFK", "LGA", "EWR"], N),
        "weekend": RNG.random(N) < 0.3,
        "day": pd.Timestamp("2013-01-01") + pd.to_timedelta(RNG.integers(0, 365, N), "D"),
    }
)
PROBA = RNG.random(N)
OUTPUTS: dict[str, Any] = {
    "predict": np.where(PROBA > 0.9, "late", "ok").astype(object),
    "predict_proba": np.column_stack([PROBA, 1 - PROBA]),
}
GOLDEN = Golden.of(HOLDOUT, OUTPUTS)


def _read_again(golden: Golden) -> Golden:
    return Golden.read(json.loads(json.dumps(golden.document(), allow_nan=False)))


def _set(golden: Golden) -> set[tuple[str, ...]]:
    return {tuple(map(repr, row)) for row in golden.inputs.itertuples(index=False)}


@LAWS
@given(tables)
def test_examples_come_back_exactly(table: Any) -> None:
    rows = rows_of(table)
    outputs = {"predict": np.arange(rows), "predict_proba": np.full((rows, 2), 1 / 3, "f4")}
    golden = Golden.of(table, outputs)
    again = _read_again(golden)
    same(again.inputs, golden.inputs)
    assert again.reasons == golden.reasons
    for name, array in golden.outputs.items():
        assert again.outputs[name].dtype == array.dtype
        np.testing.assert_array_equal(again.outputs[name], array)
    assert again.document() == golden.document()


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, np.nan, np.inf]], "f4"),
        np.array([1, 2**63], "u8"),
        np.array([True, False]),
        np.array(["a", "b"]),
        np.array(["a", "b"], object),
        RNG.random((3, 2, 2)),
    ],
)
def test_arrays_come_back_exactly(array: Any) -> None:
    for inputs in (array, {"image": array}):
        golden = Golden.of(inputs, {"predict": array})
        again = _read_again(golden)
        found = again.inputs["image"] if isinstance(inputs, dict) else again.inputs
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, again.outputs["predict"])


def test_they_cover_the_input_space() -> None:
    table, outputs = GOLDEN.inputs, GOLDEN.outputs
    assert len(GOLDEN) == len(table) == ROWS
    for name in ("distance", "delay", "day"):
        assert table[name].min() == HOLDOUT[name].min()
        assert table[name].max() == HOLDOUT[name].max()
    assert table["delay"].isna().any()
    for name in ("carrier", "origin", "weekend"):
        assert set(table[name]) == set(HOLDOUT[name])
    assert set(outputs["predict"]) == {"late", "ok"}
    assert outputs["predict_proba"].min() == OUTPUTS["predict_proba"].min()
    assert any(not reasons for reasons in GOLDEN.reasons)
    assert any("lowest distance" in reasons for reasons in GOLDEN.reasons)


def test_the_outputs_are_those_of_the_rows() -> None:
    for at, distance in enumerate(GOLDEN.inputs["distance"]):
        row = int(np.flatnonzero(HOLDOUT["distance"] == distance)[0])
        assert GOLDEN.outputs["predict"][at] == OUTPUTS["predict"][row]


def test_the_choice_is_that_of_the_rows_and_not_of_their_order() -> None:
    order = RNG.permutation(N)
    shuffled = Golden.of(HOLDOUT.iloc[order], {name: each[order] for name, each in OUTPUTS.items()})
    assert _set(shuffled) == _set(GOLDEN)
    assert shuffled.document()["inputs"] == GOLDEN.document()["inputs"]
    assert _set(Golden.of(HOLDOUT, OUTPUTS, seed=1)) != _set(GOLDEN)


@LAWS
@given(tables, st.randoms(use_true_random=False))
def test_no_two_examples_are_the_same(table: Any, chance: Any) -> None:
    rows = np.array([chance.randrange(rows_of(table)) for _ in range(30)])
    table = take(table, rows)
    golden = Golden.of(table, {"predict": rows})
    found = golden.inputs if isinstance(golden.inputs, pd.DataFrame) else golden.inputs.to_pandas()
    texts = [
        (*map(repr, row), label)
        for row, label in zip(found.itertuples(index=False), golden.outputs["predict"], strict=True)
    ]
    assert len(set(texts)) == len(texts)


def test_more_wishes_than_rows_are_covered_as_far_as_it_goes() -> None:
    table = pd.DataFrame({f"x{number}": RNG.normal(size=500) for number in range(60)})
    golden = Golden.of(table, {"predict": RNG.normal(size=500)}, rows=20)
    assert len(golden) == 20
    assert sum(not reasons for reasons in golden.reasons) == 8
    assert "highest predict" in [word for reasons in golden.reasons for word in reasons]


@pytest.mark.parametrize("rows", [1, 3])
def test_few_rows_are_all_there_is(rows: int) -> None:
    golden = Golden.of(HOLDOUT.iloc[:rows], {"predict": PROBA[:rows]})
    assert len(golden) == rows


def test_a_million_categories_do_not_fill_the_examples() -> None:
    names = [f"n{number}" for number in range(20_000)]
    table = pd.DataFrame({"kind": pd.Categorical(names), "constant": 1.0, "nothing": np.nan})
    golden = Golden.of(table, {"predict": np.zeros(20_000)})
    assert len(golden) == ROWS
    again = _read_again(golden)
    assert again.inputs["kind"].tolist() == golden.inputs["kind"].tolist()
    assert len(again.inputs["kind"].cat.categories) == ROWS


def test_nothing_to_choose_from_is_refused() -> None:
    with pytest.raises(ModelError, match="there are no rows"):
        Golden.of(HOLDOUT.iloc[:0], {"predict": []})
    with pytest.raises(ModelError, match=r"predict is of the shape \(2,\), and there are 3,000"):
        Golden.of(HOLDOUT, {"predict": [1, 2]})


def _outputs(**changed: Any) -> Any:
    return lambda _: {**GOLDEN.outputs, **changed}


def test_a_replay_of_the_same_finds_nothing() -> None:
    assert replay(GOLDEN, _outputs()) == []
    again = _read_again(GOLDEN)
    same(again.inputs, GOLDEN.inputs)
    assert replay(again, lambda table: {**GOLDEN.outputs, "rows": len(table)}) == []
    nearly = GOLDEN.outputs["predict_proba"] + 1e-9
    assert replay(GOLDEN, _outputs(predict_proba=nearly)) == []


def test_a_replay_tells_each_row_that_differs() -> None:
    changed = GOLDEN.outputs["predict"].copy()
    changed[3] = "early"
    (difference,) = replay(GOLDEN, _outputs(predict=changed))
    assert (difference.row, difference.found) == (3, "early")
    assert difference.expected == GOLDEN.outputs["predict"][3]
    why = GOLDEN.reasons[3][0]
    assert str(difference).startswith(f"row 3 ({why}")
    assert str(difference).endswith(f": predict is 'early', and was {difference.expected!r}")
    proba = GOLDEN.outputs["predict_proba"].copy()
    proba[[1, 5], 0] += 1e-3
    assert [each.row for each in replay(GOLDEN, _outputs(predict_proba=proba))] == [1, 5]
    assert replay(GOLDEN, _outputs(predict_proba=proba), tolerance=0.01) == []


@pytest.mark.parametrize(
    ("expected", "found", "differ"),
    [
        ([np.nan], [np.nan], 0),
        ([np.inf], [np.inf], 0),
        ([np.inf], [-np.inf], 1),
        ([np.nan], [1.0], 1),
        ([1e12], [1e12 + 1], 0),
        ([0.0], [1e-7], 0),
        ([1], [2], 1),
        ([1], [1.0], 0),
        (["1"], [1], 1),
    ],
)
def test_what_counts_as_the_same(expected: Any, found: Any, differ: int) -> None:
    golden = Golden.of(np.zeros((1, 1)), {"predict": np.array(expected)})
    differences = replay(golden, lambda _: {"predict": np.array(found)})
    assert len(differences) == differ


def test_another_shape_is_an_error_and_no_difference() -> None:
    with pytest.raises(ModelError, match=r"predict is of the shape \(1,\), and was \(40,\)"):
        replay(GOLDEN, _outputs(predict=np.array([1])))
    with pytest.raises(ModelError, match="does not give 'predict' any more"):
        replay(GOLDEN, lambda _: {})
