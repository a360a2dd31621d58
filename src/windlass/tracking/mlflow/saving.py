"""Models of ours in MLflow's format, each a folder with a file ``MLmodel``.

An estimator of scikit-learn is kept in MLflow's own flavour, as skops, with those types as trusted
that our own list trusts. Every other model is kept in our format, and read by Windlass where it is
loaded: as data, and never as a pickle unless MLflow was told to allow that.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windlass.tracking.tracker import TrackedVersion

_TYPES = {
    "boolean": "boolean",
    "int8": "integer",
    "int16": "integer",
    "int32": "integer",
    "uint8": "integer",
    "uint16": "integer",
    "float16": "float",
    "float32": "float",
}
_KINDS = {"integer": "long", "number": "double", "text": "string", "category": "string"}
_NEEDED = ("numpy", "pandas", "scikit-learn", "skops", "windlass")


def save_model(version: TrackedVersion, folder: Path) -> None:
    """Writes a version in MLflow's format into a folder that is not there yet.

    Raises:
        WindlassError: The model cannot be read, or has no format.
    """
    model = version.load()
    about: dict[str, Any] = {
        "signature": signature_of(version.signature),
        "pip_requirements": _requirements(),
        "metadata": {"windlass.model": version.name, "windlass.content": version.content},
    }
    if _is_estimator(model) and not version.pickled:
        _save_estimator(model, folder, about)
    else:
        _save_ours(model, folder, about)


def signature_of(document: Mapping[str, Any] | None) -> Any:
    """A signature of ours as MLflow's; None where none is known.

    Args:
        document: As `windlass.models.signature` writes it.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import Schema

    if document is None:
        return None
    inputs = document["inputs"]
    make = _column if inputs["kind"] == "table" else _tensor
    outputs = [each for each in document["outputs"] if each["name"] == "predict"]
    return ModelSignature(
        Schema([make(field) for field in inputs["fields"]]),
        Schema([_output(each) for each in outputs]) if outputs else None,
    )


def _column(field: Mapping[str, Any]) -> Any:
    from mlflow.types import ColSpec

    kind, dtype = field["kind"], field["dtype"]
    told = "datetime" if kind == "time" else _TYPES.get(dtype) or _KINDS.get(kind, kind)
    return ColSpec(told, field["name"])


def _tensor(field: Mapping[str, Any]) -> Any:
    import numpy as np
    from mlflow.types import TensorSpec

    return TensorSpec(np.dtype(field["dtype"]), tuple(field["shape"]), field["name"])


def _output(told: Mapping[str, Any]) -> Any:
    """What ``predict`` gives: one without a name, as MLflow's own flavours have it."""
    import numpy as np
    from mlflow.types import TensorSpec

    dtype = np.dtype(told["dtype"])
    return TensorSpec(np.dtype(str) if dtype.kind == "O" else dtype, tuple(told["shape"]))


def _is_estimator(model: Any) -> bool:
    """Whether a model is one of scikit-learn's own classes, which need no module of a project."""
    return type(model).__module__.partition(".")[0] == "sklearn"


def _save_estimator(model: Any, folder: Path, about: Mapping[str, Any]) -> None:
    import mlflow.sklearn

    from windlass.artifacts.formats.skops_io import skops_io
    from windlass.artifacts.formats.skops_trust import is_trusted

    skops = skops_io()
    named = skops.get_untrusted_types(data=skops.dumps(model))
    trusted = [each for each in named if is_trusted(each)]
    options = {"serialization_format": "skops", "skops_trusted_types": trusted}
    mlflow.sklearn.save_model(model, folder, **options, **about)


def _save_ours(model: Any, folder: Path, about: Mapping[str, Any]) -> None:
    import mlflow.pyfunc

    from windlass.tracking.mlflow import flavor

    with tempfile.TemporaryDirectory(prefix="windlass-") as scratch:
        flavor.write(model, Path(scratch) / "model")
        mlflow.pyfunc.save_model(
            folder, loader_module=flavor.__name__, data_path=f"{scratch}/model", **about
        )


def _requirements() -> list[str]:
    """What reading a model needs, as it is installed here: MLflow would find out by trying."""
    found = []
    for name in _NEEDED:
        try:
            found.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
