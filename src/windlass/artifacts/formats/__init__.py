"""The formats that come with Windlass, by names alone: none is imported before it is needed."""

from __future__ import annotations

_HERE = "windlass.artifacts.formats"
_JSON = f"{_HERE}.plain:JsonFormat"
_COLLECTION = f"{_HERE}.collections:CollectionFormat"
_PLAIN_TYPES = (
    *(
        f"builtins.{name}"
        for name in ["NoneType", "bool", "int", "float", "complex", "set", "frozenset"]
    ),
    *("datetime.date", "datetime.time", "datetime.datetime", "datetime.timedelta"),
    *("decimal.Decimal", "uuid.UUID"),
)

BUILTIN: dict[str, str | tuple[str, ...]] = {
    **dict.fromkeys(_PLAIN_TYPES, _JSON),
    "builtins.dict": (_JSON, _COLLECTION),
    "builtins.tuple": (_JSON, _COLLECTION),
    # Any class may be a dataclass, an enum, a model: whatever no other format takes is asked.
    "builtins.object": (_JSON, _COLLECTION),
    "builtins.str": f"{_HERE}.plain:TextFormat",
    "builtins.bytes": f"{_HERE}.plain:BytesFormat",
    "builtins.list": f"{_HERE}.lists:ListFormat",
    "windlass.artifacts.documents.HTML": f"{_HERE}.plain:HtmlFormat",
    "windlass.artifacts.documents.Markdown": f"{_HERE}.plain:MarkdownFormat",
    "pathlib.PosixPath": f"{_HERE}.files:PathFormat",
    "pathlib._local.PosixPath": f"{_HERE}.files:PathFormat",
    "numpy.ndarray": f"{_HERE}.arrays:ArrayFormat",
}
"""Which formats are asked for a class, in order: ``module:Class``."""

BY_NAME: dict[str, str] = {
    "json": _JSON,
    "collection": _COLLECTION,
    "text": f"{_HERE}.plain:TextFormat",
    "bytes": f"{_HERE}.plain:BytesFormat",
    "list": f"{_HERE}.lists:ListFormat",
    "html": f"{_HERE}.plain:HtmlFormat",
    "markdown": f"{_HERE}.plain:MarkdownFormat",
    "path": f"{_HERE}.files:PathFormat",
    "pickle": f"{_HERE}.pickled:PickleFormat",
}
"""Which format reads what a format of that name wrote, where it is not found by `BUILTIN`."""
