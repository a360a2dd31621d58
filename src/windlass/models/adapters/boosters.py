"""The boosters of XGBoost, LightGBM and CatBoost without their scikit-learn manners."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from windlass.models.adapters.adapter import Facts, both_sides, labels, no_proba, picked
from windlass.models.adapters.inputs import named_table
from windlass.models.adapters.sklearn_like import is_numbered
from windlass.models.tables import as_matrix, library_of
from windlass.models.tables.column import Label

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _features(names: Any) -> tuple[str, ...] | None:
    told = tuple(str(name) for name in names or ())
    return None if not told or is_numbered(told) else told


class _Booster:
    """What the three have in common: features by name or number, classes by number."""

    facts: Facts

    def prepared(self, data: Any) -> Any:
        """A table of pandas with its columns; or an array, where it learnt from one."""
        if self.facts.features is not None:
            return named_table(data, self.facts.features)
        return data if library_of(data) == "numpy" else as_matrix(data)


class XGBoostBooster(_Booster):
    """``xgboost.Booster``: all rounds count, as they do for its own ``predict``."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster
        learner = json.loads(booster.save_config())["learner"]
        self._objective = str(learner["objective"]["name"])
        count = int(learner["learner_model_param"]["num_class"])
        classes = _numbered_classes(self._objective.startswith(("binary:", "multi:")), count)
        self.facts = Facts(
            "xgboost",
            "Booster",
            "regression" if classes is None else "classification",
            classes,
            _features(booster.feature_names),
            int(booster.num_features()),
            self._objective in ("binary:logistic", "multi:softprob"),
        )

    def _predicted(self, data: Any) -> NDArray[Any]:
        import numpy as np
        import xgboost

        return np.asarray(self._booster.predict(xgboost.DMatrix(data, enable_categorical=True)))

    def predict(self, data: Any) -> NDArray[Any]:
        """Numbers, or the number of the class."""
        found = self._predicted(data)
        if self.facts.task == "regression":
            return found
        if self.facts.has_proba:
            proba = found if found.ndim == 2 else both_sides(found)
            return picked(proba, self.facts.classes)
        # Raw scores of two classes part at zero; the other objectives give the class itself.
        is_raw = self._objective == "binary:logitraw"
        return (found > 0).astype(int) if is_raw else found.astype(int)

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """Probabilities, one column a class.

        Raises:
            ModelError: Its objective gives none.
        """
        if not self.facts.has_proba:
            raise no_proba(self.facts)
        found = self._predicted(data)
        return found if found.ndim == 2 else both_sides(found)


class LightGBMBooster(_Booster):
    """``lightgbm.Booster``: rounds count up to the best, as they do for its own ``predict``."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster
        text = booster.model_to_string(num_iteration=1, start_iteration=0)
        found = re.search(r"^objective=(\w+)(?:.* num_class:(\d+))?", text, re.MULTILINE)
        objective, count = (found[1], int(found[2] or 0)) if found else ("", 0)
        classes = _numbered_classes(objective in ("binary", "multiclass", "multiclassova"), count)
        self.facts = Facts(
            "lightgbm",
            "Booster",
            "regression" if classes is None else "classification",
            classes,
            _features(booster.feature_name()),
            int(booster.num_feature()),
            classes is not None,
        )

    def predict(self, data: Any) -> NDArray[Any]:
        """Numbers, or the number of the class."""
        import numpy as np

        if self.facts.has_proba:
            return picked(self.predict_proba(data), self.facts.classes)
        return np.asarray(self._booster.predict(data))

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """Probabilities, one column a class.

        Raises:
            ModelError: Its objective gives none.
        """
        import numpy as np

        if not self.facts.has_proba:
            raise no_proba(self.facts)
        found = np.asarray(self._booster.predict(data))
        return found if found.ndim == 2 else both_sides(found)


class CatBoostBooster(_Booster):
    """``catboost.CatBoost`` itself, which gives raw scores unless it is asked for a class."""

    def __init__(self, model: Any) -> None:
        self._model = model
        loss = str(model.get_all_params().get("loss_function", ""))
        is_classifier = loss.partition(":")[0] in _CATBOOST_CLASSIFICATION
        features = _features(model.feature_names_)
        self.facts = Facts(
            "catboost",
            "CatBoost",
            "classification" if is_classifier else "regression",
            labels(model.classes_) if is_classifier else None,
            features,
            len(model.feature_names_),
            is_classifier,
        )

    def predict(self, data: Any) -> NDArray[Any]:
        """Numbers, or labels."""
        import numpy as np

        kind = "Class" if self.facts.has_proba else "RawFormulaVal"
        found = np.asarray(self._model.predict(data, prediction_type=kind))
        return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """Probabilities, one column a class.

        Raises:
            ModelError: Its loss is one of regression.
        """
        import numpy as np

        if not self.facts.has_proba:
            raise no_proba(self.facts)
        return np.asarray(self._model.predict(data, prediction_type="Probability"))


_CATBOOST_CLASSIFICATION = ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll")


def _numbered_classes(is_classifier: bool, count: int) -> tuple[Label, ...] | None:
    """The classes of a booster, which knows them by their numbers; two if it has no count."""
    return tuple(range(max(2, count))) if is_classifier else None
