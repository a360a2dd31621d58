"""A model: its versions, where its aliases have stood, and how ready it is for production."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.models.documents import line_document, move_document, turn_document, why_moved, why_of
from windlass.models.naming import CHAMPION, NEWEST, find_version, known_model
from windlass.models.promoting import champions
from windlass.models.version import Version
from windlass.monitoring.scoring import readiness
from windlass.monitoring.turning.triggers import state_of
from windlass.records.models import Move
from windlass.records.production import Turn
from windlass.stacks.models import ModelSettings
from windlass.stacks.settings import load_settings
from windlass.web.page import Ask


class VersionLine(TypedDict):
    """A version in a line; ``run`` is the name of the run that made it."""

    version: int
    name: str
    created: float
    run: str | None
    content: str
    verdict: str | None


class ServerLine(TypedDict, total=False):
    """A server as it last told of itself; ``trouble`` says what it could not take into service."""

    alias: str
    host: str
    beat: float
    version: int | None
    generation: int
    serves: str | None
    address: str
    workers: int
    process: int
    trouble: dict[str, Any] | None


class Stand(TypedDict):
    """Where an alias stood from a time on; ``until`` is null while it stands there."""

    alias: str
    version: int
    since: float
    until: float | None
    kind: str
    who: str


class TurnLine(TypedDict):
    """A turn: when it was taken and why, and what came of it."""

    id: str
    began: float
    ended: float | None
    state: str
    why: str
    kinds: list[str]
    who: str | None
    version: int | None
    run: str | None
    reason: str | None


class ModelDocument(TypedDict):
    """A model; ``scorecard`` is that of its champion, or of its newest version without one."""

    model: str
    description: str | None
    aliases: dict[str, int]
    versions: list[VersionLine]
    servers: list[ServerLine]
    stands: list[Stand]
    moves: list[dict[str, Any]]
    turns: list[TurnLine]
    scorecard: dict[str, Any]
    rollback: int | None


def model(ask: Ask[Any]) -> ModelDocument:
    """A model: its versions, aliases and their history, scorecard and turns."""
    records, name = ask.records, ask.path["model"]
    known_model(records, name)
    told = settings_of(ask, name)
    line, moves = line_document(records, name), records.moves(name)
    before = champions(moves)
    which = CHAMPION if CHAMPION in line["aliases"] else NEWEST
    scored = Version(find_version(records, f"{name}@{which}"), ask.stores)
    return ModelDocument(
        model=name,
        description=told.description if told else None,
        aliases=line["aliases"],
        versions=line["versions"],
        servers=line["servers"],
        stands=stands(moves),
        moves=[{**move_document(move), "why": why_moved(move)} for move in reversed(moves)],
        turns=turn_lines(records.turns(name)),
        scorecard=readiness(scored, told).document(),
        rollback=before[-2] if len(before) > 1 else None,
    )


def settings_of(ask: Ask[Any], model: str) -> ModelSettings | None:
    """What ``windlass.toml`` says of a model."""
    return load_settings(ask.site.stack.project).models.get(model)


def stands(moves: Sequence[Move]) -> list[Stand]:
    """Where each alias stood, and for how long, the oldest first.

    Args:
        moves: The history of a model's aliases, the oldest first.
    """
    found: list[Stand] = []
    last: dict[str, Stand] = {}
    for move in moves:
        if (before := last.pop(move.alias, None)) is not None:
            before["until"] = move.time
        if move.new is not None:
            last[move.alias] = Stand(
                alias=move.alias,
                version=move.new,
                since=move.time,
                until=None,
                kind=move.kind,
                who=move.who,
            )
            found.append(last[move.alias])
    return found


def turn_lines(turns: Sequence[Turn]) -> list[TurnLine]:
    """Turns, each in a line, the newest first."""
    now = time.time()
    return [_turn(turn_document(turn), state_of(turn, now)) for turn in turns]


def _turn(told: dict[str, Any], state: str) -> TurnLine:
    return TurnLine(
        id=told["id"],
        began=told["began"],
        ended=told["ended"],
        state=state,
        why=why_of(told),
        kinds=[each["kind"] for each in told.get("why", ())],
        who=told.get("who"),
        version=told.get("version"),
        run=told.get("run"),
        reason=told.get("reason"),
    )
