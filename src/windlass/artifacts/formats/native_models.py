"""Models as bytes of their library's own, and before them one line of JSON with the rest.

A library's file holds what predicts. It does not hold the class and the parameters of the wrapper
that people train with, so these stand beside it as plain data. Reading makes an instance of a class
on our list with these parameters, gives it the library's bytes, and runs nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from windlass import values
from windlass.artifacts.contents import loads_references
from windlass.artifacts.format import Sink, Source
from windlass.artifacts.formats.collections import parts_to
from windlass.errors import CorruptError, FormatError, UntrustedError, WindlassError


def write_native(head: Mapping[str, Any], version: str, body: bytes, sink: Sink) -> str:
    """Writes a model.

    Args:
        head: What the library does not keep, as plain data.
        version: The library's; told when reading fails, and no part of the content.
        body: The library's bytes.
        sink: Where to write.

    Returns:
        The canonical text of the head, for the content.
    """
    told = dict(head)
    text = values.dumps(told, parts_to(sink))
    whole = values.dumps({**told, "version": version}, parts_to(sink))
    sink.write(whole.encode() + b"\n")
    sink.write(body)
    return text


def read_native(source: Source) -> tuple[dict[str, Any], bytes]:
    """The head and the library's bytes.

    Raises:
        CorruptError: The stored bytes do not begin with a head.
    """
    line, _, body = source.bytes().partition(b"\n")
    head = values.loads(line, other=loads_references(source.load))
    if not isinstance(head, dict):
        raise CorruptError("stored bytes are not a model: they begin with no head")
    return head, body


def plain_attributes(
    owner: object, attributes: Mapping[str, Any], sink: Sink, hint: str
) -> dict[str, Any]:
    """Parameters or fitted attributes that can be kept, NumPy's numbers as Python's.

    Raises:
        FormatError: One of them is no data, such as a function; named, with what to do.
    """
    kept = {}
    for name, value in attributes.items():
        kept[name] = plain(value)
        try:
            values.dumps(kept[name], parts_to(sink))
        except FormatError as error:
            raise FormatError(
                f"'{name}' of a {type(owner).__name__} cannot be stored: {error.message}", hint=hint
            ) from error
    return kept


def plain(value: Any) -> Any:
    """A value with NumPy's scalars as Python's own, and with plain dicts for those that add to it.

    A search over parameters and a log of metrics are full of them, and no library tells them apart.
    """
    if isinstance(value, dict):
        return {plain(key): plain(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    is_scalar = type(value).__module__ == "numpy" and hasattr(value, "item")
    return value.item() if is_scalar and getattr(value, "ndim", None) == 0 else value


def class_on_list(name: object, module: Any, classes: Collection[str]) -> Any:
    """A class of a library, if it is one of those that may be made again.

    Raises:
        UntrustedError: It is not.
    """
    if name not in classes:
        raise UntrustedError(
            f"a stored model asks for the class {name!r}, which Windlass does not load",
            hint="It was not written by Windlass, or by a newer one.",
        )
    return getattr(module, str(name))


def set_fitted(model: Any, fitted: Mapping[str, Any]) -> None:
    """Gives a model its fitted attributes.

    Raises:
        CorruptError: One would hide something of its class, such as a method.
    """
    for name in fitted:
        if hasattr(type(model), name):
            raise CorruptError(f"a stored {type(model).__name__} would replace its own '{name}'")
    vars(model).update(fitted)


@contextlib.contextmanager
def readable_by(library: str, installed: str, head: Mapping[str, Any]) -> Iterator[None]:
    """Says of whatever a library raises while it reads what it means for whoever reads.

    Raises:
        CorruptError: The library refuses the bytes.
    """
    try:
        yield
    except (WindlassError, MemoryError):
        raise
    except Exception as error:
        wrote = head.get("version", "an unknown version")
        raise CorruptError(
            f"{library} {installed} cannot read a model of {library} {wrote}: {_first(error)}",
            hint=f"Install {library} {wrote}, or train it again: --refresh",
        ) from error


def _first(error: Exception) -> str:
    """The first line of a message: C++ libraries add a trace of their own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200] if lines else ''}"
