"""Reading ``windlass.toml`` strictly: every mistake is told with its file, line and way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from windlass.errors import ConfigError

Key: TypeAlias = tuple[str, ...]
T = TypeVar("T")

_KINDS = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "a table",
    list: "a list of texts",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file.

    Args:
        file: Where it was read.
        text: As written.
        values: As parsed.
    """

    file: Path
    text: str
    values: dict[str, Any]

    def error(self, key: Key, message: str, hint: str | None = None) -> ConfigError:
        """An error about a key, with the line it stands on."""
        line = find_line(self.text, key)
        place = f"{self.file}, line {line}" if line is not None else str(self.file)
        return ConfigError(f"{place}: {message}", hint=hint)

    def table(self, key: Key) -> Mapping[str, Any]:
        """The table of that key; empty if there is none."""
        found: Any = self.values
        for length, name in enumerate(key, 1):
            found = found.get(name, {})
            if not isinstance(found, dict):
                raise self._wrong_kind(key[:length], dict, found)
        return found  # type: ignore[no-any-return]

    def get(self, table: Key, name: str, kind: type[T], default: T) -> T:
        """The value of a key in a table, which must be of that kind."""
        value = self.table(table).get(name, default)
        if value is not default and type(value) is not kind:
            raise self._wrong_kind((*table, name), kind, value)
        return value

    def texts(self, table: Key, name: str) -> tuple[str, ...]:
        """The texts of a key in a table, which must be a list of them; empty if it is not there."""
        found = self.get(table, name, list, [])
        if not all(isinstance(each, str) and each for each in found):
            raise self._wrong_kind((*table, name), list, "texts and others")
        return tuple(found)

    def allow(self, table: Key, names: Iterable[str]) -> None:
        """Refuses keys of a table that are none of these."""
        known = sorted(names)
        for name in self.table(table):
            if name not in known:
                where = f" in [{'.'.join(table)}]" if table else ""
                raise self.error(
                    (*table, name),
                    f"unknown key '{name}'{where}",
                    did_you_mean(name, known),
                )

    def _wrong_kind(self, key: Key, kind: type, value: object) -> ConfigError:
        return self.error(key, f"'{'.'.join(key)}' must be {_KINDS[kind]}, not {_shown(value)}")


def read_document(file: Path) -> Document:
    """The document in a file. One that says nothing loads no parser.

    Raises:
        ConfigError: It cannot be read, or is not TOML.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not text in UTF-8: {error.reason}") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    return Document(file, text, _parse(file, text) if _says_something(text) else {})


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint: the nearest of the known names, or all of them."""
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"There is: {', '.join(known) or 'none'}."


def find_line(text: str, key: Key) -> int | None:
    """The line of a key, from 1; that of the nearest table above it where it has none itself."""
    best, depth = None, 0
    for number, found in _keys(text):
        shared = min(len(found), len(key))  # [stacks.team] speaks of both its names
        if found[:shared] != key[:shared]:
            continue
        if shared > depth:
            best, depth = number, shared
    return best


def _says_something(text: str) -> bool:
    return any(line and not line.startswith("#") for line in map(str.strip, text.splitlines()))


def _parse(file: Path, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at (.*)\)$", str(error))
        reason = str(error).removesuffix(place[0]) if place else str(error)
        raise ConfigError(
            f"{file}, {place[1] if place else 'somewhere'}: {reason[:1].lower()}{reason[1:]}",
            hint="The file is TOML: name = value, one a line; texts in double quotes.",
        ) from error


_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]")
_PAIR = re.compile(rf"\s*({_DOTTED})\s*=")


def _keys(text: str) -> Iterator[tuple[int, Key]]:
    """The keys of a document with their lines. Inline tables and long texts are not looked into."""
    table: Key = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _TABLE.match(line):
            table = _split(match[1])
            yield number, table
        elif match := _PAIR.match(line):
            yield number, (*table, *_split(match[1]))


def _split(dotted: str) -> Key:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))


def _shown(value: object) -> str:
    """What a value is. Texts are not repeated: one may be a secret in the wrong place."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    kinds: dict[type, str] = {str: "a text", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")
