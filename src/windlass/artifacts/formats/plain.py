"""Plain values: JSON that keeps types, text, and bytes as they are."""

from __future__ import annotations

import json
import threading
from typing import Any

from windlass import values
from windlass.artifacts.contents import content_of_bytes
from windlass.artifacts.documents import HTML, Markdown
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.registry import format_of_its_own
from windlass.artifacts.wording import words_for
from windlass.errors import FormatError
from windlass.values import Json

_LONGEST_TOLD = 80
_LONGEST_SHOWN = 100_000
_SCALARS = (type(None), bool, int, float)


class JsonFormat(Format[Any]):
    """Whatever `windlass.values` encodes."""

    name = "json"
    types = ()  # see FORMATS: the classes are many, and any dataclass, enum or model is one

    def __init__(self) -> None:
        self._encoded = _Encoded()

    def accepts(self, value: object) -> bool:
        """Whether the value, with all that it holds, is plain."""
        if type(value) in _SCALARS:
            return True
        try:
            self._encoded.keep(value, *plain_text(value))
        except FormatError:
            return False
        return True

    def write(self, value: Any, sink: Sink) -> str:
        """Writes canonical JSON; the content is that of the value wherever it stands."""
        text, classes = self._encoded.take(value) or plain_text(value)
        for cls in classes:
            sink.uses(cls)
        sink.write(text.encode())
        return values.digest_text(text)

    def read(self, source: Source) -> Any:
        """The value, its classes taken from the modules that are loaded."""
        return values.loads(source.bytes())

    def summary(self, value: Any) -> dict[str, Json]:
        """The value itself if it is short, else its length."""
        told = words_for(value, _LONGEST_TOLD + 1)
        if len(told) <= _LONGEST_TOLD:
            return {"value": told}
        return {"length": len(value)} if hasattr(value, "__len__") else {}

    def preview(self, value: Any) -> Preview:
        """The document, indented."""
        return shown_as_json(values.encode(value))


class _Encoded(threading.local):
    """The text of the value that was asked about last: it is most often written next."""

    value: object = None
    found: tuple[str, set[type]] | None = None

    def keep(self, value: object, text: str, classes: set[type]) -> None:
        self.value, self.found = value, (text, classes)

    def take(self, value: object) -> tuple[str, set[type]] | None:
        found = self.found if self.value is value else None
        self.value = self.found = None
        return found


class TextFormat(Format[str]):
    """Text, as UTF-8."""

    name = "text"
    types = ("builtins.str",)

    def accepts(self, value: object) -> bool:
        """Whether it is text itself, and not of a subclass that adds to it."""
        return type(value) is str

    def write(self, value: str, sink: Sink) -> str:
        """Writes UTF-8; a lone surrogate is kept."""
        sink.write(value.encode("utf-8", "surrogatepass"))
        return values.digest_value(value)

    def read(self, source: Source) -> str:
        """The text."""
        return source.bytes().decode("utf-8", "surrogatepass")

    def summary(self, value: str) -> dict[str, Json]:
        """The text itself if it is short, else its length and first line."""
        if len(value) <= _LONGEST_TOLD:
            return {"value": repr(value)}
        return {"length": len(value), "begins": repr(value[:_LONGEST_TOLD])}

    def preview(self, value: str) -> Preview:
        """The text."""
        return Preview("text/plain", _cut(value))


class HtmlFormat(Format[HTML]):
    """`windlass.HTML`."""

    name = "html"
    types = ("windlass.artifacts.documents.HTML",)

    def write(self, value: HTML, sink: Sink) -> None:
        """Writes UTF-8."""
        sink.write(value.encode("utf-8", "surrogatepass"))

    def read(self, source: Source) -> HTML:
        """The page."""
        return HTML(source.bytes().decode("utf-8", "surrogatepass"))

    def summary(self, value: HTML) -> dict[str, Json]:
        """Its length."""
        return {"length": len(value)}

    def preview(self, value: HTML) -> Preview:
        """The page."""
        return Preview("text/html", str(value))


class MarkdownFormat(Format[Markdown]):
    """`windlass.Markdown`."""

    name = "markdown"
    types = ("windlass.artifacts.documents.Markdown",)

    def write(self, value: Markdown, sink: Sink) -> None:
        """Writes UTF-8."""
        sink.write(value.encode("utf-8", "surrogatepass"))

    def read(self, source: Source) -> Markdown:
        """The text."""
        return Markdown(source.bytes().decode("utf-8", "surrogatepass"))

    def summary(self, value: Markdown) -> dict[str, Json]:
        """Its length and first line."""
        return {"length": len(value), "begins": value.strip().partition("\n")[0][:_LONGEST_TOLD]}

    def preview(self, value: Markdown) -> Preview:
        """The text."""
        return Preview("text/markdown", str(value))


class BytesFormat(Format[bytes]):
    """Bytes, as they are."""

    name = "bytes"
    types = ("builtins.bytes",)

    def accepts(self, value: object) -> bool:
        """Whether it is bytes itself, and not of a subclass."""
        return type(value) is bytes

    def write(self, value: bytes, sink: Sink) -> None:
        """Writes the bytes."""
        sink.write(value)

    def content(self, value: bytes, blob: str) -> str:  # noqa: ARG002
        """Follows from the digest of the bytes."""
        return content_of_bytes(blob)

    def read(self, source: Source) -> bytes:
        """The bytes."""
        return source.bytes()

    def summary(self, value: bytes) -> dict[str, Json]:
        """How many, and the first of them."""
        return {"length": len(value), "begins": repr(value[:20])}

    def preview(self, value: bytes) -> Preview:
        """The first of them, in hexadecimal."""
        more = f"\n… {len(value):,} bytes" if len(value) > 1024 else ""
        return Preview("text/plain", value[:1024].hex(" ", 2) + more)


def plain_text(value: object) -> tuple[str, set[type]]:
    """The canonical text of a value in which nothing has a format of its own, and its classes.

    Raises:
        FormatError: Something in it is not plain, or has one, as a `Path` has: its file is meant.
    """
    classes: set[type] = set()

    def refuse_own(value: object) -> None:
        if format_of_its_own(value) is not None:
            raise FormatError(f"a {type(value).__name__} has a format of its own")
        classes.add(type(value))

    return values.dumps(value, refuse_own), classes


def shown_as_json(document: Json) -> Preview:
    """A document, indented."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return Preview("application/json", _cut(text))


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]}\n… {len(text):,} characters"
