"""The open journals of a writer: what they take, when they are closed, what they could not take."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from windlass.serving.observing.journal import MOST_BYTES, Folder, Journal, Name

if TYPE_CHECKING:
    import pyarrow as pa

MOST_SPOOL = 2 << 30
"""Bytes of journals that wait to be published: beyond, nothing more is logged."""


class Journals:
    """The open journals of a writer, one for each kind and version.

    Args:
        folder: The writer's.
        writer: Its id.
        segment: Seconds after which a journal is closed.
        most_spool: Bytes that may wait to be published.
    """

    def __init__(
        self, folder: Folder, writer: str, segment: float, most_spool: int = MOST_SPOOL
    ) -> None:
        self.lost: Counter[str] = Counter()
        """Rows that could not be written since the beginning."""
        self.problems: dict[str, str] = {}
        self._folder, self._writer, self._segment = folder, writer, segment
        self._most = most_spool
        self._open: dict[tuple[str, int], Journal] = {}
        self._begun = 0

    def append(self, kind: str, version: int, table: pa.Table) -> None:
        """Writes rows; those that cannot be written are counted, and told of in `problems`."""
        try:
            self._check_room()
            self._journal(kind, version, table).append(table)
            self.problems.pop("journal", None)
        except OSError as error:
            self.lost["rows"] += table.num_rows
            self.problems["journal"] = f"{type(error).__name__}: {error}"
            self._close((kind, version))  # a batch that was cut short ends what can be read of it

    def roll(self) -> None:
        """Closes those that are old or large enough."""
        for key, journal in list(self._open.items()):
            if journal.age >= self._segment or journal.bytes >= MOST_BYTES:
                self._close(key)

    def close(self) -> None:
        """Closes all."""
        for key in list(self._open):
            self._close(key)

    def _check_room(self) -> None:
        if self._folder.size() > self._most:
            raise OSError(f"{self._most >> 20} MB wait to be published")

    def _journal(self, kind: str, version: int, table: pa.Table) -> Journal:
        found = self._open.get((kind, version))
        if found is not None and found.schema != table.schema:  # a column of other values
            self._close((kind, version))
            found = None
        if found is None:
            self._begun += 1
            name = Name(kind, int(time.time() * 1000), str(version), self._writer, self._begun)
            found = self._open[kind, version] = Journal(self._folder.path, name, table.schema)
        return found

    def _close(self, key: tuple[str, int]) -> None:
        journal = self._open.pop(key, None)
        if journal is not None:
            try:
                journal.close()
            except OSError as error:
                self.problems["journal"] = f"{type(error).__name__}: {error}"
