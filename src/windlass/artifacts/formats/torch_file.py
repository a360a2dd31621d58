"""Tensors in a file of safetensors' form, which any program that knows that form can read.

The head is written here, so that equal tensors give equal bytes and none is copied on its way;
files are read by the library. What the form cannot tell stands in its metadata, as one text.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Sink, Source
from windlass.artifacts.formats.memory import MAPPED
from windlass.errors import ConfigError, CorruptError, FormatError
from windlass.values import Json, to_text

if TYPE_CHECKING:
    import torch

_KEY = "windlass"
_ALIGNMENT = 64
_LONGEST = 100 << 20
"""Bytes of the head that safetensors reads at most."""

_NAMES = (
    "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool "
    "float8_e4m3fn float8_e5m2 complex64 complex128"
)
_STORED = "F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL F8_E4M3 F8_E5M2 C64 F64"
_DTYPES = dict(zip(_NAMES.split(), _STORED.split(), strict=True))
"""How the form names PyTorch's dtypes; complex128 it has no name for: it is stored in pairs."""


def write_tensors(
    tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Json], sink: Sink
) -> None:
    """Writes tensors and facts about them.

    Args:
        tensors: By their names.
        facts: What `read_tensors` gives back beside them.
        sink: Where to.

    Raises:
        FormatError: A tensor is no plain memory, or of a dtype that the form has no name for.
    """
    plain = {name: _plain(tensor, name) for name, tensor in tensors.items()}
    order = sorted(plain, key=lambda name: (-plain[name].element_size(), name))
    flags = {name: told for name in order if (told := _flags(tensors[name]))}
    head: dict[str, Json] = {"__metadata__": {_KEY: to_text({**facts, "flags": flags})}}
    at = 0
    for name in order:
        end = at + plain[name].nbytes
        dtype = _DTYPES[_dtype_name(plain[name])]
        head[name] = {"dtype": dtype, "shape": list(plain[name].shape), "data_offsets": [at, end]}
        at = end
    text = to_text(head).encode()
    text += b" " * (-(len(text) + 8) % _ALIGNMENT)
    sink.write(struct.pack("<Q", len(text)) + text)
    for name in order:
        sink.write(_memory(plain[name]))


def read_tensors(source: Source) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors and the facts; large ones over the memory of the stored file, copied on write.

    Raises:
        CorruptError: The bytes are not of that form.
        ConfigError: safetensors is not installed.
    """
    try:
        import safetensors
        import safetensors.torch
    except ImportError as error:
        raise ConfigError(
            "stored tensors cannot be read: safetensors is not installed",
            hint="Install it: pip install 'windlass[torch]'",
        ) from error
    path = source.path()
    try:
        facts = _facts(source)
        if path is None or path.stat().st_size < MAPPED:
            found = safetensors.torch.load(source.bytes())
        else:
            with safetensors.safe_open(path, framework="pt") as file:
                found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        tensors = {name: _flagged(found[name], facts["flags"].get(name, "")) for name in found}
    except (safetensors.SafetensorError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise CorruptError(f"stored bytes are not tensors: {error}") from error
    return tensors, facts


def _plain(tensor: torch.Tensor, name: str) -> torch.Tensor:
    """The tensor's elements as one piece of this machine's memory."""
    import torch

    what = f"the tensor '{name}'"
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested:
        raise FormatError(
            f"{what} is sparse, nested or quantized", hint="Return a dense one: .to_dense()"
        )
    if tensor.is_meta:
        raise FormatError(f"{what} has no elements: it is on the device 'meta'")
    if _dtype_name(tensor) not in _DTYPES:
        raise FormatError(f"{what} is of {tensor.dtype}, which safetensors cannot store")
    plain = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    return torch.view_as_real(plain) if plain.dtype is torch.complex128 else plain


def _dtype_name(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _memory(tensor: torch.Tensor) -> Any:
    import torch

    return tensor.reshape(-1).view(torch.uint8).numpy() if tensor.numel() else b""


def _flags(tensor: torch.Tensor) -> str:
    """What else is to be told of a tensor: p a parameter, g has a gradient, c complex in pairs."""
    import torch

    is_parameter = isinstance(tensor, torch.nn.Parameter)
    told = {"p": is_parameter, "g": tensor.requires_grad, "c": tensor.dtype is torch.complex128}
    return "".join(flag for flag, holds in told.items() if holds)


def _flagged(tensor: torch.Tensor, flags: str) -> torch.Tensor:
    import torch

    whole = torch.view_as_complex(tensor) if "c" in flags else tensor
    if "p" in flags:
        return torch.nn.Parameter(whole, requires_grad="g" in flags)
    return whole.requires_grad_("g" in flags) if "g" in flags else whole


def _facts(source: Source) -> dict[str, Any]:
    with source.open() as stream:
        (size,) = struct.unpack("<Q", stream.read(8).ljust(8, b"\0"))
        head = json.loads(stream.read(min(size, _LONGEST)))
    facts: dict[str, Any] = json.loads(head["__metadata__"][_KEY])
    if not isinstance(facts["flags"], dict):
        raise TypeError("flags are not told")
    return facts
