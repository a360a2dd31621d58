"""What is counted, added over workers, and as Prometheus reads it."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from serving.asgi import ask, post
from serving.fakes import FLIGHT, Fake, flights
from windlass.serving.app.application import Application
from windlass.serving.app.counters import BOUNDS, Counters, Gauge, exposition

LINE = re.compile(r'^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)$')


def series(text: str) -> dict[str, float]:
    """All series of an exposition, each of which must be of its grammar."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            match = LINE.match(line)
            assert match, line
            assert line.rpartition(" ")[0] not in found, "a series is told twice"
            found[match[1] + (match[2] or "")] = float(match[3])
    return found


def test_requests_are_counted_by_what_they_came_to() -> None:
    counters = Counters()
    app = Application({"delay": Fake("delay", flights())}, counters=counters)
    counters.watch(Gauge("windlass_queue_rows", "Rows that wait.", lambda: 5, {"model": "delay"}))
    for _ in range(3):
        post(app, "/models/delay/predict", FLIGHT)
    post(app, "/models/delay/predict", {})
    ask(app, "GET", "/models/unknown/predict")
    got = ask(app, "GET", "/metrics")
    assert got.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = series(got.body.decode())
    name = "windlass_requests_total"
    assert found[f'{name}{{model="delay",version="2",route="predict",status="200"}}'] == 3
    assert found[f'{name}{{model="delay",version="",route="predict",status="400"}}'] == 1
    assert found[f'{name}{{model="",version="",route="",status="405"}}'] == 1
    assert found['windlass_request_seconds_count{model="delay"}'] == 3
    assert found['windlass_request_seconds_bucket{model="delay",le="+Inf"}'] == 3
    assert found['windlass_generation{model="delay"}'] == 7
    assert found["windlass_requests_in_flight"] == 0
    assert found['windlass_queue_rows{model="delay"}'] == 5


def test_strangers_make_no_new_series() -> None:
    counters = Counters()
    app = Application({}, counters=counters)
    for at in range(100):
        ask(app, "GET", f"/v2/models/m{at}")
        ask(app, "GET", f"/{at}")
    assert len(counters.snapshot()["requests"]) == 2  # type: ignore[arg-type]


_requests = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["", "1", "2"]),
        st.sampled_from(["infer", "predict"]),
        st.sampled_from([200, 400, 503]),
        st.floats(0, 20),
    )
)


@given(st.lists(_requests, min_size=1, max_size=3))
def test_workers_add_up(workers: list[list[tuple[Any, ...]]]) -> None:
    """What several workers count is what one would have counted."""
    alone, snapshots = Counters(), []
    for requests in workers:
        counters = Counters()
        for request in requests:
            counters.answered(*request)
            alone.answered(*request)
        snapshots.append(json.loads(json.dumps(counters.snapshot())))
    together, expected = series(exposition(snapshots)), series(exposition([alone.snapshot()]))
    assert together.keys() == expected.keys()
    for name, number in together.items():
        assert abs(number - expected[name]) < 1e-9 * max(1.0, number), name


@given(st.floats(0, 30))
def test_a_latency_is_in_the_bucket_of_its_bound(seconds: float) -> None:
    counters = Counters()
    counters.answered("m", "1", "infer", 200, seconds)
    found = series(exposition([counters.snapshot()]))
    for bound in BOUNDS:
        inside = found[f'windlass_request_seconds_bucket{{model="m",le="{bound}"}}']
        assert inside == (seconds <= bound)


def test_the_most_of_several_workers() -> None:
    snapshots = []
    for number in (3, 9, 4):
        counters = Counters()
        counters.served_by("m", number)
        counters.watch(Gauge("g", "A sum.", lambda number=number: number))  # type: ignore[misc]
        snapshots.append(counters.snapshot())
    found = series(exposition(snapshots))
    assert found['windlass_generation{model="m"}'] == 9
    assert found["g"] == 16


def test_labels_are_escaped() -> None:
    counters = Counters()
    counters.answered('a"b\\c\nd', "", "", 200, 0)
    assert 'model="a\\"b\\\\c\\nd"' in exposition([counters.snapshot()])
