"""LightGBM: boosters, and the models with the manners of scikit-learn around them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.lightgbm_trees import check_model
from windlass.artifacts.formats.model_facts import (
    given,
    importance_preview,
    told,
    told_all,
    told_list,
)
from windlass.artifacts.formats.native_models import (
    class_on_list,
    plain_attributes,
    read_native,
    readable_by,
    set_fitted,
    write_native,
)
from windlass.errors import CorruptError
from windlass.hashing import digest, digest_bytes
from windlass.values import Json

if TYPE_CHECKING:
    from lightgbm import Booster, LGBMModel

_CLASSES = ("LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor")
_MADE_AGAIN = {"_Booster", "_other_params", "_le", "_class_map", "_classes"}
"""Attributes of a wrapper that follow from its parameters, its booster and its class labels."""

_THREADS = re.compile(rb"^\[num_threads: -?\d+\]$", re.MULTILINE)
_THREAD_NAMES = {"num_threads", "num_thread", "nthread", "nthreads", "n_jobs"}
"""Where LightGBM keeps how many processors the machine had that trained."""

_HINT = (
    "Return the booster, model.booster_, which holds all that predicts; or let the step pickle it: "
    "@step(allow_pickle=True)"
)


class LightGBMBoosterFormat(Format["Booster"]):
    """Boosters in LightGBM's own text, with all trees, and the best iteration beside it."""

    name = "lightgbm.booster"
    types = ("lightgbm.basic.Booster",)

    def accepts(self, value: object) -> bool:
        """Whether it is a booster itself, and not of a subclass."""
        import lightgbm

        return type(value) is lightgbm.Booster

    def write(self, value: Booster, sink: Sink) -> str:
        """Writes the trees, and what training found."""
        body = _body(value)
        head = {"booster": _beside(value, sink)}
        return digest(self.name, write_native(head, _version(), body, sink), digest_bytes(body))

    def read(self, source: Source) -> Booster:
        """The booster."""
        head, body = read_native(source)
        return _booster(head, body)

    def summary(self, value: Booster) -> dict[str, Json]:
        """Objective, trees, features and the best scores."""
        return {"class": "Booster", "lightgbm": _version(), **_facts(value)}

    def preview(self, value: Booster) -> Preview:
        """The features that count most."""
        return _preview(value)


class LightGBMModelFormat(Format["LGBMModel"]):
    """``LGBMClassifier`` and its like: booster, all parameters, class labels, log of training."""

    name = "lightgbm.model"
    types = ("lightgbm.sklearn.LGBMModel",)

    def accepts(self, value: object) -> bool:
        """Whether its class is one of LightGBM's own: a subclass of the project's is code."""
        import lightgbm

        return any(type(value) is getattr(lightgbm, name, None) for name in _CLASSES)

    def write(self, value: LGBMModel, sink: Sink) -> str:
        """Writes class, parameters and fitted attributes; and the booster if it is fitted."""
        parameters: Mapping[str, Any] = value.get_params(deep=False)
        left_out = {*parameters, *_MADE_AGAIN}
        others = {name: part for name, part in vars(value).items() if name not in left_out}
        booster = vars(value).get("_Booster")
        body = b"" if booster is None else _body(booster)
        head = {
            "class": type(value).__name__,
            "parameters": plain_attributes(value, parameters, sink, _HINT),
            "fitted": plain_attributes(value, others, sink, _HINT),
            "labels": _labels(vars(value).get("_classes")),
            "booster": None if booster is None else _beside(booster, sink),
        }
        return digest(self.name, write_native(head, _version(), body, sink), digest_bytes(body))

    def read(self, source: Source) -> LGBMModel:
        """The model; fitted if it was."""
        import lightgbm

        head, body = read_native(source)
        with readable_by("LightGBM", _version(), head):
            model: Any = class_on_list(head["class"], lightgbm, _CLASSES)(**head["parameters"])
            set_fitted(model, head["fitted"])
            if head["labels"] is not None:
                vars(model).update(_encoder(head["labels"]))
        if body:
            vars(model)["_Booster"] = _booster(head, body)
        found: LGBMModel = model
        return found

    def summary(self, value: LGBMModel) -> dict[str, Json]:
        """Class, parameters that were set, class labels, and what is known of its booster."""
        booster, labels = (vars(value).get(name) for name in ("_Booster", "_classes"))
        return {
            "class": type(value).__name__,
            "lightgbm": _version(),
            "parameters": told_all(given(value.get_params(deep=False))),
            **({} if labels is None else {"classes": told_list(labels.tolist())}),
            **({"fitted": False} if booster is None else _facts(booster)),
        }

    def preview(self, value: LGBMModel) -> Preview | None:
        """The features that count most."""
        booster = vars(value).get("_Booster")
        return None if booster is None else _preview(booster)


def _body(booster: Booster) -> bytes:
    """All trees, also those after the best iteration, without the machine's count of processors."""
    text = booster.model_to_string(num_iteration=-1)
    return _THREADS.sub(b"[num_threads: 0]", text.encode("utf-8", "surrogateescape"))


def _beside(booster: Booster, sink: Sink) -> dict[str, Any]:
    parameters = {name: booster.params[name] for name in booster.params.keys() - _THREAD_NAMES}
    ordered = {name: parameters[name] for name in sorted(parameters)}
    return {
        "best_iteration": int(booster.best_iteration),
        **plain_attributes(booster, {"best_score": booster.best_score}, sink, _HINT),
        "params": plain_attributes(booster, ordered, sink, _HINT),
    }


def _booster(head: Mapping[str, Any], body: bytes) -> Booster:
    import lightgbm

    check_model(body)
    with readable_by("LightGBM", _version(), head):
        booster = lightgbm.Booster(model_str=body.decode("utf-8", "surrogateescape"))
        beside = head["booster"]
        booster.best_iteration = int(beside["best_iteration"])
        booster.best_score = beside["best_score"]
        booster.params = dict(beside["params"])
    return booster


def _labels(classes: Any) -> dict[str, Any] | None:
    if classes is None:
        return None
    return {"dtype": classes.dtype.str, "labels": classes.tolist()}


def _encoder(told_labels: Mapping[str, Any]) -> dict[str, Any]:
    """What a classifier keeps of its labels."""
    import numpy as np
    from sklearn.preprocessing import LabelEncoder

    dtype = np.dtype(str(told_labels["dtype"]))
    encoder: Any = LabelEncoder()
    encoder.classes_ = np.array(told_labels["labels"], dtype)
    if encoder.classes_.ndim != 1:
        raise CorruptError("a stored classifier has no list of labels")
    numbers = encoder.transform(encoder.classes_)
    known = dict(zip(encoder.classes_, numbers, strict=True))
    return {"_le": encoder, "_classes": encoder.classes_, "_class_map": known}


def _version() -> str:
    import lightgbm

    return str(lightgbm.__version__)


def _facts(booster: Booster) -> dict[str, Json]:
    head = booster.model_to_string(num_iteration=1, start_iteration=0)[:100_000]
    found = re.search(r"^objective=(\S+)", head, re.MULTILINE)
    return {
        "objective": found.group(1) if found else None,
        "trees": booster.num_trees(),
        "features": booster.num_feature(),
        "names": told_list(booster.feature_name()),
        "best_iteration": booster.best_iteration,
        "best_score": {
            name: {metric: told(score) for metric, score in scores.items()}
            for name, scores in booster.best_score.items()
        },
    }


def _preview(booster: Booster) -> Preview:
    gains = booster.feature_importance("gain").tolist()
    names = booster.feature_name()
    found = {name: gain for name, gain in zip(names, gains, strict=True) if gain}
    return importance_preview("gain", found, booster.num_feature())
