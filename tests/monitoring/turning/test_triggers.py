"""What begins the next turn: laws of schedule, data and alerts, and of trying again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.monitoring.turning import files as module
from windlass.monitoring.turning.files import SETTLING, Files, Seen
from windlass.monitoring.turning.triggers import (
    FAILED,
    FIRST_RETRY,
    LAST_RETRY,
    PATIENCE,
    Why,
    due,
)
from windlass.records.models import Move
from windlass.records.production import Alert, Turn
from windlass.stacks.models import Triggers

STATES = ("promoted", "waiting", "kept", "failed", "unchanged", "lost")
DAY = 86400.0
NOW = 1000 * DAY
ALL = Triggers(schedule=7 * DAY, data=("*.csv",), drift=True, quality=True)
CHAMPION = Move("delay", "champion", 1, 2, "ann", "promoted", time=NOW - 30 * DAY)


def turn(state: str, ended: float, seen: str | None = None, kind: str = "data") -> Turn:
    document = {"why": [Why(kind, kind)._asdict()], "seen": seen}
    return Turn(f"{ended}", "delay", ended - 60, ended, ended, state, document)


def alert(kind: str, time: float, number: int = 2) -> Alert:
    return Alert(f"{kind}{time}", "delay", number, time, kind, {})


def files(digest: str, changed: float = 0.0) -> Seen:
    return Seen(digest, 1, changed)


def kinds(found: list[Why]) -> list[str]:
    return [each.kind for each in found]


ago = st.floats(0, 100 * DAY).map(lambda seconds: NOW - seconds)
turns = st.lists(
    st.builds(
        turn,
        st.sampled_from(STATES),
        ago,
        st.sampled_from(["old", "new", None]),
        st.sampled_from(["hand", "data", "drift"]),
    ),
    max_size=6,
).map(lambda found: sorted(found, key=lambda each: -each.began))
alerts = st.lists(
    st.builds(alert, st.sampled_from(["drift", "quality", "missing"]), ago, st.integers(1, 3)),
    max_size=6,
)
settings = st.builds(
    Triggers,
    st.none() | st.floats(1, 50 * DAY),
    st.sampled_from([(), ("*.csv",)]),
    st.booleans(),
    st.booleans(),
)
champions = st.none() | st.builds(lambda time: replace(CHAMPION, time=time), ago)
seen = st.none() | st.builds(files, st.sampled_from(["old", "new"]), ago)


@given(settings, turns, alerts, champions, seen)
def test_only_what_is_set_begins_a_turn(
    told: Triggers, turns: list[Turn], alerts: list[Alert], champion: Move | None, seen: Seen | None
) -> None:
    found = kinds(due(told, turns, alerts, champion, seen, NOW))
    assert len(found) == len(set(found))
    assert all(getattr(told, kind) for kind in found)


@given(settings, turns, alerts, champions, seen, st.floats(0, PATIENCE - 1))
def test_nothing_is_due_while_a_turn_goes_on(
    told: Triggers,
    turns: list[Turn],
    alerts: list[Alert],
    champion: Move | None,
    seen: Seen | None,
    silent: float,
) -> None:
    going = Turn("x", "delay", NOW - DAY, NOW - silent, None, "running", {})
    assert due(told, [going, *turns], alerts, champion, seen, NOW) == []


@given(settings, turns, alerts, champions, seen, st.sampled_from(STATES))
def test_a_turn_deals_with_what_began_it_or_waits_before_the_next(
    told: Triggers,
    turns: list[Turn],
    alerts: list[Alert],
    champion: Move | None,
    seen: Seen | None,
    state: str,
) -> None:
    last = turn(state, NOW, seen and seen.digest)
    alerts = [replace(each, time=min(each.time, last.began)) for each in alerts]
    assert due(told, [last, *turns], alerts, champion, seen, NOW + 0.5) == []


@given(settings, turns, alerts, champions, seen)
def test_what_is_due_stays_due_until_a_turn_is_taken(
    told: Triggers, turns: list[Turn], alerts: list[Alert], champion: Move | None, seen: Seen | None
) -> None:
    now = kinds(due(told, turns, alerts, champion, seen, NOW))
    later = kinds(due(told, turns, alerts, champion, seen, NOW + 200 * DAY))
    assert set(now) <= set(later)


@given(turns, alerts)
def test_alerts_of_other_versions_begin_nothing(turns: list[Turn], alerts: list[Alert]) -> None:
    others = [replace(each, number=9) for each in alerts]
    told = Triggers(drift=True, quality=True)
    assert due(told, turns, others, CHAMPION, None, NOW) == []


@given(st.sampled_from(FAILED), st.integers(1, 40))
def test_what_fails_again_is_tried_later_and_later_but_always_once_more(
    state: str, count: int
) -> None:
    failed = [turn(state, NOW - n * 2 * DAY, "new") for n in range(count)]
    wait = min(FIRST_RETRY * 2.0 ** (count - 1), LAST_RETRY)
    told = replace(ALL, schedule=1.0)
    found = [alert("drift", NOW - DAY)]
    champion = replace(CHAMPION, time=NOW - 300 * DAY)
    before, after = (
        kinds(due(told, failed, found, champion, files("new"), NOW + wait + s)) for s in (-1, 1)
    )
    assert (before, after) == ([], ["schedule", "data", "drift"])


def test_other_data_are_tried_at_once_after_a_failure() -> None:
    failed = [turn("failed", NOW, "old")]
    told = Triggers(data=("*.csv",))
    assert due(told, failed, [], CHAMPION, files("old"), NOW + 1) == []
    assert kinds(due(told, failed, [], CHAMPION, files("new"), NOW + 1)) == ["data"]


def test_a_failure_by_hand_keeps_no_trigger_back() -> None:
    failed = [turn("failed", NOW, "new", kind="hand")]
    assert kinds(due(ALL, failed, [], None, files("new"), NOW + 1)) == ["schedule", "data"]


def test_the_schedule_counts_from_the_last_turn_or_from_the_champion() -> None:
    told = Triggers(schedule=7 * DAY)
    assert kinds(due(told, [], [], None, None, NOW)) == ["schedule"]
    assert kinds(due(told, [], [], CHAMPION, None, NOW)) == ["schedule"]
    assert due(told, [turn("kept", NOW - 6 * DAY)], [], CHAMPION, None, NOW) == []
    assert due(told, [], [], replace(CHAMPION, time=NOW - 6 * DAY), None, NOW) == []
    assert kinds(due(told, [turn("kept", NOW - 7 * DAY)], [], CHAMPION, None, NOW)) == ["schedule"]


def test_alerts_begin_a_turn_that_names_them() -> None:
    found = [alert("quality", NOW - 5), alert("drift", NOW - 9), alert("drift", NOW - 20)]
    drift, quality = due(ALL, [turn("promoted", NOW - 30 * DAY)], found, CHAMPION, None, NOW)[1:]
    assert (len(drift.alerts), len(quality.alerts)) == (2, 1)
    assert drift.text.startswith("drift of delay@2 since ")
    assert quality.text.startswith("falling quality of delay@2 since ")


def test_alerts_that_bring_nothing_better_begin_fewer_turns() -> None:
    kept = [turn("kept", NOW)]
    told = Triggers(drift=True)
    again = [alert("drift", NOW + 1)]
    assert due(told, kept, again, CHAMPION, None, NOW + FIRST_RETRY - 1) == []
    assert kinds(due(told, kept, again, CHAMPION, None, NOW + FIRST_RETRY)) == ["drift"]


def test_a_file_that_is_being_written_waits() -> None:
    told = Triggers(data=("*.csv",))
    assert due(told, [], [], None, files("new", NOW - SETTLING + 1), NOW) == []
    assert kinds(due(told, [], [], None, files("new", NOW - SETTLING), NOW)) == ["data"]
    assert kinds(due(told, [], [], None, files("new", NOW + DAY), NOW)) == ["data"]  # a wrong clock
    assert due(told, [], [], None, Seen("none", 0, 0.0), NOW) == []


def test_files_are_told_apart_by_paths_and_contents(tmp_path: Path) -> None:
    look, patterns = Files(), ["data/**/*.csv", "more.csv"]
    (tmp_path / "data" / "b").mkdir(parents=True)
    assert look.look(tmp_path, patterns).number == 0
    file = tmp_path / "data" / "b" / "a.csv"
    file.write_text("one")
    first = look.look(tmp_path, patterns)
    assert (first.number, first.newest) == (1, file.stat().st_mtime)
    os.utime(file, (1e9, 1e9))  # a fresh checkout: the same data at another time
    assert (
        look.look(tmp_path, patterns).digest == first.digest == Files().look(tmp_path, patterns)[0]
    )
    file.write_text("two")
    second = look.look(tmp_path, patterns)
    file.rename(tmp_path / "data" / "c.csv")
    third = look.look(tmp_path, patterns)
    (tmp_path / "more.csv").write_text("")
    (tmp_path / "other.csv").write_text("")
    fourth = look.look(tmp_path, patterns)
    assert len({each.digest for each in (first, second, third, fourth)}) == 4
    assert fourth.number == 2


def test_what_was_not_touched_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def digest_file(path: Path) -> str:
        read.append(path.name)
        return path.name

    monkeypatch.setattr(module, "digest_file", digest_file)
    look = Files()
    for name, changed in (("old.csv", 1e9), ("new.csv", None)):
        (tmp_path / name).write_text(name)
        if changed is not None:
            os.utime(tmp_path / name, (changed, changed))
    for _ in range(2):
        look.look(tmp_path, ["*.csv"])
    assert sorted(read) == ["new.csv", "new.csv", "old.csv"]  # one just written may change yet
