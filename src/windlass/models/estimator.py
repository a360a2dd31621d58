"""What a fitted object is, and one way to ask any of them.

facts = facts_of(model)                     # task, classes, the columns that it takes
predictor = Predictor(model)
predictor.predict(table)                    # (n,) labels or numbers
predictor.predict_proba(table)              # (n, classes)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError, WindlassError
from windlass.models.adapters import Adapter, Facts, adapter_for
from windlass.models.adapters.inputs import matching_columns
from windlass.models.problems import told
from windlass.models.tables import Library, library_of, rows_of
from windlass.models.tables.column import Label
from windlass.pipeline.marks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Facts", "Predictor", "facts_of", "input_columns"]


def facts_of(model: Any) -> Facts:
    """What a fitted object tells of itself: task, classes, features.

    Args:
        model: An estimator or pipeline of scikit-learn, or anything with its manners; a booster of
            XGBoost, LightGBM or CatBoost; a module of PyTorch; a model of Keras; a model of ONNX,
            or its bytes.

    Raises:
        ModelError: It has no ``predict``, or what runs it is not installed.
    """
    return adapter_for(model).facts


def input_columns(
    facts: Facts,
    names: Sequence[str],
    target: str | None = None,
    columns: Sequence[str] | None = None,
) -> list[str]:
    """The columns of a table that a model takes, in order.

    Args:
        facts: Of the model.
        names: Those of the table.
        target: The one that is to be predicted.
        columns: Those that its author named; None for those that the model knows, or else all but
            the target.

    Raises:
        ModelError: One is not there, or they are not as many as the model takes.
    """
    wanted = columns if columns is not None else facts.features
    if wanted is None:
        wanted = [name for name in names if name != target]
    found = matching_columns(wanted, names)
    if facts.width is not None and len(found) != facts.width:
        raise ModelError(
            f"the model takes {facts.width} columns, and there are {len(found)}: "
            f"{told(found, ', ')}",
            hint="Name them: Model(…, target='late', columns=['distance', …]).",
        )
    return found


class Predictor:
    """Asks any fitted object in one way.

    Tables may be of pandas, polars or Arrow, arrays of NumPy; what the model learnt from is made
    of them. Dtypes stay as they are: to have exactly those that it learnt from, conform the table
    to its signature first.

    Args:
        model: As for `facts_of`.
        library: Whose table it learnt from, if that is known.
        task: What it does; None for what it tells by itself.
        classes: Its labels, in the order of its probabilities, where it doesn't tell them.

    Raises:
        ModelError: It has no ``predict``, or what runs it is not installed.
    """

    def __init__(
        self,
        model: Any,
        library: Library | None = None,
        task: Task | None = None,
        classes: Sequence[Label] | None = None,
    ) -> None:
        self.model = model
        self._adapter = adapter_for(model, library, task, classes)
        facts = self._adapter.facts
        known = facts.classes if classes is None else tuple(classes)
        self.facts = replace(facts, task=task or facts.task, classes=known)

    def predict(self, data: Any) -> NDArray[Any]:
        """Labels of a classifier, else numbers.

        Args:
            data: n rows.

        Returns:
            (n,) array.

        Raises:
            ModelError: The model cannot predict them, or gives more than one value a row.
        """
        found = self._asked(self._adapter.predict, data)
        if found.ndim != 1:
            raise ModelError(
                f"{self._name} gives an array of the shape {found.shape} for {len(found):,} rows",
                hint="A model gives one label or number a row; make one model an output.",
            )
        return found

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """Probabilities of a classifier, in the order of its classes.

        Args:
            data: n rows.

        Returns:
            (n, classes) array.

        Raises:
            ModelError: The model gives none, or cannot predict these rows.
        """
        found = self._asked(self._adapter.predict_proba, data)
        classes = self.facts.classes
        if found.ndim != 2 or (classes is not None and found.shape[1] != len(classes)):
            of = "classes" if classes is None else f"{len(classes)} classes"
            raise ModelError(
                f"{self._name} gives probabilities of the shape {found.shape}, of {of}"
            )
        return found

    def outputs(self, data: Any) -> dict[str, NDArray[Any]]:
        """All that it gives, by the method that does: ``predict``, and ``predict_proba`` if it can.

        Raises:
            ModelError: The model cannot predict these rows.
        """
        found = {"predict": self.predict(data)}
        if self.facts.has_proba:
            found["predict_proba"] = self.predict_proba(data)
        return found

    @property
    def adapter(self) -> Adapter:
        """What stands between it and its library."""
        return self._adapter

    @property
    def _name(self) -> str:
        return f"the model, of the class {self.facts.name},"

    def _asked(self, method: Callable[[Any], NDArray[Any]], data: Any) -> NDArray[Any]:
        prepared = self._adapter.prepared(data)
        try:
            found = method(prepared)
        except WindlassError:
            raise
        except Exception as error:  # whatever a library raises for rows that it cannot take
            raise ModelError(
                f"{self._name} cannot predict these rows: {type(error).__name__}: {error}",
                hint="Is it fitted, and are the rows like those that it learnt from?",
            ) from error
        rows = rows_of(data) if library_of(data) is not None else len(found)
        if not found.ndim or len(found) != rows:
            raise ModelError(
                f"{self._name} gives an array of the shape {found.shape} for {rows:,} rows"
            )
        return found
