"""ONNX models come back as they were, equal ones with equal contents, and nothing out of files."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windlass.artifacts.formats import onnx_models
from windlass.artifacts.formats.onnx_models import OnnxFormat
from windlass.errors import CorruptError, FormatError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

onnx = pytest.importorskip("onnx", reason="ONNX is not installed")

MODELS = OnnxFormat()
LAWS = settings(max_examples=60, deadline=None)


def _value(name: str, shape: Any, kind: int = 1) -> Any:
    return onnx.helper.make_tensor_value_info(name, kind, shape)


def _model(nodes: Any = None, weights: Any = (), **options: Any) -> Any:
    """A product with a matrix and a ReLU, unless nodes are given."""
    matrix = np.arange(6, dtype="f4").reshape(3, 2)
    graph = onnx.helper.make_graph(
        nodes
        or [
            onnx.helper.make_node("MatMul", ["x", "W"], ["h"]),
            onnx.helper.make_node("Relu", ["h"], ["y"]),
        ],
        "two",
        [_value("x", ["N", 3])],
        [_value("y", ["N", 2])],
        list(weights) or [onnx.numpy_helper.from_array(matrix, "W")],
    )
    opsets = [onnx.helper.make_opsetid("", 18)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9, **options)


def _branching() -> Any:
    """A constant in a graph in a node: where data may hide."""
    tensor = onnx.numpy_helper.from_array(np.ones((1, 2), "f4"), "deep")
    node = onnx.helper.make_node("Constant", [], ["c"], value=tensor)
    branch = onnx.helper.make_graph([node], "branch", [], [_value("c", [1, 2])])
    flag = onnx.numpy_helper.from_array(np.array(True), "flag")
    choice = onnx.helper.make_node("If", ["flag"], ["y"], then_branch=branch, else_branch=branch)
    return _model([choice], [flag])


_names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def models(draw: Any) -> Any:
    """Chains of element-wise nodes, weights of any dtype, and words of the author."""
    count = draw(st.integers(1, 4))
    names = draw(st.lists(_names, min_size=count + 1, max_size=count + 1, unique=True))
    nodes = [
        onnx.helper.make_node(draw(st.sampled_from(["Relu", "Neg", "Abs", "Elu"])), [one], [other])
        for one, other in itertools.pairwise(names)
    ]
    dtype = draw(st.sampled_from(["f4", "f8", "i8", "u1", "?", "f2"]))
    array = np.arange(draw(st.integers(0, 5))).astype(dtype)
    tensor = onnx.numpy_helper.from_array(array, "weights of " + names[0])
    graph = onnx.helper.make_graph(
        nodes, draw(_names), [_value(names[0], ["N"])], [_value(names[-1], ["N"])], [tensor]
    )
    opsets = [onnx.helper.make_opsetid("", draw(st.integers(14, 18)))]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.helper.set_model_props(model, draw(st.dictionaries(_names, _names, max_size=3)))
    model.doc_string = draw(st.text(max_size=5))
    return model


@LAWS
@given(models())
def test_models_come_back_as_they_were(model: Any) -> None:
    again = back(MODELS, model)
    assert again == model
    assert written(MODELS, again) == written(MODELS, model)
    assert MODELS.summary(again) == MODELS.summary(model)
    to_text(MODELS.summary(model))
    assert MODELS.preview(model).data


@LAWS
@given(models(), models())
def test_contents_are_equal_only_where_models_are(one: Any, other: Any) -> None:
    assert (content(MODELS, one) == content(MODELS, other)) == (one == other)
    copy = onnx.ModelProto()
    copy.CopyFrom(one)
    assert content(MODELS, copy) == content(MODELS, one)


def test_models_are_found_stored_and_shown(box: Box) -> None:
    model = _model(producer_name="us", producer_version="2")
    saved = box.save({"model": model})
    assert {child.format for child in saved.children} == {"onnx.model"}
    assert box.load(saved.artifact.content)["model"] == model
    assert MODELS.summary(model) == {
        "ir_version": 9,
        "opsets": {"ai.onnx": 18},
        "producer": "us 2",
        "graph": "two",
        "inputs": [{"name": "x", "type": "tensor(float)", "shape": ["N", 3]}],
        "outputs": [{"name": "y", "type": "tensor(float)", "shape": ["N", 2]}],
        "nodes": 2,
        "operators": {"MatMul": 1, "Relu": 1},
        "parameters": 6,
    }
    assert "h = MatMul (x, W)" in str(MODELS.preview(model).data)
    assert "producer" not in str(MODELS.preview(_model()).data)


def test_the_stored_bytes_are_a_file_of_onnx(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(written(MODELS, _branching()))
    assert onnx.load(file) == _branching()


def test_models_come_back_predicting_the_same() -> None:
    from onnx.reference import ReferenceEvaluator

    (found,) = ReferenceEvaluator(back(MODELS, _model())).run(None, {"x": np.eye(3, dtype="f4")})
    assert np.array_equal(found, np.arange(6, dtype="f4").reshape(3, 2))


def test_large_weights_are_not_printed() -> None:
    tensor = onnx.numpy_helper.from_array(np.full((3, 1000), 7, "f4"), "W")
    text = str(MODELS.preview(_model(weights=[tensor])).data)
    assert "float[3,1000] W" in text
    assert "7,7" not in text
    nodes = [onnx.helper.make_node("Relu", ["x"], [f"y{i}"]) for i in range(2000)]
    long = _model([*nodes, onnx.helper.make_node("Relu", ["x"], ["y"])])
    assert len(MODELS.preview(long).data) < 11_000


def test_types_that_are_no_tensors_are_told() -> None:
    helper = onnx.helper
    number = helper.make_tensor_type_proto(1, None)
    made = helper.make_sequence_type_proto(helper.make_map_type_proto(7, number))
    optional = helper.make_optional_type_proto(number)
    model = _model()
    model.graph.output.extend(
        [helper.make_value_info("s", made), helper.make_value_info("o", optional)]
    )
    told: Any = MODELS.summary(model)["outputs"]
    assert [each["type"] for each in told[1:]] == [
        "seq(map(int64,tensor(float)))",
        "optional(tensor(float))",
    ]


@pytest.mark.parametrize("make", [_model, _branching])
def test_weights_in_other_files_are_refused(make: Any, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    options: dict[str, Any] = {"save_as_external_data": True, "convert_attribute": True}
    onnx.save(make(), file, size_threshold=0, location="weights", **options)
    model = onnx.load(file, load_external_data=False)
    with pytest.raises(FormatError, match="in another file") as caught:
        written(MODELS, model)
    assert "onnx.load(path)" in str(caught.value.hint)
    with pytest.raises(CorruptError, match="in another file"):
        MODELS.read(MemorySource(file.read_bytes()))
    assert back(MODELS, onnx.load(file)) == onnx.load(file)


def test_models_of_more_than_a_message_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_models, "LARGEST", 100)
    with pytest.raises(FormatError, match="2 GB") as caught:
        written(MODELS, _model())
    assert "save_as_external_data" in str(caught.value.hint)


def test_models_that_are_not_valid_are_named() -> None:
    unknown = _model([onnx.helper.make_node("Nothing", ["x"], ["y"])])
    for bad, words in (
        (unknown, "No Op registered for Nothing"),
        (onnx.ModelProto(), "no ir_version"),
        (onnx.ModelProto(ir_version=9), "no graph"),
    ):
        with pytest.raises(FormatError, match=words):
            written(MODELS, bad)


def test_models_that_are_newer_than_the_checker_are_kept() -> None:
    model = _model([onnx.helper.make_node("Nothing", ["x"], ["y"])])
    model.opset_import[0].version = onnx.defs.onnx_opset_version() + 1
    assert back(MODELS, model) == model


def test_bytes_that_are_no_model_are_refused() -> None:
    data = written(MODELS, _model())
    for bad in (b"", b"\x08", b"\x08\x09", b"no model", data[:-1], b"\xff" + data):
        with pytest.raises(CorruptError, match="not an ONNX model"):
            MODELS.read(MemorySource(bad))


def test_altered_bytes_do_not_end_the_process() -> None:
    make = "import onnx; value = onnx.parser.parse_model('''<ir_version: 9, opset_import: "
    make += '["" : 18]> agraph (float[N,3] x) => (float[N,3] y) { h = Relu(x) y = Abs(h) }' + "''')"
    told = survives("onnx_models", "OnnxFormat", make)
    assert told.startswith("refused"), told
    assert int(told.split()[1]) > 50


_CONTENT = """
import onnx
from artifacts.roundtrip import content
from windlass.artifacts.formats.onnx_models import OnnxFormat
from google.protobuf.internal import api_implementation
model = onnx.parser.parse_model('<ir_version: 9, opset_import: ["" : 18, "x": 2], '
    'producer_name: "é"> agraph (float[N] x) => (float[N] y) { y = Elu <alpha: float = 0.3>(x) }')
onnx.helper.set_model_props(model, {"b": "1", "a": "2"})
print(content(OnnxFormat(), model))
"""


def test_contents_agree_between_processes_and_between_makes_of_protobuf() -> None:
    found = outputs_elsewhere(_CONTENT)
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    slow = {"PYTHONPATH": path, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    command = [sys.executable, "-c", _CONTENT]
    found.append(subprocess.check_output(command, env={**os.environ, **slow}, text=True))
    assert len(set(found)) == 1
