"""What a run records of where it came from, and how it is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .program import Folder
from .terminal import on_terminal


@pytest.fixture(scope="module")
def folder(template: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A checkout with uncommitted work, a secret in it, and one run."""
    import shutil

    root = tmp_path_factory.mktemp("provenance") / "project"
    folder = Folder(shutil.copytree(template.root, root), {"TZ": "Asia/Tokyo"})
    person = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for words in (("init", "-qb", "main"), ("add", "."), (*person, "commit", "-qm", "first")):
        assert folder.command("git", *words).code == 0
    text = (root / "arrays.py").read_text()
    (root / "arrays.py").write_text(text.replace('"name": [f"n{i}"', '"name": [f"m{i}"'))
    (root / ".env").write_text("TOKEN=hunter2\n")
    assert folder.windlass("run", "arrays.py:tabular", "-p", "rows=4").code == 0
    return folder


def test_what_is_not_in_the_recorded_code_is_said_once_when_a_run_begins(folder: Folder) -> None:
    done = folder.windlass("run", "sample.py:talk")
    lines = [line for line in done.err.splitlines() if ".env" in line]
    name = _name(done.out)
    why = f"windlass show {name} --provenance"
    assert lines == [f"{name}  not in the recorded code: .env; why: {why}"]
    assert "left out" in folder.command(*_program(), *why.split()[1:]).out
    with on_terminal(folder, "run", "sample.py:talk") as terminal:
        assert terminal.end() == 0
    assert sum(".env" in line for line in terminal.lines) == 1


def _name(out: str) -> str:
    return out.rsplit(maxsplit=1)[-1]


def _program() -> tuple[str, ...]:
    return (sys.executable, "-m", "windlass")


def test_it_is_told_for_a_person(folder: Folder) -> None:
    told = folder.windlass("show", "tabular-1", "--provenance").out
    assert ".env: it looks like a secret" in told
    assert "on main, with changes" in told
    assert "time zone Asia/Tokyo" in told
    assert "1 in each step" in told
    assert "+    return pd.DataFrame" in told
    assert "hunter2" not in told


def test_it_is_one_document(folder: Folder) -> None:
    told = folder.document("show", "tabular-1", "--provenance")
    assert told["run"] == "tabular-1"
    assert told["bundle"]["files"] == 4
    assert told["bundle"]["left_out"] == [{"path": ".env", "reason": "it looks like a secret"}]
    assert told["environment"]["packages"]["pandas"]
    assert told["machine"]["variables"]["TZ"] == "Asia/Tokyo"
    assert told["machine"]["cpu_features"] or not Path("/proc/cpuinfo").exists()
    assert told["threads"] == {"table": 1}
    assert any("blas" in name for name in told["blas"]) or not Path("/proc/self/maps").exists()
    assert told["parameters"] == {"rows": 4}
    assert list(told["digests"]) == ["rows"]
    assert told["git"]["diff"].startswith("diff --git a/arrays.py")


def test_a_run_s_own_document_has_no_diff(folder: Folder) -> None:
    git = folder.document("show", "tabular-1")["git"]
    assert git["dirty"]
    assert "diff" not in git


def test_threads_are_as_the_step_asks(folder: Folder) -> None:
    text = (
        "from windlass import pipeline, step\n\n"
        "@step(cpus=2)\ndef two() -> int:\n    return 2\n\n"
        "@step\ndef one(n: int) -> int:\n    return n\n\n"
        "@pipeline\ndef threads() -> int:\n    return one(two())\n"
    )
    (folder.root / "threads.py").write_text(text)
    assert folder.windlass("run", "threads.py").code == 0
    told = folder.document("show", "threads", "--provenance")
    assert told["threads"] == {"two": 2, "one": 1}
    assert told["blas"] == []


def test_files_and_variables_that_steps_declare_are_known_by_their_contents(folder: Folder) -> None:
    text = (
        "from windlass import pipeline, step\n\n"
        "@step(files=['rules.txt'], variables=['MODE'])\ndef judge() -> int:\n    return 2\n\n"
        "@pipeline\ndef rules() -> int:\n    return judge()\n"
    )
    (folder.root / "rules.py").write_text(text)
    for rules, mode in (("strict", "one"), ("mild", "hunter2")):
        (folder.root / "rules.txt").write_text(rules)
        assert folder.windlass("run", "rules.py", MODE=mode).code == 0
    told = folder.windlass("show", "rules-2", "--provenance").out
    assert "file rules.txt" in told
    assert "hunter2" not in told
    found = folder.document("diff", "rules-1", "rules-2", "--only", "parameters")["parameters"]
    assert [each["name"] for each in found] == ["file rules.txt", "variable MODE"]


def test_of_a_large_folder_that_is_no_project_it_is_said_that_most_is_left_out(
    tmp_path: Path,
) -> None:
    text = "from windlass import pipeline, step\n\n@step\ndef one() -> int:\n    return 1\n\n"
    (tmp_path / "few.py").write_text(f"{text}@pipeline\ndef few() -> int:\n    return one()\n")
    for number in range(11):
        with (tmp_path / f"data{number}").open("wb") as file:
            file.truncate(10 * 2**20)
    done = Folder(tmp_path).windlass("run", "few.py")
    assert done.code == 0
    assert "not in the recorded code: most of this folder" in done.err
