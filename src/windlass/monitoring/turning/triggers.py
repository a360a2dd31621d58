"""What begins the next turn: a schedule, new data, alerts of drift or of falling quality.

All of it is one pure function of what the record and the disk tell, so that a daemon and a CronJob
come to the same. What a trigger began and failed is tried again later, and later still; a turn by
hand that failed, as by a wrong parameter, says nothing of the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from windlass.monitoring.turning.files import SETTLING, Seen
from windlass.records.models import Move
from windlass.records.production import Alert, Turn
from windlass.stacks.models import Triggers
from windlass.words import seconds_text, time_text

PATIENCE = 60.0
"""Seconds of silence after which the process of a turn is taken for dead."""
FIRST_RETRY, LAST_RETRY = 600.0, 86400.0
"""Seconds after a turn that failed, before the next; doubled by each that fails after it."""

BY_HAND = "hand"
FAILED = ("failed", "lost")
"""States of a turn that has not dealt with what began it."""
FUTILE = (*FAILED, "kept", "unchanged", "waiting")
"""States of a turn after which the champion is the one that an alert was about."""


class Why(NamedTuple):
    """Why a turn begins.

    Args:
        kind: ``hand``, ``schedule``, ``data``, ``drift`` or ``quality``.
        text: For people.
        alerts: The ids of the alerts that did, if they did.
    """

    kind: str
    text: str
    alerts: tuple[str, ...] = ()


def due(
    settings: Triggers,
    turns: Sequence[Turn],
    alerts: Sequence[Alert],
    champion: Move | None,
    files: Seen | None,
    now: float,
) -> list[Why]:
    """Why a turn should begin now; nothing if none should.

    Args:
        settings: What may begin one.
        turns: Those there were, the newest first.
        alerts: What was found of the model.
        champion: The move by which the present champion became it; None if there is none.
        files: The watched files; None if none are watched.
        now: Seconds since 1970, UTC.
    """
    if any(is_in_progress(turn, now) for turn in turns):
        return []
    turns = [turn for turn in turns if _state(turn) not in FAILED or is_by_trigger(turn)]
    return [
        *_by_schedule(settings, turns, champion, now),
        *_by_data(settings, turns, files, now),
        *_by_alerts(settings, turns, alerts, champion, now),
    ]


def is_in_progress(turn: Turn, now: float) -> bool:
    """Whether a turn goes on; one that has been silent for long is lost, if nobody ended it yet."""
    return turn.lives(now, PATIENCE)


def state_of(turn: Turn, now: float) -> str:
    """The state of a turn; one that says nothing any more is lost, as the next one will record."""
    if turn.ended is None:
        return "running" if is_in_progress(turn, now) else "lost"
    return turn.state


def is_by_trigger(turn: Turn) -> bool:
    """Whether something but a person began a turn."""
    return any(each["kind"] != BY_HAND for each in turn.document.get("why", ()))


def _by_schedule(
    settings: Triggers, turns: Sequence[Turn], champion: Move | None, now: float
) -> Iterator[Why]:
    if settings.schedule is None or now < _again(turns, FAILED):
        return
    done = _last_done(turns)
    times = [_end(done)] if done else []
    times += [champion.time] if champion else []
    if not times:
        yield Why("schedule", "there has been no turn yet")
    elif now - max(times) >= settings.schedule:
        yield Why("schedule", f"{seconds_text(now - max(times))} since the last one")


def _by_data(
    settings: Triggers, turns: Sequence[Turn], files: Seen | None, now: float
) -> Iterator[Why]:
    if not settings.data or files is None or not files.number:
        return
    if 0 <= now - files.newest < SETTLING:
        return  # one of them may still be being written: the next look will tell
    done = _last_done(turns)
    if done is not None and _seen(done) == files.digest:
        return
    if turns and _seen(turns[0]) == files.digest and now < _again(turns, FAILED):
        return
    told = f"{files.number:,} file{'s' * (files.number > 1)}, changed {time_text(files.newest)}"
    yield Why("data", f"new data: {told}")


def _by_alerts(
    settings: Triggers,
    turns: Sequence[Turn],
    alerts: Sequence[Alert],
    champion: Move | None,
    now: float,
) -> Iterator[Why]:
    if champion is None or now < _again(turns, FUTILE):
        return
    done = _last_done(turns)
    since = max(champion.time, done.began if done else 0.0)
    wanted = [kind for kind in ("drift", "quality") if getattr(settings, kind)]
    for kind in wanted:
        found = [
            alert
            for alert in alerts
            if (alert.kind, alert.number) == (kind, champion.new) and alert.time > since
        ]
        if found:
            first = min(alert.time for alert in found)
            text = f"{_WORDS[kind]} of {champion.model}@{champion.new} since {time_text(first)}"
            yield Why(kind, text, tuple(alert.id for alert in found))


_WORDS = {"drift": "drift", "quality": "falling quality"}


def _last_done(turns: Sequence[Turn]) -> Turn | None:
    """The newest turn that came to an end of its own."""
    return next((turn for turn in turns if _state(turn) not in FAILED), None)


def _again(turns: Sequence[Turn], futile: Collection[str]) -> float:
    """The time from which it is worth another try, after the newest turns were futile."""
    count = next((n for n, turn in enumerate(turns) if _state(turn) not in futile), len(turns))
    if not count:
        return 0.0
    return _end(turns[0]) + min(FIRST_RETRY * 2.0 ** min(count - 1, 30), LAST_RETRY)


def _state(turn: Turn) -> str:
    return "lost" if turn.ended is None else turn.state


def _end(turn: Turn) -> float:
    return turn.beat if turn.ended is None else turn.ended


def _seen(turn: Turn) -> str | None:
    found: str | None = turn.document.get("seen")
    return found
