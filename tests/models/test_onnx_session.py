"""Models of ONNX are run by onnxruntime, and asked like any other."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import psutil
import pytest

from windlass.errors import ModelError
from windlass.models.estimator import Predictor, facts_of

onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
helper = onnx.helper
FLOAT, STRING, INT64 = (getattr(onnx.TensorProto, name) for name in ("FLOAT", "STRING", "INT64"))
TABLE = pd.DataFrame({"a": [1.0, -1.0, 0.5], "b": [0.0, 2.0, -3.0]})


@pytest.fixture(autouse=True)
def _runtime(request: pytest.FixtureRequest) -> None:
    if "without" not in request.node.name:
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def _model(nodes: list[Any], inputs: list[Any], outputs: list[Any], **weights: Any) -> Any:
    held = [onnx.numpy_helper.from_array(np.array(w, "f4"), name) for name, w in weights.items()]
    graph = helper.make_graph(nodes, "model", inputs, outputs, held)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


@pytest.mark.parametrize(("told", "more"), [(None, 0), ("3", 2), ("many", 0)])
def test_it_computes_in_as_many_threads_as_it_is_told(
    told: str | None, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default it would take a thread for each core of the machine, and sum in another order."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    model = _classifier({"classlabels_ints": [0, 1]}, INT64)
    held = [Predictor(model)]  # what the library itself starts is there by now
    before = psutil.Process().num_threads()
    held.append(Predictor(model))
    assert psutil.Process().num_threads() - before == more


def _tensor(name: str, kind: int, *shape: Any) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def _classifier(labels: dict[str, Any], label: int, zipmap: bool = False) -> Any:
    """The sign of the first column decides."""
    made = helper.make_node(
        "LinearClassifier",
        ["X"],
        ["label", "scores" if zipmap else "probabilities"],
        domain="ai.onnx.ml",
        coefficients=[-1.0, 0.0, 1.0, 0.0],
        intercepts=[0.0, 0.0],
        post_transform="SOFTMAX",
        **labels,
    )
    inputs, outputs = [_tensor("X", FLOAT, None, 2)], [_tensor("label", label, None)]
    if not zipmap:
        return _model([made], inputs, [*outputs, _tensor("probabilities", FLOAT, None, 2)])
    mapped = helper.make_node(
        "ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml", **labels
    )
    kind = helper.make_map_type_proto(STRING, helper.make_tensor_type_proto(FLOAT, []))
    told = helper.make_value_info("probabilities", helper.make_sequence_type_proto(kind))
    return _model([made, mapped], inputs, [*outputs, told])


def _network(last: str | None, width: int) -> Any:
    nodes = [helper.make_node("MatMul", ["X", "W"], ["Y" if last else "Z"])]
    nodes += [helper.make_node(last, ["Y"], ["Z"])] if last else []
    inputs, outputs = [_tensor("X", FLOAT, None, 2)], [_tensor("Z", FLOAT, None, width)]
    return _model(nodes, inputs, outputs, W=np.arange(2 * width).reshape(2, width) - 1)


@pytest.mark.parametrize("zipmap", [False, True])
def test_a_classifier_tells_its_labels(zipmap: bool) -> None:
    model = _classifier({"classlabels_strings": ["no", "yes"]}, STRING, zipmap)
    for given in (model, model.SerializeToString()):
        facts = facts_of(given)
        assert (facts.task, facts.classes, facts.width) == ("classification", ("no", "yes"), 2)
        outputs = Predictor(given).outputs(TABLE)
        assert outputs["predict"].tolist() == ["yes", "no", "yes"]
        expected = 1 / (1 + np.exp(-2 * TABLE["a"]))
        np.testing.assert_allclose(outputs["predict_proba"][:, 1], expected, atol=1e-6)
        np.testing.assert_array_equal(
            Predictor(given).predict(TABLE.to_numpy()), outputs["predict"]
        )


def test_labels_may_be_whole_numbers() -> None:
    predictor = Predictor(_classifier({"classlabels_ints": [3, 7]}, INT64))
    assert predictor.facts.classes == (3, 7)
    assert predictor.predict(pl.from_pandas(TABLE)).tolist() == [7, 3, 7]


def test_a_network_is_told_what_it_does() -> None:
    assert Predictor(_network(None, 1)).predict(TABLE).tolist() == [-1, 1, -0.5]
    proba = Predictor(_network("Softmax", 3), task="classification").predict_proba(TABLE)
    logits = Predictor(_network(None, 3), task="classification").predict_proba(TABLE)
    np.testing.assert_allclose(proba, logits, atol=1e-6)
    sure = Predictor(_network("Sigmoid", 1), task="classification", classes=["no", "yes"])
    assert sure.predict(TABLE).tolist() == ["no", "yes", "no"]
    with pytest.raises(ModelError, match="a probability or a logit"):
        Predictor(_network(None, 1), task="classification").predict(TABLE)
    with pytest.raises(ModelError, match="gives 3 numbers a row"):
        Predictor(_network(None, 3)).predict(TABLE)


def test_an_input_may_be_a_column() -> None:
    inputs = [_tensor("word", STRING, None, 1), _tensor("number", FLOAT, None, 1)]
    nodes = [
        helper.make_node(
            "LabelEncoder",
            ["word"],
            ["known"],
            domain="ai.onnx.ml",
            keys_strings=["two", "five"],
            values_floats=[2.0, 5.0],
            default_float=0.0,
        ),
        helper.make_node("Add", ["known", "number"], ["sum"]),
    ]
    predictor = Predictor(_model(nodes, inputs, [_tensor("sum", FLOAT, None, 1)]))
    assert predictor.facts.features == ("word", "number")
    table = pd.DataFrame({"number": [1, 2], "other": 0, "word": pd.Categorical(["five", "two"])})
    assert predictor.predict(table).tolist() == [6, 4]
    arrays = {"word": np.array([["two"]]), "number": np.ones((1, 1), "f4")}
    assert predictor.predict(arrays).tolist() == [3]
    with pytest.raises(ModelError, match="a text of the column 'word' is missing"):
        predictor.predict(table.assign(word=pd.Series(["five", None])))
    with pytest.raises(ModelError, match="the column 'number' holds text, and the model of ONNX"):
        predictor.predict(table.assign(number="1"))
    with pytest.raises(ModelError, match="takes the column word, which the table lacks"):
        predictor.predict(table[["number"]])


def test_what_cannot_be_loaded_is_told() -> None:
    with pytest.raises(ModelError, match="cannot load a model of ONNX"):
        Predictor(b"no model")
    with pytest.raises(ModelError, match="cannot predict these rows"):
        Predictor(_network(None, 1)).predict(np.zeros((3, 5)))


def test_without_onnxruntime_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match="not installed") as caught:
        Predictor(_network(None, 1))
    assert caught.value.hint is not None
    assert "windlass[onnx]" in caught.value.hint
