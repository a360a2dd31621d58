"""Rows of a table of tests, tried on a real model; and collected by pytest."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from windlass.errors import DefinitionError, ModelError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.models.behaviour.cells import typical
from windlass.models.behaviour.reading import read_sheet
from windlass.models.behaviour.rows import Case, Subject, read_cases
from windlass.models.behaviour.trying import try_case
from windlass.models.registry import register_in
from windlass.models.release.found import Found
from windlass.models.version import Version
from windlass.pipeline.marks import Model
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack

ROW = {"kind": "minimum", "capability": "weather", "name": "a test"}
PLAIN = {**ROW, "expect": "yes"}


def flights(rows: int, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "origin": draw.choice(["EWR", "JFK", "LGA"], rows, p=[0.5, 0.3, 0.2]),
            "rain": draw.gamma(1, 1, rows),
            "hour": draw.integers(0, 24, rows),
            "kind": draw.choice(["jet", "prop"], rows),
        }
    )
    odds = made.rain + 0.2 * (made.hour - 12) - 1
    late = draw.random(rows) < 1 / (1 + np.exp(-odds))
    return made.assign(late=np.where(late, "yes", "no"), minutes=20 * odds)


INPUTS = ["origin", "rain", "hour", "kind"]


def fitted(data: pd.DataFrame, last: Any, target: str) -> Any:
    encode = make_column_transformer((OneHotEncoder(), ["origin", "kind"]), remainder="passthrough")
    return make_pipeline(encode, last).fit(data[INPUTS], data[target])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    root = tmp_path_factory.mktemp("tables")
    text = '[models.delay]\ncapabilities = ["weather", "schedule"]\n'
    (root / "windlass.toml").write_text(text)
    stores = open_stores(load_stack(None, find_project(root)))
    yield stores
    stores.records.close()


@pytest.fixture(scope="module")
def delay(project: Stores) -> Version:
    data = flights(800, 1)
    model = fitted(data, LogisticRegression(max_iter=1000), "late")
    values = {"model": model, "reference": data, "holdout": flights(300, 2)}
    return register_in(project, Model("delay", "late", INPUTS), values)


@pytest.fixture(scope="module")
def minutes(project: Stores) -> Version:
    data = flights(200, 1)
    values = {"model": fitted(data, LinearRegression(), "minutes"), "reference": data}
    return register_in(project, Model("minutes", "minutes", INPUTS), values)


def written(path: Path, *rows: dict[str, str]) -> Path:
    names = dict.fromkeys(name for row in rows for name in row)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*names])
        writer.writeheader()
        writer.writerows(rows)
    return path


def cases(tmp_path: Path, version: Version, *rows: dict[str, str], **extra: Any) -> list[Case]:
    sheet = read_sheet(written(tmp_path / "a.table.csv", *rows))
    return read_cases(sheet, Subject(version, **extra))


def tried(tmp_path: Path, version: Version, **row: str) -> Found:
    [case] = cases(tmp_path, version, {**ROW, **row})
    return try_case(case, Subject(version), version.holdout)


def test_what_is_typical_comes_from_the_reference(delay: Version) -> None:
    found, reference = typical(delay), delay.reference()
    assert list(found) == INPUTS
    assert found["origin"] == "EWR"
    assert found["hour"] in (11, 12)
    assert abs(float(str(found["rain"])) - reference.rain.median()) < 0.05


@pytest.mark.parametrize(
    ("row", "verdict", "told"),
    [
        ({"expect": "yes", "rain": "9"}, "pass", "late was to be yes, and is yes"),
        ({"expect": "no", "rain": "9"}, "fail", "(inputs: rain=9, the rest typical)"),
        ({"expect": ">90%", "rain": "9"}, "pass", "the probability of yes was to be > 0.9"),
        ({"expect": "<10%", "rain": "9", "output": "no"}, "pass", "the probability of no"),
        ({"expect": "0.5±0.4", "rain": "0"}, "pass", "was to be 0.5±0.4"),
        ({"expect": "0.9±0.05", "rain": "0"}, "fail", "was to be 0.9±0.05"),
        ({"kind": "invariance", "expect": "same±0.2", "change": "origin=LGA"}, "pass", "by origin"),
        ({"kind": "invariance", "expect": "same", "change": "input.kind=x; kind=prop"}, "", ""),
        ({"kind": "invariance", "expect": "same", "change": "hour=+1", "rain": "9"}, "pass", ""),
        ({"kind": "invariance", "expect": "same±0.001", "change": "hour=+9"}, "fail", "went from"),
        ({"kind": "directional", "expect": "up", "change": "rain=+0.5"}, "pass", "was to go up"),
        ({"kind": "directional", "expect": "down", "change": "rain=*2"}, "fail", "by rain=*2"),
        (
            {"kind": "directional", "expect": "up>0.9", "change": "rain=+0.5"},
            "fail",
            "go up by more than 0.9",
        ),
        (
            {"kind": "directional", "expect": "down>=0", "change": "rain==0", "output": "yes"},
            "pass",
            "not go up",
        ),
    ],
)  # fmt: skip
def test_a_row_is_tried(
    tmp_path: Path, delay: Version, row: dict[str, str], verdict: str, told: str
) -> None:
    if not verdict:
        with pytest.raises(DefinitionError, match=r"no column 'input\.kind'"):
            tried(tmp_path, delay, **row)
        return
    found = tried(tmp_path, delay, **row)
    assert (found.verdict, told in found.sentence()) == (verdict, True), found.sentence()
    assert "a.table.csv, row 2, 'a test'" in found.sentence()


def test_a_row_may_speak_of_the_holdout(tmp_path: Path, delay: Version) -> None:
    on: dict[str, str] = {"kind": "directional", "expect": "up", "change": "rain=+0.5"}
    found = tried(tmp_path, delay, **on, on="holdout")
    assert (found.verdict, found.finding.n) == ("pass", 300)
    assert found.document()["data"] == delay.row.artifacts["holdout"]
    found = tried(tmp_path, delay, **on, on="holdout[20]", where="origin=JFK; rain>0.5; minutes<99")
    assert (found.verdict, found.finding.n) == ("pass", 20)
    nowhere = tried(tmp_path, delay, **on, on="holdout", where="origin=SFO")
    assert (nowhere.verdict, "no row of the holdout is origin=SFO" in nowhere.sentence()) == (
        "inconclusive",
        True,
    )
    with pytest.raises(ModelError, match="the holdout has no column 'orgin'"):
        tried(tmp_path, delay, **on, on="holdout", where="orgin=JFK")


def test_a_share_of_the_rows_may_do(tmp_path: Path, delay: Version) -> None:
    on: dict[str, str] = {
        "kind": "invariance",
        "expect": "same",
        "change": "hour=+3",
        "on": "holdout",
    }
    strict = tried(tmp_path, delay, **on)
    assert strict.verdict == "fail"
    assert "where all must; as in one: late was to stay the same" in strict.sentence()
    held = strict.finding.estimate or 0
    assert 0.5 < held < 1
    assert tried(tmp_path, delay, **on, share=f"{held - 0.01:.3f}").verdict == "pass"
    assert tried(tmp_path, delay, **on, share=f"{held * 100 + 1:.1f}%").verdict == "fail"


def test_inputs_are_set_before_the_change(tmp_path: Path, delay: Version) -> None:
    row: dict[str, str] = {"kind": "directional", "expect": "up", "change": "rain=*3", "rain": "0"}
    assert tried(tmp_path, delay, **row).verdict == "fail"  # 0 times 3 is 0
    assert tried(tmp_path, delay, **{**row, "rain": "0.1"}).verdict == "pass"
    assert tried(tmp_path, delay, **row, on="holdout[5]").verdict == "fail"
    named = tried(tmp_path, delay, expect=">0.5", rain="9", **{"input.kind": "prop"})
    assert "kind=prop" in named.sentence()


def test_of_numbers_the_prediction_is_meant(tmp_path: Path, minutes: Version) -> None:
    assert tried(tmp_path, minutes, expect="100±5", rain="5", hour="17").verdict == "pass"
    found = tried(tmp_path, minutes, expect="<50", rain="5", hour="17")
    assert (found.verdict, "minutes was to be < 50" in found.sentence()) == ("fail", True)
    with pytest.raises(DefinitionError, match="no number with a tolerance"):
        tried(tmp_path, minutes, expect="30")
    with pytest.raises(DefinitionError, match="gives a number"):
        tried(tmp_path, minutes, expect="30±1", output="yes")
    with pytest.raises(ModelError, match="has no holdout"):
        tried(tmp_path, minutes, expect="30±1", on="holdout")


@pytest.mark.parametrize(
    ("row", "column", "told"),
    [
        ({"kind": "minimun"}, "kind", "'minimum'"),
        ({"kind": ""}, "kind", "the kind of the test is missing"),
        ({"capability": "wether"}, "capability", "'weather'"),
        ({"capability": ""}, "capability", "the capability is missing"),
        ({"name": ""}, "name", "it has no name"),
        ({"expect": ""}, "expect", "nothing is expected"),
        ({"expect": "yess"}, "expect", "'yes'"),
        ({"expect": "0.3±0.1", "output": "label"}, "expect", "cannot be held against a label"),
        ({"expect": "yes", "output": "yes"}, "expect", "no number with a tolerance"),
        ({"output": "maybe"}, "output", "there is no class 'maybe'"),
        ({"change": "rain=1"}, "change", "a minimum test changes nothing"),
        ({"kind": "invariance", "expect": "same"}, "change", "nothing is changed"),
        ({"kind": "invariance", "expect": "same", "change": "rian=1"}, "change", "'rain'"),
        ({"kind": "invariance", "expect": "same", "change": "origin=+1"}, "change", "no numbers"),
        ({"kind": "invariance", "expect": "same", "change": "rain=much"}, "change", "no number"),
        ({"rain": "much"}, "rain", "'much' is no number"),
        ({"hour": "6.5"}, "hour", "whole numbers"),
        ({"on": "train"}, "on", "holdout[200]"),
        ({"on": "holdout[0]"}, "on", "are no rows"),
        ({"where": "rain>1"}, "where", "Write holdout under 'on'"),
        ({"share": "0.9"}, "share", "Write holdout under 'on'"),
        ({"on": "holdout", "share": "9"}, "share", "a share of 9"),
        ({"on": "holdout", "where": "rain"}, "where", "is no condition"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_told_with_its_place(
    tmp_path: Path, delay: Version, row: dict[str, str], column: str, told: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        cases(tmp_path, delay, {**PLAIN, **row}, capabilities=["weather", "schedule"])
    assert f"a.table.csv, row 2, column '{column}'" in str(caught.value)
    assert told in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path, delay: Version) -> None:
    rows = [PLAIN, {**PLAIN, "rain": "x"}, {**PLAIN, "name": "b"}, {**PLAIN, "kind": "y"}]
    with pytest.raises(DefinitionError) as caught:
        cases(tmp_path, delay, *rows, {**PLAIN, "expect": "no"})
    lines = [line for line in str(caught.value).splitlines() if line.startswith("a.table.csv")]
    assert [line.partition(":")[0] for line in lines][:2] == [
        "a.table.csv, row 3, column 'rain'",
        "a.table.csv, row 5, column 'kind'",
    ]
    assert lines[2] == "a.table.csv, row 2 and a.table.csv, row 6 have the same name 'a test'"
    with pytest.raises(DefinitionError, match="takes no column 'rian'\n  Did you mean 'rain'"):
        cases(tmp_path, delay, {**PLAIN, "rian": ""})
    with pytest.raises(DefinitionError, match="the column 'name' is missing"):
        cases(tmp_path, delay, {"kind": "minimum", "capability": "a", "expect": "yes"})


def test_what_takes_no_table_has_no_table_of_tests(tmp_path: Path, project: Stores) -> None:
    data = flights(50)[["rain", "hour"]].to_numpy()
    model = LinearRegression().fit(data, data[:, 0])
    version = register_in(project, Model("array"), {"model": model, "reference": data})
    with pytest.raises(ModelError, match="takes no table"):
        cases(tmp_path, version, PLAIN)


FEW = """
from windlass import release

test_better = release.better_than_champion("brier", resamples=400)
test_golden = release.golden_examples()
"""


_ON = "--continue-on-collection-errors"


def test_pytest_runs_tables_and_ready_made_tests(project: Stores, delay: Version) -> None:
    root = project.project
    suite = root / "release_tests"
    suite.mkdir()
    (suite / "test_delay.py").write_text(FEW)
    moved = {**ROW, "kind": "directional", "change": "rain=+0.5", "expect": "up"}
    written(
        suite / "delay.table.csv",
        {**PLAIN, "name": "a storm: late", "rain": "9"},
        {**moved, "name": "more rain"},
        {**moved, "name": "less hope", "expect": "down"},
        {**moved, "name": "far away", "on": "holdout", "where": "origin=SFO"},
        {**PLAIN, "capability": "schedule", "name": "night", "expect": "no", "hour": "0"},
    )
    written(suite / "wrong.table.csv", {**PLAIN, "capability": "wether"})
    (root / "elsewhere").mkdir()
    (root / "elsewhere" / "a.table.csv").write_text("none of ours")
    words = ["-q", "-p", "no:cacheprovider", "--candidate=delay", _ON]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout
    assert done.returncode == 1, told + done.stderr
    assert "1 failed, 4 passed, 1 skipped, 1 error, 1 inconclusive" in told
    assert "'less hope': the probability of yes was to go down, and went from" in told
    assert "wrong.table.csv, row 2, column 'capability': there is no capability 'wether'" in told
    summary = told.partition("capabilities -")[2]
    for line in (
        "gain      1 skipped",
        "sameness  1 passed",
        "schedule  1 passed",
        "weather   2 passed, 1 failed, 1 inconclusive",
    ):
        assert line in summary
