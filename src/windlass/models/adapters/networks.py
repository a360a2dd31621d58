"""Networks: modules of PyTorch, models of Keras. What they give is interpreted by rule.

Of a classifier a network's last layer gives one number a class, or one for two classes. Unless that
layer is a softmax or a sigmoid these are logits, as the losses of both libraries take them. Where
a single number could be either, it is refused: a probability read as a logit is wrong, and looks
right.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from windlass.models.adapters.adapter import Facts, both_sides, lacks, no_proba, picked
from windlass.models.adapters.inputs import as_numbers
from windlass.models.tables.column import Label
from windlass.pipeline.marks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Network(ABC):
    """A network, whose outputs are numbers alone.

    Args:
        name: Its class.
        library: Whose it is.
        last: What its last layer is: ``softmax``, ``sigmoid``, ``log_softmax``, or anything else.
        task: What it does; a network doesn't tell.
        classes: Its labels, in the order of its outputs; None for their numbers.
    """

    def __init__(
        self,
        name: str,
        library: str,
        last: str,
        task: Task | None,
        classes: Sequence[Label] | None,
    ) -> None:
        known = None if classes is None else tuple(classes)
        self._last = last
        self.facts = Facts(library, name, task, known, has_proba=task == "classification")

    def prepared(self, data: Any) -> Any:
        """An array as it is; a table of numbers as an array, its columns in their order."""
        return as_numbers(data)

    @abstractmethod
    def raw(self, data: Any) -> NDArray[Any]:
        """What the network gives."""

    def predict(self, data: Any) -> NDArray[Any]:
        """Labels, or numbers.

        Raises:
            ModelError: It has not been told what the network does.
        """
        if self.facts.task == "classification":
            return picked(self.predict_proba(data), self.facts.classes)
        found = self.raw(data)
        found = found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
        if self.facts.task is None and found.ndim > 1:
            what = f"gives {found.shape[1]} numbers a row, and it is not known what they are"
            raise lacks(self.facts, what, "Say so: Model(…, task='classification').")
        return found

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """Probabilities, one column a class.

        Raises:
            ModelError: It is no classifier, or it cannot be told whether it gives them.
        """
        if not self.facts.has_proba:
            raise no_proba(self.facts)
        found = self.raw(data)
        if found.ndim == 1 or found.shape[1] == 1:
            if self._last != "sigmoid":
                what = "gives one number a row, which may be a probability or a logit"
                raise lacks(self.facts, what, "End it with a sigmoid, or give two outputs.")
            return both_sides(found.reshape(len(found)))
        return found if _are_probabilities(found) else _softmax(found)


def _are_probabilities(found: NDArray[Any]) -> bool:
    """Whether rows add up to one: logits of two classes or more do so by no chance."""
    import numpy as np

    sums = found.sum(axis=1)
    return bool((found >= 0).all() and np.allclose(sums, 1, rtol=0, atol=1e-4))


def _softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Log-probabilities are logits as well: they are left as they are by it."""
    import numpy as np

    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: NDArray[Any] = powers / powers.sum(axis=1, keepdims=True)
    return found


class TorchModule(Network):
    """A ``torch.nn.Module``, asked on the device and in the dtype of its parameters."""

    def __init__(
        self, module: Any, task: Task | None = None, classes: Sequence[Label] | None = None
    ) -> None:
        self._module = module
        last = type(list(module.modules())[-1]).__name__.lower()
        super().__init__(type(module).__name__, "torch", last, task, classes)

    def raw(self, data: Any) -> NDArray[Any]:
        """What the module gives in evaluation, without gradients."""
        import torch

        weight = next(self._module.parameters(), None)
        tensor = torch.tensor(data)  # a copy: arrays of pandas may be read-only
        if weight is not None:
            floats = tensor.is_floating_point()
            tensor = tensor.to(weight.device, weight.dtype if floats else None)
        was_training = self._module.training
        self._module.eval()
        try:
            with torch.no_grad():
                found = self._module(tensor)
        finally:
            self._module.train(was_training)
        array: NDArray[Any] = found.detach().cpu().numpy()
        return array


class KerasModel(Network):
    """A model of Keras."""

    def __init__(
        self, model: Any, task: Task | None = None, classes: Sequence[Label] | None = None
    ) -> None:
        self._model = model
        last = getattr(getattr(model.layers[-1], "activation", None), "__name__", "")
        super().__init__(type(model).__name__, "keras", last, task, classes)

    def raw(self, data: Any) -> NDArray[Any]:
        """What the model gives, without a bar of progress."""
        import numpy as np

        return np.asarray(self._model.predict(data, verbose=0))
