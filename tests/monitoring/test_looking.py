"""A look at a model: what is off, and what is told of it, once."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from windlass.errors import NotFoundError
from windlass.models.signature import signature_of
from windlass.monitoring.findings import Findings
from windlass.monitoring.labels import Labelled
from windlass.monitoring.looking import examine, look
from windlass.monitoring.quality import score_of, usable
from windlass.monitoring.windows import merged
from windlass.stacks.models import ModelSettings

from .making import HOUR, NOW, SETTINGS, World

LATER = NOW + 60


def watched(**changes: Any) -> ModelSettings:
    return replace(SETTINGS, monitor=replace(SETTINGS.monitor, **changes))


def look_at(world: World, now: float = LATER, **options: Any) -> Findings:
    return look(world.stores, "delay", options.pop("settings", SETTINGS), now, **options)


def test_nothing_is_said_of_too_little(world: World) -> None:
    assert look_at(world).verdict == "too little"
    world.serve(2, n=50)
    assert look_at(world).verdict == "too little"
    world.serve(1)
    assert look_at(world).verdict == "fine"
    assert look_at(world, now=NOW + 1).verdict == "too little"  # not all have saved it yet


def test_windows_like_the_reference_are_fine(world: World) -> None:
    for hours in range(1, 11):
        world.serve(hours)
    found = look_at(world)
    assert (found.verdict, found.standing, found.alerts) == ("fine", [], [])
    assert [each.is_judged for each in found.windows] == [True] * 10
    assert found.traffic()["requests"] == 4000
    assert {view.name for view in found.columns} == {"a", "b", "origin"}
    assert json.loads(json.dumps(found.document(), allow_nan=False))["verdict"] == "fine"


def test_drift_is_told_when_it_persists_and_only_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for hours in (5, 4, 3):
        world.serve(hours)
    world.serve(2, shift=0.6)
    assert look_at(world, NOW - HOUR + 60).verdict == "fine"  # in one window alone
    world.serve(1, shift=0.6)
    with caplog.at_level(logging.WARNING):
        found = look_at(world)
    assert found.verdict == "off"
    assert found.has("drift")
    [alert] = found.alerts
    assert (alert.kind, alert.number, list(alert.document["about"])) == ("drift", 1, ["a"])
    assert "the distribution of 'a' has moved" in caplog.text
    assert found.columns[0].name == "a"
    assert found.columns[0].windows_off == 2
    again = look_at(world)
    assert (again.verdict, again.alerts) == ("off", [])
    assert len(world.stores.records.alerts("delay")) == 1


def test_an_episode_ends_and_the_next_one_is_told_anew(world: World) -> None:
    shifts = {8: 0.6, 7: 0.6, 6: 0.6, 5: 0.0, 4: 0.0, 3: 0.6, 2: 0.6, 1: 0.6}
    told = []
    for hours, shift in shifts.items():
        world.serve(hours, shift=shift)
        told.append(len(look_at(world, NOW - (hours - 1) * HOUR + 60).alerts))
    assert told == [0, 1, 0, 0, 0, 0, 1, 0]


def test_what_joins_later_is_told_by_itself(world: World) -> None:
    new = np.array(["XXX"] * 40 + ["JFK"] * 360)
    for hours in (4, 3):
        world.serve(hours, shift=0.6)
    assert [each.kind for each in look_at(world, NOW - 2 * HOUR + 60).alerts] == ["drift"]
    for hours in (2, 1):
        world.serve(hours, shift=0.6, origin=new)
    alerts = look_at(world).alerts
    assert {(each.kind, *each.document["about"]) for each in alerts} == {
        ("categories", "origin"),
        ("drift", "origin"),
    }


def test_missing_values_and_ranges_are_told(world: World) -> None:
    for hours in (2, 1):
        draw = np.random.default_rng(hours)
        gone = np.where(draw.random(400) < 0.1, np.nan, draw.normal(size=400))
        far = np.where(draw.random(400) < 0.05, 50.0, draw.normal(size=400))
        world.serve(hours, a=gone, b=far)
    found = look_at(world)
    assert {(each.kind, each.about) for each in found.standing} >= {
        ("missing", "a"),
        ("range", "b"),
    }
    assert ("range", "a") not in {(each.kind, each.about) for each in found.standing}


def test_failures_are_told_and_what_was_invalid_is_not(world: World) -> None:
    for hours in (2, 1):
        world.serve(hours, failures=30)
    found = look_at(world)
    assert [each.kind for each in found.standing] == ["errors"]
    assert "7.0% of the requests got no answer" in found.alerts[0].document["text"]
    assert found.traffic()["failures"] == {"error": 60}


def test_writers_add_up(world: World) -> None:
    for writer in ("one", "two", "three"):
        world.serve(1, n=90, writer=writer)
    found = look_at(world)
    assert found.windows[0].window.counts.rows == 270
    assert found.windows[0].is_judged  # together they have rows enough
    seen = world.stores.records.observations("delay")
    assert merged(seen, 1)[0].counts == merged(reversed(seen), 1)[0].counts


def test_the_champion_is_watched_else_what_answers(world: World) -> None:
    world.serve(3, number=2)
    assert look_at(world).version == "delay@2"
    world.serve(2, number=1)
    found = look_at(world)
    assert found.version == "delay@1"
    assert found.traffic()["other_versions"] == {"2": 400}
    assert look(world.stores, "delay@2", SETTINGS, LATER).version == "delay@2"
    with pytest.raises(NotFoundError, match="no model 'elsewhere'"):
        look(world.stores, "elsewhere", SETTINGS, LATER)


def test_falling_quality_is_told_when_late_labels_say_so(world: World) -> None:
    for hours in (5, 4, 3):
        world.label(hours)
    found = look_at(world)
    assert (found.verdict, found.score) == ("fine", "log_loss")
    assert found.overall is not None
    assert found.overall.live.n == 900
    assert found.holdout is not None
    assert found.holdout.n == 3000
    assert abs((found.overall.worse or 0) / (found.holdout.estimate or 1)) < 0.2
    for hours in (2, 1):
        world.label(hours, flipped=0.25)
    found = look_at(world)
    assert [each.kind for each in found.alerts] == ["quality"]
    assert found.has("quality")
    assert len(found.quality) == 5
    assert look_at(world).alerts == []


def test_a_margin_lets_pass_what_it_is_for(world: World) -> None:
    for hours in (2, 1):
        world.label(hours, flipped=0.25)
    assert look_at(world, settings=watched(margin=5.0)).verdict == "fine"
    assert look_at(world, settings=watched(margin=0.01, score="accuracy")).has("quality")


def test_a_row_that_was_told_twice_counts_once_and_as_it_was_told_last(world: World) -> None:
    world.label(2, tell=1, flipped=1.0)
    world.label(2)
    found = look_at(world)
    assert found.overall is not None
    assert found.overall.live.n == 300
    assert (found.overall.worse or 0) < 0.1


def test_feedback_that_is_no_label_hides_none_that_is(world: World) -> None:
    world.label(1, strange=("early", 7, float("nan"), None, True, "late "))
    found = look_at(world)
    assert found.overall is not None
    assert found.overall.live.n == 294
    assert found.notes == ["5 labels of feedback are none that log_loss can take"]
    world.label(2, n=3, strange=("x", "y", "z"), number=2)
    nothing = look(world.stores, "delay@2", SETTINGS, LATER)
    assert nothing.overall is None
    assert nothing.notes == ["3 labels of feedback are none that log_loss can take"]


@pytest.mark.parametrize(
    ("truth", "classes", "wanted"),
    [
        ([1, 1.0, "1", 2, True, None], (0, 1), [1, 1, 1]),
        ([True, "True", "yes", 1], (False, True), [True, True]),
        ([1.5, 2, float("inf"), "3", float("nan")], None, [1.5, 2.0]),
    ],
)
def test_labels_may_come_as_json_wrote_them(truth: Any, classes: Any, wanted: Any) -> None:
    gave = {"predict": np.array([0.5, 1.5] if classes is None else list(classes))}
    signature = signature_of(pd.DataFrame({"a": [1.0, 2.0]}), gave, classes=classes)
    rows = Labelled(np.zeros(len(truth)), truth, list(truth), None)
    found = usable(score_of(None, signature), rows, signature)
    assert found.truths == wanted
    assert [type(each) for each in found.truths] == [type(each) for each in wanted]
    assert len(found.times) == len(found.predicted or ()) == len(wanted)


def test_labels_of_other_versions_and_of_no_request_are_left_out(world: World) -> None:
    world.label(2, number=2)
    world.label(1)
    found = look_at(world)
    assert found.overall is not None
    assert found.overall.live.n == 300
    assert found.unmatched == 300


def test_a_look_writes_nothing_where_it_may_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in (2, 1):
        world.serve(hours, shift=0.6)
    monkeypatch.setattr(world.stores.records, "read_only", True)
    found = look_at(world)
    assert (found.verdict, found.alerts) == ("off", ())
    assert len(found.untold) == 1


def test_examining_tells_nobody(world: World) -> None:
    for hours in (2, 1):
        world.serve(hours, shift=0.6)
    assert examine(world.stores, "delay", SETTINGS, LATER).verdict == "off"
    assert world.stores.records.alerts("delay") == []
