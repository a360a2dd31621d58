"""Windows and alerts by their laws."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from windlass.models.profile import Profile
from windlass.monitoring.alerting import Judged, alert_document, standing, untold
from windlass.monitoring.drifting import Reference
from windlass.monitoring.windows import merged, total
from windlass.records.production import Alert, Observation
from windlass.serving.observing.counts import Counts
from windlass.serving.observing.latency import CELLS

LAWS = settings(deadline=None, max_examples=100)
KEY = ("drift", "a")
_NUMBERS = st.integers(0, 1000)


@st.composite
def _counts(draw: st.DrawFn) -> Counts:
    latency = np.zeros(CELLS, np.int64)
    latency[draw(st.integers(0, CELLS - 1))] = draw(_NUMBERS)
    columns = {name: np.array(draw(st.lists(_NUMBERS, min_size=3, max_size=3))) for name in "ab"}
    failures = Counter(draw(st.dictionaries(st.sampled_from(["busy", "error"]), _NUMBERS)))
    dropped = (draw(_NUMBERS), draw(_NUMBERS))
    return Counts(draw(_NUMBERS), draw(_NUMBERS), dropped, +failures, latency, columns)


_seen = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), _counts()), max_size=12)


@LAWS
@given(_seen, st.randoms(use_true_random=False))
def test_windows_are_the_same_in_whatever_order_writers_told(seen: Any, shuffle: Any) -> None:
    told = [
        Observation("delay", number, hour * 60.0, f"w{place}", 60.0, counts.document())
        for place, (hour, number, counts) in enumerate(seen)
    ]
    windows = merged(told, 1)
    shuffle.shuffle(told)
    assert merged(told, 1) == windows
    assert [each.began for each in windows] == sorted({hour * 60.0 for hour, _, _ in seen})
    want = Counts()
    for _, number, counts in seen:
        want = want + counts if number == 1 else want
    assert total(windows) == want


_PROFILE = Profile.of({name: np.linspace(-2, 2, 400) for name in "ab"})
_CELLS = _PROFILE.inputs["a"].anchors.cells
_window = st.fixed_dictionaries(
    {
        name: st.lists(_NUMBERS, min_size=_CELLS, max_size=_CELLS).map(np.array)
        for name in ("a", "b")
    }
)


@settings(deadline=None, max_examples=20)  # each draws resamples
@given(st.lists(_window, min_size=1, max_size=4), st.sampled_from([0.01, 0.2]))
def test_a_window_is_tested_alike_whatever_was_tested_before(windows: Any, level: float) -> None:
    kept = Reference(_PROFILE)
    first = [kept.test(each, level) for each in windows]
    other = kept.test(windows[0], level / 2)
    assert [kept.test(each, level) for each in windows] == first
    assert [Reference(_PROFILE).test(each, level) for each in windows] == first
    assert other == Reference(_PROFILE).test(windows[0], level / 2)


def _judged(pattern: list[bool]) -> list[Judged]:
    return [
        Judged(float(at), {KEY: {"effect": 0.2}} if off else {}) for at, off in enumerate(pattern)
    ]


@LAWS
@given(st.lists(st.booleans(), max_size=30), st.integers(1, 4))
def test_each_episode_is_told_once_as_soon_as_it_persists(
    pattern: list[bool], persistence: int
) -> None:
    """A look after each window; between two episodes there is a window that is not off."""
    alerts: list[Alert] = []
    for upto in range(1, len(pattern) + 1):
        judged = _judged(pattern[:upto])
        new = untold(standing(judged, persistence), judged, alerts, 1)
        if new:
            told = alert_document("delay@1", new)
            alerts.append(Alert(str(upto), "delay", 1, float(upto), "drift", told))
    ends, at = [], 0
    for off, some in groupby(pattern):
        length = len(list(some))
        if off and length >= persistence:
            ends.append(at + persistence)
        at += length
    assert [alert.time for alert in alerts] == ends


@LAWS
@given(st.lists(st.booleans(), max_size=20), st.integers(1, 4))
def test_what_stands_is_off_in_the_last_windows(pattern: list[bool], persistence: int) -> None:
    found = standing(_judged(pattern), persistence)
    assert bool(found) == (len(pattern) >= persistence and all(pattern[-persistence:]))
    if found:
        assert found[0].windows == len(pattern) - int(found[0].since)


def test_an_alert_of_another_version_tells_nothing_of_this_one() -> None:
    judged = _judged([True, True])
    found = standing(judged, 2)
    other = Alert("x", "delay", 2, 1.0, "drift", alert_document("delay@2", found))
    assert untold(found, judged, [other], 1) == found
    assert untold(found, judged, [other], 2) == []
