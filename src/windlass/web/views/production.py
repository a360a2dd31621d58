"""What artifacts have become: versions of models, where their aliases stand, what serves them."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.records.database import one_of
from windlass.records.reading import portions

if TYPE_CHECKING:
    from windlass.records import Records

_VERSIONS = """
SELECT DISTINCT versions.model, versions.number, versions.content, versions.run, versions.node,
    version_artifacts.role
FROM version_artifacts JOIN versions
    ON versions.model = version_artifacts.model AND versions.number = version_artifacts.number
WHERE {condition} ORDER BY versions.model, versions.number
"""


class ServerLine(TypedDict):
    """What serves a version: the alias that it follows, the machine, whether it lives."""

    alias: str
    host: str
    lives: bool
    beat: float


class VersionLine(TypedDict):
    """A version of a model, what an artifact is to it, and where it is in production.

    ``role`` is ``model``, ``reference`` or ``holdout``; ``champion`` is an alias like others.
    """

    model: str
    number: int
    role: str
    content: str
    aliases: list[str]
    servers: list[ServerLine]


def versions_of(records: Records, contents: Collection[str]) -> list[VersionLine]:
    """The versions of models that artifacts are, or belong to."""
    found: list[VersionLine] = []
    aliases = {row.name: row.aliases for row in records.models()} if contents else {}
    for some in portions(list(contents)):
        condition, names = one_of("content", some)
        query = _VERSIONS.format(condition=f"version_artifacts.{condition}")
        for row in records.execute(query, names):
            own = [
                a for a, number in aliases.get(row["model"], {}).items() if number == row["number"]
            ]
            found.append(
                VersionLine(
                    model=row["model"],
                    number=row["number"],
                    role=row["role"],
                    content=row["content"],
                    aliases=sorted(own),
                    servers=_servers(records, row["model"], row["number"]),
                )
            )
    return found


def _servers(records: Records, model: str, number: int) -> list[ServerLine]:
    now = time.time()
    return [
        ServerLine(alias=each.alias, host=each.host, lives=each.lives(now), beat=each.beat)
        for each in records.deployments(model)
        if each.document.get("version") == number and each.lives(now)
    ]
