"""How each library's fitted objects are asked: one adapter a kind, found by the class's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from windlass.errors import ModelError
from windlass.models.adapters.adapter import Adapter, Facts, class_names
from windlass.models.tables import Library
from windlass.models.tables.column import Label
from windlass.pipeline.marks import Task
from windlass.words import with_article

__all__ = ["Adapter", "Facts", "adapter_for"]


def adapter_for(
    model: Any,
    library: Library | None = None,
    task: Task | None = None,
    classes: Sequence[Label] | None = None,
) -> Adapter:
    """What asks a fitted object.

    Args:
        model: The object; of ONNX a ``ModelProto`` or its bytes.
        library: Whose table it learnt from, if that is known.
        task: What it does, where it doesn't tell by itself.
        classes: Its labels, in order, where it doesn't tell by itself.

    Raises:
        ModelError: It has no ``predict``, or what runs it is not installed.
    """
    names = set(class_names(model))
    if names & {"xgboost.Booster", "lightgbm.Booster"} or type(model).__name__ == "CatBoost":
        return _booster(model)
    if "keras.Model" in names:  # which is a module of PyTorch too, where Keras runs on it
        from windlass.models.adapters.networks import KerasModel

        return KerasModel(model, task, classes)
    if "torch.Module" in names:
        from windlass.models.adapters.networks import TorchModule

        return TorchModule(model, task, classes)
    if isinstance(model, bytes) or "onnx.ModelProto" in names:
        from windlass.models.adapters.onnx_session import onnx_adapter

        return onnx_adapter(model, task, classes)
    if isinstance(model, type) or not callable(getattr(model, "predict", None)):
        told = f"the class {model.__name__}" if isinstance(model, type) else _told(model)
        hint = "A model is a fitted object with predict(table), a network, or a model of ONNX."
        raise ModelError(f"{told} cannot be asked: it has no method 'predict'", hint=hint)
    from windlass.models.adapters.sklearn_like import SklearnLike

    return SklearnLike(model, library)


def _told(model: object) -> str:
    return with_article(type(model).__name__)


def _booster(model: Any) -> Adapter:
    from windlass.models.adapters import boosters

    kinds: dict[str, Callable[[Any], Adapter]] = {
        "xgboost": boosters.XGBoostBooster,
        "lightgbm": boosters.LightGBMBooster,
        "catboost": boosters.CatBoostBooster,
    }
    return kinds[type(model).__module__.partition(".")[0]](model)
