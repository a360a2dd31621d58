"""The flights example: its transformations of data by hand-made rows, and the whole of it once."""

from __future__ import annotations

import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from cli import warm
from cli.program import may_start_python

PROGRAM = str(warm.PROGRAM)
ROOT = Path(__file__).parents[2]
FLIGHTS = ROOT / "examples" / "flights"
sys.path.insert(0, str(FLIGHTS))

import checks  # noqa: E402
import data  # noqa: E402
import features  # noqa: E402
import modelling  # noqa: E402
import report  # noqa: E402

import pipeline  # noqa: E402

SCORES = modelling.Scores(0.7, 0.45, 0.51, 0.17, 0.58)


def flights(**columns: object) -> pd.DataFrame:
    """Two flights of one day, some columns as given."""
    rows: dict[str, object] = {
        "month": [11, 11],
        "day": [3, 3],
        "dep_time": [601.0, 1745.0],
        "sched_dep_time": [559, 1745],
        "arr_delay": [15.0, 16.0],
        "carrier": ["UA", "B6"],
        "flight": [1, 2],
        "origin": ["EWR", "JFK"],
        "dest": ["IAH", "BQN"],
        "distance": [1400, 1576],
        "time_hour": pd.to_datetime(["2013-11-03T10:00Z", "2013-11-03T22:00Z"]),
    }
    return pd.DataFrame({**rows, **columns})


def weather(*hours: str, origin: str = "EWR", **columns: object) -> pd.DataFrame:
    """Observations of these hours of 3 November, in UTC; the temperature counts them."""
    table: dict[str, object] = dict.fromkeys(data.WEATHER_COLUMNS, 1.0)
    table["temp"] = np.arange(len(hours), dtype=float)
    table["pressure"] = 1000.0
    time = pd.to_datetime([f"2013-11-03T{hour}Z" for hour in hours])
    return pd.DataFrame({**table, "origin": origin, "time_hour": time, **columns})


def prepared(planned: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    flown = features.arrived(features.with_traffic(planned))
    return features.make_features(features.join_weather(flown, features.with_recent(observed)))


def judged() -> pd.DataFrame:
    """The test months in small: forty flights, half of them late."""
    late = np.tile([True, False, False, True], 10)
    days = {"month": [11] * 20 + [12] * 20, "day": np.tile([1, 2], 20), "origin": "EWR"}
    return pd.DataFrame({**days, "late": late, "model": np.linspace(0.1, 0.9, 40), "base": 0.5})


def test_the_weather_is_that_of_the_hour_before() -> None:
    observed = features.with_recent(weather("09:00", "10:00", "11:00"))
    table = features.join_weather(flights(), observed)
    assert len(table) == 2
    assert table["temp"][0] == 0.0  # of 9:00, for a departure in the hour of 10:00
    assert np.isnan(table["temp"][1])  # nothing was observed at that airport


def test_an_hour_that_the_clock_shows_twice_doubles_no_flight() -> None:
    twice = weather("05:00", "06:00")  # one o'clock in New York, and one o'clock again
    clock = twice["time_hour"].dt.tz_convert("America/New_York").dt.hour
    assert list(clock) == [1, 1]
    night = flights(
        origin="EWR", time_hour=pd.to_datetime(["2013-11-03T06:00Z", "2013-11-03T07:00Z"])
    )
    assert list(features.join_weather(night, twice)["temp"]) == [0.0, 1.0]


def test_two_observations_of_one_hour_are_refused() -> None:
    with pytest.raises(pd.errors.MergeError):
        features.join_weather(flights(), weather("05:00", "05:00"))


def test_recent_weather_covers_three_hours_of_one_airport() -> None:
    hours = ["05:00", "06:00", "07:00", "09:00"]  # that of 8:00 is missing
    newark = weather(*hours, precip=[0.5, 0.0, 0.25, 0.0], visib=[1.0, 10.0, 5.0, 10.0])
    kennedy = weather("06:00", origin="JFK", precip=2.0, visib=0.0)
    shuffled = pd.concat([kennedy, newark.iloc[::-1]])
    table = features.with_recent(shuffled).set_index(["origin", "temp"])
    recent = table.sort_index()[["precip_3h", "visib_3h"]].to_numpy().tolist()
    assert recent == [[0.5, 1.0], [0.5, 1.0], [0.75, 1.0], [0.25, 5.0], [2.0, 0.0]]


def test_traffic_counts_the_schedule_cancelled_flights_too() -> None:
    hour = pd.to_datetime(["2013-11-03T10:00Z"] * 2)
    cancelled = flights(origin="EWR", time_hour=hour, arr_delay=[15.0, np.nan])
    assert list(prepared(cancelled, weather("09:00"))["traffic"]) == [2]


def test_late_is_more_than_fifteen_minutes() -> None:
    assert list(prepared(flights(), weather("09:00"))["late"]) == [False, True]


def test_hours_are_read_from_the_clock() -> None:
    table = prepared(flights(), weather("09:00"))
    assert list(table["departure"]) == [5 + 59 / 60, 17.75]
    assert list(table["weekday"]) == [6, 6]


def test_rows_come_in_the_order_of_time_whatever_theirs_was() -> None:
    observed = weather("09:00")
    backwards = prepared(flights().iloc[::-1], observed.iloc[::-1])
    pd.testing.assert_frame_equal(backwards, prepared(flights(), observed))


def test_nothing_that_is_known_only_after_departure_is_a_feature() -> None:
    base = prepared(flights(), weather("08:00", "09:00"))
    later = weather("08:00", "09:00", "10:00", "11:00", precip=[1.0, 1.0, 4.0, 4.0])
    changed = prepared(flights(dep_time=[700.0, 30.0], arr_delay=[500.0, -20.0]), later)
    known = features.FEATURES
    assert not {"dep_time", "arr_delay", "late", "month", "day"} & set(known)
    pd.testing.assert_frame_equal(base[known], changed[known])


def test_flights_that_never_arrived_are_left_out() -> None:
    assert len(features.arrived(flights(arr_delay=[np.nan, 3.0]))) == 1


def test_winds_that_never_blew_are_missing() -> None:
    observed = weather("05:00", "06:00", "07:00", wind_speed=[10.0, 1048.4, np.nan])
    cleaned = data.without_errors(observed)["wind_speed"]
    assert cleaned.isna().tolist() == [False, True, True]
    with pytest.raises(pa.errors.SchemaErrors, match="wind_speed"):
        checks.Weather.validate(observed, lazy=True)


def test_good_data_pass() -> None:
    assert len(checks.Flights.validate(flights())) == 2
    assert len(checks.Weather.validate(weather("05:00", "06:00"))) == 2


def test_all_that_is_wrong_with_the_data_is_told_at_once() -> None:
    broken = flights(distance=[0, 100], origin=["EWR", "XXX"])
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        checks.Flights.validate(broken, lazy=True)
    assert {"distance", "origin"} <= set(caught.value.failure_cases["column"])


def test_hours_that_are_not_those_of_the_schedule_are_refused() -> None:
    shifted = flights(time_hour=flights()["time_hour"] + pd.Timedelta(hours=1))
    with pytest.raises(pa.errors.SchemaErrors, match="hour_is_that_of_the_schedule"):
        checks.Flights.validate(shifted, lazy=True)


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


def test_scores_of_certainty_are_perfect() -> None:
    truth = np.tile([True, False], 10)
    found = modelling.judge(pd.Series(truth), truth.astype(np.float64))
    assert (found.auc, found.average_precision, found.brier, found.top_tenth) == (1, 1, 0, 1)


def test_the_survey_tells_cancelled_flights_from_diverted_ones() -> None:
    more = flights(dep_time=[np.nan, 1745.0], arr_delay=np.nan, flight=[3, 4])
    planned = pd.concat([flights(), more], ignore_index=True)
    observed = pd.concat([weather("09:00", precip=0.0), weather("21:00", origin="JFK", precip=0.1)])
    facts = report.survey(planned, prepared(planned, observed))
    assert (facts.planned, facts.cancelled, facts.diverted) == (4, 1, 1)
    assert (facts.late, facts.early, facts.dry, facts.wet) == (0.5, 0, 0, 1)


def test_the_page_tells_the_scores_and_each_month() -> None:
    facts = report.Facts(1000, 20, 5, 0.25, 0.1, 0.4, 0.2, 0.5)
    page = report.write_page(facts, 6, SCORES, replace(SCORES, auc=0.6), judged())
    assert "| AUC | 0.700 | 0.600 |" in page
    assert "| 11 | EWR | 20 | 50.0% | 29.5% |" in page
    assert "20 were cancelled and 5 diverted" in page
    assert "judged on 1 November to 2 December: 40 flights" in page


def test_the_refusal_tells_why() -> None:
    told = report.write_refusal(SCORES, SCORES, 0.02)
    assert "0.450 on the test months is not 0.02 above the 0.450" in told


def test_the_pictures_hold_model_and_base_rates() -> None:
    left, right = report.draw_quality(judged()).axes
    assert [line.get_label() for line in right.get_lines()][:2] == list(report.NAMES.values())
    assert len(left.get_lines()) == 3
    days = report.draw_days(judged()).to_dict()
    (rows,) = days["datasets"].values()
    assert len(rows) == 8  # four days, late and expected
    assert {row["share"] for row in rows if row["what"] == "were late"} == {0.5}


def test_too_few_flights_make_no_model_worth_publishing() -> None:
    told = pipeline.training(depths=(2,), days=3)  # a plain call: steps are functions
    assert told.startswith("# No model is published")


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that other users can go into, as those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="wl-flights-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def project(place: Path) -> Path:
    """The example in a project of its own, as first committed."""
    root = place / "first"
    shutil.copytree(FLIGHTS, root, ignore=shutil.ignore_patterns(".windlass", "__pycache__"))
    (root / "windlass.toml").touch()
    if shutil.which("git") is not None:
        git("init", folder=root)
        git("add", ".", folder=root)
        git("commit", "-m", "The example", folder=root)
    return root


@pytest.fixture(scope="module")
def first(project: Path, place: Path) -> dict[str, Any]:
    """The whole of it, run once in workers; all that follows rests on this run."""
    variables = {"PYTHONHASHSEED": "1", "LANG": "C.UTF-8", "TZ": "America/New_York"}
    told = started(project, place / "state", PROGRAM, "run", *WHOLE, **variables)
    found: dict[str, Any] = json.loads(told)
    return found


def test_the_whole_pipeline_runs_and_is_better_than_the_base_rates(first: dict[str, Any]) -> None:
    nodes = {node["node"]: node for node in first["nodes"]}
    assert nodes["publish"]["status"] == "succeeded"
    assert nodes["explain_why"]["status"] == "skipped"
    assert nodes["train[1]"]["outputs"][0]["type"].endswith("HistGradientBoostingClassifier")
    assert not any(output["pickled"] for node in nodes.values() for output in node["outputs"])
    assert 0.66 < first["metrics"]["auc"] < 0.75


def test_an_edit_runs_what_rests_on_it_and_is_explained(
    project: Path, first: dict[str, Any], tmp_path: Path
) -> None:
    def ran() -> set[str]:
        # In one process, which imports what the steps need once and not three times.
        run = json.loads(windlass(project, "run", *WHOLE, "--in-process"))
        nodes = [node for node in run["nodes"] if node["status"] == "succeeded"]
        return {node["node"] for node in nodes if not node["cached"]}

    code = (project / "features.py").read_text()
    (project / "features.py").write_text(f"# Looked over.\n\n{code}")
    assert ran() == set()
    for words in suggested():  # of its second run
        told = (word.replace("/tmp", tempfile.mkdtemp(dir=tmp_path)) for word in words)
        windlass(project, *told)
    (project / "features.py").write_text(code.replace('rolling("3h")', 'rolling("4h")'))
    again = ran()
    assert {"prepare", "split", "train[0]"} <= again
    assert not {"load_flights", "load_weather"} & again
    explained = windlass(project, "explain", "latest", "prepare")
    assert "helper features.with_recent changed (features.py:36)" in explained
    assert re.search(r'\+ .*rolling\("4h"\)', explained)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_it_is_reproduced_from_a_clone_by_another_user_under_other_variables(
    project: Path, first: dict[str, Any], place: Path
) -> None:
    clone = place / "other" / "clone"
    clone.parent.mkdir()
    git("clone", str(project), str(clone), folder=place)
    gone = project.rename(project.with_name("gone"))
    other, nobody = [], pwd.getpwnam("nobody").pw_uid
    if os.geteuid() == 0 and shutil.which("setpriv") and may_start_python(nobody):
        other = ["setpriv", f"--reuid={nobody}", "--clear-groups"]  # else it is the same user
    told = started(
        clone, place / "state", *other, PROGRAM, "reproduce", first["name"], "--here", "--json",
        PYTHONHASHSEED="77", LANG="POSIX", LC_ALL="POSIX", TZ="Asia/Kathmandu",
        HOME=str(place), PYTHONDONTWRITEBYTECODE="1", MPLCONFIGDIR=tempfile.gettempdir(),
    )  # fmt: skip
    gone.rename(project)
    proof = json.loads(told)
    assert proof["verdict"] == "equal"
    assert {node["status"] for node in proof["nodes"]} == {"equal", "skipped"}
    assert sum(len(node["outputs"]) for node in proof["nodes"]) > 15
    assert "TZ: America/New_York → Asia/Kathmandu" in proof["surroundings"]
    assert proof["seen"] == []


WHOLE = ["pipeline.py", "--json", "-p", "depths=2,3", "-p", "days=10"]


def suggested() -> list[list[str]]:
    """The looks that the demo, its page and its README tell people to take next."""
    texts = [(FLIGHTS / "README.md").read_text(), report.NEXT, (ROOT / "Makefile").read_text()]
    found = re.findall(
        r"(?:^|bin/)windlass ((?:show|logs|artifacts|lineage|explain) .*)",
        "\n".join(line.strip(" '\\") for text in texts for line in text.splitlines()),
        re.MULTILINE,
    )
    assert len(found) > 10
    return [
        shlex.split(line) for line in {re.split(r" *(?:  |#)", each)[0]: None for each in found}
    ]


def windlass(project: Path, *words: str) -> str:
    variables = {**os.environ, "WINDLASS_HOME": str(project.parent / "state")}
    done = warm.run(project, *words, variables=variables)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def started(folder: Path, home: Path, *words: str, **variables: str) -> str:
    """What a command tells that is started with these variables."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        words,
        cwd=folder,
        env={**kept, "WINDLASS_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def git(*words: str, folder: Path) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    safe = ("-c", "safe.directory=*")
    subprocess.run(["git", *who, *safe, *words], cwd=folder, check=True, capture_output=True)
