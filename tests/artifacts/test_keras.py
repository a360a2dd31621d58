"""Keras models come back predicting and training on the same, and no config runs what it names."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windlass.artifacts.formats.keras_models import KerasFormat
from windlass.artifacts.formats.npy_parts import read_parts, write_parts
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySink, MemorySource, back, content, outputs_elsewhere, written

for name in ("keras", "torch"):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed", allow_module_level=True)
os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras has one backend in a process
keras = pytest.importorskip("keras", reason="Keras has no backend", exc_type=ImportError)
if keras.backend.backend() != "torch":
    pytest.skip("Keras has another backend here", allow_module_level=True)

# Keras hands NumPy its arrays in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MODELS = KerasFormat()
LAYERS = keras.layers
RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 4)).astype("f4")
Y = X[:, :1] * 2
SERIES = RNG.normal(size=(16, 5, 4)).astype("f4")


class Scale(keras.Layer):  # type: ignore[misc,name-defined]
    """A layer of the project's own, which no one registered."""

    def __init__(self, by: float = 2.0, **options: Any) -> None:
        super().__init__(**options)
        self.by = by

    def build(self, shape: Any) -> None:
        self.shift = self.add_weight(shape=(shape[-1],), initializer="ones", name="shift")

    def call(self, x: Any) -> Any:
        return x * self.by + self.shift

    def get_config(self) -> Any:
        return {**super().get_config(), "by": self.by}


@keras.saving.register_keras_serializable(package="tests")
class Two(keras.Model):  # type: ignore[misc,name-defined]
    """A model of the project's own."""

    def __init__(self, units: int, inner: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.first = LAYERS.Dense(units, "relu")
        self.inner = inner or Scale(0.5)
        self.last = LAYERS.Dense(1)

    def call(self, x: Any) -> Any:
        return self.last(self.inner(self.first(x)))

    def get_config(self) -> Any:
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "units": self.units, "inner": inner}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        inner = keras.saving.deserialize_keras_object(config.pop("inner"), custom_objects)
        return cls(inner=inner, **config)


class Both(keras.Layer):  # type: ignore[misc,name-defined]
    """Two layers, or one that is both."""

    def __init__(self, one: Any, other: Any, **options: Any) -> None:
        super().__init__(**options)
        self.one, self.other = one, other

    def call(self, x: Any) -> Any:
        return self.one(x) + self.other(x)

    def get_config(self) -> Any:
        make = keras.saving.serialize_keras_object
        return {**super().get_config(), "one": make(self.one), "other": make(self.other)}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        make = keras.saving.deserialize_keras_object
        return cls(make(config.pop("one")), make(config.pop("other")), **config)


@keras.saving.register_keras_serializable(package="tests")  # type: ignore[untyped-decorator]
def halved(one: Any, other: Any) -> Any:
    return keras.ops.mean(keras.ops.square(one - other), axis=-1) / 2


class Forgetful(keras.Model):  # type: ignore[misc,name-defined]
    """Its config does not tell how many layers it has."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.parts = [LAYERS.Dense(2)]

    def call(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


def _sequential() -> Any:
    return keras.Sequential(
        [
            LAYERS.Dense(5, "relu"),
            LAYERS.Dropout(0.4, seed=1),
            LAYERS.BatchNormalization(),
            LAYERS.Dense(1),
        ]
    )


def _functional() -> Any:
    one, shared = keras.Input((4,)), LAYERS.Dense(3, activation=keras.activations.gelu)
    inner = keras.Sequential([LAYERS.Dense(3, kernel_regularizer="l2"), LAYERS.Softmax()])
    merged = LAYERS.Add()([shared(one), shared(one * 2), inner(one)])
    return keras.Model(one, LAYERS.Dense(1)(keras.ops.tanh(merged)[:, :2]))


def _normalized() -> Any:
    first = LAYERS.Normalization()
    first.adapt(X)
    return keras.Sequential([first, LAYERS.GaussianNoise(0.1), LAYERS.Dense(1)])


def _recurrent() -> Any:
    series = keras.Input((5, 4))
    attended = LAYERS.MultiHeadAttention(2, 3, dropout=0.2, seed=1)(series, series)
    folded = LAYERS.Bidirectional(LAYERS.LSTM(2, recurrent_dropout=0.1, seed=2))(attended)
    cells = LAYERS.RNN([LAYERS.GRUCell(2), LAYERS.GRUCell(3)])(series)
    return keras.Model(series, LAYERS.Dense(1)(LAYERS.Concatenate()([folded, cells])))


def _convolving() -> Any:
    return keras.Sequential(
        [
            LAYERS.Reshape((2, 2, 1)),
            LAYERS.RandomFlip(),
            LAYERS.TimeDistributed(LAYERS.Dense(2, trainable=False)),
            LAYERS.Conv2D(2, 2, padding="same", kernel_constraint="max_norm"),
            LAYERS.GlobalAveragePooling2D(),
            LAYERS.Dense(1),
        ]
    )


def _frozen() -> Any:
    """A base that is not trained, as when a model of others is trained further."""
    one = keras.Input((4,))
    base = keras.Sequential([keras.Input((4,)), LAYERS.Dense(3), LAYERS.BatchNormalization()])
    base.trainable = False
    return keras.Model(one, LAYERS.Dense(1)(base(one, training=False)))


def _mixed() -> Any:
    """Half precision, for which Keras wraps the optimizer."""
    policy = keras.DTypePolicy("mixed_float16")
    model = keras.Sequential([LAYERS.Dense(3, dtype=policy), LAYERS.Dense(1, dtype=policy)])
    model.dtype_policy = policy
    return model


def _quantized() -> Any:
    model = keras.Sequential([keras.Input((4,)), LAYERS.Dense(4), LAYERS.Dense(1)])
    model.layers[0].quantize("int8")
    return model


MAKERS: dict[str, Any] = {
    "frozen": _frozen,
    "mixed": _mixed,
    "quantized": _quantized,
    "sequential": _sequential,
    "functional": _functional,
    "normalized": _normalized,
    "recurrent": _recurrent,
    "convolving": _convolving,
    "own": lambda: Two(3),
    "half": lambda: keras.Sequential([LAYERS.Dense(3, dtype="bfloat16"), LAYERS.Dense(1)]),
}
OPTIMIZERS: dict[str, Any] = {
    "sequential": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.9), use_ema=True
    ),
    "functional": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "own": lambda: keras.optimizers.AdamW(gradient_accumulation_steps=2),
    "recurrent": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.RMSprop()),
}


def _data(name: str) -> Any:
    return SERIES if name == "recurrent" else X


def _fit(model: Any, name: str, epochs: int = 1) -> Any:
    model.fit(_data(name), Y, batch_size=4, epochs=epochs, verbose=0, shuffle=False)
    return model


def _fitted(name: str, seed: int = 0) -> Any:
    keras.utils.set_random_seed(seed)
    model = MAKERS[name]()
    optimizer = OPTIMIZERS.get(name, keras.optimizers.Adam)()
    model.compile(optimizer, halved if name == "own" else "mse", metrics=["mae"])
    return _fit(model, name)


def _same_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


@pytest.mark.parametrize("name", MAKERS)
def test_models_come_back_predicting_and_training_on_the_same(name: str) -> None:
    model = _fitted(name)
    again = back(MODELS, model)
    assert type(again) is type(model)
    if name != "own":  # whose layers its own code makes anew
        assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    predicted = [each.predict(_data(name), verbose=0) for each in (model, again)]
    assert predicted[0].tobytes() == predicted[1].tobytes()
    assert content(MODELS, again) == content(MODELS, model)
    assert written(MODELS, again) == written(MODELS, model)
    assert MODELS.summary(again) == MODELS.summary(model)
    to_text(MODELS.summary(model))
    assert _same_weights(_fit(again, name, 2), _fit(model, name, 2))
    assert content(MODELS, again) == content(MODELS, model)


def test_what_is_frozen_and_what_keras_wrapped_come_back() -> None:
    frozen, mixed = _fitted("frozen"), _fitted("mixed")
    again = back(MODELS, frozen)
    assert [layer.trainable for layer in again.layers] == [True, False, True]
    assert len(again.trainable_weights) == len(frozen.trainable_weights) == 2
    assert type(back(MODELS, mixed).optimizer) is keras.optimizers.LossScaleOptimizer
    frozen.layers[1].trainable = True
    with pytest.raises(FormatError, match="compiled again"):
        written(MODELS, frozen)
    frozen.compile("sgd", "mse")
    assert back(MODELS, frozen).layers[1].trainable


def test_contents_of_other_models_differ() -> None:
    made = [content(MODELS, _fitted(name)) for name in MAKERS]
    made += [content(MODELS, _fitted("sequential", seed)) for seed in (1, 2)]
    assert len(set(made)) == len(made)


_UNITS = st.lists(st.integers(1, 3), min_size=1, max_size=3)


@settings(max_examples=15, deadline=None)
@given(_UNITS, _UNITS, st.integers(0, 3), st.booleans())
def test_contents_are_equal_only_where_models_are(
    one: list[int], other: list[int], others: int, built: bool
) -> None:
    def make(units: list[int]) -> Any:
        model = keras.Sequential([LAYERS.Dense(size, kernel_initializer="ones") for size in units])
        if built:
            model.build((None, 4))
        return model

    first = content(MODELS, make(one))
    for _ in range(others):
        LAYERS.Dense(1)  # takes a name
    second = make(other)
    assert (first == content(MODELS, second)) == (one == other)
    assert content(MODELS, back(MODELS, second)) == content(MODELS, second)


def _named(first: str | None, last: str | None, **compiled: Any) -> Any:
    keras.utils.set_random_seed(1)
    one = keras.Input((4,), name="x")
    hidden = LAYERS.Dense(2, name=first)(one)
    model = keras.Model(one, [LAYERS.Dense(1, name=last)(hidden), LAYERS.Dense(2)(hidden)])
    if compiled:
        model.compile(**compiled)
    return model


def test_names_that_someone_chose_are_a_part_of_the_content() -> None:
    unnamed = content(MODELS, _named(None, None))
    assert content(MODELS, _named(None, None)) == unnamed  # dense_3, not dense
    assert len({unnamed, *(content(MODELS, _named(*n)) for n in (("a", "b"), ("b", "a")))}) == 3


def test_how_a_model_was_compiled_is_a_part_of_the_content() -> None:
    def compiled(**options: Any) -> str:
        model = _named(None, None)
        name = model.output_names[1]
        return content(MODELS, _compile(model, {"loss": {name: "mse"}, **options}))

    def _compile(model: Any, options: Any) -> Any:
        model.compile(**options)
        return model

    same = compiled(optimizer=keras.optimizers.SGD(0.1))
    assert same == compiled(optimizer=keras.optimizers.SGD(0.1))
    others = [keras.optimizers.SGD(0.2), keras.optimizers.Adam(0.1), "sgd"]
    made = {same, content(MODELS, _named(None, None)), *(compiled(optimizer=o) for o in others)}
    assert len(made) == 5


def test_one_weight_or_one_moment_that_differs_is_another_content() -> None:
    model = _fitted("sequential")
    before = content(MODELS, model)
    slot = next(each for each in model.optimizer.variables if each.path.endswith("momentum"))
    slot.assign(slot.numpy() + 1)
    moved = content(MODELS, model)
    model.layers[0].bias.assign([0.5] * 5)
    assert len({before, moved, content(MODELS, model)}) == 3


def test_models_that_were_not_built_or_not_trained_come_back_so() -> None:
    plain, compiled, built = (_sequential() for _ in range(3))
    compiled.compile("adam", "mse")
    built.build((None, 4))
    built.compile("adam", "mse")
    for model in (plain, compiled, built):
        again = back(MODELS, model)
        assert again.built == model.built
        assert again.compiled == model.compiled
        assert content(MODELS, again) == content(MODELS, model)
        assert MODELS.preview(again).data
        to_text(MODELS.summary(model))
    assert MODELS.summary(plain)["compiled"] is False


def test_a_layer_that_is_in_two_places_is_one_again() -> None:
    inner = LAYERS.Dense(3)
    shared, apart = Two(3, Both(inner, inner)), Two(3, Both(LAYERS.Dense(3), LAYERS.Dense(3)))
    for model in (shared, apart):
        model(X)
        again = back(MODELS, model)
        assert (again.inner.one is again.inner.other) == (model is shared)
        assert len(again.weights) == len(model.weights)
        assert content(MODELS, again) == content(MODELS, model)


def test_a_model_whose_layers_keras_forgets_is_refused() -> None:
    layer = LAYERS.Dense(4)
    model = keras.Sequential([keras.Input((4,)), layer, LAYERS.ReLU(), layer])
    with pytest.raises(FormatError, match="does not come back"):
        written(MODELS, model)


def test_reading_draws_nothing_from_the_generator_of_the_step() -> None:
    data = written(MODELS, _fitted("sequential"))
    random.seed(3)
    before = random.getstate()
    MODELS.read(MemorySource(data))
    assert random.getstate() == before
    written(MODELS, _sequential())
    _sequential()
    assert random.getstate() != before  # as making a model does


def test_what_was_saved_does_not_change_with_training(box: Box) -> None:
    model = _fitted("functional")
    before = model.get_weights()
    saved = box.save({"model": model})
    _fit(model, "functional")
    again = box.load(saved.artifact.content)["model"]
    assert {child.format for child in saved.children} == {"keras.model"}
    assert all(np.array_equal(a, b) for a, b in zip(before, again.get_weights(), strict=True))


def test_models_are_told_and_shown() -> None:
    told = MODELS.summary(_fitted("sequential"))
    assert told["parameters"] == 5 * 4 + 5 + 4 * 5 + 5 + 1
    assert told["trainable"] == 41
    assert told["layers"] == {"Dense": 2, "Dropout": 1, "BatchNormalization": 1}
    assert str(told["output"]).endswith(", 1)")
    assert (told["optimizer"], told["loss"]) == ("Adam", "mse")
    shown = str(MODELS.preview(_fitted("own")).data)
    assert "Scale" in shown
    assert "Trainable params" in shown
    assert max(map(len, shown.splitlines())) < 80
    assert MODELS.summary(_fitted("own"))["loss"] == "halved"


def test_code_in_a_model_is_named(box: Box) -> None:
    made = keras.Sequential([keras.Input((4,)), LAYERS.Lambda(lambda x: x)])
    with pytest.raises(FormatError, match=r"keras\.layers\.Lambda") as caught:
        written(MODELS, made)
    assert "register" in str(caught.value.hint)
    made = _sequential()
    made.compile("adam", lambda one, other: one - other)
    with pytest.raises(FormatError, match="lambda"):
        written(MODELS, made)
    made.compile("adam", _sequential)
    with pytest.raises(FormatError, match="_sequential"):
        written(MODELS, made)


def test_models_that_would_not_come_back_are_named() -> None:
    model = Forgetful()
    model.parts.append(LAYERS.Dense(3))
    model(X)
    with pytest.raises(FormatError, match="a Forgetful cannot be made again") as caught:
        written(MODELS, model)
    assert "get_config()" in str(caught.value.hint)


def _forged(change: Any) -> bytes:
    """A stored model whose config was altered."""
    head, arrays = read_parts(MemorySource(written(MODELS, _fitted("sequential"))))
    document = json.loads(arrays[0].tobytes())
    changed = change(document)
    text = np.frombuffer(to_text(changed or document).encode(), np.uint8)
    sink = MemorySink()
    write_parts({"version": head["version"]}, [text, *arrays[1:]], sink)
    return bytes(sink.data)


def _object(module: Any, name: str, **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _function_of(module: str, name: str) -> dict[str, Any]:
    made = _object(module, "function")
    return {**made, "config": name, "registered_name": name}


_STRANGERS = [
    _object("keras.layers", "Lambda", function="x"),
    _object("keras.layers", "TFSMLayer", filepath="/tmp/x"),
    _object("keras.layers", "TorchModuleWrapper", output_shape=[1]),
    _object("keras.src.utils.torch_utils", "TorchModuleWrapper", output_shape=[1]),
    _object("keras.src.layers.core.lambda_layer", "Lambda", function="x"),
    _object("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
    _object("keras.layers", "deserialize", config="x"),
    _object("keras.utils", "get_file", origin="http://x"),
    _object("keras.utils", "FeatureSpace", features={}),
    _object("keras.src.layers.preprocessing.feature_space", "FeatureSpace", features={}),
    _object("keras.layers", "TextVectorization", vocabulary="/etc/passwd"),
    _object("keras.src.saving.saving_lib", "H5IOStore", root_path="x"),
    _object("keras.layers.Dense", "from_config", units=1),
    _object("keras.layers", "Dense.from_config", units=1),
    _object("keras", "layers.Lambda", function="x"),
    _object("keras.models", "load_model", filepath="x"),
    _object("os", "system", command="x"),
    _object("subprocess", "Popen", args="x"),
    _object("antigravity", "fly"),
    _object("builtins", "eval", source="1"),
    _object(None, "Scale"),
    _object(f"{__name__}.keras", "Layer"),
    {**_object("keras.layers", "Dense", units=1), "registered_name": "tests>halved"},
    {"class_name": "__lambda__", "config": {"value": "x"}},
    {"class_name": "__typespec__", "config": [], "module": "os", "spec_name": "x"},
    {"class_name": "Dense", "config": {"units": 1}},
    _function_of("keras.utils", "get_file"),
    _function_of("keras.activations", "deserialize"),
    _function_of("builtins", "eval"),
    _function_of("os", "system"),
    _function_of(__name__, "_sequential"),
]


@pytest.mark.parametrize("stranger", _STRANGERS, ids=lambda part: str(part)[:60])
def test_nothing_that_is_not_on_the_list_is_made(stranger: Any) -> None:
    def as_layer(document: Any) -> None:
        document["config"]["config"]["layers"][1] = stranger

    def as_activation(document: Any) -> None:
        document["config"]["config"]["layers"][1]["config"]["activation"] = stranger

    def as_loss(document: Any) -> None:
        document["config"]["compile_config"]["loss"] = stranger

    loaded = set(sys.modules)
    for change in (as_layer, as_activation, as_loss):
        with pytest.raises(UntrustedError, match="does not load"):
            MODELS.read(MemorySource(_forged(change)))
    assert "antigravity" not in set(sys.modules) - loaded


def test_other_forgeries_are_refused() -> None:
    def dropped(document: Any) -> None:
        document["state"][2].pop()

    def smaller(document: Any) -> None:
        document["config"]["config"]["layers"][1]["config"]["units"] = 4

    def no_model(document: Any) -> Any:
        return {**document, "config": document["config"]["config"]["layers"][1]}

    def no_compiling(document: Any) -> None:
        document["config"]["compile_config"] = {}

    def other_dtype(document: Any) -> None:
        document["dtypes"][0] = "np"

    for change in (dropped, smaller, no_model, no_compiling, other_dtype, lambda _: [1]):
        with pytest.raises(CorruptError):
            MODELS.read(MemorySource(_forged(change)))
    MODELS.read(MemorySource(_forged(copy.copy)))


def test_classes_that_are_not_loaded_are_told() -> None:
    def gone(document: Any) -> None:
        document["config"]["config"]["layers"][1] = _object("my_gone_project", "Scale")

    with pytest.raises(UntrustedError, match=r"my_gone_project\.Scale") as caught:
        MODELS.read(MemorySource(_forged(gone)))
    assert "import" in str(caught.value.hint)


_START = "import os; os.environ['KERAS_BACKEND'] = 'torch'\nimport keras, numpy as np\n"


def test_altered_bytes_are_refused_and_end_no_process() -> None:
    make = (
        "import warnings; warnings.simplefilter('ignore')\n"
        f"{_START}"
        "value = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n"
    )
    told = survives("keras_models", "KerasFormat", make)
    assert told.startswith("refused"), told
    assert int(told.split()[1]) > 50


_CONTENT = f"""{_START}from artifacts.roundtrip import content
from windlass.artifacts.formats.keras_models import KerasFormat
if os.environ["PYTHONHASHSEED"] == "2":
    keras.layers.Bidirectional(keras.layers.SimpleRNN(1)), keras.layers.Dense(2), keras.layers.Add()
keras.utils.set_random_seed(5)
x = keras.Input((3, 2))
y = keras.layers.Bidirectional(keras.layers.SimpleRNN(2))(x)
d = keras.layers.Dense(4)
y = keras.layers.Dropout(0.5)(keras.layers.Add()([d(y), d(y * 2)]))
model = keras.Model(x, y)
model.compile("adam", {{model.output_names[0]: "mse"}}, metrics=[
    keras.metrics.AUC()])
model.fit(np.ones((4, 3, 2)), np.ones((4, 4)), verbose=0)
print(d.name)
print(content(KerasFormat(), model))
"""


def test_contents_are_equal_in_every_process_whatever_it_made_before() -> None:
    one, other = (told.split() for told in outputs_elsewhere(_CONTENT))
    assert one[0] != other[0]
    assert one[1] == other[1]


_BACKENDS = """
import os, sys
os.environ["KERAS_BACKEND"] = backend = {"1": "jax", "2": "torch"}[os.environ["PYTHONHASHSEED"]]
import keras, numpy as np
from artifacts.roundtrip import MemorySource, content, written
from windlass.artifacts.formats.keras_models import KerasFormat
keras.utils.set_random_seed(1)
x = keras.Input((3, 2))
y = keras.layers.GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")(x)
model = keras.Model(x, keras.layers.Dense(2, kernel_initializer="ones")(keras.ops.tanh(y)))
model.compile("adam", "mse")
print(keras.backend.backend())
print(content(KerasFormat(), model))
if backend == "jax":
    model.fit(np.ones((4, 3, 2)), np.ones((4, 2)), verbose=0)
    open(sys.argv[1], "wb").write(written(KerasFormat(), model))
else:
    model = KerasFormat().read(MemorySource(open(sys.argv[1], "rb").read()))
print(content(KerasFormat(), model))
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_models_are_the_same_with_another_backend(tmp_path: Path) -> None:
    told = outputs_elsewhere(_BACKENDS, str(tmp_path / "model"))
    one, other = (lines.split() for lines in told)
    assert (one[0], other[0]) == ("jax", "torch")
    assert one[1:] == other[1:]
    assert one[1] != one[2]
