"""Reading a journal, whole or what is new in it, into series and what else it tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from windlass.records.points import Points
from windlass.values import Json

_BLOCK = 1 << 20
_FIELDS = 5


class Entry(NamedTuple):
    """A value that was logged.

    Args:
        name: Its name.
        value: JSON.
        step: Where in a series it stands, such as an epoch; None outside one.
        time: Seconds since 1970, UTC.
    """

    name: str
    value: Any
    step: int | None
    time: float


@dataclass(slots=True)
class Told:
    """What a journal tells.

    Args:
        series: Numbers, by name.
        params: Settings, by name.
        values: Figures, tables and texts.
    """

    series: dict[str, Points] = field(default_factory=dict)
    params: dict[str, Json] = field(default_factory=dict)
    values: list[Entry] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.series or self.params or self.values)


class JournalReader:
    """Reads a journal while it is written, each entry once.

    Args:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def read(self) -> Told:
        """What is new, without a line that is not whole yet."""
        told = Told()
        for block in self._blocks():
            _take(told, _entries(block))
        return told

    def _blocks(self) -> Iterator[bytes]:
        """The new lines, some at a time."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._offset)
            cut = b""
            while block := file.read(_BLOCK):
                lines, newline, cut = (cut + block).rpartition(b"\n")
                self._offset += len(lines) + len(newline)
                yield lines


def read_journal(path: Path) -> Told:
    """All that a journal tells, without a line that was cut short by a death or a full disk."""
    return JournalReader(path).read()


def _entries(block: bytes) -> Iterable[Any]:
    """The entries of whole lines: read at once, or one by one where a line was cut short."""
    lines = [line for line in block.split(b"\n") if line]
    try:
        found: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")
    except ValueError:
        return filter(None, map(_entry, lines))
    return found


def _entry(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _take(told: Told, entries: Iterable[Any]) -> None:
    series = told.series
    for entry in entries:
        if type(entry) is not list or len(entry) != _FIELDS:
            continue
        kind, name, value, step, time = entry
        if kind == "metric":
            if name not in series:
                series[name] = Points()
            series[name].add(value, step, time)
        elif kind == "param":
            told.params[name] = value
        elif kind == "value":
            told.values.append(Entry(name, value, step, time))
