"""Objects with scikit-learn's manners: its own, the wrappers of the boosters, anybody's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from windlass.models.adapters.adapter import Facts, class_names, labels, no_proba
from windlass.models.adapters.inputs import named_table, to_library
from windlass.models.tables import Library, as_matrix, library_of
from windlass.pipeline.marks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIBRARIES = {
    "xgboost.XGBModel": "xgboost",
    "lightgbm.LGBMModel": "lightgbm",
    "catboost.CatBoost": "catboost",
    "sklearn.BaseEstimator": "sklearn",
}


class SklearnLike:
    """Anything with ``predict``: classifiers are those that know their ``classes_``.

    Args:
        model: The fitted object.
        library: Whose table it learnt from; None if that is not known. What knows the names of
            its features is then given a table of pandas; what knows their number alone, an array;
            and what knows neither, the data as it comes.
    """

    def __init__(self, model: Any, library: Library | None = None) -> None:
        self._model = model
        self._library = library
        self.facts = facts_of_estimator(model)

    def prepared(self, data: Any) -> Any:
        """The columns that it learnt from; or the data as it comes, where it has no names."""
        facts, library = self.facts, self._library
        if library_of(data) is None:
            return data  # a list of texts, say: the model knows what to do with it
        if facts.features is not None and library != "numpy":
            return named_table(data, facts.features, library or "pandas")
        if library_of(data) == "numpy":
            return data
        if library is not None:
            return to_library(data, library)
        return as_matrix(data) if facts.width is not None else data

    def predict(self, data: Any) -> NDArray[Any]:
        """Labels or numbers; CatBoost gives its labels in a column."""
        import numpy as np

        found = np.asarray(self._model.predict(data))
        return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """Probabilities, one column a class.

        Raises:
            ModelError: It gives none.
        """
        import numpy as np

        if not self.facts.has_proba:
            raise no_proba(self.facts)
        return np.asarray(self._model.predict_proba(data))


def facts_of_estimator(model: Any) -> Facts:
    """What an object with scikit-learn's manners tells of itself."""
    names = set(class_names(model))
    library = next((lib for name, lib in LIBRARIES.items() if name in names), "python")
    classes = labels(_attribute(model, "classes_"))
    features = _features(model)
    task = _task(model, classes is not None)
    width = _attribute(model, "n_features_in_")
    return Facts(
        library,
        type(model).__name__,
        task,
        classes if task != "regression" else None,
        features,
        len(features) if features else None if width is None else int(width),
        hasattr(model, "predict_proba"),
    )


def _attribute(model: Any, name: str) -> Any:
    """An attribute; None where there is none, or none before it is fitted."""
    try:
        return getattr(model, name, None)
    except Exception:  # noqa: BLE001 (boosters have errors of their own for what is not fitted)
        return None


def _features(model: Any) -> tuple[str, ...] | None:
    """The names of the columns that it learnt from, in order."""
    found = _attribute(model, "feature_names_in_")
    if found is None:
        found = _attribute(model, "feature_names_")  # CatBoost's
    if found is None or not len(found):
        return None
    names = tuple(str(name) for name in found)
    return None if is_numbered(names) else names


def is_numbered(names: tuple[str, ...]) -> bool:
    """Whether names are those that boosters give to the columns of an array."""
    return any(
        names == tuple(f"{before}{place}" for place in range(len(names)))
        for before in ("Column_", "", "f")
    )


def _task(model: Any, has_classes: bool) -> Task | None:
    kinds: dict[str, Task] = {
        "classifier": "classification",
        "regressor": "regression",
        "ranker": "regression",
    }
    told = kinds.get(_attribute(model, "_estimator_type") or "")
    sklearn = sys.modules.get("sklearn.base")
    if told is None and sklearn is not None and isinstance(model, sklearn.BaseEstimator):
        asked: tuple[tuple[Any, Task], ...] = (
            (sklearn.is_classifier, "classification"),
            (sklearn.is_regressor, "regression"),
        )
        told = next((task for is_it, task in asked if is_it(model)), None)
    return told or ("classification" if has_classes else None)
