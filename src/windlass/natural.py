"""Encoded plain values as a person would write them: a date as its text, an enum as its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from windlass.encoding import TYPE, Json


def natural(value: Json) -> Any:
    """An encoded plain value as a person would write it: a date as its text, an enum its name."""
    if isinstance(value, list):
        return [natural(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get(TYPE)
    if kind is None:
        return {key: natural(item) for key, item in value.items()}
    return _NATURAL.get(str(kind), _as_it_is)(value)


def _as_it_is(document: Any) -> Any:
    return document


def _text(document: Any) -> Any:
    zone = f"[{document['zone']}]" if "zone" in document else ""
    return f"{document['value']}{zone}"


def _items(document: Any) -> Any:
    return [natural(item) for item in document["items"]]


def _fields(document: Any) -> Any:
    return natural({**document["fields"], **document.get("extra", {})})


def _ends(document: Any) -> str:
    return f"{document[TYPE]}({', '.join(map(str, natural(document['ends'])))})"


def _dict(document: Any) -> Any:
    """A dict by the texts of its keys, unless two would have the same."""
    pairs = [(natural(key), natural(item)) for key, item in document["items"]]
    keys = [key if isinstance(key, str) else json.dumps(key) for key, _ in pairs]
    if len(set(keys)) < len(keys):
        return [list(pair) for pair in pairs]
    return dict(zip(keys, [item for _, item in pairs], strict=True))


def _duration(document: Any) -> str:
    """In ISO 8601, as the command line takes it."""
    microseconds = (document["days"] * 86400 + document["seconds"]) * 10**6
    microseconds += document["microseconds"]
    whole, rest = divmod(abs(microseconds), 10**6)
    part = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if microseconds < 0 else ''}PT{whole}{part}S"


_NATURAL: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("int", "float", "bytes", "bytearray", "complex"), _text),
    **dict.fromkeys(("decimal", "uuid", "zone"), _text),
    **dict.fromkeys(("date", "time", "datetime", "path"), _text),
    **dict.fromkeys(("tuple", "set", "frozenset", "deque"), _items),
    **dict.fromkeys(("dataclass", "namedtuple", "model"), _fields),
    **dict.fromkeys(("dict", "counter", "ordereddict", "defaultdict"), _dict),
    **dict.fromkeys(("range", "slice"), _ends),
    "fraction": lambda document: "/".join(map(str, natural(document["over"]))),
    "namespace": lambda document: natural(document["fields"]),
    "enum": lambda document: document["name"],
    "timedelta": _duration,
    "timezone": lambda document: natural(document["name"]),
}
