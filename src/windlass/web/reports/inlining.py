"""A page's HTML as a part of a file: what it would load is in it, and links lead within it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windlass.web.page import Body

LARGEST = 5_000_000
"""Bytes of a picture or a sound from which on it is left out, and said so."""

_VOID = frozenset(
    ("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
_NAMING = ("id", "for", "aria-labelledby", "aria-describedby")
"""Attributes that name a place of the page: each part has names of its own."""
_LOADING = ("img", "source", "audio", "iframe")
_LEADING = ("href", "download", "rel", "target")

Attributes = dict[str, str | None]


def inlined(
    page: str, read: Callable[[str], Body | None], places: Mapping[str, str], prefix: str = ""
) -> str:
    """A page as it can stand in a file.

    Links to other pages lead to their places in the file; of what is not in it only the text stays,
    and in a list of links nothing. Forms are left out. Pictures become data, frames hold
    their documents. A part behind the first one is a level deeper, and none of its sections a
    landmark, since others have sections of the same names.

    Args:
        page: Its HTML, of our own templates: tags are closed, and texts escaped.
        read: What stands at an address; None if there is nothing to be had.
        places: The place in the file of each page that is in it, by its address.
        prefix: What the names of places in this part begin with; empty in the first one.
    """
    parser = _Inliner(read, places, prefix)
    parser.feed(page)
    parser.close()
    return "".join(parser.parts)


class _Inliner(HTMLParser):
    def __init__(
        self, read: Callable[[str], Body | None], places: Mapping[str, str], prefix: str
    ) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._read, self._places, self._prefix = read, places, prefix
        self._open: list[str] = []
        self._left_out = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Writes a tag as it is in the file."""
        if self._left_out or tag == "form":
            self._left_out += tag not in _VOID
            return
        told = self._named(dict(attrs))
        if tag == "section" and self._prefix:
            told.pop("aria-labelledby", None)
        if tag == "a":
            tag = self._link(told)
        elif tag in _LOADING and not self._embed(tag, told):
            return
        if tag:
            if tag not in _VOID:
                self._open.append(tag)
            self._write(self._deeper(tag), told)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Writes a tag that holds nothing, as drawings have them."""
        if not self._left_out:
            self._write(tag, self._named(dict(attrs)), " /")

    def handle_endtag(self, tag: str) -> None:
        """Closes what was opened, by the name that it was given."""
        if self._left_out:
            self._left_out -= 1
            return
        name = self._links.pop() if tag == "a" else tag
        if name in self._open:
            while self._open.pop() != name:
                pass  # a paragraph or an item of a list that nobody closed
        self.parts.append(f"</{self._deeper(name)}>")

    def handle_data(self, data: str) -> None:
        """Writes a text."""
        self._text(data)

    def handle_entityref(self, name: str) -> None:
        """Writes a sign that was escaped."""
        self._text(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """Writes a sign that was escaped by its number."""
        self._text(f"&#{name};")

    def _text(self, text: str) -> None:
        if not self._left_out:
            self.parts.append(text)

    def _write(self, tag: str, attributes: Attributes, end: str = "") -> None:
        told = "".join(
            f" {name}" if value is None else f' {name}="{escape(value)}"'
            for name, value in attributes.items()
        )
        self.parts.append(f"<{tag}{told}{end}>")

    def _deeper(self, tag: str) -> str:
        """A heading of a part below the first is one level deeper."""
        is_heading = len(tag) == 2 and tag[0] == "h" and tag[1].isdecimal()
        return f"h{min(int(tag[1]) + 1, 6)}" if is_heading and self._prefix else tag

    def _named(self, attributes: Attributes) -> Attributes:
        if not self._prefix:
            return attributes
        for name in _NAMING:
            if value := attributes.get(name):
                attributes[name] = f"{self._prefix}{value}"
        if attributes.get("role") == "region":
            attributes["role"] = "group"
        return attributes

    def _link(self, attributes: Attributes) -> str:
        """The tag that a link becomes; empty where it is left out."""
        place = self._place(attributes.get("href") or "")
        if place is None and "nav" in self._open:
            self._left_out = 1
            return ""
        for name in _LEADING:
            attributes.pop(name, None)
        tag = "a" if place is not None else "g" if "svg" in self._open else "span"
        if place is not None:
            attributes["href"] = f"#{place}"
        self._links.append(tag)
        return tag

    def _place(self, address: str) -> str | None:
        if address.startswith("#"):
            return f"{self._prefix}{address[1:]}"
        return self._places.get(address.partition("#")[0])

    def _embed(self, tag: str, attributes: Attributes) -> bool:
        """Puts what a tag shows in the place of its address; whether anything is shown at all."""
        name = "srcset" if tag == "source" else "src"
        address = attributes.pop(name, None) or ""
        body = self._read(address) if address.startswith("/") else None
        attributes.pop("loading", None)
        if body is None or not isinstance(body.data, bytes) or len(body.data) > LARGEST:
            self._leave_out(tag, attributes)
            return False
        if tag == "iframe":
            attributes["srcdoc"] = body.data.decode("utf-8", "replace")
        else:
            data = base64.b64encode(body.data).decode()
            attributes[name] = f"data:{body.media_type};base64,{data}"
        return True

    def _leave_out(self, tag: str, attributes: Attributes) -> None:
        """Says what would stand there; of the two themes of a picture the one is enough."""
        self._left_out = int(tag not in _VOID)
        if tag != "source":
            told = attributes.get("alt") or attributes.get("title") or "a sound"
            self.parts.append(f"<i>{escape(told)}: not in this file</i>")
