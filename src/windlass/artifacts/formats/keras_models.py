"""Keras: models as their config and their numbers, not as an archive that says what to import."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from windlass import values
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.keras_config import canonical, config_of, model_of
from windlass.artifacts.formats.keras_state import Store, load_state, state_of
from windlass.artifacts.formats.keras_trust import Part, custom_objects
from windlass.artifacts.formats.memory import bytes_of
from windlass.artifacts.formats.model_facts import MANY, told
from windlass.artifacts.formats.native_models import readable_by
from windlass.artifacts.formats.npy_parts import read_parts, write_parts
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.hashing import digest, digest_bytes
from windlass.values import Json

if TYPE_CHECKING:
    from keras import Model
    from numpy.typing import NDArray

_SHOWN = 20_000
_WIDTH = 78  # a terminal's, less a border
_HINT = (
    "Give every class of your own a get_config() that tells all that __init__ takes, and register "
    "it and your functions: @keras.saving.register_keras_serializable()"
)


class KerasFormat(Format["Model"]):
    """Models of Keras 3 of every backend: what they are made of, and all variables as .npy.

    What comes back predicts the same and trains on from the optimizer's state. Names that Keras
    counted are kept, and are no part of the content.
    """

    name = "keras.model"
    types = ("keras.src.models.model.Model",)

    def write(self, value: Model, sink: Sink) -> str:
        """Writes the config and the variables.

        Raises:
            FormatError: The model holds code, or would not come back as it is.
        """
        config = _config(value)
        for thing in custom_objects(config).values():
            sink.uses(thing)
        state = state_of(value)
        _check_comes_back(value, config, state)
        _write(config, state, sink)
        return _content(config, state)

    def read(self, source: Source) -> Model:
        """The model, compiled if it was.

        Raises:
            UntrustedError: The config names what Windlass does not load.
            CorruptError: The stored bytes are no model.
        """
        head, arrays = read_parts(source)
        with readable_by("Keras", _version(), head):
            config, state = _taken_apart(arrays)
            model = _made(config)
            load_state(model, state)
        return model

    def summary(self, value: Model) -> dict[str, Json]:
        """Class, parameters, layers, shapes, and what it was compiled with."""
        return {
            "class": type(value).__name__,
            "keras": _version(),
            "parameters": value.count_params() if value.built else None,
            "trainable": sum(_size(each) for each in value.trainable_weights),
            "layers": _layers(value),
            "input": _shape(value, "input_shape"),
            "output": _shape(value, "output_shape"),
            **_compiled(value),
        }

    def preview(self, value: Model) -> Preview:
        """Keras's own table of the layers."""
        lines: list[str] = []
        value.summary(print_fn=lambda line, **_: lines.append(str(line)), line_length=_WIDTH)
        text = "\n".join(lines)
        return Preview("text/plain", text if len(text) <= _SHOWN else text[:_SHOWN] + "\n…")


def _config(model: Model) -> Part:
    try:
        return config_of(model)
    except UntrustedError as error:
        raise FormatError(f"{error.message}", hint=_HINT) from error
    except (TypeError, ValueError, NotImplementedError, AttributeError) as error:
        raise FormatError(
            f"a {type(model).__name__} has no config that it could be made again from: {error}",
            hint=_HINT,
        ) from error


def _made(config: Part) -> Model:
    """A model with the variables that its config begins with.

    Raises:
        UntrustedError: The config names what may not be made.
    """
    import keras

    known = custom_objects(config)
    with _same_randomness():
        model = model_of(config, known)
    if not isinstance(model, keras.Model):
        raise CorruptError(f"stored bytes are not a Keras model but a {type(model).__name__}")
    return model


@contextlib.contextmanager
def _same_randomness() -> Iterator[None]:
    """Keras draws the seeds of initializers from Python's generator, which is the step's."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)


def _check_comes_back(model: Model, config: Part, state: list[Store]) -> None:
    """Makes a model again before it is stored: a config may leave out what no one notices.

    Keras itself writes a layer once that stands twice in a Sequential.
    """
    name = type(model).__name__
    try:
        again = _made(config)
        load_state(again, state)
    except Exception as error:
        raise FormatError(
            f"a {name} cannot be made again from its config: {type(error).__name__}: {error}",
            hint=_HINT,
        ) from error
    same_layers = [type(each) for each in again.layers] == [type(each) for each in model.layers]
    if not same_layers or canonical(config_of(again)) != canonical(config):
        raise FormatError(f"a {name} does not come back from its config as it was", hint=_HINT)


def _write(config: Part, state: list[Store], sink: Sink) -> None:
    import numpy as np

    parts = [part for store in state for part in store.values()]
    document = {
        "config": config,
        "state": [list(store) for store in state],
        "dtypes": [str(part.dtype) for part in parts],
    }
    text = np.frombuffer(values.dumps(document).encode(), np.uint8)
    write_parts({"version": _version()}, [text, *map(_storable, parts)], sink)


def _taken_apart(arrays: list[NDArray[Any]]) -> tuple[Part, list[Store]]:
    document = values.loads(arrays[0].tobytes(), resolve=_no_class)
    config, names, dtypes = (document[key] for key in ("config", "state", "dtypes"))
    parts = [
        part if dtype == str(part.dtype) else part.view(_dtype(dtype))
        for part, dtype in zip(arrays[1:], dtypes, strict=True)
    ]
    if len(parts) != sum(map(len, names)):
        raise CorruptError("a stored Keras model has more or fewer variables than it says")
    left = iter(parts)
    return config, [{key: next(left) for key in keys} for keys in names]


def _no_class(ref: str) -> type:
    raise UntrustedError(f"a stored Keras model holds a {ref}, which Windlass does not load")


def _storable(array: NDArray[Any]) -> NDArray[Any]:
    """An array as NumPy knows it: the types that others add, such as bfloat16, as their bits."""
    return array if array.dtype.kind in "biufc" else array.view(f"u{array.dtype.itemsize}")


def _dtype(name: str) -> Any:
    import ml_dtypes

    return getattr(ml_dtypes, name)


def _content(config: Part, state: list[Store]) -> str:
    facts = [[(key, str(part.dtype), list(part.shape)) for key, part in s.items()] for s in state]
    bodies = [[_bytes_digest(part) for part in store.values()] for store in state]
    return digest("keras.model", values.dumps(canonical(config)), facts, bodies)


def _bytes_digest(array: NDArray[Any]) -> str:
    import numpy as np

    return digest_bytes(bytes_of(np.ascontiguousarray(_storable(array))).data)


def _version() -> str:
    import keras

    return str(keras.__version__)


def _size(variable: Any) -> int:
    import math

    return math.prod(variable.shape)


def _layers(model: Model) -> dict[str, Json]:
    """How many layers of each class it has."""
    return dict(Counter(type(layer).__name__ for layer in model.layers).most_common(MANY))


def _shape(model: Model, name: str) -> Json:
    try:
        return told(getattr(model, name))
    except (AttributeError, ValueError):  # a model of the project's own, or one not built
        return None


def _compiled(model: Any) -> dict[str, Json]:
    if not model.compiled:
        return {"compiled": False}
    loss = model.loss
    named = loss if isinstance(loss, str | dict | list | None) else getattr(loss, "name", None)
    return {
        "optimizer": type(model.optimizer).__name__ if model.optimizer else None,
        "loss": told(named if named is not None else getattr(loss, "__name__", None)),
    }
