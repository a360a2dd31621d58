"""Content digests of values from their documents, and documents that name artifacts.

A value has one content wherever it stands: by itself, as an item of a list, as the result of a
step of a map. So a list that a step returned and one that a map joined are equal if their items
are, and an item of a list is cached like the same value from elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from windlass.errors import FormatError
from windlass.hashing import digest, digest_bytes, digest_digests
from windlass.values import TYPE, Json, digest_text, to_text

_ARTIFACT = "artifact"


def reference_to(content: str) -> dict[str, Json]:
    """The document that stands for an artifact."""
    return {TYPE: _ARTIFACT, "content": content}


def referred(document: Json) -> str | None:
    """The content of the artifact that a document stands for; None if it stands for itself."""
    if isinstance(document, dict) and document.get(TYPE) == _ARTIFACT:
        return str(document["content"])
    return None


def loads_references(load: Callable[[str], Any]) -> Callable[[dict[str, Json]], Any]:
    """What `values.decode` asks for the documents that are not its own."""

    def read(document: dict[str, Json]) -> Any:
        content = referred(document)
        if content is None:
            raise FormatError(f"a stored value has the unknown type '{document[TYPE]}'")
        return load(content)

    return read


def content_of_bytes(blob: str) -> str:
    """The content of bytes, from their digest."""
    return digest("content", "bytes", blob)


def content_of(document: Json, text: str | None = None) -> str:
    """The content of the value that has a document, whose text may be known."""
    if isinstance(document, list):
        return content_of_list([content_of(item) for item in document])
    if isinstance(document, dict):
        content = referred(document)
        if content is not None:
            return content
        if document.get(TYPE) == "bytes":
            return content_of_bytes(digest_bytes(base64.b64decode(str(document["value"]))))
    return digest_text(to_text(document) if text is None else text)


def content_of_list(contents: list[str]) -> str:
    """The content of a list, from its items'."""
    return digest_digests("list", contents)


def contents_of_items(document: Json) -> tuple[str, ...] | None:
    """The contents of the items of a list or a tuple; None for the document of something else."""
    if isinstance(document, dict) and document.get(TYPE) == "tuple":
        document = document["items"]
    if not isinstance(document, list):
        return None
    texts = scalar_texts(document)
    if texts is not None:
        return tuple(map(digest_text, texts))
    return tuple(map(content_of, document))


_SCALARS = {int, float, bool, type(None)}
_LONGEST_NUMBER = 300  # characters; longer whole numbers have a document of their own


def scalar_texts(items: list[Any]) -> list[str] | None:
    """The texts of items that are all numbers, booleans or None, at once; None if they are not."""
    if not items or not _SCALARS.issuperset(map(type, items)):
        return None
    try:
        texts = to_text(items)[1:-1].split(",")
    except ValueError:  # a NaN, or more digits than Python prints
        return None
    return texts if max(map(len, texts)) <= _LONGEST_NUMBER else None
