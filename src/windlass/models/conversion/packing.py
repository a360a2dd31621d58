"""How a model travels to where it is converted: as a file of its own library's, never pickled.

What travels was made here, of a model that was read by its format: no class that is not on our list
is made again there. Where a library writes ONNX by itself (PyTorch, CatBoost), it does so here.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.skops_io import skops_io
from windlass.artifacts.formats.skops_trust import untrusted
from windlass.errors import ConversionError
from windlass.models.adapters.adapter import class_names
from windlass.models.tensors import INPUT
from windlass.words import with_article

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOTH = ("float64", "float32")


@dataclass(frozen=True)
class Packed:
    """A model, ready to travel.

    Args:
        kind: Which converter takes it: ``sklearn``, ``xgboost``, ``lightgbm``; or ``onnx``, where
            it is converted already.
        numbers: The types of numbers that its inputs may be of, the best first.
        details: What the converter needs beside the file.
        why_not: Why a type of numbers is not tried.
        by_column: Whether it picks columns by their names.
    """

    kind: str
    numbers: tuple[str, ...] = BOTH
    details: Mapping[str, Any] = field(default_factory=dict)
    why_not: Mapping[str, str] = field(default_factory=dict)
    by_column: bool = False


def pack(model: Any, file: Path, example: Callable[[], NDArray[Any]]) -> Packed:
    """Writes the file by which a model travels.

    Args:
        model: The model.
        file: Where.
        example: Gives rows as the model takes them, by which a network is traced.

    Raises:
        ConversionError: There is no converter for it.
    """
    names = set(class_names(model))
    if "onnx.ModelProto" in names:
        raise ConversionError("it is a model of ONNX already")
    if "torch.Module" in names and "keras.Model" not in names:
        return _pack_torch(model, file, example())
    for name, packer in _PACKERS.items():
        if name in names:
            return packer(model, file)
    raise ConversionError(
        f"there is no converter for {with_article(type(model).__name__)}",
        hint="Those of scikit-learn, XGBoost, LightGBM, CatBoost and PyTorch are converted. "
        "Convert it yourself, and register what comes out: windlass models register.",
    )


def _pack_sklearn(model: Any, file: Path) -> Packed:
    from sklearn.compose import ColumnTransformer

    skops = skops_io()
    model = getattr(model, "best_estimator_", model)  # a search predicts by it
    try:
        data: bytes = skops.dumps(model)
        types: list[str] = skops.get_untrusted_types(data=data)
    except Exception as error:
        raise ConversionError(
            f"skops cannot write {with_article(type(model).__name__)}: {error}"
        ) from error
    if strangers := untrusted(types):
        raise ConversionError(
            f"it holds {', '.join(strangers)}, which no converter knows",
            hint="Build it from scikit-learn's own parts; or convert it yourself, and register "
            "what comes out: windlass models register.",
        )
    file.write_bytes(data)
    parts = [model, *model.get_params(deep=True).values()]
    picks = any(isinstance(part, ColumnTransformer) for part in parts)
    return Packed("sklearn", details={"trusted": types}, by_column=picks)


def _pack_xgboost(model: Any, file: Path) -> Packed:
    import xgboost

    is_wrapped = not isinstance(model, xgboost.Booster)
    booster = model.get_booster() if is_wrapped else model
    if "c" in (booster.feature_types or []):
        raise ConversionError("XGBoost's trees over categories have no counterpart in ONNX")
    best = booster.attr("best_iteration")
    # The wrapper predicts by the rounds up to the best one, a booster by all.
    booster = booster[: int(best) + 1] if is_wrapped and best is not None else copy.copy(booster)
    booster.set_attr(best_iteration=None, best_score=None)
    booster.feature_names = None  # the converter takes them by number alone
    file.write_bytes(booster.save_raw("json"))
    return Packed("xgboost", ("float32",), why_not={"float64": _SINGLE.format("XGBoost")})


def _pack_lightgbm(model: Any, file: Path) -> Packed:
    booster = getattr(model, "booster_", model)
    file.write_text(booster.model_to_string(), encoding="utf-8")  # up to the best iteration
    classes = getattr(model, "classes_", None)
    details = {} if classes is None else {"classes": classes.tolist()}
    return Packed("lightgbm", ("float32",), details, {"float64": _SINGLE.format("LightGBM")})


def _pack_catboost(model: Any, file: Path) -> Packed:
    try:
        model.save_model(str(file), format="onnx")
    except Exception as error:
        raise ConversionError(f"CatBoost cannot write it as ONNX: {error}") from error
    return Packed("onnx", ("float32",), why_not={"float64": "CatBoost writes float32 alone"})


def _pack_torch(module: Any, file: Path, example: NDArray[Any]) -> Packed:
    import torch

    weight = next(module.parameters(), None)
    dtype = torch.float32 if weight is None else weight.dtype
    numbers = {torch.float32: "float32", torch.float64: "float64"}.get(dtype)
    if numbers is None:
        raise ConversionError(f"its weights are of {dtype}, and ONNX is run with floats alone")
    rows = torch.tensor(example[:2])
    rows = rows.to(dtype) if rows.is_floating_point() else rows
    was_training = module.training
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells of its successor, which needs other packages
            torch.onnx.export(
                copy.deepcopy(module).cpu().eval(),
                (rows,),
                str(file),
                dynamo=False,
                input_names=[INPUT],
                output_names=["output"],
                dynamic_axes={INPUT: {0: "rows"}, "output": {0: "rows"}},
            )
    except Exception as error:  # whatever its forward does that cannot be traced
        raise ConversionError(
            f"torch.onnx.export cannot trace it: {type(error).__name__}: {error}",
            hint="Export it yourself, and register what comes out: windlass models register.",
        ) from error
    finally:
        module.train(was_training)
    other = {"float32": "float64", "float64": "float32"}[numbers]
    return Packed("onnx", (numbers,), why_not={other: f"its weights are of {numbers}"})


_SINGLE = "the operators that {}'s converter writes hold single precision alone"

_PACKERS: Mapping[str, Callable[[Any, Path], Packed]] = {
    # In order: the wrappers of boosters are estimators, too.
    "xgboost.XGBModel": _pack_xgboost,
    "xgboost.Booster": _pack_xgboost,
    "lightgbm.LGBMModel": _pack_lightgbm,
    "lightgbm.Booster": _pack_lightgbm,
    "catboost.CatBoost": _pack_catboost,
    "sklearn.BaseEstimator": _pack_sklearn,
}
