"""JSON documents back to plain values: a decoder for each ``$type``; see `windlass.values`."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import enum
import fractions
import pathlib
import re
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from windlass import modules
from windlass.classes import Parts, Resolver, put_together
from windlass.encoding import FACTORIES, PURE_PATHS, TYPE, Json
from windlass.errors import FormatError
from windlass.generics import class_of


@dataclass(slots=True)
class Reader:
    """What a document cannot tell by itself.

    Args:
        resolve: Finds classes.
        other: Reads documents of types that are not ours.
    """

    resolve: Resolver
    other: Callable[[dict[str, Json]], Any] | None = None


def decode_document(document: Json, reader: Reader) -> Any:
    """The value of a document; see `windlass.values.decode`."""
    if isinstance(document, list):
        return [decode_document(item, reader) for item in document]
    if not isinstance(document, dict):
        return document
    kind = document.get(TYPE)
    if kind is None:
        return {key: decode_document(item, reader) for key, item in document.items()}
    decoder = _DECODERS.get(str(kind))
    if decoder is None:
        return _decode_other(document, reader)
    try:
        return decoder(document, reader)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise FormatError(f"a stored '{kind}' cannot be read: {error}") from error


def _decode_other(document: dict[str, Json], reader: Reader) -> Any:
    if reader.other is None:
        raise FormatError(f"a stored value has the unknown type '{document[TYPE]}'")
    return reader.other(document)


def _items(document: Any, reader: Reader, name: str = "items") -> list[Any]:
    return [decode_document(item, reader) for item in document[name]]


def _pairs(document: Any, reader: Reader) -> dict[Any, Any]:
    return {
        decode_document(key, reader): decode_document(item, reader)
        for key, item in document["items"]
    }


def _decode_defaultdict(document: Any, reader: Reader) -> Any:
    name = document["factory"]
    return defaultdict(None if name is None else FACTORIES[name], _pairs(document, reader))


def _decode_deque(document: Any, reader: Reader) -> Any:
    items, longest = _items(document, reader), document["maxlen"]
    if longest is not None and len(items) > longest:
        raise ValueError(f"{len(items)} items where {longest} have room")
    return deque(items, longest)


def _decode_zone(document: Any, _: Reader) -> Any:
    import zoneinfo

    return zoneinfo.ZoneInfo(document["value"])


_TINY = re.compile(r"([+-])00:00:00\.(\d{6})$")
"""An offset of less than a second, which Python up to 3.13 at least reads as none."""


def _decode_moment(cls: Any) -> Callable[[Any, Reader], Any]:
    def decode_moment(document: Any, _: Reader) -> Any:
        value = cls.fromisoformat(document["value"]).replace(fold=document["fold"])
        if tiny := _TINY.search(document["value"]):
            offset = dt.timedelta(microseconds=int(tiny[1] + tiny[2]))
            value = value.replace(tzinfo=dt.timezone(offset))
        if "name" in document:
            return value.replace(tzinfo=dt.timezone(value.utcoffset(), document["name"]))
        if "zone" not in document:
            return value
        import zoneinfo

        return value.replace(tzinfo=zoneinfo.ZoneInfo(document["zone"]))

    return decode_moment


def _decode_timezone(document: Any, reader: Reader) -> dt.timezone:
    offset = _decode_timedelta(document, reader)
    unnamed, name = dt.timezone(offset), decode_document(document["name"], reader)
    return unnamed if unnamed.tzname(None) == name else dt.timezone(offset, name)


def _decode_timedelta(document: Any, _: Reader) -> dt.timedelta:
    return dt.timedelta(document["days"], document["seconds"], document["microseconds"])


def _decode_instance(document: Any, reader: Reader) -> Any:
    found = {
        name: {key: decode_document(part, reader) for key, part in document.get(name, {}).items()}
        for name in ("fields", "extra", "private")
    }
    parts = Parts(document[TYPE], **found, assigned=document.get("set", []))
    found_cls = class_of(document["cls"], reader.resolve)
    return put_together(modules.reference(found_cls), lambda _: found_cls, parts)


def _decode_enum(document: Any, reader: Reader) -> Any:
    cls: Any = reader.resolve(document["cls"])
    is_flag = document[TYPE] == "flag"
    if not issubclass(cls, enum.Flag if is_flag else enum.Enum):
        raise FormatError(f"a stored enum is of the class {document['cls']}, which is none")
    return cls(document["value"]) if is_flag else cls[document["name"]]


_DECODERS: dict[str, Callable[[Any, Reader], Any]] = {
    "str": lambda doc, _: base64.b64decode(doc["value"]).decode("utf-8", "surrogatepass"),
    "int": lambda doc, _: int(doc["value"], 16),
    "float": lambda doc, _: float(doc["value"]),
    "dict": _pairs,
    "counter": lambda doc, reader: Counter(_pairs(doc, reader)),
    "ordereddict": lambda doc, reader: OrderedDict(_pairs(doc, reader)),
    "defaultdict": _decode_defaultdict,
    "deque": _decode_deque,
    "range": lambda doc, reader: range(*_items(doc, reader, "ends")),
    "slice": lambda doc, reader: slice(*_items(doc, reader, "ends")),
    "fraction": lambda doc, reader: fractions.Fraction(*_items(doc, reader, "over")),
    "namespace": lambda doc, reader: types.SimpleNamespace(
        **decode_document(doc["fields"], reader)
    ),
    "zone": _decode_zone,
    "tuple": lambda doc, reader: tuple(_items(doc, reader)),
    "set": lambda doc, reader: set(_items(doc, reader)),
    "frozenset": lambda doc, reader: frozenset(_items(doc, reader)),
    "bytes": lambda doc, _: base64.b64decode(doc["value"], validate=True),
    "bytearray": lambda doc, _: bytearray(base64.b64decode(doc["value"], validate=True)),
    "complex": lambda doc, _: complex(doc["value"]),
    "decimal": lambda doc, _: decimal.Decimal(doc["value"]),
    "uuid": lambda doc, _: uuid.UUID(doc["value"]),
    "date": lambda doc, _: dt.date.fromisoformat(doc["value"]),
    "time": _decode_moment(dt.time),
    "datetime": _decode_moment(dt.datetime),
    "timedelta": _decode_timedelta,
    "timezone": _decode_timezone,
    "path": lambda doc, _: pathlib.Path(doc["value"]),
    "purepath": lambda doc, _: PURE_PATHS[doc["cls"]](doc["value"]),
    "enum": _decode_enum,
    "flag": _decode_enum,
    "dataclass": _decode_instance,
    "namedtuple": _decode_instance,
    "model": _decode_instance,
}
