"""Models that MLflow keeps, read by the rules of our own formats.

MLflow's format names what is to read a model, and most of what it names unpickles. So of its
flavours those are read whose files are data, by what reads such files here; a pickle only where
whoever asks says that they trust it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass.errors import ModelError, UntrustedError, WindlassError
from windlass.models.files import read_model
from windlass.provenance.secrets import masked
from windlass.tracking.mlflow.client import asking, quieten, require_mlflow

PREFIX = "mlflow:"
_OURS = "windlass.tracking.mlflow.flavor"
Reader = Callable[[Path, Mapping[str, Any], str, bool], Any]
_KINDS = {
    "boolean": ("boolean", "bool"),
    "integer": ("integer", "int32"),
    "long": ("integer", "int64"),
    "float": ("number", "float32"),
    "double": ("number", "float64"),
    "string": ("text", "object"),
    "datetime": ("time", "datetime64[ns]"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A model of MLflow's.

    Args:
        model: The model.
        example: The example of its input that was logged with it; None if there was none.
        signature: What it takes, as `windlass.models.signature` writes it; None if that is not
            told of every column.
    """

    model: Any
    example: Any
    signature: Mapping[str, Any] | None


def read_mlflow(uri: str, tracking: str | None, *, trust_pickle: bool = False) -> Found:
    """Fetches a model, and reads it.

    Args:
        uri: ``models:/delay/3``, ``models:/delay@champion`` or ``runs:/ID/model``.
        tracking: The server's address; None for that which MLflow is told by its own variables.
        trust_pickle: Whether a pickle is read.

    Raises:
        ConfigError: MLflow's client is not installed.
        ModelError: There is no such model, or it is of a flavour that is not read here.
        UntrustedError: It is a pickle, or names a type that is not on our list.
    """
    require_mlflow()
    with tempfile.TemporaryDirectory(prefix="windlass-") as scratch:
        folder = _fetched(uri, tracking, Path(scratch))
        return _read(folder, uri, trust_pickle=trust_pickle)


def _fetched(uri: str, tracking: str | None, into: Path) -> Path:
    quieten()
    import mlflow.artifacts
    from mlflow.exceptions import MlflowException

    try:
        with asking(tracking):  # as an argument it would be that of runs, not that of models
            return Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(into)))
    except (MlflowException, OSError) as error:
        raise ModelError(
            f"the model {uri} cannot be fetched from MLflow: {masked(str(error))}",
            hint="Name it as MLflow does: mlflow:models:/NAME/VERSION, mlflow:models:/NAME@ALIAS "
            "or mlflow:runs:/RUN/PATH.",
        ) from error


def _read(folder: Path, uri: str, *, trust_pickle: bool) -> Found:
    from mlflow.models import Model

    if not (folder / "MLmodel").is_file():
        raise ModelError(f"{uri} is no model of MLflow: it has no file MLmodel")
    about = Model.load(str(folder))
    model = _model(folder, about.flavors, uri, trust_pickle=trust_pickle)
    example = about.load_input_example(str(folder)) if about.saved_input_example_info else None
    return Found(model, example, _signature(about.signature))


def _model(folder: Path, flavors: Mapping[str, Any], uri: str, *, trust_pickle: bool) -> Any:
    function = flavors.get("python_function", {})
    if function.get("loader_module") == _OURS:
        from windlass.tracking.mlflow import flavor

        return flavor.read(folder / function["data"])
    for name, read in _READERS.items():
        if name in flavors:
            return read(folder, flavors[name], uri, trust_pickle)
    known = ", ".join(sorted(_READERS))
    raise ModelError(
        f"{uri} has none of the flavours that are read here, but {', '.join(sorted(flavors))}",
        hint=f"Those are {known}, and what Windlass has saved. Or log the model in one of these.",
    )


def _sklearn(folder: Path, told: Mapping[str, Any], uri: str, trust_pickle: bool) -> Any:
    if told.get("serialization_format") == "skops":
        return read_model(folder / told["pickled_model"])
    _refuse_pickle(uri, trust_pickle)
    import mlflow.sklearn

    return mlflow.sklearn.load_model(str(folder))


def _xgboost(folder: Path, told: Mapping[str, Any], uri: str, _: bool) -> Any:
    file = folder / told["data"]
    if file.suffix in (".json", ".ubj"):
        return read_model(file)
    raise _of_no_kind(uri, file)


def _in_file(ending: str) -> Reader:
    """Reads a flavour whose model is one file, of a kind that is read here by its ending."""

    def read(folder: Path, told: Mapping[str, Any], uri: str, _: bool) -> Any:
        file = folder / told["data"]
        if file.suffix == ".pkl":
            raise _of_no_kind(uri, file)
        return read_model(Path(shutil.copy(file, f"{file}{ending}")))

    return read


def _refuse_pickle(uri: str, trust_pickle: bool) -> None:
    if not trust_pickle:
        raise UntrustedError(
            f"{uri} is a pickle, which runs whatever code it names when it is read",
            hint="If you trust who made it: --trust-pickle. What is kept here is none.",
        )


def _of_no_kind(uri: str, file: Path) -> WindlassError:
    return ModelError(
        f"{uri} is kept in {file.name}, which is of no kind that is read here",
        hint="Log it as its library's own JSON.",
    )


def _signature(told: Any) -> Mapping[str, Any] | None:
    """A signature of MLflow's as ours, if it names columns."""
    if told is None or told.inputs is None or told.inputs.is_tensor_spec():
        return None
    columns = told.inputs.to_dict()
    if not all(each.get("type") in _KINDS and "name" in each for each in columns):
        return None
    fields = [
        {"name": each["name"], "kind": _KINDS[each["type"]][0], "dtype": _KINDS[each["type"]][1]}
        for each in columns
    ]
    return {"inputs": {"kind": "table", "library": "pandas", "fields": fields}, "outputs": []}


_READERS: Mapping[str, Reader] = {
    "sklearn": _sklearn,
    "xgboost": _xgboost,
    "lightgbm": _in_file(".txt"),
    "catboost": _in_file(".cbm"),
    "onnx": _in_file(".onnx"),
}
