"""PyTorch: tensors, and the dicts of tensors that ``state_dict()`` gives."""

from __future__ import annotations

import itertools
from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from windlass import values
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.arrays import array_range
from windlass.artifacts.formats.table_facts import rows_preview
from windlass.artifacts.formats.torch_file import read_tensors, write_tensors
from windlass.errors import CorruptError, FormatError
from windlass.values import Json

if TYPE_CHECKING:
    import torch

_ONE = "tensor"
_SHOWN = 40


class TensorFormat(Format["torch.Tensor"]):
    """Tensors and parameters in safetensors' form.

    Device and memory layout are not kept: what is read is on the CPU and contiguous. Nor is the
    graph that a tensor was computed by; whether it requires a gradient is.
    """

    name = "torch.tensor"
    types = ("torch.Tensor", "torch.nn.parameter.Parameter")

    def accepts(self, value: object) -> bool:
        """Whether it is a tensor or a parameter itself, and not of a subclass."""
        return is_tensor(value)

    def write(self, value: torch.Tensor, sink: Sink) -> None:
        """Writes one tensor, its memory uncopied where it is contiguous and on the CPU."""
        write_tensors({_ONE: value}, {}, sink)

    def read(self, source: Source) -> torch.Tensor:
        """The tensor, over the memory of the stored file if it is large."""
        tensors, _ = read_tensors(source)
        if tensors.keys() != {_ONE}:
            raise CorruptError("stored bytes are not one tensor")
        return tensors[_ONE]

    def summary(self, value: torch.Tensor) -> dict[str, Json]:
        """Shape, dtype, and the range of its elements."""
        return {"shape": list(value.shape), "dtype": _dtype(value), **_range(value)}

    def preview(self, value: torch.Tensor) -> Preview:
        """Its first and last elements."""
        return Preview("text/plain", repr(value.detach().cpu()))


class StateFormat(Format[dict[str, Any]]):
    """A dict of tensors, such as a state dict, as one file of safetensors.

    Entries that are one tensor in memory, as tied weights are, come back as one.
    """

    name = "torch.state"
    types = ("collections.OrderedDict", "builtins.dict")

    def accepts(self, value: object) -> bool:
        """Whether it is a dict of text to tensors, and of nothing else."""
        return (
            isinstance(value, dict)
            and type(value) in (dict, OrderedDict)
            and bool(value)
            and all(map(is_tensor, value.values()))
            and all(type(name) is str and name != "__metadata__" for name in value)
        )

    def write(self, value: dict[str, Any], sink: Sink) -> None:
        """Writes the tensors, each piece of memory once.

        Raises:
            FormatError: One cannot be stored, or a name is no Unicode.
        """
        first: dict[Any, str] = {}
        names = {name: first.setdefault(_place(value[name]), name) for name in value}
        ordered = type(value) is OrderedDict
        facts: dict[str, Json] = {
            "names": [[name, stored] for name, stored in names.items()],
            "ordered": ordered,
            "about": values.encode(dict(getattr(value, "_metadata", {}))) if ordered else {},
        }
        write_tensors({name: value[name] for name in first.values()}, facts, sink)

    def read(self, source: Source) -> dict[str, Any]:
        """The dict, its entries in their order."""
        tensors, facts = read_tensors(source)
        try:
            found: Any = {name: tensors[stored] for name, stored in facts["names"]}
            if facts["ordered"]:
                found = OrderedDict(found)
                about = values.decode(facts["about"])
                if about:
                    found._metadata = OrderedDict(about)  # noqa: SLF001 (PyTorch's own place)
        except (LookupError, TypeError, ValueError, FormatError) as error:
            raise CorruptError(f"stored bytes are not a dict of tensors: {error}") from error
        state: dict[str, Any] = found
        return state

    def summary(self, value: dict[str, Any]) -> dict[str, Json]:
        """How many tensors and elements, and their dtypes."""
        return tensor_facts(value.values())

    def preview(self, value: dict[str, Any]) -> Preview:
        """Names, shapes and dtypes."""
        return tensor_table(value.items(), len(value))


def is_tensor(value: object) -> bool:
    """Whether a value is a tensor or a parameter, and not of a subclass; imports nothing."""
    cls = type(value)
    return cls.__name__ in ("Tensor", "Parameter") and cls.__module__ in (
        "torch",
        "torch.nn.parameter",
    )


def tensor_facts(tensors: Iterable[torch.Tensor]) -> dict[str, Json]:
    """How many tensors and elements there are, and of which dtypes."""
    held = list(tensors)
    dtypes = Counter(map(_dtype, held))
    return {
        "tensors": len(held),
        "elements": sum(tensor.numel() for tensor in held),
        "dtypes": {name: dtypes[name] for name in sorted(dtypes)},
    }


def tensor_table(named: Iterable[tuple[str, torch.Tensor]], count: int) -> Preview:
    """Names, shapes and dtypes of tensors, the first of many."""
    rows = [
        (name, " × ".join(map(str, tensor.shape)) or "scalar", _dtype(tensor))
        for name, tensor in itertools.islice(named, _SHOWN)
    ]
    return rows_preview(["tensor", "shape", "dtype"], ["", "", ""], rows, count)


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _place(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Equal for tensors that are the same memory seen in the same way."""
    if tensor.numel() == 0 or tensor.is_meta or str(tensor.layout) != "torch.strided":
        return (id(tensor),)
    where = (tensor.data_ptr(), str(tensor.device), tuple(tensor.shape), tensor.stride())
    return (*where, tensor.dtype, type(tensor), tensor.requires_grad)


def _range(tensor: torch.Tensor) -> dict[str, Json]:
    import torch

    held = tensor.detach().cpu().resolve_conj().resolve_neg()
    is_short = held.dtype.is_floating_point and held.element_size() < 4  # NumPy has no bfloat16
    return array_range((held.to(torch.float32) if is_short else held).numpy())
