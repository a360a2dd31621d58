"""A turn: made, tested, promoted; and what is recorded where it does not come to that."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.program import Folder, wait_until
from windlass.cli.app import app, run_app
from windlass.errors import TurnError
from windlass.models.promoting import promote_by_force
from windlass.models.testing.gate import put_to_test
from windlass.monitoring.turning import progress, taking, triggers
from windlass.monitoring.turning.progress import Progress
from windlass.records import Records

from .conftest import Windlass
from .project import SETTINGS


def champion(records: Records) -> int | None:
    return records.aliases("mean").get("champion")


def test_the_first_turn_makes_a_champion_and_the_record_tells_how(
    project: Path, records: Records, windlass: Windlass
) -> None:
    (turn,) = records.turns("mean")
    assert turn.state == "promoted"
    told = turn.document
    (move,) = windlass("history", "mean")["moves"]
    assert (told["run"], told["version"], told["against"]) == ("training-1", 1, None)
    assert (move["to"], move["turn"], move["report"]) == (1, turn.id, told["report"])
    assert windlass("models", "show", "mean@1")["turn"]["id"] == turn.id
    assert windlass("runs")["runs"][0]["name"] == "training-1"
    assert windlass("history", "mean", "--turns")["turns"][0]["why"][0]["kind"] == "hand"


def test_what_is_better_takes_the_place_of_the_champion(
    project: Path, records: Records, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_app(["turn", "mean", "-p", "n=5"]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "mean@2 passed its tests: it is the champion now, instead of mean@1",
        "next: windlass rollback mean",
    ]
    assert records.moves("mean")[-1].reason == "a turn: by hand"


def test_the_same_model_again_changes_nothing(
    project: Path, records: Records, windlass: Windlass
) -> None:
    told = windlass("turn", "mean")
    assert (told["state"], told["reason"]) == (
        "unchanged",
        "the model is that of mean@1, the champion",
    )
    assert windlass("turn", "mean", "-p", "n=5")["state"] == "promoted"
    told = windlass("turn", "mean")  # what was left behind does not come back by itself
    assert told["reason"] == "the model is that of mean@1, which was the champion before"
    assert champion(records) == 2


@pytest.mark.parametrize(("wish", "code"), [("fail", 1), ("inconclusive", 3)])
def test_what_does_not_pass_leaves_the_champion_and_names_the_tests(
    wish: str,
    code: int,
    project: Path,
    records: Records,
    windlass: Windlass,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WISH", wish)
    assert run_app(["turn", "mean", "-p", "n=5"]) == code
    out = capfd.readouterr().out
    assert "test_what_the_test_wishes" in out.splitlines()[0]
    assert "the champion is mean@1, as before" in out
    (turn, _) = records.turns("mean")
    (test,) = turn.document["failing"]
    assert (turn.state, test["outcome"], champion(records)) == ("kept", wish, 1)
    monkeypatch.delenv("WISH")
    again = windlass("turn", "mean", "-p", "n=5")  # known already: not tested until it passes
    assert again["state"] == "unchanged"
    assert "test_what_the_test_wishes" in again["reason"]


def test_a_version_may_wait_for_a_person(
    project: Path, records: Records, windlass: Windlass, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "windlass.toml").write_text(SETTINGS + 'promotion = "person"\n')
    assert run_app(["turn", "mean", "-p", "n=5"]) == 0
    assert "next: windlass promote mean@2" in capfd.readouterr().out
    assert champion(records) == 1
    first = records.turns("mean")[0]
    again = windlass("turn", "mean", "-p", "n=5")  # it waits still, and is not tested anew
    assert (again["state"], again["report"]) == ("waiting", first.document["report"])
    assert run_app(["promote", "mean@2"]) == 0
    assert windlass("turn", "mean", "-p", "n=5")["state"] == "unchanged"


def test_a_run_that_fails_is_told_and_recorded(
    project: Path, records: Records, windlass: Windlass
) -> None:
    told = windlass("turn", "mean", "-p", "n=0", code=1)
    assert (told["state"], told["run"]) == ("failed", "training-2")
    assert "ZeroDivisionError" in told["reason"]
    assert champion(records) == 1


@pytest.mark.parametrize(
    ("settings", "words", "message"),
    [
        (SETTINGS, ["meen"], "windlass.toml says nothing of a model 'meen'"),
        ("[models.mean]\nonnx = false\n", ["mean"], "names no pipeline"),
        (SETTINGS + 'tests = "nowhere"\n', ["mean"], "there is no folder"),
        (SETTINGS, ["mean", "-p", "m=3"], "there is no parameter 'm'"),
        (SETTINGS.replace("quick", "looking"), ["mean"], "makes no version of the model 'mean'"),
        (SETTINGS.replace("quick", "fast"), ["mean"], "there is no pipeline 'fast'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    settings: str, words: list[str], message: str, empty: Path, windlass: Windlass
) -> None:
    (empty / "windlass.toml").write_text(settings)
    assert message in windlass("turn", *words, code=2)["error"]["message"]
    if (empty / ".windlass" / "windlass.db").exists():
        assert windlass("runs")["runs"] == []


def test_one_turn_at_a_time(project: Path, records: Records, windlass: Windlass) -> None:
    why = {"kind": "drift", "text": "drift of mean@1", "alerts": []}
    other = Progress.begin(records, "mean", {"who": "ann@there", "why": [why]})
    told = windlass("turn", "mean", code=2)["error"]
    assert "in progress, begun by ann@there (drift of mean@1), just now" in told["message"]
    with other:
        other.end("kept", reason="enough")
    assert windlass("turn", "mean")["state"] == "unchanged"


def test_a_turn_that_was_taken_for_lost_does_nothing_more(records: Records) -> None:
    silent = Progress.begin(records, "mean", {"who": "ann@there"})
    assert records.begin_turn("mean", {}, patience=0) is not None
    with pytest.raises(TurnError, match="taken for lost"), silent:
        silent.note(version=7)
    assert [turn.state for turn in records.turns("mean")] == ["running", "lost", "promoted"]


def test_a_turn_lives_by_its_beats(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "BEAT", 0.01)
    with Progress.begin(records, "mean", {"who": "ann@there"}) as turn:
        begun = records.turns("mean")[0].beat
        wait_until(lambda: records.turns("mean")[0].beat > begun)
        turn.end("kept")


def test_what_was_promoted_meanwhile_stays(
    project: Path, records: Records, windlass: Windlass, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_app(["run", "flow.py:quick", "-p", "n=9"]) == 0

    def slow(*args: Any, **kwargs: Any) -> Any:
        report = put_to_test(*args, **kwargs)
        promote_by_force(records, records.version("mean", 2), "in a hurry")
        return report

    monkeypatch.setattr(taking, "put_to_test", slow)
    told = windlass("turn", "mean", "-p", "n=5", code=1)
    assert told["state"] == "kept"
    assert "tested against mean@1, and now the champion is mean@2" in told["reason"]
    assert champion(records) == 2


def is_being_tested(records: Records) -> bool:
    turn = records.turns("mean")[0]
    return turn.ended is None and "version" in turn.document


def test_a_turn_that_is_killed_is_lost_and_the_next_goes_on_where_it_was(
    project: Path, records: Records, windlass: Windlass, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(project, {"WISH": "wait", "WINDLASS_USER": "ann@there"})
    with folder.started("turn", "mean", "-p", "n=5") as process:
        wait_until(lambda: is_being_tested(records))
        process.kill()
    assert process.returncode == -signal.SIGKILL
    refused = windlass("turn", "mean", "-p", "n=5", code=2)["error"]
    assert "in progress, begun by ann@there (by hand)" in refused["message"]
    assert windlass("history", "mean", "--turns")["turns"][0]["state"] == "running"
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(triggers, "PATIENCE", 0.0)
    assert windlass("history", "mean", "--turns")["turns"][0]["state"] == "lost"
    shown = CliRunner().invoke(app, ["history", "mean", "--turns"], env={"COLUMNS": "200"}).output
    assert "its process died: the last word of it is of" in " ".join(shown.split())
    told = windlass("turn", "mean", "-p", "n=5")
    assert (told["state"], told["version"], champion(records)) == ("promoted", 2, 2)
    assert [turn.state for turn in records.turns("mean")] == ["promoted", "lost", "promoted"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_turn_says_so(number: int, project: Path, records: Records) -> None:
    with Folder(project, {"WISH": "wait"}).started("turn", "mean", "-p", "n=5") as process:
        wait_until(lambda: is_being_tested(records))
        os.kill(process.pid, number)
        assert process.wait(60) == 130
    turn = records.turns("mean")[0]
    assert (turn.state, turn.document["reason"]) == ("failed", "interrupted")
    assert champion(records) == 1
