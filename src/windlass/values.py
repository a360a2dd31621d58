"""Plain values as JSON and back, exactly.

Parameters, constants in a plan, and small results are all *plain*: scalars, dates, enums, paths,
dataclasses, named tuples, pydantic models, and lists, tuples, sets and dicts of these. JSON's own
types stand for themselves; all else is an object with the key ``$type``. Encoding is canonical:
equal values of equal types give equal documents, and a dict keeps its order, which is part of it.

Decoding never runs code that a document names: a class is taken from the modules that are loaded
already, and only if it is a dataclass, an enum, a named tuple or a pydantic model there.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import json
import math
import pathlib
import sys
import uuid
from collections.abc import Callable
from typing import Any, TypeAlias

from windlass import modules
from windlass.errors import FormatError
from windlass.hashing import digest

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
Resolver: TypeAlias = Callable[[str], type]

TYPE = "$type"
_to_text = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_MAX_JSON_INT = 10**300  # past some 4,300 digits Python refuses to print a number


def encode(value: object) -> Json:
    """The JSON document of a plain value.

    Raises:
        FormatError: The value, or something in it, is not plain.
    """
    encoder = _ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value)
    return _encode_instance(value)


def decode(document: Json, resolve: Resolver | None = None) -> Any:
    """The value of a document that `encode` made.

    Args:
        document: What `encode` returned.
        resolve: Finds the class of a ``module:qualname``; by default, among loaded modules only.

    Raises:
        FormatError: The document is not of that form, or names a class that is not to be had.
    """
    if isinstance(document, list):
        return [decode(item, resolve) for item in document]
    if not isinstance(document, dict):
        return document
    kind = document.get(TYPE)
    if kind is None:
        return {key: decode(item, resolve) for key, item in document.items()}
    decoder = _DECODERS.get(str(kind))
    if decoder is None:
        raise FormatError(f"a stored value has the unknown type '{kind}'")
    try:
        return decoder(document, resolve or loaded_class)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"a stored '{kind}' cannot be read: {error}") from error


def dumps(value: object) -> str:
    """The canonical JSON text of a plain value."""
    return to_text(encode(value))


def to_text(document: Json) -> str:
    """The canonical text of a JSON document: no spaces, plain ASCII, order kept."""
    return _to_text(document)


def loads(text: str | bytes, resolve: Resolver | None = None) -> Any:
    """The plain value of a text that `dumps` made."""
    return decode(json.loads(text), resolve)


def digest_value(value: object) -> str:
    """The content digest of a plain value."""
    return digest("value", dumps(value))


def is_plain(value: object) -> bool:
    """Whether `encode` takes this value."""
    try:
        encode(value)
    except FormatError:
        return False
    return True


def loaded_class(ref: str) -> type:
    """The class of a ``module:qualname`` among the modules that are loaded, importing nothing.

    Raises:
        FormatError: The module is not loaded, or holds no plain class of that name.
    """
    module, _, qualname = ref.partition(":")
    found: object = sys.modules.get("__main__" if module == modules.main_alias() else module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    if not isinstance(found, type) or not is_plain_class(found):
        raise FormatError(
            f"a stored value is of the class {ref}, which is not loaded here",
            hint=f"Import {module} first.",
        )
    return found


def is_plain_class(cls: type) -> bool:
    """Whether instances of a class can be plain: dataclass, enum, named tuple, pydantic model."""
    return (
        issubclass(cls, enum.Enum)
        or dataclasses.is_dataclass(cls)
        or is_namedtuple_class(cls)
        or _is_model_class(cls)
    )


def is_namedtuple_class(cls: object) -> bool:
    """Whether a class was made by ``NamedTuple`` or ``namedtuple``."""
    return isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")


def _is_model_class(cls: type) -> bool:
    # A class can only derive from a library that is loaded: no import of pydantic for this.
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)


def _tagged(kind: str, **fields: Json) -> Json:
    return {TYPE: kind, **fields}


def _same(value: Any) -> Json:
    return value  # type: ignore[no-any-return]


def _encode_int(value: Any) -> Json:
    if -_MAX_JSON_INT < value < _MAX_JSON_INT:
        return int(value)
    return _tagged("int", value=hex(value))


def _encode_float(value: Any) -> Json:
    return float(value) if math.isfinite(value) else _tagged("float", value=repr(value))


def _encode_list(value: Any) -> list[Json]:
    return [encode(item) for item in value]


def _encode_dict(value: Any) -> Json:
    if all(type(key) is str for key in value) and TYPE not in value:
        return {key: encode(item) for key, item in value.items()}
    return _tagged("dict", items=[[encode(key), encode(item)] for key, item in value.items()])


def _sequence(kind: str) -> Callable[[Any], Json]:
    return lambda value: _tagged(kind, items=_encode_list(value))


def _set(kind: str) -> Callable[[Any], Json]:
    def encode_set(value: Any) -> Json:
        return _tagged(kind, items=sorted(_encode_list(value), key=to_text))

    return encode_set


def _text(kind: str, write: Callable[[Any], str]) -> Callable[[Any], Json]:
    return lambda value: _tagged(kind, value=write(value))


def _encode_datetime(value: Any) -> Json:
    zone = getattr(value.tzinfo, "key", None)
    naive = value.replace(tzinfo=None).isoformat()
    if zone is not None:  # a zone of zoneinfo: its rules are part of the value
        return _tagged("datetime", value=naive, zone=zone, fold=value.fold)
    if value.tzinfo is None or isinstance(value.tzinfo, dt.timezone):
        return _tagged("datetime", value=value.isoformat(), fold=value.fold)
    raise FormatError(f"the time zone {value.tzinfo!r} cannot be stored; use zoneinfo")


def _encode_instance(value: object) -> Json:
    cls = type(value)
    ref = modules.reference(cls)
    if isinstance(value, enum.Enum):
        return _tagged("enum", cls=ref, name=value.name)
    if isinstance(value, pathlib.PurePath):
        return _tagged("path", value=str(value))
    if dataclasses.is_dataclass(cls):
        return _tagged("dataclass", cls=ref, fields=_fields(value, _dataclass_fields(cls)))
    if is_namedtuple_class(cls):
        return _tagged("namedtuple", cls=ref, fields=_fields(value, cls._fields))  # type: ignore[attr-defined]
    if _is_model_class(cls):
        return _encode_model(value, ref)
    raise FormatError(f"a value of type {ref.replace(':', '.')} is not plain data")


def _encode_model(value: Any, ref: str) -> Json:
    extra = {key: encode(item) for key, item in (value.__pydantic_extra__ or {}).items()}
    fields = _fields(value, type(value).model_fields)
    return _tagged("model", cls=ref, fields=fields, set=sorted(value.model_fields_set), extra=extra)


def _fields(value: object, names: Any) -> dict[str, Json]:
    return {name: encode(getattr(value, name)) for name in names}


def _dataclass_fields(cls: type) -> list[str]:
    return [field.name for field in dataclasses.fields(cls)]


_ENCODERS: dict[type, Callable[[Any], Json]] = {
    type(None): _same,
    bool: _same,
    str: _same,
    int: _encode_int,
    float: _encode_float,
    list: _encode_list,
    dict: _encode_dict,
    tuple: _sequence("tuple"),
    set: _set("set"),
    frozenset: _set("frozenset"),
    bytes: _text("bytes", lambda value: base64.b64encode(value).decode()),
    complex: _text("complex", repr),
    decimal.Decimal: _text("decimal", str),
    uuid.UUID: _text("uuid", str),
    dt.date: _text("date", dt.date.isoformat),
    dt.time: _text("time", dt.time.isoformat),
    dt.datetime: _encode_datetime,
    dt.timedelta: lambda value: _tagged(
        "timedelta", days=value.days, seconds=value.seconds, microseconds=value.microseconds
    ),
}


def _items(document: Any, resolve: Resolver) -> list[Any]:
    return [decode(item, resolve) for item in document["items"]]


def _decode_datetime(document: Any, resolve: Resolver) -> dt.datetime:
    value = dt.datetime.fromisoformat(document["value"]).replace(fold=document["fold"])
    if "zone" not in document:
        return value
    import zoneinfo

    return value.replace(tzinfo=zoneinfo.ZoneInfo(document["zone"]))


def _decode_fields(document: Any, resolve: Resolver) -> dict[str, Any]:
    return {key: decode(item, resolve) for key, item in document["fields"].items()}


def _decode_dataclass(document: Any, resolve: Resolver) -> Any:
    # As it was, not as __post_init__ would make it a second time.
    cls = resolve(document["cls"])
    fields = _decode_fields(document, resolve)
    if list(fields) != _dataclass_fields(cls):
        raise FormatError(
            f"a stored {document['cls']} has the fields {', '.join(fields)}; the class has changed"
        )
    value: Any = object.__new__(cls)
    for name, item in fields.items():
        object.__setattr__(value, name, item)
    return value


def _decode_model(document: Any, resolve: Resolver) -> Any:
    cls: Any = resolve(document["cls"])
    extra = {key: decode(item, resolve) for key, item in document["extra"].items()}
    fields = _decode_fields(document, resolve)
    if list(fields) != list(cls.model_fields):
        raise FormatError(
            f"a stored {document['cls']} has the fields {', '.join(fields)}; the class has changed"
        )
    return cls.model_construct(_fields_set=set(document["set"]), **fields, **extra)


_DECODERS: dict[str, Callable[[Any, Resolver], Any]] = {
    "int": lambda doc, _: int(doc["value"], 16),
    "float": lambda doc, _: float(doc["value"]),
    "dict": lambda doc, resolve: {
        decode(key, resolve): decode(item, resolve) for key, item in doc["items"]
    },
    "tuple": lambda doc, resolve: tuple(_items(doc, resolve)),
    "set": lambda doc, resolve: set(_items(doc, resolve)),
    "frozenset": lambda doc, resolve: frozenset(_items(doc, resolve)),
    "bytes": lambda doc, _: base64.b64decode(doc["value"], validate=True),
    "complex": lambda doc, _: complex(doc["value"]),
    "decimal": lambda doc, _: decimal.Decimal(doc["value"]),
    "uuid": lambda doc, _: uuid.UUID(doc["value"]),
    "date": lambda doc, _: dt.date.fromisoformat(doc["value"]),
    "time": lambda doc, _: dt.time.fromisoformat(doc["value"]),
    "datetime": _decode_datetime,
    "timedelta": lambda doc, _: dt.timedelta(doc["days"], doc["seconds"], doc["microseconds"]),
    "path": lambda doc, _: pathlib.Path(doc["value"]),
    "enum": lambda doc, resolve: resolve(doc["cls"])[doc["name"]],  # type: ignore[index]
    "dataclass": _decode_dataclass,
    "namedtuple": lambda doc, resolve: resolve(doc["cls"])(**_decode_fields(doc, resolve)),
    "model": _decode_model,
}
