"""What a model takes and gives as JSON Schema, as OpenAPI 3.1 has it, with examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from windlass.models.datatypes import bounds
from windlass.models.fields import Field, has_zone
from windlass.models.signature import Output, Signature
from windlass.models.tensors import Tensor, TensorField
from windlass.serving.app.predicting import class_name

Schema: TypeAlias = dict[str, Any]

_TYPES = {"BOOL": "boolean", "BYTES": "string"}
_FLOAT64 = 1.7976931348623157e308


def row_schema(signature: Signature) -> Schema:
    """The schema of a row: an object of all fields."""
    fields = _fields(signature)
    return {
        "type": "object",
        "properties": {field.name: _field_schema(field) for field in fields},
        "required": [field.name for field in fields],
    }


def row_example(signature: Signature) -> dict[str, Any]:
    """A row like those of the reference."""
    return {field.name: _example(field) for field in _fields(signature)}


def tensors_example(signature: Signature) -> list[dict[str, Any]]:
    """The same row as tensors."""
    return [
        {
            **field.tensor().document(),
            "shape": [1, *field.tensor().shape[1:]],
            "data": _flat(_example(field)),
        }
        for field in _fields(signature)
    ]


def _fields(signature: Signature) -> Sequence[Field | TensorField]:
    found: Sequence[Field | TensorField] = getattr(signature.inputs, "fields", ())
    return found


def _flat(value: Any) -> list[Any]:
    return [leaf for each in value for leaf in _flat(each)] if isinstance(value, list) else [value]


def _field_schema(field: Field | TensorField) -> Schema:
    if isinstance(field, TensorField):
        return _nested(_element(field.tensor(), field.dtype), field.shape[1:])
    schema = _column(field)
    if field.missing:
        schema = _or_null(schema)
    if field.low is not None:
        schema["description"] = f"From {field.low} to {field.high} in the reference."
    return schema


def _column(field: Field) -> Schema:
    if field.kind == "category" and field.categories is not None:
        return {"enum": list(field.categories)}
    if field.kind == "time":
        if has_zone(field.dtype):
            return {"type": "string", "format": "date-time"}
        return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$"}
    return _element(field.tensor(), field.dtype)


def _element(tensor: Tensor, dtype: str) -> Schema:
    if tensor.datatype in _TYPES:
        return {"type": _TYPES[tensor.datatype]}
    least, most = bounds(dtype)
    if tensor.datatype.startswith("FP"):
        return {"type": "number", "minimum": max(least, -_FLOAT64), "maximum": min(most, _FLOAT64)}
    return {"type": "integer", "minimum": least, "maximum": most}


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def _nested(schema: Schema, shape: Sequence[int]) -> Schema:
    for length in reversed(shape):
        schema = {"type": "array", "items": schema, "minItems": length, "maxItems": length}
    return schema


def _example(field: Field | TensorField) -> Any:
    if isinstance(field, TensorField):
        low: Any = "" if field.dtype == "str" else field.dtype == "bool" or field.low or 0
        for length in reversed(field.shape[1:]):
            low = [low] * length
        return low
    if field.categories:
        return field.categories[0]
    if field.low is not None:
        return f"{field.low}+00:00" if has_zone(field.dtype) else field.low
    return {"boolean": True, "text": "text"}.get(field.kind, None if field.missing else 0)


def answer_schema(signature: Signature) -> Schema:
    """The schema of what a model predicts for rows."""
    properties: dict[str, Schema] = {
        "model": {"type": "string"},
        "version": {"type": "string"},
        "id": {"type": "string"},
    }
    if (predicted := signature.output("predict")) is not None:
        properties["predictions"] = {"type": "array", "items": _prediction(predicted)}
    if signature.output("predict_proba") is not None and signature.classes is not None:
        shares: Mapping[str, Schema] = {
            class_name(label): {"type": ["number", "null"]} for label in signature.classes
        }
        share = {"type": "object", "properties": shares, "required": list(shares)}
        properties["probabilities"] = {"type": "array", "items": share}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _prediction(output: Output) -> Schema:
    if output.classes is not None:
        return {"enum": list(output.classes)}
    return {"type": ["number", "null"]}
