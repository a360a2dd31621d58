"""Tuples, dicts, dataclasses and models that hold what JSON does not: tables, arrays, models.

So do what `collections` has of these, and namespaces.

The document of such a value is that of a plain one, in which each part that has a format of its
own is the name of an artifact.
"""

from __future__ import annotations

import enum
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from windlass import values
from windlass.artifacts.contents import loads_references, reference_to
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.registry import format_of_its_own
from windlass.artifacts.wording import words_for
from windlass.classes import is_plain_class, take_apart
from windlass.errors import FormatError
from windlass.values import Json

_SHOWN = 20
_CONTAINERS = (
    *(dict, Counter, OrderedDict, defaultdict),
    *(tuple, deque, set, frozenset, slice, SimpleNamespace),
)


class CollectionFormat(Format[Any]):
    """A tree of containers in JSON; each part that is not plain is an artifact of its own."""

    name = "collection"
    types = ()  # see FORMATS

    def accepts(self, value: object) -> bool:
        """Whether it is a container whose parts can be named."""
        cls = type(value)
        return cls in _CONTAINERS or (is_plain_class(cls) and not issubclass(cls, enum.Enum))

    def write(self, value: Any, sink: Sink) -> str:
        """Writes the tree, and its parts."""
        text = values.dumps(value, parts_to(sink))
        sink.write(text.encode())
        return values.digest_text(text)

    def read(self, source: Source) -> Any:
        """The container, every part loaded."""
        return values.loads(source.bytes(), other=loads_references(source.load))

    def summary(self, value: Any) -> dict[str, Json]:
        """What its parts are called, and their types."""
        parts = parts_of(value)
        told: dict[str, Json] = {name: type(part).__name__ for name, part in parts[:_SHOWN]}
        return {"length": len(parts), "parts": told}

    def preview(self, value: Any) -> Preview:
        """Each part, shortly."""
        parts = parts_of(value)
        told = [f"{name}: {words_for(part, 200)}" for name, part in parts[:_SHOWN]]
        more = [f"… {len(parts):,} parts"] if len(parts) > _SHOWN else []
        return Preview("text/plain", "\n".join(told + more))


def parts_to(sink: Sink, *, again: bool = True) -> Callable[[object], dict[str, Json] | None]:
    """What `values.encode` asks for each instance: it goes to an artifact, or stays in the tree."""

    def to_part(value: object) -> dict[str, Json] | None:
        cls = type(value)
        if format_of_its_own(value) is None and (is_plain_class(cls) or _is_pure_path(cls)):
            sink.uses(cls)
            return None
        return reference_to(sink.save(value, again=again))

    return to_part


def _is_pure_path(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "pathlib"


def parts_of(value: Any) -> list[tuple[str, Any]]:
    """The parts of a container of ours, each with its name; none for what is no container."""
    if isinstance(value, dict):
        return [(words_for(key, 80).strip("'"), part) for key, part in value.items()]
    if type(value) in (list, tuple, deque, set, frozenset):
        return [(str(place), part) for place, part in enumerate(value)]
    if type(value) is SimpleNamespace:
        return list(vars(value).items())
    if type(value) is slice:
        return [(name, getattr(value, name)) for name in ("start", "stop", "step")]
    try:
        taken = take_apart(value)
    except FormatError:
        return []
    return list({**taken.fields, **taken.extra, **taken.private}.items()) if taken else []
