"""The config of a Keras model: what it is made of, without its numbers, the same in every process.

Keras counts the names of layers from the start of the process, tells objects that occur twice by
their addresses, and names the optimizers of the backend in use. None of that is the model's.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.keras_trust import Part, named_parts

if TYPE_CHECKING:
    from keras import Model

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
        config: Part = _plain(serialize_keras_object(model))
    _number_shared(config)
    return config


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
