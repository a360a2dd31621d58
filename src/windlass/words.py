"""Durations, sizes, numbers and facts as a person reads them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_SHORT = 500
_FACTS = 100


def with_article(name: str) -> str:
    """A name after "a" or "an"."""
    return f"{'an' if name[:1].lower() in tuple('aeio') else 'a'} {name}"


def seconds_text(seconds: float | None) -> str:
    """A duration."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.0005 else "<1 ms"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def ago_text(when: float, now: float | None = None) -> str:
    """How long ago something was; long ago, the day."""
    seconds = (time.time() if now is None else now) - when
    if seconds >= 10 * 86400:
        return time.strftime("%Y-%m-%d", time.localtime(when))
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def time_text(when: float) -> str:
    """A moment, in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))


def size_text(size: int) -> str:
    """A number of bytes."""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def number_text(value: float | None) -> str:
    """A metric, to four digits."""
    return "nan" if value is None or math.isnan(value) else f"{value:.4g}"


def summary_text(summary: Mapping[str, Any]) -> str:
    """The facts of an artifact in one line."""
    if "value" in summary:
        return shortened(str(summary["value"]), _FACTS)
    if isinstance(summary.get("shape"), list):
        told = " × ".join(f"{n:,}" for n in summary["shape"])
        return f"{told} {summary.get('dtype', '')}".strip()
    if isinstance(summary.get("rows"), int):
        columns = summary.get("columns")
        width = len(columns) if isinstance(columns, list | dict) else columns
        return f"{summary['rows']:,} rows" + (f" × {width} columns" if width else "")
    if isinstance(summary.get("length"), int):
        told = f"{summary['length']:,}"
        return f"{told} items" if "of" in summary else f"length {told}"
    simple = [(k, v) for k, v in summary.items() if isinstance(v, str | int | float)]
    return shortened(", ".join(f"{key} {value}" for key, value in simple[:3]), _FACTS)


def document_text(document: Any) -> str:  # noqa: PLR0911 (one return a kind)
    """The document of a plain value as its author would write it: ``Settings(depth=3)``."""
    if isinstance(document, list):
        return f"[{_listed(document)}]"
    if not isinstance(document, dict):
        return repr(document)
    match document.get("$type"):
        case None:
            return f"{{{_pairs(document.items(), ': ', repr)}}}"
        case "tuple":
            items = document["items"]
            return f"({_listed(items)}{',' * (len(items) == 1)})"
        case "dataclass" | "namedtuple" | "model":
            name = document["cls"].rpartition(":")[2]
            return f"{name}({_pairs(document['fields'].items(), '=', str)})"
        case "enum":
            return f"{document['cls'].rpartition(':')[2]}.{document['name']}"
        case "date" | "datetime" | "time" | "decimal" | "path" | "uuid" | "complex" | "float":
            return " ".join(filter(None, [str(document["value"]), document.get("zone")]))
        case "set" | "frozenset":
            return f"{{{_listed(document['items'])}}}"
        case kind:
            rest = {key: part for key, part in document.items() if key != "$type"}
            return f"{kind}({_pairs(rest.items(), '=', str)})"


def _listed(items: Iterable[Any]) -> str:
    return ", ".join(map(document_text, items))


def _pairs(items: Iterable[tuple[str, Any]], sign: str, name: Callable[[str], str]) -> str:
    return ", ".join(f"{name(key)}{sign}{document_text(part)}" for key, part in items)


def shortened(text: str, length: int = _SHORT) -> str:
    """A text on one line, cut where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def type_text(name: str) -> str:
    """The last part of a type's qualified name."""
    return name.rpartition(".")[2]
