"""Plain values to JSON documents: an encoder for each type; see `windlass.values`."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import enum
import fractions
import json
import math
import pathlib
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any, TypeAlias

from windlass.classes import class_reference, take_apart
from windlass.errors import FormatError
from windlass.generics import class_document
from windlass.modules import reference
from windlass.moments import is_zone, moment_fields, zone_key
from windlass.sharing import check_sharing
from windlass.words import with_article

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Other: TypeAlias = Callable[[object], "dict[str, Json] | None"]
"""Asked for the document of an instance; None to go on as without it."""

Encoder: TypeAlias = "Callable[[Any, Walk], Json]"

TYPE = "$type"
_UNCHECKED = 20_000
"""Parts that are written before it is asked how many there will be: some milliseconds' worth."""

PURE_PATHS: dict[str, type[pathlib.PurePath]] = {
    "PurePosixPath": pathlib.PurePosixPath,
    "PureWindowsPath": pathlib.PureWindowsPath,
}
FACTORIES: dict[str, Callable[[], Any]] = {
    cls.__name__: cls for cls in (list, int, float, dict, set, str, tuple)
}
"""What a defaultdict may be filled by, besides None."""

_MAX_JSON_INT = 10**300  # past some 4,300 digits Python refuses to print a number

to_text = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
"""The canonical text of a JSON document: no spaces, plain ASCII, order kept."""


class Walk:
    """One value on its way to a document.

    Args:
        root: The value.
        other: Asked first for instances of classes that are not JSON-like by themselves.
    """

    __slots__ = ("_left", "other", "root")

    def __init__(self, root: object, other: Other | None) -> None:
        self.root = root
        self.other = other
        self._left: float = _UNCHECKED

    def goes_on(self, parts: int) -> None:
        """Counts the parts of a container; of many it is made sure that they come to an end.

        Raises:
            FormatError: The value would become much too large.
        """
        self._left -= parts
        if self._left < 0:
            check_sharing(self.root)
            self._left = math.inf


def encode_value(value: object, walk: Walk) -> Json:
    """The document of a value; see `windlass.values.encode`."""
    encoder = _ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value, walk)
    if is_zone(value):
        return _tagged("zone", value=zone_key(value))
    if walk.other is not None:
        document = walk.other(value)
        if document is not None:
            return document
    return _encode_instance(value, walk)


def _tagged(kind: str, **fields: Json) -> dict[str, Json]:
    return {TYPE: kind, **fields}


def _same(value: Any, _: Walk) -> Json:
    return value  # type: ignore[no-any-return]


def _encode_str(value: Any, _: Walk) -> Json:
    if _is_unicode(value):
        return value  # type: ignore[no-any-return]
    data = value.encode("utf-8", "surrogatepass")
    return _tagged("str", value=base64.b64encode(data).decode())


def _is_unicode(text: str) -> bool:
    """Whether JSON keeps a text: it would make one character of two lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encode_int(value: Any, _: Walk) -> Json:
    if -_MAX_JSON_INT < value < _MAX_JSON_INT:
        return value  # type: ignore[no-any-return]
    return _tagged("int", value=hex(value))


def _encode_float(value: Any, _: Walk) -> Json:
    return value if math.isfinite(value) else _tagged("float", value=repr(value))


def _encode_list(value: Any, walk: Walk) -> list[Json]:
    walk.goes_on(len(value))
    return [encode_value(item, walk) for item in value]


def _encode_dict(value: Any, walk: Walk) -> Json:
    walk.goes_on(len(value))
    if _has_plain_keys(value):
        return {key: encode_value(item, walk) for key, item in value.items()}
    return _tagged("dict", items=_encode_pairs(value, walk))


def _encode_pairs(value: Any, walk: Walk) -> list[Json]:
    walk.goes_on(len(value))
    return [[encode_value(k, walk), encode_value(v, walk)] for k, v in value.items()]


def _has_plain_keys(value: Any) -> bool:
    return (
        all(type(key) is str for key in value) and TYPE not in value and _is_unicode("".join(value))
    )


def _sequence(kind: str) -> Encoder:
    return lambda value, walk: _tagged(kind, items=_encode_list(value, walk))


def _set(kind: str) -> Encoder:
    return lambda value, walk: _tagged(kind, items=sorted(_encode_list(value, walk), key=to_text))


def _text(kind: str, write: Callable[[Any], str]) -> Encoder:
    return lambda value, _: _tagged(kind, value=write(value))


def _moment(kind: str) -> Encoder:
    """For dates with times, and times: both may have a zone and a fold."""
    return lambda value, _: _tagged(kind, **moment_fields(value))


def _counted(kind: str) -> Encoder:
    """For dicts of `collections`: their pairs, in order."""

    def encode_counted(value: Any, walk: Walk) -> Json:
        if vars(value):  # such as a state dict of PyTorch's, which has a format of its own
            document = walk.other(value) if walk.other is not None else None
            if document is None:
                raise FormatError(f"{with_article(type(value).__name__)} holds more than its items")
            return document
        return _tagged(kind, items=_encode_pairs(value, walk))

    return encode_counted


def _encode_defaultdict(value: Any, walk: Walk) -> Json:
    fill = value.default_factory
    name = next((name for name, made in FACTORIES.items() if made is fill), None)
    if name is None and fill is not None:
        raise FormatError(
            f"a defaultdict that is filled by {getattr(fill, '__qualname__', fill)} is not plain",
            hint=f"Fill it by {', '.join(FACTORIES)} or None, or return dict(value).",
        )
    return _tagged("defaultdict", factory=name, items=_encode_pairs(value, walk))


def _units(value: dt.timedelta) -> dict[str, Json]:
    return {"days": value.days, "seconds": value.seconds, "microseconds": value.microseconds}


def _encode_deque(value: Any, walk: Walk) -> Json:
    return _tagged("deque", maxlen=value.maxlen, items=_encode_list(value, walk))


def _encode_range(value: Any, walk: Walk) -> Json:
    ends = [_encode_int(end, walk) for end in (value.start, value.stop, value.step)]
    return _tagged("range", ends=ends)


def _encode_slice(value: Any, walk: Walk) -> Json:
    return _tagged("slice", ends=_encode_list((value.start, value.stop, value.step), walk))


def _encode_fraction(value: Any, walk: Walk) -> Json:
    return _tagged(
        "fraction", over=[_encode_int(value.numerator, walk), _encode_int(value.denominator, walk)]
    )


def _encode_namespace(value: Any, walk: Walk) -> Json:
    names = vars(value)
    if any(type(name) is not str for name in names):
        raise FormatError("a SimpleNamespace has a name that is no text")
    return _tagged("namespace", fields=_encode_dict(names, walk))


def _encode_instance(value: object, walk: Walk) -> Json:
    if isinstance(value, enum.Enum):
        return _encode_enum(value)
    if isinstance(value, pathlib.PurePath):
        return _encode_path(value)
    cls: type[Any] = type(value)
    parts = take_apart(value)
    if parts is None:
        told = reference(cls).replace(":", ".")
        raise FormatError(f"a value of type {told} is not plain data")
    document = _tagged(
        parts.kind,
        cls=class_document(cls),
        fields=_encode_parts(parts.fields, walk),
    )
    if parts.extra:
        document["extra"] = _encode_parts(parts.extra, walk)
    if parts.private:
        document["private"] = _encode_parts(parts.private, walk)
    if parts.kind == "model":
        document["set"] = list(parts.assigned)
    return document


def _encode_parts(parts: dict[str, Any], walk: Walk) -> dict[str, Json]:
    walk.goes_on(len(parts))
    return {name: encode_value(part, walk) for name, part in parts.items()}


def _encode_enum(value: enum.Enum) -> Json:
    cls: type[enum.Enum] = type(value)
    ref = class_reference(cls)
    if isinstance(value, enum.Flag):  # several flags together have no name of their own
        return _tagged("flag", cls=ref, value=value.value)
    if cls.__members__.get(value.name) is not value:
        raise FormatError(f"{value!r} is no member of its own class")
    return _tagged("enum", cls=ref, name=value.name)


def _encode_path(value: pathlib.PurePath) -> Json:
    if type(value) is type(pathlib.Path()):
        return _tagged("path", value=str(value))
    if type(value) in PURE_PATHS.values():
        return _tagged("purepath", value=str(value), cls=type(value).__name__)
    raise FormatError(f"a path of type {type(value).__qualname__} is not plain data")


_ENCODERS: dict[type, Encoder] = {
    type(None): _same,
    bool: _same,
    str: _encode_str,
    int: _encode_int,
    float: _encode_float,
    list: _encode_list,
    dict: _encode_dict,
    tuple: _sequence("tuple"),
    set: _set("set"),
    frozenset: _set("frozenset"),
    bytes: _text("bytes", lambda value: base64.b64encode(value).decode()),
    bytearray: _text("bytearray", lambda value: base64.b64encode(value).decode()),
    Counter: _counted("counter"),
    OrderedDict: _counted("ordereddict"),
    defaultdict: _encode_defaultdict,
    deque: _encode_deque,
    range: _encode_range,
    slice: _encode_slice,
    fractions.Fraction: _encode_fraction,
    types.SimpleNamespace: _encode_namespace,
    complex: _text("complex", repr),
    decimal.Decimal: _text("decimal", str),
    uuid.UUID: _text("uuid", str),
    dt.date: _text("date", dt.date.isoformat),
    dt.time: _moment("time"),
    dt.datetime: _moment("datetime"),
    dt.timedelta: lambda value, _: _tagged("timedelta", **_units(value)),
    dt.timezone: lambda value, walk: _tagged(
        "timezone", **_units(value.utcoffset(None)), name=_encode_str(value.tzname(None), walk)
    ),
}
