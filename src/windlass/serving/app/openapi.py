"""The OpenAPI document of a server: of each model its own paths, by its own signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from windlass.models.signature import Signature
from windlass.serving.app.schemas import (
    Schema,
    answer_schema,
    row_example,
    row_schema,
    tensors_example,
)
from windlass.version import __version__

_ID = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]([ -~]*[!-~])?$"}
_SCALAR = {"type": ["boolean", "number", "string"]}
_TRUTHS = {
    "type": "array",
    "minItems": 1,
    "items": {"type": ["boolean", "number", "string", "null"]},
    "contains": _SCALAR,
    "description": "One label or number for each row; null where it will never be known.",
}
_LENGTHS = {"type": "array", "items": {"type": "integer"}}
_PARAMETERS = {"type": "object", "additionalProperties": _SCALAR}


class Described(NamedTuple):
    """A model as the document tells it.

    Args:
        name: Its name.
        versions: Those that answer.
        signature: That of the live one; None if that is not known.
    """

    name: str
    versions: tuple[str, ...]
    signature: Signature | None


def document_of(models: Iterable[Described]) -> dict[str, Any]:
    """The document, of OpenAPI 3.1."""
    paths: dict[str, Any] = dict(_SERVER)
    schemas: dict[str, Schema] = dict(_SCHEMAS)
    for model in models:
        paths |= _model_paths(model, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Windlass",
            "version": __version__,
            "description": "Models behind the Open Inference Protocol, and by rows of JSON.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _model_paths(model: Described, schemas: dict[str, Schema]) -> dict[str, Any]:
    name, versions, signature = model
    base = f"/v2/models/{name}"
    version = {"name": "version", "in": "path", "required": True}
    known = {**version, "schema": {"type": "string", "enum": list(versions)}}
    example = None if signature is None else {"inputs": tensors_example(signature)}
    infer = _operation(
        f"Asks {name} by tensors", "InferResponse", _body("InferRequest", example), name
    )
    paths = {
        base: {"get": _operation(f"What {name} takes and gives", "Model", tag=name)},
        f"{base}/ready": {"get": _operation(f"Whether {name} answers", "Ready", tag=name)},
        f"{base}/infer": {"post": infer},
    }
    if signature is not None:
        schemas[f"{name}.Row"] = row_schema(signature)
        schemas[f"{name}.Answer"] = answer_schema(signature)
        rows = {"type": "array", "minItems": 1, "items": _ref(f"{name}.Row")}
        listed = {"type": "object", "properties": {"rows": rows}, "required": ["rows"]}
        schemas[f"{name}.Rows"] = {"anyOf": [listed, _ref(f"{name}.Row")]}
        asked = _body(f"{name}.Rows", {"rows": [row_example(signature)]})
        operation = _operation(f"Asks {name} by rows", f"{name}.Answer", asked, name)
        paths[f"/models/{name}/predict"] = {"post": operation}
    if versions:
        paths |= _versioned(paths, name, known)
    truth = _body("Truth", {"id": "a-request", "truth": [_truth(signature)]})
    told = _operation(f"Tells {name} what was true", "Noted", truth, name, status="202")
    return {**paths, f"/models/{name}/feedback": {"post": told}}


def _versioned(
    paths: Mapping[str, Any], name: str, version: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The same paths of one version."""
    return {
        path.replace(f"/models/{name}", f"/models/{name}/versions/{{version}}", 1): {
            **operations,
            "parameters": [version],
        }
        for path, operations in paths.items()
    }


def _truth(signature: Signature | None) -> Any:
    return signature.classes[0] if signature is not None and signature.classes else 0


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _body(name: str, example: Any = None) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": _ref(name)}
    if example is not None:
        media["example"] = example
    return {"required": True, "content": {"application/json": media}}


def _operation(
    summary: str,
    schema: str,
    body: Mapping[str, Any] | None = None,
    tag: str = "server",
    *,
    status: str = "200",
) -> dict[str, Any]:
    responses = {
        status: _response("What was asked for", schema),
        "default": _response("What went wrong", "Error"),
    }
    operation = {"summary": summary, "tags": [tag], "responses": responses}
    return operation if body is None else {**operation, "requestBody": body}


def _response(told: str, schema: str) -> dict[str, Any]:
    return {"description": told, "content": {"application/json": {"schema": _ref(schema)}}}


def _object(required: Mapping[str, Any], **others: Any) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **others},
        "required": list(required),
    }


_TEXT: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}
_METADATA = {
    "type": "array",
    "items": _object({"name": _TEXT, "datatype": _TEXT, "shape": _LENGTHS}),
}
_INPUT = _object(
    {"name": _TEXT, "datatype": _TEXT, "shape": _LENGTHS}, parameters=_PARAMETERS, data={}
)

_SCHEMAS: Mapping[str, Schema] = {
    "Error": _object(
        {"error": _TEXT},
        id=_TEXT,
        hint=_TEXT,
        problems={
            "type": "array",
            "items": _object({"field": _TEXT, "rule": _TEXT, "message": _TEXT}),
        },
    ),
    "Live": _object({"live": _BOOLEAN}, ready=_BOOLEAN),
    "Server": _object(
        {"name": _TEXT, "version": _TEXT, "extensions": {"type": "array", "items": _TEXT}}
    ),
    "Model": _object(
        {"name": _TEXT, "platform": _TEXT, "inputs": _METADATA, "outputs": _METADATA},
        versions={"type": "array", "items": _TEXT},
        properties={"type": "object", "additionalProperties": _TEXT},
    ),
    "Ready": _object({"name": _TEXT, "ready": _BOOLEAN}),
    "InferRequest": _object(
        {"inputs": {"type": "array", "minItems": 1, "items": _INPUT}},
        id=_ID,
        parameters=_PARAMETERS,
        outputs={"type": "array", "items": _object({"name": _TEXT}, parameters=_PARAMETERS)},
    ),
    "InferResponse": _object(
        {
            "model_name": _TEXT,
            "model_version": _TEXT,
            "id": _TEXT,
            "outputs": {"type": "array", "items": _INPUT},
        },
        parameters=_PARAMETERS,
    ),
    "Truth": _object({"id": _ID, "truth": _TRUTHS}),
    "Noted": _object({"id": _TEXT, "rows": {"type": "integer"}}),
}
"""What is the same of every model."""

_SERVER: Mapping[str, Any] = {
    "/v2": {"get": _operation("What the server is", "Server")},
    "/v2/health/live": {"get": _operation("Whether it lives", "Live")},
    "/v2/health/ready": {"get": _operation("Whether all models answer", "Live")},
}
"""What everybody may ask of the server; the admin plane is told in the documentation alone."""
