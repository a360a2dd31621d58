"""The flights example: its transformations of data by hand-made rows, and the whole of it once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
sys.path.insert(0, str(FLIGHTS))

import checks  # noqa: E402
import data  # noqa: E402
import features  # noqa: E402
import modelling  # noqa: E402


def flights(**columns: object) -> pd.DataFrame:
    """Two flights of one morning, some columns as given."""
    rows: dict[str, object] = {
        "month": [11, 11],
        "day": [3, 3],
        "sched_dep_time": [559, 1745],
        "sched_arr_time": [810, 2059],
        "arr_delay": [15.0, 16.0],
        "carrier": ["UA", "B6"],
        "flight": [1, 2],
        "origin": ["EWR", "JFK"],
        "dest": ["IAH", "BQN"],
        "distance": [1400, 1576],
        "time_hour": pd.to_datetime(["2013-11-03T10:00Z", "2013-11-03T22:00Z"]),
    }
    return pd.DataFrame({**rows, **columns})


def weather(*hours: str, origin: str = "EWR") -> pd.DataFrame:
    table: dict[str, object] = dict.fromkeys(data.WEATHER_COLUMNS, 1.0)
    table["temp"] = np.arange(len(hours), dtype=float)
    return pd.DataFrame({**table, "origin": origin, "time_hour": pd.to_datetime(list(hours))})


def joined() -> pd.DataFrame:
    known = weather("2013-11-03T09:00Z", "2013-11-03T10:00Z", "2013-11-03T11:00Z")
    return features.join_weather(flights(), known)


def test_the_weather_is_that_of_the_hour_before() -> None:
    table = joined()
    assert len(table) == 2
    assert table["temp"][0] == 0.0  # of 9:00, for a departure in the hour of 10:00
    assert np.isnan(table["temp"][1])  # nothing was observed at that airport


def test_an_hour_that_the_clock_shows_twice_doubles_no_flight() -> None:
    twice = weather("2013-11-03T05:00Z", "2013-11-03T06:00Z")  # 1:00 and again 1:00 in New York
    night = flights(time_hour=pd.to_datetime(["2013-11-03T06:00Z", "2013-11-03T07:00Z"]))
    assert list(features.join_weather(night.assign(origin="EWR"), twice)["temp"]) == [0.0, 1.0]
    with pytest.raises(pd.errors.MergeError):
        features.join_weather(flights(), weather("2013-11-03T05:00Z", "2013-11-03T05:00Z"))


def test_late_is_more_than_fifteen_minutes() -> None:
    assert list(features.make_features(joined())["late"]) == [False, True]


def test_hours_are_read_from_the_clock() -> None:
    assert list(features.make_features(joined())["departure"]) == [5 + 59 / 60, 17.75]


def test_nothing_that_is_known_only_after_departure_is_a_feature() -> None:
    after = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "late", "tailnum"}
    assert not after & set(features.FEATURES)
    base = features.make_features(joined())
    changed = features.make_features(joined().assign(arr_delay=[500.0, -20.0]))
    pd.testing.assert_frame_equal(base[features.FEATURES], changed[features.FEATURES])


def test_flights_that_never_arrived_are_left_out() -> None:
    assert len(features.arrived(flights(arr_delay=[np.nan, 3.0]))) == 1


def test_what_is_wrong_with_the_data_is_told_at_once() -> None:
    broken = flights(distance=[0, 100], origin=["EWR", "XXX"], hour=[5, 17])
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        checks.checked(broken, checks.FLIGHTS)
    assert {"distance", "origin"} <= set(caught.value.failure_cases["column"])


def test_base_rates_are_smoothed_and_know_no_test_flight() -> None:
    rows = {
        "carrier": ["UA"] * 50 + ["B6"] * 50,
        "departure": 8.5,
        "late": [True] * 50 + [False] * 50,
    }
    train = pd.DataFrame(rows).astype({"carrier": "category"})
    test = pd.DataFrame({"carrier": ["UA", "B6", "ZZ"], "departure": [8.9, 8.0, 8.0]})
    told = modelling.base_rates(train, test.astype({"carrier": "category"}))
    assert told.tolist() == [0.75, 0.25, 0.5]


@pytest.mark.xdist_group("heavy")
def test_the_whole_pipeline_runs_and_is_better_than_the_base_rates(tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("windlass"))
    command = [program, "run", str(FLIGHTS / "pipeline.py"), "-p", "depths=2,3", "--json"]
    environment = {**os.environ, "WINDLASS_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    nodes = {node["node"]: node for node in run["nodes"]}
    assert nodes["publish"]["status"] == "succeeded"
    assert nodes["explain_why"]["status"] == "skipped"
    assert nodes["train[1]"]["outputs"][0]["type"].endswith("HistGradientBoostingClassifier")
    assert not any(output["pickled"] for node in nodes.values() for output in node["outputs"])
    assert 0.66 < run["metrics"]["auc"] < 0.75
