"""XGBoost: boosters, and the models with the manners of scikit-learn around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.model_facts import given, importance_preview, told_all, told_list
from windlass.artifacts.formats.native_models import (
    class_on_list,
    plain_attributes,
    read_native,
    readable_by,
    set_fitted,
    write_native,
)
from windlass.artifacts.formats.ubjson import read_ubjson
from windlass.artifacts.formats.xgboost_trees import check_config, check_model, model_digest
from windlass.errors import FormatError
from windlass.hashing import digest
from windlass.values import Json

if TYPE_CHECKING:
    from xgboost import Booster, XGBModel

_CLASSES = (
    *("XGBClassifier", "XGBModel", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor"),
    "XGBRegressor",
)
_BOOSTER = "_Booster"
_HINT = (
    "Return the booster, model.get_booster(), which holds all that predicts; or let the step "
    "pickle it: @step(allow_pickle=True)"
)


class XGBoostBoosterFormat(Format["Booster"]):
    """Boosters in XGBoost's own UBJSON, and with their parameters, by which they train further."""

    name = "xgboost.booster"
    types = ("xgboost.core.Booster",)

    def accepts(self, value: object) -> bool:
        """Whether it is a booster itself, and not of a subclass."""
        import xgboost

        return type(value) is xgboost.Booster

    def write(self, value: Booster, sink: Sink) -> str:
        """Writes the model."""
        body = _body(value)
        text = write_native({"config": _config(value)}, _version(), body, sink)
        return digest(self.name, text, model_digest(body))

    def read(self, source: Source) -> Booster:
        """The booster, on this machine's processor."""
        head, body = read_native(source)
        return _booster(head, body)

    def summary(self, value: Booster) -> dict[str, Json]:
        """Objective, rounds, features, and the attributes that people gave it."""
        return {"class": "Booster", "xgboost": _version(), **_facts(value)}

    def preview(self, value: Booster) -> Preview:
        """The features that count most."""
        return _preview(value)


class XGBoostModelFormat(Format["XGBModel"]):
    """``XGBClassifier`` and its like: the booster, all parameters, and the log of training."""

    name = "xgboost.model"
    types = ("xgboost.sklearn.XGBModel",)

    def accepts(self, value: object) -> bool:
        """Whether its class is one of XGBoost's own: a subclass of the project's is code."""
        import xgboost

        return any(type(value) is getattr(xgboost, name, None) for name in _CLASSES)

    def write(self, value: XGBModel, sink: Sink) -> str:
        """Writes class, parameters and fitted attributes; and the booster if it is fitted."""
        parameters: Mapping[str, Any] = value.get_params(deep=False)
        others = {name: part for name, part in vars(value).items() if name not in parameters}
        booster = others.pop(_BOOSTER, None)
        body = b"" if booster is None else _body(booster)
        head = {
            "class": type(value).__name__,
            "parameters": plain_attributes(value, parameters, sink, _HINT),
            "fitted": plain_attributes(value, others, sink, _HINT),
            "config": None if booster is None else _config(booster),
        }
        text = write_native(head, _version(), body, sink)
        return digest(self.name, text, model_digest(body) if body else None)

    def read(self, source: Source) -> XGBModel:
        """The model; fitted if it was."""
        import xgboost

        head, body = read_native(source)
        with readable_by("XGBoost", _version(), head):
            model: Any = class_on_list(head["class"], xgboost, _CLASSES)(**head["parameters"])
            set_fitted(model, head["fitted"])
        if body:
            vars(model)[_BOOSTER] = _booster(head, body)
        found: XGBModel = model
        return found

    def summary(self, value: XGBModel) -> dict[str, Json]:
        """Class, parameters that were set, and what is known of its booster."""
        facts = _facts(value.get_booster()) if _is_fitted(value) else {"fitted": False}
        return {
            "class": type(value).__name__,
            "xgboost": _version(),
            "parameters": told_all(given(value.get_params(deep=False))),
            **facts,
        }

    def preview(self, value: XGBModel) -> Preview | None:
        """The features that count most."""
        return _preview(value.get_booster()) if _is_fitted(value) else None


def _body(booster: Booster) -> bytes:
    try:
        return bytes(booster.save_raw("ubj"))
    except ValueError as error:  # XGBoost's own error is one
        raise FormatError(f"XGBoost cannot store a booster: {error}") from error


def _config(booster: Booster) -> dict[str, Any]:
    """The parameters of a booster; who wrote them is no part of them."""
    config: dict[str, Any] = json.loads(booster.save_config())
    return {"learner": config["learner"]}


def _booster(head: Mapping[str, Any], body: bytes) -> Booster:
    import xgboost

    document = read_ubjson(body)
    check_model(document)
    booster = xgboost.Booster()
    with readable_by("XGBoost", _version(), head):
        check_config(head["config"], document)
        booster.load_model(bytearray(body))
        booster.load_config(json.dumps({**head["config"], "version": document["version"]}))
        booster.num_boosted_rounds()  # what was read is configured, and refused, when first used
    return booster


def _is_fitted(model: XGBModel) -> bool:
    return vars(model).get(_BOOSTER) is not None


def _version() -> str:
    import xgboost

    return str(xgboost.__version__)


def _facts(booster: Booster) -> dict[str, Json]:
    learner = json.loads(booster.save_config())["learner"]
    return {
        "objective": learner["objective"]["name"],
        "rounds": booster.num_boosted_rounds(),
        "features": booster.num_features(),
        "names": told_list(booster.feature_names or []),
        "types": told_list(booster.feature_types or []),
        "attributes": told_all(booster.attributes()),
    }


def _preview(booster: Booster) -> Preview:
    config = json.loads(booster.save_config())
    is_linear = config["learner"]["gradient_booster"]["name"] == "gblinear"
    kind = "weight" if is_linear else "gain"
    scores = booster.get_score(importance_type=kind)
    single = {name: score for name, score in scores.items() if isinstance(score, float)}
    return importance_preview(kind, single, booster.num_features())
