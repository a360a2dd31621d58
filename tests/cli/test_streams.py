"""Streams of every kind: cut pipes, poor encodings, a closed standard input."""

from __future__ import annotations

import json
import shlex
import sys

import pytest

from .program import PROGRAM, Folder


@pytest.mark.parametrize(
    "command",
    ["runs", "runs --json", "show training-1", "logs talk-1", "artifacts list training-1"],
)
def test_a_reader_that_leaves_early_is_no_error(trained: Folder, command: str) -> None:
    line = f"set -o pipefail; {shlex.quote(str(PROGRAM))} {command} | true"
    done = trained.command("bash", "-c", line)
    assert (done.code, done.err) == (0, "")


def test_the_first_line_of_many(trained: Folder) -> None:
    line = f"{shlex.quote(str(PROGRAM))} runs | head -1"
    done = trained.command("bash", "-c", line)
    assert done.out.startswith("run")
    assert done.err == ""


@pytest.mark.parametrize(
    "environment",
    [{"LANG": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}],
)
def test_a_poor_encoding_does_not_stop_a_command(
    trained: Folder, environment: dict[str, str]
) -> None:
    for arguments in (["show", "training-1"], ["runs"], ["lineage", "training-1:accept"]):
        done = trained.windlass(*arguments, **environment)
        assert (done.code, done.err) == (0, "")
        assert "training-1" in done.out


def test_a_run_in_ascii_alone(project: Folder) -> None:
    done = project.windlass("run", "sample.py:fails", PYTHONIOENCODING="ascii", LANG="C")
    assert done.code == 1
    assert "cannot work with 2" in done.err
    assert done.err.isascii()


def test_json_is_whole_in_ascii(trained: Folder) -> None:
    done = trained.windlass("show", "training-1", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(done.out)["name"] == "training-1"
    assert done.out.isascii()


def test_the_module_is_the_program(trained: Folder) -> None:
    done = trained.command(sys.executable, "-m", "windlass", "sail")
    assert done.code == 2
    assert "windlass --help" in done.err
