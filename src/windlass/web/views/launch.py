"""A command that was begun from a page: whether it goes on, and what it has written."""

from __future__ import annotations

import re
from typing import Any

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.records import Records
from windlass.web.launches import Launch, find_launch, log_of
from windlass.web.page import Ask

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\n\t\x20-\U0010ffff]")
_OF_LAUNCH = """
SELECT runs.name FROM tags JOIN runs ON runs.id = tags.run
WHERE tags.key = 'launch' AND tags.value = :launch
"""


class LaunchDocument(TypedDict):
    """A command; ``run`` is the run that it began or goes on with, once there is one."""

    id: str
    command: list[str]
    who: str
    about: str
    started: float
    ended: float | None
    goes_on: bool
    code: int | None
    run: str | None
    log: str


def launched(ask: Ask[Any]) -> LaunchDocument:
    """A command that was begun from a page."""
    stack = ask.site.stack
    found = find_launch(stack, ask.path["launch"])
    return LaunchDocument(
        id=found.id,
        command=["windlass", *found.words],
        who=found.who,
        about=found.about,
        started=found.started,
        ended=found.ended,
        goes_on=found.goes_on,
        code=found.code,
        run=_run(ask.records, found),
        log=_CONTROL.sub("", log_of(stack, found).replace("\r\n", "\n")),
    )


def _run(records: Records, launch: Launch) -> str | None:
    if launch.words[0] == "resume":
        return launch.about
    found = records.execute(_OF_LAUNCH, {"launch": launch.id})
    return str(found[0]["name"]) if found else None
