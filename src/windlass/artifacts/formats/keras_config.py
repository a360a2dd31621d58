"""The config of a Keras model: what it is made of, without its numbers, the same in every process.

Keras counts the names of layers from the start of the process, tells objects that occur twice by
their addresses, and names the optimizers of the backend in use. None of that is the model's.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.keras_trust import Part, named_parts

if TYPE_CHECKING:
    from keras import Model

_LAYERS = "all_layers"
_SHARED = "shared_object_id"
_BACKEND = re.compile(r"keras\.src\.backend\.\w+\.optimizers\.")
_BY_OUTPUT = ("loss", "loss_weights", "metrics", "weighted_metrics")


def config_of(model: Model) -> Part:
    """The config of a model with those of its building and compiling, its tuples as lists.

    Raises:
        UntrustedError: It names what may not be made again.
    """
    from keras.src.saving.serialization_lib import ObjectSharingScope, serialize_keras_object

    with warnings.catch_warnings(), ObjectSharingScope():
        # Of lambdas, which are refused by name, and of NumPy's newer ways.
        warnings.simplefilter("ignore")
        config: Part = serialize_keras_object(model)
        if "optimizer" in (config.get("compile_config") or {}):
            # Not the one that was asked for: Keras wraps it where numbers are of half precision.
            config["compile_config"]["optimizer"] = serialize_keras_object(model.optimizer)
    config = _plain(config)
    config[_LAYERS] = [_settings(layer) for layer in all_layers(model)]
    _number_shared(config)
    return config


def model_of(config: Part, custom: dict[str, Any]) -> Any:
    """What a config that has been looked through says, compiled if it was; not yet its numbers.

    Args:
        config: What `config_of` returned.
        custom: The project's own classes and functions that it names.
    """
    import keras
    from keras.src.saving.serialization_lib import ObjectSharingScope

    own = copy.deepcopy(config)  # Keras takes parts out of it
    compiled, settings = own.pop("compile_config", None), own.pop(_LAYERS)
    with ObjectSharingScope(), keras.saving.custom_object_scope(custom):
        model = keras.saving.deserialize_keras_object(own, custom_objects=custom, safe_mode=True)
        if isinstance(model, keras.Model):
            _set(model, settings)
            if compiled:
                model.compile_from_config(compiled)
    return model


def all_layers(model: Model) -> list[Any]:
    """A model and all layers in it, the outer before the inner."""
    found: list[Any] = model._flatten_layers()  # noqa: SLF001 (no public way leads to all)
    return found


def _settings(layer: Any) -> list[Any]:
    """What a Sequential is not told when Keras makes it again: if it is trained, and in what."""
    return [layer.trainable, str(layer.dtype_policy.name)]


def _set(model: Model, settings: list[list[Any]]) -> None:
    for layer, (trainable, policy) in zip(all_layers(model), settings, strict=True):
        layer.trainable = trainable  # and with it those inside, whose turn is next
        if layer.dtype_policy.name != policy:
            layer.dtype_policy = policy


def canonical(config: Part) -> Part:
    """A config with other names for what Keras has named, and without the choice of a compiler.

    A name that looks like one of Keras's own, such as ``dense_3`` of a `Dense`, is taken for one.
    """
    compiled = config.get("compile_config") or {}
    rest = {key: value for key, value in compiled.items() if key != "jit_compile"}
    names = _automatic_names(config)
    for key in _BY_OUTPUT:
        if isinstance(rest.get(key), dict):
            rest[key] = {names.get(name, name): value for name, value in rest[key].items()}
    renamed: Part = _renamed({**config, "compile_config": rest}, names)
    return renamed


def _plain(config: Any) -> Any:
    """Lists for tuples, as in Keras's own files; and public optimizers for those of a backend."""
    if isinstance(config, list | tuple):
        return [_plain(item) for item in config]
    if not isinstance(config, dict):
        return config
    plain = {key: _plain(value) for key, value in config.items()}
    if _BACKEND.match(str(plain.get("module"))):
        plain |= {"module": "keras.optimizers", "registered_name": None}
    return plain


def _number_shared(config: Part) -> None:
    """Numbers for the addresses of layers that occur twice.

    Of anything else that does, an equal one will do; and Keras tells of an address that was used
    again as of the same object.
    """
    import keras

    numbers: dict[int, int] = {}
    for part, thing in named_parts(config):
        address = part.pop(_SHARED, None)
        if address is not None and isinstance(thing, type) and issubclass(thing, keras.Layer):
            part[_SHARED] = numbers.setdefault(address, len(numbers))


def _automatic_names(config: Part) -> dict[str, str]:
    """Names that Keras counted, and such as no one would choose for them, counted from here."""
    from keras.src.utils.naming import to_snake_case

    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for part, _ in named_parts(config):
        inner = part["config"]
        name = str(inner.get("name")) if isinstance(inner, dict) else ""
        kind = to_snake_case(part["class_name"])
        match = re.fullmatch(rf"((?:forward_|backward_)?{kind})(_\d+)?", name)
        if match and name not in names:
            names[name] = f"<{match[1]} {counts[match[1]]}>"
            counts[match[1]] += 1
    return names


def _renamed(node: Any, names: dict[str, str]) -> Any:
    """A config with other names where it names a layer: under `name`, and in ``[name, 0, 0]``."""
    if isinstance(node, dict):
        return {
            key: names.get(value, value)
            if key == "name" and isinstance(value, str)
            else _renamed(value, names)
            for key, value in node.items()
        }
    if isinstance(node, list):
        if [type(item) for item in node] == [str, int, int]:
            return [names.get(node[0], node[0]), *node[1:]]
        return [_renamed(item, names) for item in node]
    return node
