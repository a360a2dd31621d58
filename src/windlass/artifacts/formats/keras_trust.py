"""What a Keras config may name: our list, no file's.

A config says of every object in a model which module and class it is of, or which function, and
Keras imports and calls what it says. So every name is looked up here before Keras sees it. Allowed
are Keras's own parts of models, by the modules and base classes below, and of the project's own
code what is registered with Keras or is a class in a loaded module, of these same bases. Refused
are the layers of Keras that hold code or that read files.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from windlass import modules
from windlass.errors import UntrustedError

Part = dict[str, Any]

_DATA = (
    *("__bytes__", "__ellipsis__", "__keras_tensor__", "__numpy__", "__slice__", "__tensor__"),
)
"""Class names under which Keras keeps data."""

_FUNCTIONS = ("keras.activations", "keras.losses", "keras.metrics")
_BASES = (
    *("Layer", "Operation", "constraints.Constraint", "dtype_policies.DTypePolicy"),
    *("dtype_policies.DTypePolicyMap", "initializers.Initializer", "losses.Loss"),
    *("metrics.Metric", "optimizers.Optimizer", "optimizers.schedules.LearningRateSchedule"),
    *(
        "quantizers.QuantizationConfig",
        "quantizers.Quantizer",
        "random.SeedGenerator",
        "regularizers.Regularizer",
    ),
)
_MODULES = frozenset(
    {
        *("keras", "keras.layers", "keras.models", "keras.random", "keras.optimizers.schedules"),
        *("keras." + base.rpartition(".")[0] for base in _BASES if "." in base),
    }
)
_INSIDE = tuple(
    f"keras.src.{name}." for name in ("applications", "layers", "models", "ops", "optimizers")
)
"""Where classes stand that Keras has no public name for, such as the operations of `keras.ops`."""

_REFUSED = (
    *("layers.FlaxLayer", "layers.JaxLayer", "layers.Lambda", "layers.TFSMLayer"),
    *("layers.TorchModuleWrapper", "layers.IntegerLookup", "layers.StringLookup"),
    *("layers.TextVectorization", "utils.FeatureSpace"),
)
"""Layers that hold code, or whose config may name a file that is read."""

_HINT = "It was not written by Windlass, or by a newer one; or import the modules it needs first."


def named_parts(config: Any) -> Iterator[tuple[Part, Any]]:
    """Every object and function that a config names, looked up, the outer before the inner.

    Raises:
        UntrustedError: One may not be made.
    """
    if isinstance(config, list | tuple):
        for item in config:
            yield from named_parts(item)
    elif isinstance(config, dict):
        if "class_name" in config and config["class_name"] not in _DATA:
            yield config, _found(config)
        for item in config.values():
            yield from named_parts(item)


def custom_objects(config: Any) -> dict[str, Any]:
    """The classes and functions of a config that are not Keras's own, by their registered names.

    Raises:
        UntrustedError: Something in the config may not be made, or two have the same name.
    """
    found: dict[str, Any] = {}
    for part, thing in named_parts(config):
        if modules.reference(thing).partition(".")[0] == "keras":
            continue
        name = _registered_name(part)
        if found.setdefault(name, thing) is not thing:
            raise UntrustedError(
                f"a Keras model is made with two different classes of the name {name!r}",
                hint="Register them: @keras.saving.register_keras_serializable(package='mine')",
            )
    return found


def _found(part: Part) -> Any:
    if not {"module", "config", "registered_name"} <= part.keys():
        raise _refusal(part)
    is_function = part["class_name"] == "function"
    thing = _function(part) if is_function else _class(part)
    if thing is None:
        raise _refusal(part)
    return thing


def _function(part: Part) -> Any:
    """A registered function, or one of Keras's own activations, losses and metrics."""
    import keras

    name, module = part["config"], part["module"]
    if not isinstance(name, str):
        return None
    found = keras.saving.get_registered_object(name)
    if found is not None:
        return found if isinstance(found, types.FunctionType) else None
    places = _FUNCTIONS if module == "builtins" else (module,) if module in _FUNCTIONS else ()
    for place in places:
        own = _own(place, name)
        if isinstance(own, types.FunctionType) and name not in ("deserialize", "get", "serialize"):
            return own
    return None


def _class(part: Part) -> Any:
    import keras

    found = keras.saving.get_registered_object(part["registered_name"])
    if found is None:
        found = _class_in(part["module"], part["class_name"])
    bases, refused = _classes()
    allowed = isinstance(found, type) and issubclass(found, bases)
    return found if allowed and not issubclass(found, refused) else None


def _class_in(module: Any, name: Any) -> Any:
    """A class in a loaded module; Keras writes no module for those of the main one."""
    if not isinstance(name, str) or not isinstance(module, str | None):
        return None
    module = module or "__main__"
    if module in _MODULES:
        return _own(module, name)
    if module.partition(".")[0] == "keras" and not module.startswith(_INSIDE):
        return None
    # Not `getattr`: a module may import something when it is asked for a name that it lacks.
    return vars(sys.modules[module]).get(name) if module in sys.modules else None


def _own(module: str, name: str) -> Any:
    """What Keras has under a public name, wherever this version keeps it."""
    import keras

    return _attribute(keras, f"{module}.{name}".partition(".")[2])


def _registered_name(part: Part) -> str:
    name = part["config"] if part["class_name"] == "function" else part["registered_name"]
    return str(name or part["class_name"])


def _refusal(part: Part) -> UntrustedError:
    names = [part.get("module"), part["class_name"]]
    if part["class_name"] == "function":
        names[1] = part.get("config")
    told = ".".join(str(name)[:80] for name in names if name is not None)
    return UntrustedError(
        f"a Keras model is made with {told}, which Windlass does not load", hint=_HINT
    )


@functools.cache
def _classes() -> tuple[tuple[type, ...], tuple[type, ...]]:
    """The base classes of what may be made, and those of them that may not."""
    import keras

    return _those_in(keras, _BASES), _those_in(keras, _REFUSED)


def _those_in(place: Any, names: Iterable[str]) -> tuple[type, ...]:
    """Classes by their names, without those that this version of Keras lacks."""
    found = (_attribute(place, name) for name in names)
    return tuple(cls for cls in found if cls is not None)


def _attribute(place: Any, name: str) -> Any:
    for step in name.split("."):
        place = getattr(place, step, None)
    return place
