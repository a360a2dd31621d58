"""``runs --where`` and ``--sort``, experiments in ``show``, and what steps logged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from windlass import Picture, each, log_figure, log_metric, log_text, pipeline, step
from windlass.cli.app import run_app

Look = Callable[..., str]


@step
def fit(depth: int) -> int:
    log_metric("auc", depth / 10)
    log_figure("drawing", Picture(b"png", f"<svg>{depth}</svg>"))
    log_text("note", "first")
    log_text("note", "last")
    return depth


@pipeline
def searching(depths: list[int]) -> list[int]:
    return fit.map(each(depths))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which two sweeps ran."""
    found = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(found)
        patch.setenv("WINDLASS_HOME", str(found / "home"))
        for depths, why in (([2, 8], "wide"), ([4, 6], "narrow")):
            options = searching.options(in_process=True, tags={"why": why}, system_metrics=False)
            run = options.run(depths)
            assert run.status == "succeeded", run.error
            assert not run.job.system_metrics
    return found


@pytest.fixture
def look(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Look:
    """Runs a command; returns what it printed."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("WINDLASS_HOME", str(folder / "home"))

    def look(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        found = run_app(arguments)
        out, err = capsys.readouterr()
        assert found == code, out + err
        return str(out if "--json" in arguments or (code == 0 and out) else err)

    return look


def names(look: Look, *arguments: str) -> list[str]:
    told = json.loads(look("runs", *arguments, "--json"))
    return [run["name"] for run in told["runs"]]


def test_runs_are_found_and_sorted_by_what_came_of_them(look: Look) -> None:
    assert names(look, "--sort", "metrics.auc.max") == ["searching-1", "searching-2"]
    assert names(look, "--sort", "metrics.auc.max asc") == ["searching-2", "searching-1"]
    assert names(look, "--where", "metrics.auc.max > 0.7") == ["searching-1"]
    assert names(look, "--where", "tags.why ~ arrow and not status = failed") == ["searching-2"]
    assert names(look, "--where", "tags.why = wide", "--tag", "why=narrow") == []
    assert names(look, "--sort", "created", "--after", "searching-2") == ["searching-1"]
    assert names(look, "-n", "1", "--pipeline", "searching") == ["searching-2"]
    assert names(look, "--status", "lost") == names(look, "--where", "status = lost") == []


def test_a_run_of_a_map_tells_from_the_least_to_the_greatest(look: Look) -> None:
    assert "auc 0.2 … 0.8" in look("runs")
    (run,) = json.loads(look("runs", "--where", "tags.why = wide", "--json"))["runs"]
    assert run["ranges"] == {"auc": {"min": 0.2, "max": 0.8, "series": 2}}


def test_what_is_written_wrong_is_pointed_at(look: Look) -> None:
    told = look("runs", "--where", "metric.auc > 1", code=2)
    assert "there is no field 'metric.auc'\n  metric.auc > 1\n  ^\n" in told
    assert "Is it 'metrics'?" in told
    document = json.loads(look("runs", "--sort", "zzz", "--json", code=2))
    assert document["error"]["kind"] == "QueryError"


def test_of_what_no_run_has_the_near_is_told(look: Look) -> None:
    told = look("runs", "--where", "metrics.acu > 1")
    assert "no run has 'acu' among its metrics: there is auc" in told


def test_show_tells_a_map_as_an_experiment(look: Look) -> None:
    told = look("show", "searching-1", "--sort", "metrics.auc")
    lines = [line.split() for line in told.splitlines()]
    at = lines.index(["fit", "depth", "auc", "took"])
    assert [line[1:4] for line in lines[at + 1 : at + 3]] == [
        ["[1]", "8", "0.8"],
        ["[0]", "2", "0.2"],
    ]
    (sweep,) = json.loads(look("show", "searching-1", "--json"))["sweeps"]
    assert [item["arguments"] for item in sweep["items"]] == [{"depth": 2}, {"depth": 8}]
    assert "cannot be sorted by 'name'" in look("show", "searching-1", "--sort", "name", code=2)


def test_what_steps_logged_is_shown_listed_and_exported(look: Look, tmp_path: Path) -> None:
    assert "figure drawing: Picture" in look("show", "searching-1")
    document = json.loads(look("show", "searching-1", "--json"))
    logged: list[Any] = document["nodes"][0]["logged"]
    assert [(each["name"], each["kind"]) for each in logged] == [
        ("drawing", "figure"),
        ("note", "text"),
        ("note", "text"),
    ]
    listed = json.loads(look("artifacts", "list", "searching-1", "--json"))["logged"]
    assert {each["content"] for each in logged} <= {each["content"] for each in listed}
    assert "last" in look("artifacts", "show", "searching-1:fit[0].note")
    target = tmp_path / "drawing.svg"
    look("artifacts", "export", "searching-1:fit[1].drawing", "-o", str(target))
    assert target.read_text() == "<svg>8</svg>"
    told = json.loads(look("lineage", "searching-1:fit[0].drawing", "--json"))
    assert "fit[0]" in json.dumps(told)
