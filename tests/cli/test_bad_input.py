"""Bad input: one clear message, exit code 2, and nothing done."""

from __future__ import annotations

import pytest

from .program import OURS, Folder


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["absent.py:training"], ["absent.py"]),
        (["absent.module:training"], ["absent.module", "FILE.py:PIPELINE"]),
        (["pipeline.py:trainin"], ["'trainin'", "Did you mean pipeline.py:training?"]),
        (["sample.py"], ["several", "talk"]),
        (["empty.py"], ["no pipeline", "@pipeline"]),
        (["windlass.toml:x"], ["windlass.toml"]),
        (["sample.py:talk", "-p", "m=1"], ["'m'", "n (int)"]),
        (["sample.py:talk", "-p", "n=abc"], ["'n'", "'abc'", "int"]),
        (["sample.py:talk", "-p", "n=1.5"], ["'n'", "'1.5'", "int"]),
        (["sample.py:talk", "-p", "n=1", "-p", "n=2"], ["twice"]),
        (["sample.py:talk", "-p", "n"], ["'='", "name=value"]),
        (["sample.py:talk", "--tag", "n"], ["'='", "--tag"]),
        (["sample.py:needs"], ["'n'", "missing"]),
        (["sample.py:reads", "-p", "file=gone.csv"], ["'file'", "gone.csv", "no such file"]),
        (["sample.py:talk", "--target", "lcal"], ["'lcal'", "local"]),
        (["sample.py:talk", "--stack", "teem"], ["'teem'", "windlass.toml"]),
        (["sample.py:talk", "--workers", "0"], ["--workers"]),
        (["sample.py:talk", "--seed", "x"], ["--seed"]),
    ],
)
def test_run_refuses(project: Folder, arguments: list[str], told: list[str]) -> None:
    (project.root / "empty.py").write_text("x = 1\n")
    said = project.refused("run", *arguments)
    for each in told:
        assert each in said
    assert "Traceback" not in said
    assert project.recorded() == 0


def test_a_file_that_does_not_import_shows_the_users_lines_alone(project: Folder) -> None:
    (project.root / "helper.py").write_text("def divide(n):\n    return n / 0\n")
    (project.root / "faulty.py").write_text("from helper import divide\n\nx = divide(3)\n")
    said = project.refused("run", "faulty.py:training")
    assert "faulty.py cannot be imported" in said
    assert "ZeroDivisionError: division by zero" in said
    assert 'faulty.py", line 3' in said
    assert 'helper.py", line 2' in said
    assert OURS not in said
    assert "importlib" not in said


def test_a_file_that_is_not_python_shows_the_place(project: Folder) -> None:
    (project.root / "faulty.py").write_text("x = 1\ndef f(:\n")
    said = project.refused("run", "faulty.py:training")
    assert "SyntaxError" in said
    assert 'faulty.py", line 2' in said
    assert "def f(:" in said
    assert OURS not in said


def test_a_module_that_the_file_needs_is_named(project: Folder) -> None:
    (project.root / "faulty.py").write_text("import absent_library\n")
    said = project.refused("run", "faulty.py:training")
    assert "absent_library" in said
    assert 'faulty.py", line 1' in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('defaul = "team"\n', ["line 1", "'defaul'", "Did you mean 'default'?"]),
        ('\n[stacks.team]\ntaget = "local"\n', ["line 3", "'taget'", "Did you mean 'target'?"]),
        ("default =\n", ["line 1"]),
    ],
)
@pytest.mark.parametrize("command", [["runs"], ["run", "sample.py:talk"]])
def test_a_typo_in_the_settings(
    project: Folder, text: str, told: list[str], command: list[str]
) -> None:
    file = project.root / "windlass.toml"
    file.write_text(text)
    said = project.refused(*command)
    for each in [str(file), *told]:
        assert each in said


def test_a_target_of_the_settings_that_is_not_there(project: Folder) -> None:
    (project.root / "windlass.toml").write_text('[stacks.default]\ntarget = "lcal"\n')
    said = project.refused("run", "sample.py:talk")
    assert "'lcal'" in said
    assert "local" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "trainin-1"], ["'trainin-1'", "training-1"]),
        (["show", "nothing-like-it"], ["'nothing-like-it'"]),
        (["logs", "talk-1", "speek"], ["'speek'", "speak"]),
        (["logs", "talc-1"], ["'talc-1'", "talk-1"]),
        (["artifacts", "list", "talc-1"], ["'talc-1'", "talk-1"]),
        (["artifacts", "show", "fedcba"], ["'fedcba'", "windlass artifacts list"]),
        (["artifacts", "show", "talk-1:speek"], ["'speek'", "windlass artifacts list talk-1"]),
        (["artifacts", "show", "training-1:split.tran"], ["'split.tran'"]),
        (["lineage", "fedcba"], ["'fedcba'"]),
        (["runs", "--status", "sucess"], ["sucess", "succeeded"]),
        (["runs", "--tag", "why"], ["'='"]),
        (["runs", "--stack", "teem"], ["'teem'"]),
        (["runs", "--limit", "0"], ["--limit"]),
        (["logs", "latest", "--follow", "--json"], ["--follow"]),
        (["sail"], ["'sail'", "windlass --help"]),
        (["show"], ["RUN", "windlass show --help"]),
        (["runs", "--colour"], ["--colour", "windlass runs --help"]),
    ],
)
def test_looking_refuses(trained: Folder, arguments: list[str], told: list[str]) -> None:
    if "--json" in arguments:
        said = str(trained.document(*[a for a in arguments if a != "--json"], code=2))
    else:
        said = trained.refused(*arguments)
    for each in told:
        assert each in said
    assert "Traceback" not in said


def test_a_digest_that_begins_several_artifacts(trained: Folder) -> None:
    documents = [trained.document("artifacts", "list", run) for run in ("training-1", "talk-1")]
    contents = {each["content"] for told in documents for each in told["artifacts"]}
    firsts = [content[0] for content in contents]
    shared = next(first for first in firsts if firsts.count(first) > 1)
    said = trained.refused("artifacts", "show", shared)
    assert f"'{shared}'" in said
    assert "several" in said or "more" in said or "ambiguous" in said


def test_nothing_asked_prints_help(project: Folder) -> None:
    done = project.windlass()
    assert done.code == 2
    assert "Usage: windlass" in done.out + done.err
