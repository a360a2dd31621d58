"""The description of what is below ``/api``, made from the types of the pages' documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from windlass.version import __version__
from windlass.web.failing import ErrorDocument
from windlass.web.page import Page

_PART = re.compile(r"{(\w+)(?::\w+)?}")
_REFERENCE = "#/components/schemas/{model}"


def openapi(pages: Sequence[Page], *, several: bool) -> dict[str, Any]:
    """An OpenAPI 3.1 document.

    Args:
        pages: What there is.
        several: Whether there are several projects, each below ``/p/{project}``.
    """
    adapters = {page.name: TypeAdapter(page.document) for page in pages}
    adapters["ErrorDocument"] = TypeAdapter(ErrorDocument)
    schemas, definitions = TypeAdapter.json_schemas(
        [(name, "serialization", adapter) for name, adapter in adapters.items()],
        ref_template=_REFERENCE,
    )
    found = {str(name): schema for (name, _), schema in schemas.items()}
    error = found.pop("ErrorDocument")
    prefix = "/p/{project}" if several else ""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Windlass", "version": __version__},
        "paths": {
            f"{prefix}{api_path(page)}": {"get": _operation(page, found[page.name], error, prefix)}
            for page in pages
        },
        "components": {"schemas": definitions.get("$defs", {})},
    }


def api_path(page: Page) -> str:
    """Where the document of a page is."""
    return "/api" + ("/runs" if page.path == "/" else _PART.sub(r"{\1}", page.path))


def _operation(page: Page, schema: Any, error: Any, prefix: str) -> dict[str, Any]:
    parts = _PART.findall(prefix + page.path)
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in parts
    ]
    return {
        "operationId": page.name,
        "summary": page.summary,
        "parameters": inside + _asked(page),
        "responses": {
            "200": {"description": page.summary, "content": _json(schema)},
            **{
                status: {"description": told, "content": _json(error)}
                for status, told in _ERRORS.items()
            },
        },
    }


_ERRORS = {
    "400": "It is asked wrongly.",
    "401": "It is asked without a token.",
    "403": "It may not be asked from there.",
    "404": "There is no such thing.",
    "421": "It is asked under a name that is not the server's.",
    "429": "Too many wrong tokens came from there.",
    "503": "The record cannot be reached.",
}


def _asked(page: Page) -> list[dict[str, Any]]:
    schema = page.query.model_json_schema(ref_template=_REFERENCE)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": each}
        for name, each in schema.get("properties", {}).items()
    ]


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
