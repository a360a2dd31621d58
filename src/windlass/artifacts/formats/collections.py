"""Tuples, dicts, dataclasses and models that hold what JSON does not: tables, arrays, models."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from windlass import modules, values
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.errors import FormatError
from windlass.values import Json, loaded_class


class CollectionFormat(Format[Any]):
    """A tree of containers in JSON; each leaf that is not plain is an artifact of its own."""

    name = "collection"
    types = ()  # see BUILTIN

    def accepts(self, value: object) -> bool:
        """Whether it is a container whose parts can be named."""
        return _parts(value) is not None

    def write(self, value: Any, sink: Sink) -> None:
        """Writes the tree, and its leaves."""
        sink.write(values.to_text(_tree(value, sink, top=True)).encode())

    def read(self, source: Source) -> Any:
        """The container, every leaf loaded."""
        return _read(json.loads(source.bytes()), source)

    def summary(self, value: Any) -> dict[str, Json]:
        """What its parts are called, and their types."""
        _, parts = _parts(value) or ("", {})
        told = {str(key): type(part).__name__ for key, part in list(parts.items())[:20]}
        return {"length": len(parts), "parts": told}  # type: ignore[dict-item]

    def preview(self, value: Any) -> Preview:
        """Each part, shortly."""
        _, parts = _parts(value) or ("", {})
        told = [f"{key}: {repr(part)[:200]}" for key, part in list(parts.items())[:20]]
        return Preview("text/plain", "\n".join(told))


def _parts(value: Any) -> tuple[str, Mapping[Any, Any]] | None:
    """The kind of a container and its parts by key; None if it is no container of ours."""
    cls = type(value)
    if cls is dict:
        return "dict", value
    if cls is tuple:
        return "tuple", dict(enumerate(value))
    if values.is_namedtuple_class(cls):
        return "namedtuple", dict(zip(value._fields, value, strict=True))
    if dataclasses.is_dataclass(cls):
        return "dataclass", {f.name: getattr(value, f.name) for f in dataclasses.fields(cls)}
    if values.is_plain_class(cls) and hasattr(cls, "model_fields"):
        return "model", {name: getattr(value, name) for name in cls.model_fields}
    return None


def _tree(value: Any, sink: Sink, *, top: bool = False) -> Json:
    if not top:
        if type(value) is not list and not hasattr(value, "__fspath__"):
            try:
                return {"plain": values.encode(value)}
            except FormatError:
                pass
        if _parts(value) is None:
            return {"artifact": sink.save(value)}
    kind, parts = _parts(value) or ("", {})
    told: list[Json] = []
    for key, part in parts.items():
        try:
            told.append([values.encode(key), _tree(part, sink)])
        except FormatError as error:
            raise FormatError(f"[{key!r}] of a {kind}: {error.message}", hint=error.hint) from None
    named: dict[str, Json] = {"kind": kind, "parts": told}
    return named if kind in ("dict", "tuple") else {**named, "cls": modules.reference(type(value))}


def _read(tree: Any, source: Source) -> Any:
    if "plain" in tree:
        return values.decode(tree["plain"])
    if "artifact" in tree:
        return source.load(tree["artifact"])
    parts = {values.decode(key): _read(part, source) for key, part in tree["parts"]}
    build = _BUILDERS.get(tree["kind"])
    if build is None:
        raise FormatError(f"a stored collection has the unknown kind '{tree['kind']}'")
    return build(loaded_class(tree["cls"]) if "cls" in tree else None, parts)


def _build_dataclass(cls: Any, parts: dict[str, Any]) -> Any:
    value = object.__new__(cls)  # as it was, not as __post_init__ would make it again
    for name, part in parts.items():
        object.__setattr__(value, name, part)
    return value


_BUILDERS: dict[str, Callable[[Any, dict[Any, Any]], Any]] = {
    "dict": lambda _, parts: parts,
    "tuple": lambda _, parts: tuple(parts.values()),
    "namedtuple": lambda cls, parts: cls(**parts),
    "dataclass": _build_dataclass,
    "model": lambda cls, parts: cls.model_construct(**parts),
}
