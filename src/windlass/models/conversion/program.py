"""The program that converts: it runs in the converters' environment, and knows no Windlass.

    python -I program.py FOLDER

The folder holds ``request.json``, the ``model``, and rows as ``float64.npz`` and ``float32.npz``.
It is given ``answer.json``, a ``NUMBERS.onnx`` for each type of numbers that could be converted,
and what that gives for the rows: ``NUMBERS-ROWS.npz``.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
}
_TOLD = (
    *("onnx", "onnxruntime", "protobuf", "skl2onnx", "onnxmltools"),
    *("scikit-learn", "xgboost", "xgboost-cpu", "lightgbm", "numpy"),
)


def main(folder: Path) -> None:
    """Converts the model of a folder, by each type of numbers."""
    warnings.simplefilter("ignore")
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    tries = {numbers: _tried(folder, request, numbers) for numbers in request["numbers"]}
    answer = {"versions": dict(_versions()), "tries": tries}
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


def _tried(folder: Path, request: dict[str, Any], numbers: str) -> dict[str, Any]:
    """What comes of one type of numbers: a description of the model, or why there is none."""
    started = time.perf_counter()
    try:
        model = _CONVERTERS[request["kind"]](folder / "model", request, numbers)
        _finish(model, folder / f"{numbers}.onnx")
        session = _session(folder / f"{numbers}.onnx")
        names = [each["name"] for each in request["inputs"]]
        for rows in ("float64", "float32"):
            _run(session, folder / f"{rows}.npz", names, folder / f"{numbers}-{rows}.npz")
    except Exception as error:  # noqa: BLE001 - converters raise anything; it is told
        words = " ".join(str(error).split())
        return {"error": f"{type(error).__name__}: {words[:500]}"}
    return {**_described(model, session), "seconds": round(time.perf_counter() - started, 3)}


def _from_sklearn(file: Path, request: dict[str, Any], numbers: str) -> Any:
    import skops.io
    from skl2onnx import convert_sklearn
    from skl2onnx.common import data_types

    # Written from a model that was read by our own list of types; that list is handed on.
    model = skops.io.loads(file.read_bytes(), trusted=request["trusted"])
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    types = _input_types(request["inputs"], data_types, numbers)
    return convert_sklearn(model, initial_types=types, options=options)


def _from_xgboost(file: Path, request: dict[str, Any], numbers: str) -> Any:
    import xgboost
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common import data_types

    booster = xgboost.Booster()
    booster.load_model(bytearray(file.read_bytes()))
    types = _input_types(request["inputs"], data_types, numbers)
    return convert_xgboost(booster, initial_types=types)


def _from_lightgbm(file: Path, request: dict[str, Any], numbers: str) -> Any:
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common import data_types

    model: Any = lightgbm.Booster(model_str=file.read_text(encoding="utf-8"))
    if "classes" in request:
        model = _with_labels(model, request["classes"])
    types = _input_types(request["inputs"], data_types, numbers)
    return convert_lightgbm(model, initial_types=types, zipmap=False)


def _with_labels(booster: Any, classes: list[Any]) -> Any:
    """The classifier around a booster, which knows its classes by their numbers alone."""
    import lightgbm
    import numpy as np

    model: Any = lightgbm.LGBMClassifier()
    labels = np.array(classes)
    state = {"_Booster": booster, "_classes": labels, "_n_classes": len(classes), "fitted_": True}
    vars(model).update(state)
    return model


def _as_it_is(file: Path, _request: dict[str, Any], _numbers: str) -> Any:
    import onnx

    return onnx.load_model_from_string(file.read_bytes())


_CONVERTERS = {
    "sklearn": _from_sklearn,
    "xgboost": _from_xgboost,
    "lightgbm": _from_lightgbm,
    "onnx": _as_it_is,
}


def _input_types(inputs: list[dict[str, Any]], types: Any, numbers: str) -> list[tuple[str, Any]]:
    number = {"float64": types.DoubleTensorType, "float32": types.FloatTensorType}[numbers]
    return [
        (each["name"], (types.StringTensorType if each["text"] else number)([None, each["width"]]))
        for each in inputs
    ]


def _finish(model: Any, file: Path) -> None:
    """Writes the model, checked, with rows of any number, as some converters forget."""
    import onnx

    model.graph.name = "model"  # some draw a name, and equal models are to have equal bytes
    for value in (*model.graph.input, *model.graph.output):
        shape = value.type.tensor_type.shape if value.type.HasField("tensor_type") else None
        if shape is not None and shape.dim:
            shape.dim[0].dim_param = "rows"
    onnx.checker.check_model(model, full_check=True)
    file.write_bytes(model.SerializeToString(deterministic=True))


def _session(file: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _described(model: Any, session: Any) -> dict[str, Any]:
    sides = {"inputs": session.get_inputs(), "outputs": session.get_outputs()}
    return {
        "ir_version": model.ir_version,
        "opsets": {each.domain or "ai.onnx": each.version for each in model.opset_import},
        **{
            side: [{"name": v.name, "type": v.type, "shape": list(v.shape)} for v in values]
            for side, values in sides.items()
        },
    }


def _run(session: Any, rows: Path, names: list[str], file: Path) -> None:
    """What the converted model gives for rows."""
    import numpy as np

    with np.load(rows) as found:
        arrays = dict(zip(names, found.values(), strict=True))
    inputs = session.get_inputs()
    if len(inputs) == len(arrays) == 1:  # a library that writes ONNX by itself names it as it likes
        arrays = {inputs[0].name: next(iter(arrays.values()))}
    feed = {each.name: arrays[each.name].astype(_TYPES.get(each.type, object)) for each in inputs}
    outputs = dict(
        zip((v.name for v in session.get_outputs()), session.run(None, feed), strict=True)
    )
    np.savez(file, **{name: _plain(value) for name, value in outputs.items()})


def _plain(value: Any) -> Any:
    """An array; of probabilities by their labels, in the order of these."""
    import numpy as np

    if isinstance(value, list):
        value = [[row[key] for key in sorted(row)] for row in value]
    array = np.asarray(value)
    return array.astype(str) if array.dtype.kind == "O" else array


def _versions() -> Any:
    for name in _TOLD:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue


if __name__ == "__main__":
    main(Path(sys.argv[1]))
