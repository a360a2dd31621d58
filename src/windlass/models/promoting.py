"""How a version becomes the champion, and how the one before comes back.

The champion moves by promotion, which needs a report of release tests that passed, by a promotion
that is forced, which needs a reason and is shown as such for ever, or by rollback. Each is a
compare-and-swap: of two at once, one wins, and the other is told.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace

from windlass import artifacts
from windlass.errors import ConfigError, ModelError, PromotionError, WindlassError
from windlass.execution.job import Stores
from windlass.models.naming import CHAMPION, check_alias
from windlass.models.suites import present_suite
from windlass.records import Records
from windlass.records.models import Move, Report, VersionRow
from windlass.values import Json
from windlass.words import ago_text

_WHO = "WINDLASS_USER"


def refuse_damaged(stores: Stores, version: VersionRow) -> None:
    """Refuses a version whose model nobody could load: its bytes are looked at, as they lie now.

    Raises:
        ModelError: They are gone, or were altered.
    """
    try:
        artifacts.check(version.content, stores.artifacts, stores.records)
    except WindlassError as error:
        raise ModelError(
            f"the model of {version.name} cannot be read: {error.message}", hint=error.hint
        ) from error


def promote_as_asked(
    stores: Stores, version: VersionRow, *, force: bool, reason: str | None, by: str | None = None
) -> Move:
    """Makes a version the champion as a person asks for it, through the gate or by force.

    Args:
        stores: Where it is kept.
        version: The version.
        force: Whether it needs no report that passed.
        reason: Why; a must where it is forced.
        by: Who asks; None for who started this process.

    Raises:
        ModelError: Its model cannot be read.
        ConfigError: It is forced, and no reason is given.
        PromotionError: As of `promote`.
    """
    refuse_damaged(stores, version)
    if force:
        return promote_by_force(stores.records, version, reason or "", by=by)
    suite = present_suite(stores.project, version.model)
    return promote(stores.records, version, reason=reason, suite=suite, by=by)


def promote(
    records: Records,
    version: VersionRow,
    *,
    reason: str | None = None,
    suite: str | None = None,
    details: Mapping[str, Json] | None = None,
    by: str | None = None,
) -> Move:
    """Makes a version the champion, on the evidence of its last report.

    Args:
        records: Where it is recorded.
        version: The version.
        reason: Why, in words; the report is the reason else.
        suite: The digest of the release tests as they are now; None where they are not at hand.
        details: What else the history is to keep of it.
        by: Who asks; None for who started this process.

    Raises:
        PromotionError: It has no report, or none that passed, or one that no longer holds; or
            somebody else was quicker.
    """
    champion = records.aliases(version.model).get(CHAMPION)
    report = standing_report(records, version, suite)
    move = _to_champion(version, champion, "promoted", reason, report.id, by)
    return _moved(records, replace(move, details=details or {}))


def promote_by_force(
    records: Records, version: VersionRow, reason: str, *, by: str | None = None
) -> Move:
    """Makes a version the champion without a report; the history says so for ever.

    Args:
        records: Where it is recorded.
        version: The version.
        reason: Why.
        by: Who asks; None for who started this process.

    Raises:
        ConfigError: No reason is given.
        PromotionError: It is the champion, or somebody else was quicker.
    """
    if not reason.strip():
        raise ConfigError(
            "a promotion is forced for a reason", hint="Say why: --force --reason 'why'"
        )
    champion = records.aliases(version.model).get(CHAMPION)
    _refuse_champion(version, champion)
    last = records.reports(version)
    report = last[0].id if last else None
    return _moved(records, _to_champion(version, champion, "forced", reason, report, by))


def rollback(
    records: Records, model: str, *, reason: str | None = None, by: str | None = None
) -> Move:
    """Makes the version the champion again that was it before the present one.

    Rolled back again, it goes one further back: not to the version that was just left.

    Raises:
        PromotionError: There was none before, or somebody else was quicker.
    """
    moves = [move for move in records.moves(model) if move.alias == CHAMPION]
    before = champions(moves)
    if len(before) < 2:
        now = f"{model}@{before[0]} is the first" if before else "it has none"
        raise PromotionError(
            f"the model '{model}' has no champion before the present one: {now}",
            hint=f"Look at its history: windlass history {model}",
        )
    version = records.version(model, before[-2])
    move = _to_champion(version, before[-1], "rolled back", reason, by=by)
    return _moved(records, move, moves[-1].id)


def set_alias(records: Records, version: VersionRow, alias: str) -> Move:
    """Lets an alias that is not the champion name a version.

    Raises:
        ConfigError: It is none that may be given, or the champion.
        PromotionError: It names that version, or somebody else was quicker.
    """
    _refuse_as_alias(version.model, alias)
    old = records.aliases(version.model).get(alias)
    if old == version.number:
        raise PromotionError(f"{version.name} is the {alias} already")
    return _moved(records, Move(version.model, alias, old, version.number, who(), "set"))


def remove_alias(records: Records, model: str, alias: str) -> Move:
    """Takes an alias away that is not the champion.

    Raises:
        ConfigError: It is the champion.
        PromotionError: There is none, or somebody else was quicker.
    """
    _refuse_as_alias(model, alias)
    old = records.aliases(model).get(alias)
    if old is None:
        raise PromotionError(f"the model '{model}' has no {alias}")
    return _moved(records, Move(model, alias, old, None, who(), "removed"))


def champions(moves: Sequence[Move]) -> list[int]:
    """The champions that a rollback would go back through, the present one last.

    Args:
        moves: The history of a model's aliases, the oldest first.
    """
    stack: list[int] = []
    for move in moves:
        if move.alias != CHAMPION or move.new is None:
            continue
        if move.kind == "rolled back":
            stack.pop()
        else:
            stack.append(move.new)
    return stack


def champion_at(moves: Sequence[Move], time: float) -> Move | None:
    """The move by which the version became champion that was it at a time; None if none was."""
    before = [move for move in moves if move.alias == CHAMPION and move.time <= time]
    return before[-1] if before else None


def who() -> str:
    """Who acts, as ``name@machine``; ``WINDLASS_USER`` says it otherwise, as in CI."""
    told = os.environ.get(_WHO)
    if told:
        return told
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


def standing_report(records: Records, version: VersionRow, suite: str | None) -> Report:
    """The last report of a version, if it passed and still holds, so that it may be promoted.

    Args:
        records: Where it is recorded.
        version: The version.
        suite: The digest of the release tests as they are now; None where they are not at hand.

    Raises:
        PromotionError: It has none such; or it is the champion.
    """
    champion = records.aliases(version.model).get(CHAMPION)
    _refuse_champion(version, champion)
    again = f"windlass test {version.name}"
    reports = records.reports(version)
    if not reports:
        raise PromotionError(f"{version.name} has not been tested", hint=f"Test it: {again}")
    last = reports[0]
    if last.verdict != "pass":
        told = {"fail": "failed its release tests"}.get(last.verdict, "has no decided report")
        raise PromotionError(
            f"{version.name} {told} ({ago_text(last.created)})",
            hint=f"Look at the report: windlass models show {version.name}",
        )
    problem = what_changed(last, version, champion, suite)
    if problem is not None:
        raise PromotionError(
            f"the report of {version.name} holds no more: {problem}", hint=f"Test it again: {again}"
        )
    return last


def what_changed(
    report: Report, version: VersionRow, champion: int | None, suite: str | None
) -> str | None:
    """Why a report says nothing any more, in words; None if it still holds.

    Args:
        report: A report of a version.
        version: That version.
        champion: The number of the present champion; None if there is none.
        suite: The digest of the release tests as they are now; None where they are not at hand.
    """
    measured = report.document["champion"]
    if measured != champion:
        model = version.model
        then = f"against {model}@{measured}" if measured else "when there was no champion"
        now = f"the champion is {model}@{champion}" if champion else "there is none"
        return f"it was tested {then}, and now {now}"
    if report.document["holdout"] != version.artifacts.get("holdout"):
        return "it was tested on other held-out rows than the version has"
    if suite is not None and report.document["suite"] != suite:
        return "the release tests are others now"
    return None


def _refuse_champion(version: VersionRow, champion: int | None) -> None:
    if champion == version.number:
        raise PromotionError(f"{version.name} is the champion already")


def _refuse_as_alias(model: str, alias: str) -> None:
    if check_alias(alias) == CHAMPION:
        raise ConfigError(
            "the champion moves by promotion and rollback alone",
            hint=f"windlass promote {model}@VERSION, or windlass rollback {model}",
        )


def _to_champion(
    version: VersionRow,
    old: int | None,
    kind: str,
    reason: str | None,
    report: str | None = None,
    by: str | None = None,
) -> Move:
    return Move(version.model, CHAMPION, old, version.number, by or who(), kind, reason, report)


def _moved(records: Records, move: Move, last: int | None = None) -> Move:
    """Moves an alias; whoever comes second is told who came first."""
    moved = records.move_alias(move, last)
    if moved is not None:
        return moved
    model = move.model
    by = next((each for each in reversed(records.moves(model)) if each.alias == move.alias), None)
    was = f"{model}@{move.old}" if move.old else "nowhere"
    now = f"{model}@{by.new}, moved by {by.who}" if by and by.new else "nowhere"
    raise PromotionError(
        f"the {move.alias} of '{model}' was {was} when this began, and is {now} by now: "
        "nothing was changed",
        hint=f"Look at what happened: windlass history {model}",
    )
