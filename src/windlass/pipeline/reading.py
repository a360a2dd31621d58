"""Values read from text, as a command line gives them: ``-p depths=4,6,8``.

Text is taken as it is where a str is asked for. Numbers, bools, dates, paths and enums are written
as one would; lists of these with commas; whatever has fields or keys, and lists of lists, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args, get_origin

from windlass.pipeline.annotations import is_enum, is_newtype, is_union, plain, unwrapped
from windlass.pipeline.converting import (
    constrained,
    convert,
    first_of,
    holds_many,
    is_structured,
    item_annotations,
    items_of,
)
from windlass.pipeline.refusal import RefusedError, is_not, shown
from windlass.pipeline.scalars import is_path, to_enum

_BOOLS = {"true": True, "yes": True, "on": True, "1": True}
_BOOLS |= {"false": False, "no": False, "off": False, "0": False}
_NONES = ("none", "null", "")
_FIRST = (type(None), int, float, bool)


def read(annotation: Any, text: str) -> Any:
    """The value that a text stands for.

    Args:
        annotation: What is asked for, evaluated.
        text: As it was typed.

    Raises:
        RefusedError: It stands for nothing of the kind.
    """
    if get_origin(annotation) is Annotated:
        return constrained(annotation, text, read)
    inner = unwrapped(annotation)
    if inner is not annotation:
        return read(inner, text)
    kind = plain(annotation)
    for applies, reader in _READERS:
        if applies(kind):
            return reader(kind, text)
    return convert(kind, text)


def _read_union(kind: Any, text: str) -> Any:
    members = get_args(kind)
    if str in members:  # then "none" is a text like any other
        members = tuple(member for member in members if member is not type(None))
    return first_of(kind, sorted(members, key=lambda member: _rank(member, text)), text, read)


def _rank(member: Any, text: str) -> int:
    """The narrower a member, the earlier: almost any text is a path, and every one a str."""
    kind = plain(member)
    if kind in _FIRST:
        return _FIRST.index(kind)
    if holds_many(kind) and not ("," in text or text.lstrip().startswith("[")):
        return 9
    return 8 if kind is str else 7 if is_path(kind) or kind in (Any, object) else 6


def _read_literal(kind: Any, text: str) -> Any:
    for option in get_args(kind):
        enum = is_enum(type(option))
        if text == str(option) or (enum and text in (option.name, str(option.value))):
            return option
        if (option is None or option is True or option is False) and _word(text) is option:
            return option
    return convert(kind, text)


def _word(text: str) -> bool | None:
    """What "yes", "no" or "none" stands for; the text "none" if nothing."""
    return None if text.lower() in _NONES else _BOOLS.get(text.lower())


def _read_enum(kind: Any, text: str) -> Any:
    for member in kind:
        if text in (str(member.value), member.name):
            return member
    folded = {name.casefold(): member for name, member in kind.__members__.items()}
    folded_text = text.casefold()
    return folded[folded_text] if folded_text in folded else to_enum(kind, text)


def _read_int(kind: Any, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = _read_number(kind, text)
    try:
        return int(convert(int, number))  # such as 1e6
    except RefusedError:
        raise is_not(text, kind) from None


def _read_number(kind: Any, text: str) -> Any:
    try:
        return complex(text) if kind is complex else float(text)
    except ValueError:
        raise is_not(text, kind) from None


def _read_bool(kind: Any, text: str) -> bool:
    found = _BOOLS.get(text.strip().lower())
    if found is None:
        raise is_not(text, kind)
    return found


def _read_none(kind: Any, text: str) -> None:
    if text.strip().lower() not in _NONES:
        raise is_not(text, kind)


def _read_anything(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_many(kind: Any, text: str) -> Any:
    if text.lstrip().startswith("["):
        return convert(kind, _json(text), read)
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    annotations = item_annotations(kind, len(parts))
    if any(_needs_json(item) for item in annotations):
        return convert(kind, _json(text), read)
    return convert(kind, items_of(annotations, parts, read), read)


def _needs_json(annotation: Any) -> bool:
    kind = plain(annotation)
    if is_union(kind):
        return any(_needs_json(member) for member in get_args(kind))
    return holds_many(kind) or is_structured(kind)


def _read_structured(kind: Any, text: str) -> Any:
    return convert(kind, _json(text), read)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        why = f"{error.msg[0].lower()}{error.msg[1:]} at character {error.pos + 1}"
    except RecursionError:
        why = "too deep"
    raise RefusedError(f"is {shown(text)}, which is not JSON: {why}")


_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str], Any]], ...] = (
    (lambda kind: kind in (Any, object), lambda _, text: _read_anything(text)),
    (is_newtype, lambda kind, text: read(kind.__supertype__, text)),
    (is_union, _read_union),
    (lambda kind: get_origin(kind) is Literal, _read_literal),
    (is_enum, _read_enum),
    (lambda kind: kind is int, _read_int),
    (lambda kind: kind in (float, complex), _read_number),
    (lambda kind: kind is bool, _read_bool),
    (lambda kind: kind is type(None), _read_none),
    (lambda kind: kind is bytes, lambda _, text: text.encode()),
    (is_structured, _read_structured),
    (holds_many, _read_many),
)
"""How each kind of annotation is read; what is left takes text as it is."""
