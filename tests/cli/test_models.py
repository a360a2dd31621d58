"""The turn of a model by the command line: candidate, release tests, promotion, the way back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from windlass.cli.app import run_app
from windlass.cli.output import console
from windlass.cli.promoting import _tell_moves, _tell_then
from windlass.cli.testing import tell_report
from windlass.errors import ModelError
from windlass.records.models import Move, Report

from .program import PROGRAM, Folder

FLOW = """
from typing import Annotated, NamedTuple
from windlass import Holdout, Model, Reference, pipeline, step

class Split(NamedTuple):
    train: Annotated[list[float], Reference("mean")]
    test: Annotated[list[float], Holdout("mean")]

@step
def split(n: int) -> Split:
    return Split([float(x) for x in range(n)], [float(x) for x in range(n, 2 * n)])

@step
def fit(rows: list[float]) -> Annotated[dict[str, float], Model("mean", target="x")]:
    return {"mean": sum(rows) / len(rows)}

@pipeline
def training(n: int = 4) -> dict[str, float]:
    return fit(split(n).train)
"""
TESTS = """
import os
import pytest
from windlass.models.testing.verdicts import Inconclusive

@pytest.mark.capability("reading")
def test_the_data_are_those_of_the_run(candidate, holdout, reference):
    assert candidate.model == {"mean": sum(reference) / len(reference)}
    assert holdout[0] == len(reference)

@pytest.mark.ml_test("model.6")
@pytest.mark.capability("gain")
def test_it_is_another_than_the_champion(candidate, champion):
    assert champion.number < candidate.number

def test_what_the_test_wishes(candidate):
    wish = os.environ.get("WISH")
    if wish == "inconclusive":
        raise Inconclusive("17 more cases would tell")
    if wish == "die":
        os._exit(9)
    assert wish != "fail", "as it was wished"
    if wish == "error":
        raise KeyError(wish)
"""
CODES = {"fail": 1, "inconclusive": 3, "error": 3, "die": 3}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project with three versions of a model, and tests of it."""
    root = tmp_path_factory.mktemp("models")
    folder = Folder(root)
    (root / "windlass.toml").touch()
    (root / "flow.py").write_text(FLOW)
    (root / "release_tests").mkdir()
    (root / "release_tests" / "test_mean.py").write_text(TESTS)
    for n in ("4", "5", "6"):
        assert folder.windlass("run", "flow.py", "-p", f"n={n}").code == 0
    return folder


@pytest.fixture
def project(three: Folder, tmp_path: Path) -> Folder:
    return Folder(shutil.copytree(three.root, tmp_path / "project"))


def versions(project: Folder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.document("models", "show", "mean")["versions"]
    return found


def champion(project: Folder) -> int | None:
    (model,) = project.document("models", "list")["models"]
    found: int | None = model["aliases"].get("champion")
    return found


def test_a_run_makes_a_candidate_and_says_what_is_next(project: Folder) -> None:
    done = project.windlass("run", "flow.py", "-p", "n=9")
    assert "mean@4 is a candidate now: windlass test mean@4" in done.err
    again = project.windlass("run", "flow.py", "-p", "n=9")
    assert "the model 'mean' is that of mean@4: no new version" in again.err
    assert project.windlass("reproduce", "latest", "--here").code == 0
    assert [each["version"] for each in versions(project)] == [4, 3, 2, 1]
    assert versions(project)[0]["run"] == "training-4"


def test_models_are_listed_and_shown(three: Folder) -> None:
    listed = three.windlass("models")
    assert listed.out.splitlines()[1].split()[:4] == ["mean", "none", "yet", "3"]
    assert [
        line.split()[0] for line in three.windlass("models", "show", "mean").out.splitlines()
    ] == [
        "version",
        "mean@3",
        "mean@2",
        "mean@1",
    ]
    shown = three.document("models", "show", "mean@2")
    assert (shown["run"], shown["node"], shown["settings"]) == (
        "training-2",
        "fit",
        {"target": "x"},
    )
    assert set(shown["artifacts"]) == {"model", "reference", "holdout"}
    told = three.windlass("models", "show", "mean@newest").out
    assert told.splitlines()[0] == "mean@3"
    assert "training-3, fit" in told


def test_the_whole_turn(project: Folder) -> None:
    first = project.windlass("test", "mean@1")
    assert first.code == 0, first
    assert "mean@1: pass" in first.out
    assert "next: windlass promote mean@1" in first.out
    told = project.windlass("promote", "mean@1")
    assert (told.code, told.out.splitlines()[0]) == (0, "mean@1 is the champion now")
    report = project.document("test", "mean@2")
    assert (report["verdict"], report["champion"], report["candidate"]) == ("pass", 1, 2)
    tests = {test["name"]: test for test in report["tests"]}
    gain = tests["test_it_is_another_than_the_champion"]
    assert (gain["capability"], gain["ml_tests"], gain["outcome"]) == ("gain", ["model.6"], "pass")
    moved = project.document("promote", "mean@2", "--reason", "a day more")
    assert (moved["from"], moved["to"], moved["report"]) == (1, 2, report["id"])
    assert project.document("test", "mean@champion")["champion"] == 2
    back = project.windlass("rollback", "mean", "--reason", "it told nonsense")
    assert back.out.splitlines()[0] == "mean@1 is the champion now, instead of mean@2"
    assert "no champion before" in project.refused("rollback", "mean", code=1)
    history = project.document("history", "mean")["moves"]
    assert [(move["kind"], move["to"], move["reason"]) for move in history] == [
        ("rolled back", 1, "it told nonsense"),
        ("promoted", 2, "a day more"),
        ("promoted", 1, None),
    ]


def test_the_first_version_is_not_compared(project: Folder) -> None:
    tests = {test["name"]: test for test in project.document("test", "mean@3")["tests"]}
    skipped = tests["test_it_is_another_than_the_champion"]
    assert skipped["outcome"] == "skipped"
    assert "no champion" in skipped["message"]


@pytest.mark.parametrize("wish", CODES)
def test_what_has_not_passed_is_not_promoted(project: Folder, wish: str) -> None:
    done = project.windlass("test", "mean", WISH=wish)
    assert done.code == CODES[wish], done
    verdict = "fail" if wish == "fail" else "inconclusive"
    assert f"mean@3: {verdict}" in done.out
    (report,) = project.document("models", "show", "mean@3")["reports"]
    outcomes = {test["test"].rpartition("::")[2]: test["outcome"] for test in report["tests"]}
    assert outcomes["test_what_the_test_wishes"] == ("error" if wish == "die" else wish)
    assert outcomes["test_the_data_are_those_of_the_run"] == "pass"
    told = project.refused("promote", "mean@3", code=1)
    assert ("failed its release tests" if wish == "fail" else "has no decided report") in told
    assert "Look at the report: windlass models show mean@3" in told
    shown = project.windlass("models", "show", "mean@3").out
    assert f": {verdict}\n" in shown
    assert "test_what_the_test_wishes" in shown
    assert champion(project) is None


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["promote", "mean@3"], 1, "mean@3 has not been tested"),
        (["promote", "mean"], 2, "which version of 'mean'"),
        (["promote", "mean@9"], 2, "no version 9"),
        (["promote", "mean@", "--force", "--reason", "why"], 2, "names no version"),
        (["test", f"mean@{10**20}"], 2, "versions are 1 to 3"),
        (["promote", "mean@3", "--force"], 2, "forced for a reason"),
        (["promote", "mead@3"], 2, "There is mean"),
        (["rollback", "mean"], 1, "it has none"),
        (["models", "show", "mean@late"], 2, "has no late"),
        (["models", "alias", "mean@2", "champion"], 2, "promotion and rollback alone"),
        (["models", "alias", "mean@2", "newest"], 2, "cannot be an alias"),
        (["models", "alias", "mean", "late", "--remove"], 1, "has no late"),
        (["history", "mead"], 2, "no model 'mead'"),
        (["history", "mean", "--at", "March"], 2, "is no time"),
        (["test", "mean@0"], 2, "no version 0"),
    ],
)
def test_what_cannot_be_done_is_told(three: Folder, words: list[str], code: int, told: str) -> None:
    assert told in three.refused(*words, code=code)


def test_a_forced_promotion_is_shown_as_such(project: Folder) -> None:
    project.windlass("promote", "mean@1", "--force", "--reason", "the shop is closed")
    (move,) = project.document("history", "mean")["moves"]
    assert (move["kind"], move["reason"], move["report"]) == ("forced", "the shop is closed", None)
    assert "forced: the shop is closed" in project.windlass("history", "mean").out
    then = project.document("history", "mean", "--at", time.strftime("%Y-%m-%d"))
    assert then["champion"]["to"] == 1
    assert project.document("history", "mean", "--at", "2013-03-03")["champion"] is None
    assert "had no champion" in project.windlass("history", "mean", "--at", "2013-03-03").out


def test_a_report_holds_only_for_what_it_was_measured_on(project: Folder) -> None:
    assert project.windlass("test", "mean@3").code == 0
    tests = project.root / "release_tests" / "test_mean.py"
    tests.write_text(tests.read_text() + "\n# one more thought\n")
    assert "the release tests are others now" in project.refused("promote", "mean@3", code=1)
    assert project.windlass("test", "mean@3").code == 0
    project.windlass("promote", "mean@1", "--force", "--reason", "first")
    told = project.refused("promote", "mean@3", code=1)
    assert "it was tested when there was no champion, and now the champion is mean@1" in told
    assert "Test it again: windlass test mean@3" in told
    assert champion(project) == 1


def test_of_two_promotions_at_once_one_wins_and_the_other_is_told(project: Folder) -> None:
    for version in ("mean@2", "mean@3"):
        assert project.windlass("test", version).code == 0
    both = [
        subprocess.Popen(
            [PROGRAM, "promote", version],
            cwd=project.root,
            env=project.variables({}),
            stderr=subprocess.PIPE,
            text=True,
        )
        for version in ("mean@2", "mean@3")
    ]
    told = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    lost = told[0] or told[1]
    assert "nothing was changed" in lost or "holds no more" in lost
    assert len(project.document("history", "mean")["moves"]) == 1


def test_aliases_are_set_and_removed(project: Folder) -> None:
    assert project.windlass("models", "alias", "mean@2", "challenger").code == 0
    assert project.document("models", "show", "mean@challenger")["version"] == 2
    assert "is the challenger already" in project.refused(
        "models", "alias", "mean@2", "challenger", code=1
    )
    assert project.windlass("models", "alias", "mean", "challenger", "--remove").code == 0
    kinds = [move["kind"] for move in project.document("history", "mean")["moves"]]
    assert kinds == ["removed", "set"]


def test_without_tests_or_models_one_is_told_what_to_do(project: Folder) -> None:
    shutil.rmtree(project.root / "release_tests")
    assert "release_tests/test_mean.py" in project.refused("test", "mean")
    (project.root / "windlass.toml").write_text('[models.mean]\ntests = "gates"\n')
    assert "no folder" in project.refused("test", "mean")
    (project.root / "gates").mkdir()
    (project.root / "gates" / "test_one.py").write_text("def test(candidate): pass")
    assert project.windlass("test", "mean").code == 0
    (project.root / "gates" / "test_one.py").write_text("import nothing_of_that_name")
    done = project.windlass("test", "mean")
    assert (done.code, "mean@3: inconclusive" in done.out) == (3, True)


def test_plain_pytest_runs_them_too(project: Folder) -> None:
    done = project.command(str(PROGRAM.with_name("pytest")), "-q", "-p", "no:cacheprovider")
    assert done.code == 0, done
    assert "2 passed, 1 skipped" in done.out
    named = ("-q", "-p", "no:cacheprovider", "--candidate", "mean@1")
    done = project.command(str(PROGRAM.with_name("pytest")), *named, WISH="inconclusive")
    assert (done.code, "1 inconclusive" in done.out) == (1, True), done


def test_what_people_write_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    move = Move("mean", "champion", None, 1, "[/red]ann", "promoted", "[bold]so[/]", time=1e9)
    _tell_moves([move])
    _tell_then("mean", move, 2e9, json=False)
    test = {"test": "test_a[/b]", "outcome": "pass", "capability": "[/rain]", "message": "[/x]"}
    tell_report(console(), Report("id", "mean", 1, 1e9, "pass", {"tests": [test]}))
    told = capsys.readouterr().out
    for text in ("[/red]ann", "[bold]so[/]", "[/rain]", "test_a[/b]", "[/x]"):
        assert text in told


def test_what_cannot_be_read_any_more_is_not_promoted(project: Folder) -> None:
    forced = ("promote", "mean@2", "--force", "--reason", "why not")
    with contextlib.closing(sqlite3.connect(project.root / ".windlass" / "windlass.db")) as record:
        record.execute("UPDATE artifacts SET inline = CAST(replace(inline, '2.0', '9.0') AS BLOB)")
        record.commit()
    told = project.refused(*forced, code=1)
    assert "the model of mean@2 cannot be read" in told
    assert "altered" in told
    assert champion(project) is None


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("comparison.compare_versions", ["models", "compare", "mean@1", "mean@2"]),
        ("conversion.convert", ["models", "convert", "mean@1"]),
        ("describing.describe", ["models", "describe", "mean@1"]),
        ("testing.gate.put_to_test", ["test", "mean@1"]),
    ],
)
def test_what_a_model_prints_is_no_part_of_the_document(
    three: Folder,
    place: str,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def ask(*_: object, **__: object) -> None:
        print("I predict")
        os.write(1, b"so does what is written in C")
        raise ModelError("and fail")

    monkeypatch.setattr(f"windlass.models.{place}", ask)
    monkeypatch.chdir(three.root)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "flow", raising=False)
    run_app([*words, "--json"])
    assert json.loads(capfd.readouterr().out)["error"]["message"] == "and fail"
