"""PyTorch's tensors, state dicts and modules come back to the bit, and forged ones run nothing."""

from __future__ import annotations

import json
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from windlass.artifacts.formats.torch_modules import ModuleFormat
from windlass.artifacts.formats.torch_tensors import StateFormat, TensorFormat
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("safetensors", reason="safetensors is not installed")
from torch import nn  # noqa: E402

TENSORS, STATES, MODULES = TensorFormat(), StateFormat(), ModuleFormat()
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_dtypes = st.sampled_from(["?", "i1", "i2", "i4", "i8", "u1", "f2", "f4", "f8", "c8", "c16"])
_arrays = hnp.arrays(_dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


def bits(tensor: Any) -> tuple[Any, ...]:
    plain = tensor.detach().cpu().resolve_conj().contiguous()
    shape = (tensor.dtype, tuple(tensor.shape), tensor.requires_grad, type(tensor))
    if plain.is_complex():
        plain = torch.view_as_real(plain)
    if plain.numel() == 0:
        return shape
    return (*shape, plain.reshape(-1).view(torch.uint8).numpy().tobytes())


@LAWS
@given(_arrays)
def test_tensors_come_back_to_the_bit(array: Any) -> None:
    value = torch.from_numpy(array.copy())
    again = back(TENSORS, value)
    assert bits(again) == bits(value)
    assert content(TENSORS, again) == content(TENSORS, value)
    to_text(TENSORS.summary(value))
    assert TENSORS.preview(value).data


@LAWS
@given(_arrays, _arrays)
def test_contents_are_equal_only_where_tensors_are(one: Any, other: Any) -> None:
    left, right = torch.from_numpy(one.copy()), torch.from_numpy(other.copy())
    equal = content(TENSORS, left) == content(TENSORS, right)
    assert equal == (bits(left) == bits(right))


@pytest.mark.parametrize(
    "dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "uint16", "uint32", "uint64"]
)
def test_dtypes_that_numpy_lacks(dtype: str) -> None:
    value = torch.tensor([1.0, 2.0, 3.0]).to(getattr(torch, dtype))
    again = back(TENSORS, value)
    assert bits(again) == bits(value)
    assert TENSORS.summary(again).get("max") in (3, 3.0)


def test_views_gradients_and_parameters() -> None:
    grid = torch.arange(6.0).reshape(2, 3)
    assert content(TENSORS, grid.t()) == content(TENSORS, grid.t().contiguous())
    turned = torch.tensor([1 + 2j]).conj()
    assert back(TENSORS, turned).item() == 1 - 2j
    weight = grid.clone().requires_grad_()
    product = weight * 2  # a result with a graph, which is not kept
    parameter = nn.Parameter(grid, requires_grad=False)
    kinds = [grid, weight, parameter, nn.Parameter(grid)]
    for value in kinds:
        assert bits(back(TENSORS, value)) == bits(value)
    assert back(TENSORS, product).requires_grad
    assert back(TENSORS, product).is_leaf
    assert len({content(TENSORS, value) for value in kinds}) == 4


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: torch.eye(2).to_sparse(), "sparse, nested or quantized"),
        (lambda: torch.zeros(2, device="meta"), "has no elements"),
    ],
)
def test_tensors_that_are_no_plain_memory(make: Any, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        written(TENSORS, make())


def test_large_tensors_lie_in_the_memory_of_their_files(tmp_path: Path) -> None:
    value = torch.arange(1_000_000.0)
    box = Box(tmp_path)
    saved = box.save({"data": value, "n": [1]})
    again = box.load(saved.artifact.content)["data"]
    assert torch.equal(again, value)
    again += 1  # in memory of its own: the file stays as it is
    assert torch.equal(box.load(saved.artifact.content)["data"], value)


def test_others_read_the_file() -> None:
    import safetensors.torch

    model = _Net()
    found = safetensors.torch.load(written(MODULES, model))
    state = model.state_dict()
    assert found.keys() == state.keys() - {"out.weight"} | {"seen", "held.0", "held.1"}
    for name in found.keys() & state.keys():
        assert torch.equal(found[name], state[name])


def test_state_dicts() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    state = model.state_dict()
    again, about = back(STATES, state), state.__dict__
    assert type(again) is OrderedDict
    assert list(again) == list(state)
    assert vars(again)["_metadata"] == about["_metadata"]
    other = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    other.load_state_dict(again)
    assert content(STATES, other.state_dict()) == content(STATES, state)
    assert STATES.summary(state)["elements"] == 33
    assert "0.weight" in STATES.preview(state).data
    turned = dict(reversed(state.items()))
    assert list(back(STATES, turned)) == list(turned)


def test_one_tensor_under_two_names_comes_back_as_one() -> None:
    tied = _Net().state_dict()
    apart = {name: tensor.clone() for name, tensor in tied.items()}
    assert len(written(STATES, tied)) < len(written(STATES, apart))
    again = back(STATES, tied)
    assert again["emb.weight"] is again["out.weight"]


def test_dicts_of_other_things_are_left_to_other_formats(tmp_path: Path) -> None:
    tensor = torch.ones(2)
    for value in ({}, {"a": 1}, {1: tensor}, {"__metadata__": tensor}, {"a": [tensor]}):
        assert not STATES.accepts(value)
    box = Box(tmp_path)
    optimizer = torch.optim.Adam([nn.Parameter(tensor)])
    optimizer.param_groups[0]["params"][0].grad = tensor
    optimizer.step()
    model = nn.Linear(2, 2)
    checkpoint = {"optimizer": optimizer.state_dict(), "model": model.state_dict(), "epoch": 3}
    saved = box.save(checkpoint)
    again = box.load(saved.artifact.content)
    assert "torch.state" in {child.format for child in saved.children}
    nn.Linear(2, 2).load_state_dict(again["model"])
    assert torch.equal(again["model"]["bias"], model.bias)
    assert again["optimizer"]["param_groups"] == checkpoint["optimizer"]["param_groups"]
    assert again["optimizer"]["state"][0]["exp_avg"].tolist() == pytest.approx([0.1, 0.1])


def swish(x: Any) -> Any:
    return x * torch.sigmoid(x)


class _Net(nn.Module):
    """Tied weights, functions, constants, tensors and modules in plain attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(5, 4)
        self.out = nn.Linear(4, 5)
        self.out.weight = self.emb.weight
        self.acts = [nn.functional.gelu, torch.relu, swish]
        self.dtype, self.device = torch.float32, torch.device("cpu")
        self.register_buffer("seen", torch.ones(3), persistent=False)
        self.held, self.table = torch.arange(3), {"one": [torch.ones(2)]}
        self.same = [self.out]
        self.parts: Any = nn.ModuleDict({"a": nn.ParameterList([torch.ones(1)])})

    def forward(self, x: Any) -> Any:
        found = self.same[0](self.emb(x))
        for act in self.acts:
            found = act(found)
        return found * self.parts["a"][0] + self.held.sum()


MAKERS: dict[str, tuple[Any, Any]] = {
    "linear": (lambda: nn.Linear(2, 3), lambda: torch.ones(1, 2)),
    "lstm": (lambda: nn.LSTM(2, 3, 2, bidirectional=True), lambda: torch.ones(4, 1, 2)),
    "encoder": (
        lambda: nn.TransformerEncoderLayer(4, 2, 8, activation="gelu").eval(),
        lambda: torch.ones(2, 1, 4),
    ),
    "convolution": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten()),
        lambda: torch.ones(2, 1, 5, 5),
    ),
    "own": (_Net, lambda: torch.tensor([1, 2])),
    "frozen": (lambda: nn.Linear(2, 2).requires_grad_(False), lambda: torch.ones(1, 2)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_modules_come_back_computing_the_same(name: str) -> None:
    torch.manual_seed(0)
    model, given_ = (make() for make in MAKERS[name])
    again = back(MODULES, model)
    results = [each(given_) for each in (model, again)]
    left, right = (each[0] if isinstance(each, tuple) else each for each in results)
    assert torch.equal(left, right)
    assert type(again) is type(model)
    assert again.training == model.training
    assert [p.requires_grad for p in again.parameters()] == [
        p.requires_grad for p in model.parameters()
    ]
    assert content(MODULES, again) == content(MODULES, model)
    to_text(MODULES.summary(model))
    assert str(MODULES.preview(again).data) == repr(model)


def test_a_module_goes_on_training() -> None:
    torch.manual_seed(0)
    model, again = nn.LSTM(2, 3), None
    again = back(MODULES, model)
    for each in (model, again):
        optimizer = torch.optim.SGD(each.parameters(), lr=0.1)
        each(torch.ones(4, 1, 2))[0].sum().backward()
        optimizer.step()
    assert content(MODULES, again) == content(MODULES, model)
    again.double()
    assert again(torch.ones(4, 1, 2, dtype=torch.float64))[0].dtype is torch.float64


def test_what_a_module_shares_is_shared_again() -> None:
    again = back(MODULES, _Net())
    assert again.emb.weight is again.out.weight
    assert again.same[0] is again.out
    assert again.acts == [nn.functional.gelu, torch.relu, swish]
    assert (again.dtype, again.device) == (torch.float32, torch.device("cpu"))
    assert "seen" not in again.state_dict()


def test_each_setting_counts() -> None:
    def made(change: Any) -> str:
        torch.manual_seed(0)
        model = _Net()
        change(model)
        return content(MODULES, model)

    changes: list[Any] = [
        lambda model: None,
        lambda model: model.eval(),
        lambda model: setattr(model, "acts", [swish]),
        lambda model: setattr(model, "held", model.held + 1),
        lambda model: setattr(model, "out", nn.Linear(4, 5)),
        lambda model: model.out.bias.requires_grad_(False),
        lambda model: setattr(model, "dtype", torch.float16),
    ]
    assert len(set(map(made, changes))) == len(changes)
    assert made(changes[0]) == made(changes[0])


def _with_hook() -> Any:
    model = nn.Linear(2, 2)
    model.register_forward_hook(lambda *args: None)
    return model


def _with(value: Any) -> Any:
    model: Any = nn.Linear(2, 2)
    model.extra = value
    return model


def _local() -> Any:
    class Local(nn.Module):
        pass

    return Local()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_with_hook, "has hooks"),
        (_local, "Local cannot be found by that name"),
        (lambda: _with(lambda x: x), "Linear.extra: the function .*<lambda> is neither"),
        (lambda: _with(json.loads), "json.loads is neither PyTorch's nor of the file of Linear"),
        (lambda: _with(object()), "Linear.extra: no format takes"),
        (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), "cannot be found by that"),
        (lambda: nn.LazyLinear(2), "hooks|no format takes"),
    ],
)
def test_modules_that_cannot_be_stored(make: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=told):
        Box(tmp_path).save(make())


def test_arrays_in_attributes_are_parts(tmp_path: Path) -> None:
    box = Box(tmp_path)
    saved = box.save(_with({"mean": np.arange(3.0)}))
    assert box.load(saved.artifact.content).extra["mean"].tolist() == [0, 1, 2]
    assert [child.format for child in saved.children] == ["numpy.array"]


def _forged(data: bytes, change: Any) -> MemorySource:
    (size,) = struct.unpack("<Q", data[:8])
    head = json.loads(data[8 : 8 + size])
    facts = json.loads(head["__metadata__"]["windlass"])
    change(facts)
    head["__metadata__"]["windlass"] = json.dumps(facts)
    text = json.dumps(head).encode()
    return MemorySource(struct.pack("<Q", len(text)) + text + data[8 + size :])


def _names_class(ref: str) -> Any:
    return lambda facts: facts["nodes"][0].update({"class": ref})


def _holds(document: Any) -> Any:
    return lambda facts: facts["nodes"][0]["state"].update({"extra": document})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (_names_class("subprocess:Popen"), UntrustedError),
        (_names_class("nowhere:Net"), FormatError),
        (_holds({"$type": "function", "ref": "os:system"}), UntrustedError),
        (_holds({"$type": "function", "ref": "torch:load"}), UntrustedError),
        (_holds({"$type": "function", "ref": "torch.nn.functional:os"}), UntrustedError),
        (_holds({"$type": "module", "at": 9}), CorruptError),
        (_holds({"$type": "tensor", "name": "none"}), CorruptError),
        (_holds({"$type": "torch", "kind": "dtype", "name": "load"}), CorruptError),
        (lambda facts: facts["nodes"][0]["state"].pop("_modules"), CorruptError),
        (lambda facts: facts.pop("nodes"), CorruptError),
        (lambda facts: facts.update(nodes=[]), CorruptError),
    ],
)
def test_forged_modules_are_refused(change: Any, error: Any) -> None:
    with pytest.raises(error):
        MODULES.read(_forged(written(MODULES, nn.Linear(2, 2)), change))


def test_altered_bytes_do_not_end_the_process() -> None:
    make = "import torch\nvalue = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())"
    told = survives("torch_modules", "ModuleFormat", make)
    assert told.startswith("refused")
    assert int(told.split()[1]) > 50


def test_contents_agree_between_processes() -> None:
    code = (
        "import torch\n"
        "from artifacts.roundtrip import content\n"
        "from windlass.artifacts.formats.torch_modules import ModuleFormat\n"
        "from windlass.artifacts.formats.torch_tensors import StateFormat\n"
        "torch.manual_seed(0)\n"
        "model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LSTM(4, 2))\n"
        "print(content(ModuleFormat(), model), content(StateFormat(), model.state_dict()))"
    )
    one, other = outputs_elsewhere(code)
    assert one == other
