"""Models and tables that lie in files of other tools, read by the rules of our own formats.

A file is data: what it names is built only if it is on our lists, its trees are looked through
before a library follows them, and a pickle is not read at all.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from windlass.errors import CorruptError, ModelError

_PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin")


def read_model(path: Path) -> Any:
    """The model in a file.

    Args:
        path: An ``.onnx``, a ``.skops``, XGBoost's ``.json`` or ``.ubj``, LightGBM's ``.txt``,
            CatBoost's ``.cbm``.

    Raises:
        ModelError: There is no such file, or it is of another kind.
        UntrustedError: It names a type that is not on our list.
        CorruptError: It is not what its name says, or damaged.
    """
    read = _MODELS.get(path.suffix.lower())
    if read is None:
        raise _unknown(path, _MODELS)
    return read(_bytes(path))


def read_table(path: Path) -> Any:
    """The table in a file, ``.parquet`` or ``.csv``, as a frame of pandas.

    Raises:
        ModelError: There is no such file, or it is of another kind, or damaged.
    """
    read = _TABLES.get(path.suffix.lower())
    if read is None:
        raise _unknown(path, _TABLES)
    data = _bytes(path)
    try:
        return read(data)
    except (ValueError, OSError) as error:  # those of pandas and of Arrow are such
        raise ModelError(f"{path} cannot be read as a table: {error}") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _unknown(path: Path, known: Mapping[str, Any]) -> ModelError:
    if path.suffix.lower() in _PICKLES:
        return ModelError(
            f"{path} is a pickle, which runs whatever code it names when it is read",
            hint="Save the model in a form that is data alone, such as .skops or .onnx; or read it "
            "yourself, and register it: windlass.register(…).",
        )
    return ModelError(
        f"{path} is of no kind that is read here", hint=f"Give one of {', '.join(sorted(known))}."
    )


class _File:
    """The bytes of a file as a format reads them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def bytes(self) -> bytes:
        return self._data

    def open(self) -> BinaryIO:
        return io.BytesIO(self._data)

    def path(self) -> Path | None:
        return None

    def load(self, content: str) -> Any:
        raise CorruptError(f"the file names a part of another artifact: {content}")

    def file(self, blob: str) -> Path:
        raise CorruptError(f"the file names a file of another artifact: {blob}")


def _onnx(data: bytes) -> Any:
    from windlass.artifacts.formats.onnx_models import OnnxFormat

    return OnnxFormat().read(_File(data))


def _skops(data: bytes) -> Any:
    from windlass.artifacts.formats.estimators import EstimatorFormat

    return EstimatorFormat().read(_File(data))


def _xgboost(data: bytes, document: Any) -> Any:
    from windlass.artifacts.formats.xgboost_trees import check_model

    check_model(document)
    import xgboost

    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(data))
        booster.num_boosted_rounds()
    except ValueError as error:  # XGBoost's own error is one
        raise CorruptError(f"XGBoost cannot read a model: {error}") from error
    return booster


def _xgboost_json(data: bytes) -> Any:
    try:
        return _xgboost(data, json.loads(data))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CorruptError(f"the file is not JSON: {error}") from error


def _xgboost_ubj(data: bytes) -> Any:
    from windlass.artifacts.formats.ubjson import read_ubjson

    return _xgboost(data, read_ubjson(data))


def _lightgbm(data: bytes) -> Any:
    from windlass.artifacts.formats.lightgbm_trees import check_model

    check_model(data)
    import lightgbm

    return lightgbm.Booster(model_str=data.decode("utf-8", "surrogateescape"))


def _catboost(data: bytes) -> Any:
    from windlass.artifacts.formats.catboost_file import check_file

    check_file(data)
    import catboost

    model = catboost.CatBoost()
    model.load_model(stream=io.BytesIO(data))
    return model


def _parquet(data: bytes) -> Any:
    import pandas as pd

    return pd.read_parquet(io.BytesIO(data))


def _csv(data: bytes) -> Any:
    import pandas as pd

    return pd.read_csv(io.BytesIO(data))


_MODELS: Mapping[str, Callable[[bytes], Any]] = {
    ".onnx": _onnx,
    ".skops": _skops,
    ".json": _xgboost_json,
    ".ubj": _xgboost_ubj,
    ".txt": _lightgbm,
    ".cbm": _catboost,
}
_TABLES: Mapping[str, Callable[[bytes], Any]] = {".parquet": _parquet, ".csv": _csv}
