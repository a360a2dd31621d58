"""ONNX: models as the bytes of a ``.onnx`` file, their weights among them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.model_facts import MANY, told
from windlass.errors import CorruptError, FormatError
from windlass.values import Json

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto, TypeProto

LARGEST = 2**31 - 1
"""Bytes that a message of protobuf may have."""

_SHOWN = 10_000
_SMALL = 100


class OnnxFormat(Format["ModelProto"]):
    """Models as ``onnx.save`` would write them, the same bytes for equal models.

    The bytes are a file for every runtime of ONNX. What is written has passed ONNX's checker; what
    is read has not, since a later checker may be stricter with what an earlier one passed.
    """

    name = "onnx.model"
    types = ("onnx.onnx_ml_pb2.ModelProto", "onnx.onnx_pb2.ModelProto")

    def write(self, value: ModelProto, sink: Sink) -> None:
        """Writes the model.

        Raises:
            FormatError: Its weights lie in other files, it is too large for one message, or ONNX's
                checker refuses it.
        """
        _check_inside(value)
        data = _bytes_of(value)
        _check(value, data)
        sink.write(data)

    def read(self, source: Source) -> ModelProto:
        """The model.

        Raises:
            CorruptError: The stored bytes are no model, or name files where its weights would be.
        """
        import onnx
        from google.protobuf.message import DecodeError

        try:
            model: ModelProto = onnx.ModelProto.FromString(source.bytes())
            lack = _lack(model)
        except (DecodeError, ValueError, RecursionError) as error:
            raise CorruptError(f"stored bytes are not an ONNX model: {error}") from error
        if lack:
            raise CorruptError(f"stored bytes are not an ONNX model: {lack}")
        if outside := next(_outside(model), None):
            raise CorruptError(f"a stored ONNX model looks for its '{outside}' in another file")
        return model

    def summary(self, value: ModelProto) -> dict[str, Json]:
        """Versions, producer, inputs and outputs, nodes by their operators, and parameters."""
        graph = value.graph
        weights = {tensor.name for tensor in graph.initializer}
        inputs = [each for each in graph.input if each.name not in weights]
        return {
            "ir_version": value.ir_version,
            "opsets": {each.domain or "ai.onnx": each.version for each in value.opset_import},
            "producer": told(f"{value.producer_name} {value.producer_version}".strip()),
            "graph": told(graph.name),
            "inputs": _told_values(inputs),
            "outputs": _told_values(graph.output),
            "nodes": len(graph.node),
            "operators": _operators(value),
            "parameters": sum(math.prod(tensor.dims) for tensor in graph.initializer),
        }

    def preview(self, value: ModelProto) -> Preview:
        """ONNX's own textual form, without the numbers of large weights."""
        import onnx.printer

        text = onnx.printer.to_text(_without_weights(value))
        return Preview("text/plain", text if len(text) <= _SHOWN else text[:_SHOWN] + "\n…")


def _check_inside(model: ModelProto) -> None:
    """Refuses weights in files: they would be missing, or others, where the model is read."""
    if outside := next(_outside(model), None):
        raise FormatError(
            f"an ONNX model keeps '{outside}' in another file, which would not be stored with it",
            hint="Load its data with it, onnx.load(path), or return the Path of the folder that "
            "holds both.",
        )


def _bytes_of(model: ModelProto) -> bytes:
    from google.protobuf.message import EncodeError

    try:
        data: bytes = model.SerializeToString(deterministic=True)
    except (EncodeError, ValueError) as error:
        raise _too_large(str(error)) from error
    if len(data) > LARGEST:
        raise _too_large(f"it has {len(data):,} bytes")
    return data


def _too_large(why: str) -> FormatError:
    return FormatError(
        f"an ONNX model cannot be written as one message of at most 2 GB: {why}",
        hint="Save it with its data in a file of its own, onnx.save(model, path, "
        "save_as_external_data=True), and return the Path of the folder that holds both.",
    )


def _check(model: ModelProto, data: bytes) -> None:
    """Refuses what no runtime would take; of what is newer than the checker, it knows nothing."""
    import onnx

    lack = _lack(model)
    if not lack and not _is_newer(model):
        try:
            onnx.checker.check_model(data)
        except onnx.checker.ValidationError as error:
            lack = str(error).strip()
    if lack:
        raise FormatError(
            f"an ONNX model is not valid: {lack}",
            hint="onnx.checker.check_model(model) tells the same where the model is made.",
        )


def _lack(model: ModelProto) -> str:
    if not model.ir_version:
        return "it has no ir_version"
    return "" if model.HasField("graph") else "it has no graph"


def _is_newer(model: ModelProto) -> bool:
    import onnx

    newest = onnx.defs.onnx_opset_version()
    default = [each.version for each in model.opset_import if each.domain in ("", "ai.onnx")]
    return model.ir_version > onnx.IR_VERSION or any(version > newest for version in default)


def _outside(model: ModelProto) -> Iterator[str]:
    """The names of all tensors whose data lie in a file."""
    import onnx

    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            yield tensor.name


def _tensors(message: Any) -> Iterator[TensorProto]:
    """Every tensor in a message: of graphs in nodes, of functions and of training, too."""
    import onnx

    if isinstance(message, onnx.TensorProto):
        yield message
        return
    for field, part in message.ListFields():
        if field.message_type is not None:
            parts = [part] if hasattr(part, "ListFields") else part
            for inner in parts:
                yield from _tensors(inner)


def _operators(model: ModelProto) -> dict[str, Json]:
    """How often each operator stands in the graph, the most frequent first."""
    names = (f"{node.domain}.{node.op_type}".lstrip(".") for node in model.graph.node)
    ranked = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:MANY])


def _told_values(values: Iterable[Any]) -> list[Json]:
    return [_told_value(value) for value in list(values)[:MANY]]


def _told_value(value: Any) -> dict[str, Json]:
    kind = value.type.WhichOneof("value")
    shape = None
    if kind in ("tensor_type", "sparse_tensor_type") and getattr(value.type, kind).HasField(
        "shape"
    ):
        shape = [_size(size) for size in getattr(value.type, kind).shape.dim]
    return {"name": told(value.name), "type": _type_name(value.type), "shape": shape}


def _type_name(kind: TypeProto) -> str:
    """A type as ONNX writes it, such as ``seq(map(int64,tensor(float)))``."""
    which = kind.WhichOneof("value")
    if which is None:
        return "unknown"
    part: Any = getattr(kind, which)
    if which == "sequence_type":
        return f"seq({_type_name(part.elem_type)})"
    if which == "optional_type":
        return f"optional({_type_name(part.elem_type)})"
    if which == "map_type":
        return f"map({_dtype(part.key_type)},{_type_name(part.value_type)})"
    word = which.removesuffix("_type")
    return f"{word}({_dtype(part.elem_type)})" if hasattr(part, "elem_type") else word


def _dtype(number: int) -> str:
    import onnx

    known = onnx.TensorProto.DataType.values()
    return onnx.TensorProto.DataType.Name(number).lower() if number in known else str(number)


def _size(size: Any) -> Json:
    """A dimension: its number, its name, or None if nothing is known."""
    which = size.WhichOneof("value")
    return None if which is None else told(getattr(size, which))


def _without_weights(model: ModelProto) -> ModelProto:
    """A model that prints at once: its weights have names, types and shapes, and no numbers."""
    import onnx

    graph = onnx.GraphProto(
        name=model.graph.name,
        node=model.graph.node,
        input=model.graph.input,
        output=model.graph.output,
        value_info=model.graph.value_info,
        initializer=[_outline(tensor) for tensor in model.graph.initializer],
    )
    return onnx.ModelProto(
        ir_version=model.ir_version,
        producer_name=model.producer_name or None,
        producer_version=model.producer_version or None,
        opset_import=model.opset_import,
        functions=model.functions,
        graph=graph,
    )


def _outline(tensor: TensorProto) -> TensorProto:
    import onnx

    if math.prod(tensor.dims) <= _SMALL:
        return tensor
    return onnx.TensorProto(name=tensor.name, dims=tensor.dims, data_type=tensor.data_type)
