"""What stands between a fitted object of some library and `windlass.models.predictor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from windlass.errors import ModelError
from windlass.models.tables.column import Label
from windlass.pipeline.marks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Facts:
    """What a fitted object tells of itself.

    Args:
        library: Whose it is: ``sklearn``, ``xgboost``, …
        name: Its class.
        task: What it does; None if it doesn't tell.
        classes: The labels of a classifier, in the order of its probabilities; None if it doesn't
            know them.
        features: The columns that it takes, in order; None if it learnt from an array.
        width: How many they are; None if it doesn't tell.
        has_proba: Whether it gives probabilities.
    """

    library: str
    name: str
    task: Task | None = None
    classes: tuple[Label, ...] | None = None
    features: tuple[str, ...] | None = None
    width: int | None = None
    has_proba: bool = False


class Adapter(Protocol):
    """One library's way to predict."""

    facts: Facts

    def prepared(self, data: Any) -> Any:
        """A table or an array in the form that the library takes.

        Raises:
            ModelError: It cannot be brought into that form.
        """
        ...

    def predict(self, data: Any) -> NDArray[Any]:
        """(n,) labels or numbers of what `prepared` made."""
        ...

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """(n, classes) probabilities of what `prepared` made."""
        ...


def class_names(value: object) -> Iterator[str]:
    """``package.Class`` of a value's class and of all that it derives from.

    By these a library's objects are told without importing it.
    """
    for base in type(value).__mro__:
        yield f"{base.__module__.partition('.')[0]}.{base.__qualname__}"


def labels(values: Any) -> tuple[Label, ...] | None:
    """The labels of an array or a list as Python's own; None if there are none."""
    import numpy as np

    if values is None or (
        isinstance(values, list) and values and isinstance(values[0], np.ndarray)
    ):
        return None  # of several outputs there are several lists
    found = np.asarray(values)
    return tuple(found.tolist()) if found.ndim == 1 and len(found) else None


def picked(proba: NDArray[Any], classes: Sequence[Label] | None) -> NDArray[Any]:
    """The label of the highest of each row's (n, k) probabilities; without labels its place."""
    import numpy as np

    places = proba.argmax(axis=1)
    found: NDArray[Any] = places if classes is None else np.asarray(classes)[places]
    return found


def both_sides(positive: NDArray[Any]) -> NDArray[Any]:
    """(n, 2) probabilities of (n,) those of the second class."""
    import numpy as np

    return np.column_stack([1 - positive, positive])


def lacks(facts: Facts, what: str, hint: str) -> ModelError:
    """The error for what a fitted object cannot do."""
    return ModelError(f"the model, of the class {facts.name}, {what}", hint=hint)


def no_proba(facts: Facts) -> ModelError:
    """The error for probabilities that nobody has."""
    hint = "Fit one that gives probabilities, or test its labels alone."
    return lacks(facts, "gives no probabilities", hint)
