"""The numbers of a Keras model: every layer's variables and seeds, and the optimizer's."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.keras_config import all_layers
from windlass.errors import CorruptError, FormatError

if TYPE_CHECKING:
    from keras import Model
    from numpy.typing import NDArray

Store = dict[str, "NDArray[Any]"]
_SEED = "seed "


def state_of(model: Model) -> list[Store]:
    """The arrays of every layer, of the model itself first, and of the optimizer at the end.

    An optimizer that has made no step has none, since it is as a new one. Metrics have none: Keras
    begins them anew with every epoch.

    Raises:
        FormatError: A layer keeps files beside its variables.
    """
    return [*map(_layer_state, all_layers(model)), _optimizer_state(model)]


def load_state(model: Model, state: Sequence[Store]) -> None:
    """Gives a model what `state_of` took from its like.

    Raises:
        CorruptError: It is of another model.
    """
    layers = all_layers(model)
    if len(state) != len(layers) + 1:
        raise CorruptError("a stored Keras model has more or fewer layers than its config")
    for layer, store in zip(layers, state[:-1], strict=True):
        _load_layer(layer, store)
    if state[-1]:
        _load_optimizer(model, state[-1])


def _outlines(state: Iterable[Store]) -> list[dict[str, tuple[str, tuple[int, ...]]]]:
    """What a state is like: names, dtypes and shapes."""
    return [{key: (str(part.dtype), part.shape) for key, part in each.items()} for each in state]


def _layer_state(layer: Any) -> Store:
    if hasattr(layer, "save_assets"):
        raise FormatError(
            f"the layer '{layer.name}', a {type(layer).__name__}, keeps files, which a model is "
            "stored without",
            hint="Save the model with model.save(path) and return the Path.",
        )
    store: dict[str, Any] = {}
    layer.save_own_variables(store)
    seeds = {f"{_SEED}{place}": _wide(each.state) for place, each in enumerate(_seeds(layer))}
    return {key: _array(value) for key, value in store.items()} | seeds


def _seeds(layer: Any) -> Sequence[Any]:
    found: Sequence[Any] = getattr(layer, "_seed_generators", ())
    return found


def _optimizer_state(model: Any) -> Store:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return {}
    store = {str(place): _wide(each) for place, each in enumerate(optimizer.variables)}
    has_begun = any(part.any() for part in store.values() if part.dtype.kind in "iu")
    return store if has_begun else {}


def _array(value: Any) -> NDArray[Any]:
    """A copy that no further step of training alters."""
    import keras
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # NumPy's, of how Keras hands it arrays
        return np.array(keras.ops.convert_to_numpy(value))


def _wide(value: Any) -> NDArray[Any]:
    """An array whose integers, if it has any, are of the same kind with every backend."""
    array = _array(value)
    return array.astype("<i8") if array.dtype.kind in "iu" else array


def _load_layer(layer: Any, store: Store) -> None:
    seeds = [store[key] for key in store if key.startswith(_SEED)]
    own = {key: store[key] for key in store if not key.startswith(_SEED)}
    if _outlines([_layer_state(layer)]) != _outlines([store]):
        raise CorruptError(f"the stored variables of '{layer.name}' are not those of its config")
    layer.load_own_variables(own)
    for generator, seed in zip(_seeds(layer), seeds, strict=True):
        generator.state.assign(seed)


def _load_optimizer(model: Any, store: Store) -> None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        raise CorruptError("a stored Keras model has variables of an optimizer, but none")
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    expected = [tuple(each.shape) for each in optimizer.variables]
    if [part.shape for part in store.values()] != expected:
        raise CorruptError(
            "an optimizer has variables for other weights than are trainable: a model whose "
            "layers were frozen or freed is compiled again"
        )
    for variable, part in zip(optimizer.variables, store.values(), strict=True):
        variable.assign(part)
