"""The short way to a model of ONNX gives what the long way gives, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from windlass.models.adapters.onnx_session import OnnxSession
from windlass.models.estimator import Predictor
from windlass.models.signature import Signature, signature_of
from windlass.serving.exchange import Columns, join, kind_of
from windlass.serving.quick import Quick, quick_way

onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
WIDTH = 3


def linear(inputs: list[Any], joined: list[Any]) -> bytes:
    """A classifier of numbers, after what joins its inputs."""
    from onnx import TensorProto, helper

    classify = helper.make_node(
        "LinearClassifier",
        ["x"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        coefficients=[0.3, -0.2, 0.1, -0.3, 0.2, -0.1],
        intercepts=[0.0, 0.1],
        classlabels_strings=["late", "on time"],
        post_transform="SOFTMAX",
    )
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.STRING, [None]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
    ]
    graph = helper.make_graph([*joined, classify], "g", inputs, outputs)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return bytes(model.SerializeToString())


def matrix_model() -> bytes:
    from onnx import TensorProto, helper

    return linear([helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, WIDTH])], [])


def column_model() -> bytes:
    """Two numbers, and a text that becomes one."""
    from onnx import TensorProto, helper

    told = {"a": TensorProto.DOUBLE, "b": TensorProto.INT64, "c": TensorProto.STRING}
    inputs = [helper.make_tensor_value_info(name, kind, [None, 1]) for name, kind in told.items()]
    encode = helper.make_node(
        "LabelEncoder",
        ["c"],
        ["coded"],
        domain="ai.onnx.ml",
        keys_strings=["AA", "UA"],
        values_floats=[1.0, 2.0],
    )
    casts = [helper.make_node("Cast", [n], [f"{n}f"], to=TensorProto.FLOAT) for n in "ab"]
    join = helper.make_node("Concat", ["af", "bf", "coded"], ["x"], axis=1)
    return linear(inputs, [encode, *casts, join])


def both(model: bytes, signature: Signature) -> tuple[Quick, Predictor]:
    predictor = Predictor(model)
    assert isinstance(predictor.adapter, OnnxSession)
    quick = quick_way(signature, predictor.adapter)
    assert quick is not None
    return quick, predictor


DRAW = np.random.default_rng(0)
TENSORS = signature_of(DRAW.normal(size=(50, WIDTH)).astype("f4"))
TABLE = pd.DataFrame(
    {
        "a": DRAW.normal(size=50),
        "b": DRAW.integers(-5, 5, 50),
        "c": DRAW.choice(["AA", "UA"], 50),
    }
)
COLUMNS = signature_of(TABLE)
NUMBERS = signature_of(pd.DataFrame(DRAW.normal(size=(50, WIDTH)), columns=["a", "b", "c"]))


def same(quick: Quick, predictor: Predictor, signature: Signature, inputs: Any) -> bool:
    """Whether the short way took it; fails if it gives something else than the long way."""
    found = quick.answer(inputs)
    if found is None:
        return False
    expected = predictor.outputs(signature.conform(inputs))
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)  # not-a-number where it is one
    return True


FLOATS = st.floats(-4, 4, width=32) | st.just(float("nan")) | st.floats(width=32)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(*[FLOATS] * WIDTH), min_size=0, max_size=4), st.sampled_from(["f4", "f8"])
)
def test_a_matrix(rows: list[Any], dtype: str) -> None:
    quick, predictor = both(matrix_model(), TENSORS)
    array = np.array(rows, dtype).reshape(-1, WIDTH)
    taken = same(quick, predictor, TENSORS, {"input": array})
    inside = len(array) and np.isfinite(array).all() and dtype == "f4"
    low, high = TENSORS.inputs.fields[0].low, TENSORS.inputs.fields[0].high  # type: ignore[attr-defined]
    assert taken == bool(inside and array.min() >= low and array.max() <= high)


ROWS = st.tuples(
    st.floats(-3, 3) | st.just(float("nan")),
    st.integers(-6, 6),
    st.sampled_from(["AA", "UA", "WN", None]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4), st.sampled_from(["i8", "i4", "f8"]))
def test_columns(rows: list[Any], dtype: str) -> None:
    quick, predictor = both(column_model(), COLUMNS)
    a, b, c = zip(*rows, strict=True)
    texts = np.empty(len(c), object)
    texts[:] = c
    inputs = {"a": np.array(a, "f8"), "b": np.array(b, dtype), "c": texts}
    taken = same(quick, predictor, COLUMNS, inputs)
    fits = not np.isnan(a).any() and set(c) <= {"AA", "UA"} and dtype != "f8"
    fits = fits and TABLE.a.min() <= min(a) and max(a) <= TABLE.a.max()
    assert taken == bool(fits and TABLE.b.min() <= min(b) and max(b) <= TABLE.b.max())


def test_columns_that_are_a_matrix() -> None:
    quick, predictor = both(matrix_model(), NUMBERS)
    inputs = {name: np.array([0.1, 0.2]) for name in "abc"}
    assert same(quick, predictor, NUMBERS, inputs)
    assert same(quick, predictor, NUMBERS, {**inputs, "b": np.array([0, 1])})
    assert not same(quick, predictor, NUMBERS, {**inputs, "b": np.array([True, False])})
    assert not same(quick, predictor, NUMBERS, {**inputs, "more": inputs["a"]})
    assert not same(quick, predictor, NUMBERS, {name: inputs[name] for name in "ab"})


CELLS = st.floats(-4, 4) | st.just(float("nan")) | st.floats()
GRID = st.integers(0, 4).flatmap(
    lambda n: st.lists(st.tuples(*[CELLS] * WIDTH), min_size=n, max_size=n)
)
MIXED = signature_of(
    pd.DataFrame(DRAW.normal(size=(50, WIDTH)), columns=["a", "b", "c"]).assign(
        b=DRAW.integers(-5, 5, 50)
    )
)
SINGLE = signature_of(
    pd.DataFrame(DRAW.normal(size=(50, WIDTH)).astype("f4"), columns=["a", "b", "c"])
)


@settings(max_examples=150, deadline=None)
@given(GRID, st.sampled_from(["f8", "f4", "i8"]), st.booleans(), st.sampled_from("abc"))
def test_a_table_of_numbers_is_read_at_once(
    rows: list[Any], dtype: str, whole: bool, kind: str
) -> None:
    signature = {"a": NUMBERS, "b": MIXED, "c": SINGLE}[kind]
    quick, predictor = both(matrix_model(), signature)
    array = np.array(rows, "f8").reshape(-1, WIDTH)
    if dtype == "i8":
        array = np.clip(np.nan_to_num(array), -(2.0**62), 2.0**62)
    with np.errstate(over="ignore"):
        array = array.astype(dtype)
    inputs: Any = Columns({"a": 0, "b": 1, "c": 2}, array)
    taken = same(quick, predictor, signature, inputs if whole else dict(inputs))
    finite = np.isfinite(array).all() and len(array)
    holds = abs(array).max(initial=0) <= (2**53 if dtype == "i8" else 3e38)
    if not finite or (kind == "b" and dtype != "i8"):
        assert not taken
    elif holds:
        assert taken


def test_columns_of_a_matrix_are_joined_as_such() -> None:
    places = {"a": 0, "b": 1}
    first, second = np.arange(4.0).reshape(2, 2), np.arange(6.0).reshape(3, 2)
    found = join([Columns(places, first), Columns(dict(places), second)])
    assert isinstance(found, Columns)
    assert found.matrix.tolist() == [*first.tolist(), *second.tolist()]
    turned = join([Columns(places, first), Columns({"b": 0, "a": 1}, second)])
    assert turned["a"].tolist() == [0.0, 2.0, 1.0, 3.0, 5.0]
    kinds = {kind_of(Columns(places, first)), kind_of(Columns(dict(places), second))}
    assert len(kinds) == 1
    assert kind_of(Columns(places, first.astype("f4"))) not in kinds
    assert kind_of(Columns({"b": 0, "a": 1}, first)) not in kinds


def test_other_models_have_only_the_long_way(tmp_path: Path) -> None:
    assert quick_way(None, Predictor(matrix_model()).adapter) is None
    assert quick_way(TENSORS, object()) is None
