"""What a person is told by `explain`, `run --dry-run` and `cache`, and what a step declares."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from .program import Folder

FEATURES = """
RATE = 2

def lag(number: int) -> int:
    return number * RATE
"""
STEPS = """
import os
from pathlib import Path
from windlass import each, pipeline, step
from features import lag

@step
def load(rows: int) -> list[int]:
    return list(range(rows))

@step(files=["rules/*.txt"], variables=["REGION"])
def judge(data: list[int]) -> str:
    rules = sorted(Path(__file__).parent.glob("rules/*.txt"))
    return " ".join([os.environ.get("REGION", "none"), *(file.read_text() for file in rules)])

@step
def shift(item: int) -> int:
    return lag(item)

@step
def report(items: list[int], judged: str) -> str:
    return f"{judged}: {sum(items)}"

@pipeline
def reporting(rows: int = 3) -> str:
    data = load(rows)
    return report(shift.map(each(data)), judge(data))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("caching") / "project")
    (folder.root / "rules").mkdir(parents=True)
    (folder.root / "windlass.toml").write_text("")
    (folder.root / "features.py").write_text(FEATURES)
    (folder.root / "steps.py").write_text(STEPS)
    (folder.root / "rules" / "a.txt").write_text("one")
    assert folder.windlass("run", "steps.py", "--in-process").code == 0
    return folder


@pytest.fixture
def folder(made: Folder, tmp_path: Path) -> Folder:
    return Folder(shutil.copytree(made.root, tmp_path / "project"))


def edit(folder: Folder, file: str, old: str, new: str) -> None:
    path = folder.root / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def rerun(folder: Folder, *more: str, **environment: str) -> dict[str, str | None]:
    """The reasons of the nodes that a run did not take from the cache."""
    again = Folder(folder.root, environment)
    told = again.document("run", "steps.py", "--in-process", *more)
    return {node["node"]: node["reason"] for node in told["nodes"] if not node["cached"]}


def expected(folder: Folder, *more: str, **environment: str) -> dict[str, str]:
    told = Folder(folder.root, environment).document("run", "steps.py", "--dry-run", *more)
    return {node["node"]: node["would"] for node in told["nodes"]}


def test_nothing_is_run_again_in_another_folder(folder: Folder) -> None:
    assert rerun(folder) == {}  # the project was copied, with its record


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rules: (rules / "a.txt").write_text("two"), "file rules/a.txt changed"),
        (lambda rules: (rules / "b.txt").write_text("two"), "file rules/b.txt is new"),
        (lambda rules: (rules / "a.txt").rename(rules / "c.txt"), "file rules/a.txt is gone"),
    ],
)
def test_a_declared_file_is_in_the_key(folder: Folder, change: Any, words: str) -> None:
    change(folder.root / "rules")
    found = rerun(folder)
    assert words in str(found["judge"])
    assert "shift[0]" not in found
    assert rerun(folder) == {}


def test_what_a_declared_file_does_not_hold_changes_nothing(folder: Folder) -> None:
    (folder.root / "rules" / "notes.md").write_text("no rule")
    os.utime(folder.root / "rules" / "a.txt")
    assert rerun(folder) == {}


def test_a_declared_variable_is_in_the_key_and_never_told(folder: Folder) -> None:
    assert rerun(folder, REGION="antarctica")["judge"] == "variable REGION changed"
    assert rerun(folder, REGION="antarctica") == {}
    assert rerun(folder) == {}  # the first result still stands
    told = folder.windlass("explain", "latest", "judge", "--all").out
    assert "variable REGION" in told
    (folder.root / "steps.py").unlink()
    files = [file for file in (folder.root / ".windlass").rglob("*") if file.is_file()]
    said = b"".join(file.read_bytes() for file in files if "logs" not in file.parts)
    assert said.count(b"antarctica") == said.count(b"antarctica one")  # only in what was returned


def test_a_file_that_changes_under_a_run_is_not_kept(folder: Folder) -> None:
    edit(
        folder,
        "steps.py",
        "    rules = sorted(",
        "    (Path(__file__).parent / 'rules' / 'a.txt').write_text(str(len(data)))\n"
        "    rules = sorted(",
    )
    assert "not kept for the cache: files='rules/*.txt' changed" in str(rerun(folder)["judge"])
    assert rerun(folder)["judge"] is not None


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ("['nothing/*.csv']", "stands for no file"),
        ("['../other.txt']", "does not lie in the project"),
        ("['/etc/passwd']", "does not lie in the project"),
        ("'rules/a.txt'", "must be a list"),
        ("[3]", "no name"),
    ],
)
def test_files_that_cannot_be_declared(folder: Folder, files: str, words: str) -> None:
    edit(folder, "steps.py", '["rules/*.txt"]', files)
    said = folder.refused("run", "steps.py")
    assert words in said
    assert folder.recorded() == 1


def test_explain_tells_of_a_helper_with_its_diff(folder: Folder) -> None:
    edit(folder, "features.py", "number * RATE", "number * RATE + 1")
    assert set(rerun(folder)) == {"shift[0]", "shift[1]", "shift[2]", "report"}
    told = folder.document("explain", "latest", "shift[1]")
    assert told["reason"] == "helper features.lag changed (features.py:4)"
    (change,) = told["changes"]
    assert "-    return number * RATE" in change["diff"]
    assert "+    return number * RATE + 1" in change["diff"]
    assert told["compared_with"] == "reporting-1"
    said = folder.windlass("explain", "latest", "shift[1]").out
    assert "helper features.lag changed (features.py:4)" in said
    assert "+    return number * RATE + 1" in said
    shown = folder.windlass("show", "latest").out
    assert "helper features.lag changed" in shown


def test_explain_tells_of_inputs_and_constants(folder: Folder) -> None:
    edit(folder, "features.py", "RATE = 2", "RATE = 3")
    reasons = rerun(folder)
    assert reasons["shift[0]"] == "constant features.RATE changed (features.py:2): 2 → 3"
    again = rerun(folder, "-p", "rows=4")
    assert again["load"] == "input rows differs: 3 → 4"
    assert folder.document("explain", "reporting-1", "load")["reason"] == "never run before"
    everything = folder.document("explain", "latest")
    assert {node["node"] for node in everything["nodes"]} >= {"load", "judge", "report"}


def test_a_file_of_other_content_under_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "windlass.toml").write_text("")
    (tmp_path / "steps.py").write_text(
        "from pathlib import Path\nfrom windlass import pipeline, step\n"
        "@step\ndef size(file: Path) -> int:\n    return len(file.read_text())\n"
        "@pipeline\ndef sized(file: Path = Path('data.csv')) -> int:\n    return size(file)\n"
    )
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    assert rerun(Folder(tmp_path)) == {"size": "never run before"}
    (tmp_path / "data.csv").write_text("a,b\n1,2\n3,4\n")
    assert rerun(Folder(tmp_path)) == {"size": "input file differs in its content: data.csv"}


def test_explain_refuses_what_is_not_there(folder: Folder) -> None:
    assert "judge" in folder.refused("explain", "latest", "judg")
    assert "reporting-1" in folder.refused("explain", "reporting-9", "judge")


def test_a_dry_run_says_what_would_run_and_runs_nothing(folder: Folder) -> None:
    before = folder.recorded()
    assert set(expected(folder).values()) == {"cached"}
    edit(folder, "features.py", "number * RATE", "number + RATE")
    found = expected(folder)
    assert found["load"] == found["judge"] == "cached"
    assert found["shift[0]"] == "run"
    assert found["report"] == "unknown"  # what the map returns may be the same as before
    said = folder.windlass("run", "steps.py", "--dry-run")
    assert said.code == 0
    assert "helper features.lag changed (features.py:4)" in said.out
    assert folder.recorded() == before


def test_a_dry_run_of_what_never_ran(tmp_path: Path, made: Folder) -> None:
    folder = Folder(shutil.copytree(made.root, tmp_path / "new"))
    shutil.rmtree(folder.root / ".windlass")
    assert set(expected(folder).values()) == {"run"}
    assert not (folder.root / ".windlass" / "windlass.db").exists()


@pytest.mark.parametrize("option", ["--refresh", "--no-cache"])
def test_a_dry_run_that_takes_nothing_is_sure_of_it(folder: Folder, option: str) -> None:
    assert set(expected(folder, option).values()) == {"run"}


def test_refresh_computes_anew_and_no_cache_keeps_nothing(folder: Folder) -> None:
    assert len(rerun(folder, "--refresh")) == 6
    assert rerun(folder) == {}
    assert len(rerun(folder, "--no-cache", "-p", "rows=2")) == 5
    assert rerun(folder, "-p", "rows=2")["load"] is not None
    assert "exclude" in folder.refused("run", "steps.py", "--refresh", "--no-cache")


def test_the_cache_is_listed_measured_and_pruned(folder: Folder) -> None:
    rerun(folder)
    told = folder.document("cache", "list")
    steps = {each["step"]: each for each in told["steps"]}
    assert told["hits"] == 6
    assert steps["steps:shift"]["results"] == 3
    assert steps["steps:shift"]["hits"] == 3
    assert told["seconds_saved"] == pytest.approx(sum(each["saved"] for each in told["steps"]))
    assert "steps:shift" in folder.windlass("cache", "list").out
    assert folder.document("cache", "prune", "--older-than", "1 day") == {"forgotten": 0}
    assert folder.document("cache", "prune", "--all", "--step", "shift") == {"forgotten": 3}
    reasons = rerun(folder)
    assert set(reasons) == {"shift[0]", "shift[1]", "shift[2]"}
    assert "not in the cache" in str(reasons["shift[0]"])
    assert folder.document("cache", "prune", "--all")["forgotten"] > 0
    assert len(rerun(folder)) == 6
    assert folder.windlass("show", "reporting-1").code == 0


def test_prune_wants_to_be_told_which(folder: Folder) -> None:
    assert "--older-than" in folder.refused("cache", "prune")
    assert "not a duration" in folder.refused("cache", "prune", "--older-than", "soon")
    assert "shift" in folder.refused("cache", "prune", "--all", "--step", "nobody")


def test_an_empty_cache_is_told(tmp_path: Path) -> None:
    (tmp_path / "windlass.toml").write_text("")
    done = Folder(tmp_path).windlass("cache", "list")
    assert (done.code, done.out) == (0, "")
    assert "empty" in done.err


def test_expiry_by_age(folder: Folder) -> None:
    edit(folder, "steps.py", "@step\ndef load", '@step(cache="1 s")\ndef load')
    time.sleep(1.1)
    assert "is older than 1 s" in str(rerun(folder)["load"])
