"""CatBoost: classifiers, regressors, rankers, in CatBoost's own binary form."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.catboost_file import check_file
from windlass.artifacts.formats.model_facts import importance_preview, told, told_all, told_list
from windlass.artifacts.formats.native_models import (
    class_on_list,
    plain_attributes,
    read_native,
    readable_by,
    write_native,
)
from windlass.hashing import digest, digest_bytes
from windlass.values import Json, to_text

if TYPE_CHECKING:
    from catboost import CatBoost

_CLASSES = ("CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor")
_IMPORTANCES = ("_prediction_values_change", "_loss_value_change")
"""What CatBoost works out once when it has trained, and cannot later without the data."""

_OF_THE_MACHINE = {"model_guid", "train_finish_time", "catboost_version_info", "output_options"}
"""What a model's metadata tell of the clock, a random number, the library and its folders."""

_HINT = (
    "Give CatBoost's own name for it, a string; or let the step pickle it: @step(allow_pickle=True)"
)


class CatBoostFormat(Format["CatBoost"]):
    """CatBoost's models as cbm, and their parameters beside it.

    A cbm tells when it was made, and has a random name; the content leaves both out.
    """

    name = "catboost.model"
    types = ("catboost.core.CatBoost",)

    def accepts(self, value: object) -> bool:
        """Whether its class is one of CatBoost's own: a subclass of the project's is code."""
        import catboost

        return any(type(value) is getattr(catboost, name) for name in _CLASSES)

    def write(self, value: CatBoost, sink: Sink) -> str:
        """Writes class and parameters; and the model if it is fitted."""
        body = _body(value) if value.is_fitted() else b""
        known = {name: vars(value).get(name) for name in _IMPORTANCES}
        head = {
            "class": type(value).__name__,
            "parameters": plain_attributes(value, value.get_params(), sink, _HINT),
            "importances": plain_attributes(value, known, sink, _HINT),
        }
        text = write_native(head, _version(), body, sink)
        return digest(self.name, text, model_digest(body) if body else None)

    def read(self, source: Source) -> CatBoost:
        """The model; fitted if it was."""
        import catboost

        head, body = read_native(source)
        if body:
            check_file(body)
        with readable_by("CatBoost", _version(), head):
            made: Any = class_on_list(head["class"], catboost, _CLASSES)
            given = head["parameters"]
            model = made(given) if made is catboost.CatBoost else made(**given)
            if body:
                model.load_model(stream=io.BytesIO(body))  # from bytes, texts are lost when saved
            known = {name: head["importances"][name] for name in _IMPORTANCES}
            vars(model).update({name: found for name, found in known.items() if found is not None})
        found: CatBoost = model
        return found

    def summary(self, value: CatBoost) -> dict[str, Json]:
        """Class, parameters, trees, features, class labels and the best scores."""
        return {
            "class": type(value).__name__,
            "catboost": _version(),
            "parameters": told_all(value.get_params()),
            **(_facts(value) if value.is_fitted() else {"fitted": False}),
        }

    def preview(self, value: CatBoost) -> Preview | None:
        """The features that count most."""
        found = vars(value).get(_IMPORTANCES[0]) or vars(value).get(_IMPORTANCES[1])
        if not value.is_fitted() or found is None:
            return None
        names = [str(name) for name in value.feature_names_]
        ranked = {name: float(much) for name, much in zip(names, found, strict=True) if much}
        return importance_preview("importance", ranked, len(names))


def model_digest(body: bytes) -> str:
    """The digest of a cbm: its trees, and of its metadata what tells of the model."""
    import catboost

    model = catboost.CatBoost()
    model.load_model(stream=io.BytesIO(body))
    metadata = model.get_metadata()
    told_of = {str(name): str(metadata[name]) for name in metadata.keys()}  # noqa: SIM118
    for name in told_of:
        del metadata[name]
    return digest("catboost", digest_bytes(_body(model)), _of_the_model(told_of))


def _of_the_model(metadata: Mapping[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in metadata.items() if name not in _OF_THE_MACHINE}
    if "params" in kept:
        params = json.loads(kept["params"])
        params.pop("system_options", None)  # how many processors there were
        kept["params"] = to_text({name: params[name] for name in sorted(params)})
    return kept


def _body(model: CatBoost) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.cbm"
        model.save_model(str(file), format="cbm")
        return file.read_bytes()


def _version() -> str:
    import catboost

    return str(catboost.__version__)


def _facts(model: Any) -> dict[str, Json]:
    labels = getattr(model, "classes_", None)
    return {
        "trees": model.tree_count_,
        "features": len(model.feature_names_),
        "names": told_list(model.feature_names_),
        **({} if labels is None or not len(labels) else {"classes": told_list(labels.tolist())}),
        "best_iteration": told(model.best_iteration_),
        "best_score": {name: told_all(scores) for name, scores in model.best_score_.items()},
    }
