"""What the nodes of a run have written: its end, all of it, and what is added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.errors import NotFoundError
from windlass.execution.shared_logs import bring_logs, written_elsewhere
from windlass.execution.tail import Tail
from windlass.web.page import Ask, Body, Look, Query
from windlass.web.views.finding import node_named, open_run, rows

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.records.model import Attempt

_END = 32_000
"""Bytes of the end of a log that a page shows."""
_MOST = 40
"""Attempts whose logs a page shows: the last ones that have written something."""
_PIECE = 1 << 18
_NEW_AT_ONCE = 64_000
_FOLLOWED = 200
"""Attempts that are followed at a time."""

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_]|[ -/][0-~])"
)
"""Colours, movements of the cursor, titles of windows: ECMA-48, section 5.4, and xterm's OSC."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class LogQuery(Query):
    """Whose logs."""

    node: str | None = Field(default=None, description="Only of this node, map or item.")
    attempt: int | None = Field(default=None, ge=1, description="Only of this attempt.")


class LogPart(TypedDict):
    """What an attempt has written: the end of it, and how many bytes stand before that."""

    node: str
    attempt: int
    status: str
    text: str
    before: int


class LogsDocument(TypedDict):
    """What the nodes of a run have written.

    ``others`` counts attempts that are left out, ``elsewhere`` names the machines that have what
    is not here.
    """

    run: str
    status: str
    asked: dict[str, Any]
    nodes: list[str]
    parts: list[LogPart]
    others: int
    elsewhere: list[str]


def logs(ask: Ask[LogQuery]) -> LogsDocument:
    """What the nodes of a run have written: the end of each log."""
    run = open_run(ask)
    wanted = _wanted(ask)
    bring_logs(run.job, wanted)
    written = [each for each in wanted if _size(_path(run.job, each))]
    shown = written[-_MOST:]
    return LogsDocument(
        run=run.name,
        status=run.status,
        asked=ask.query.model_dump(),
        nodes=[row.name for row in rows(ask)],
        parts=[_end(run.job, each) for each in shown],
        others=len(written) - len(shown),
        elsewhere=written_elsewhere(run.job, wanted),
    )


def log_end(job: Job, attempts: Sequence[Attempt]) -> LogPart | None:
    """The end of what the last of some attempts has written; None if none has."""
    bring_logs(job, attempts)
    written = [each for each in attempts if _size(_path(job, each))]
    return _end(job, written[-1]) if written else None


def _wanted(ask: Ask[LogQuery]) -> list[Attempt]:
    """The attempts that are asked for, in the order in which they began."""
    run, query = open_run(ask), ask.query
    if query.node is not None:
        node_named(run.name, rows(ask), query.node)
    found = _attempts(ask)
    if query.attempt is not None and not found:
        told = f"{run.name} has no attempt {query.attempt}"
        raise NotFoundError(f"{told} at '{query.node}'" if query.node else told)
    return found


def _attempts(ask: Ask[LogQuery]) -> list[Attempt]:
    run, query = open_run(ask), ask.query
    return [
        each
        for each in run.job.stores.records.attempts(run.id)
        if (query.node in (None, each.node) or each.node.startswith(f"{query.node}["))
        and query.attempt in (None, each.attempt)
    ]


def _end(job: Job, attempt: Attempt) -> LogPart:
    path = _path(job, attempt)
    before = max(0, _size(path) - _END)
    with path.open("rb") as file:
        file.seek(before)
        data = file.read(_END)
    if before:  # from the beginning of a line, if there is one
        begin = data.find(b"\n") + 1
        before, data = before + begin, data[begin:]
    text = plain(data.decode("utf-8", "replace"))
    return LogPart(
        node=attempt.node, attempt=attempt.attempt, status=attempt.status, text=text, before=before
    )


def plain(text: str) -> str:
    """A text without colours and movements, as a terminal would show it in the end.

    What follows a carriage return stands in the place of what was before it in its line.
    """
    lines = _ESCAPE.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(_CONTROL.sub("", line.rstrip("\r").rpartition("\r")[2]) for line in lines)


def all_text(ask: Ask[LogQuery]) -> Body:
    """All that was written, as text."""
    run = open_run(ask)
    wanted = _wanted(ask)
    bring_logs(run.job, wanted)
    return Body("text/plain; charset=utf-8", _pieces(run.job, wanted))


def _pieces(job: Job, attempts: Sequence[Attempt]) -> Iterator[bytes]:
    for each in attempts:
        path = _path(job, each)
        if not _size(path):
            continue
        if len(attempts) > 1:
            yield f"── {each.node}, attempt {each.attempt} ──\n".encode()
        last = b""
        with path.open("rb") as file:
            while data := file.read(_PIECE):
                yield data
                last = data[-1:]
        if last != b"\n":
            yield b"\n"


def new_lines(ask: Ask[LogQuery]) -> Look:
    """What is written from now on, after the end of what is there."""
    open_run(ask)
    _wanted(ask)
    return _Follower(ask).look


class _Follower:
    """Follows the logs of a run, one look after the other."""

    def __init__(self, ask: Ask[LogQuery]) -> None:
        self._ask = Ask(ask.site, ask.path, ask.query)  # with nothing found: a run goes on
        self._job = open_run(ask).job
        self._files: dict[tuple[str, int], _Growing] = {}
        self._done: set[tuple[str, int]] = set()

    def look(self) -> tuple[list[Mapping[str, Any]], bool]:
        """The new lines of every log, and whether the run is over."""
        ask = Ask(self._ask.site, self._ask.path, self._ask.query)
        over = open_run(ask).status != "running"
        found: list[Mapping[str, Any]] = []
        for each in _attempts(ask)[-_FOLLOWED:]:
            key = (each.node, each.attempt)
            if key not in self._done:
                ended = over or each.status != "running"
                file = self._files.setdefault(key, _Growing(_path(self._job, each)))
                if text := file.read(ended=ended):
                    found.append({"node": each.node, "attempt": each.attempt, "text": text})
                if ended:
                    self._done.add(key)
                    del self._files[key]
        return found, over


class _Growing:
    """The whole lines of a log file that is written; at first those at its end."""

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path, at_once=_NEW_AT_ONCE)
        self._rest = ""

    def read(self, *, ended: bool) -> str:
        """The lines that have come; what is left of them, if no more will come."""
        whole, newline, self._rest = (self._rest + self._tail.read()).rpartition("\n")
        if ended or len(self._rest) > _NEW_AT_ONCE:
            whole, newline, self._rest = whole + newline + self._rest, "", ""
        return plain(whole + newline)


def _path(job: Job, attempt: Attempt) -> Path:
    return job.log_path(attempt.node, attempt.attempt)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
