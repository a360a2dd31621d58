"""The password of a database: drawn once, and read by nobody else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from windlass.deploying.env_file import add_password, is_shown_to_git, names_in


def test_a_password_is_drawn_once(tmp_path: Path) -> None:
    assert add_password(tmp_path, "POSTGRES_PASSWORD")
    first = (tmp_path / ".env").read_text()
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert not add_password(tmp_path, "POSTGRES_PASSWORD")
    assert (tmp_path / ".env").read_text() == first
    name, _, drawn = first.strip().partition("=")
    assert name == "POSTGRES_PASSWORD"
    assert len(drawn) == 48
    assert drawn.isalnum()


@pytest.mark.parametrize("before", ["A=1", "# notes\nexport A=1\n"])
def test_what_the_file_says_stays_and_nobody_else_reads_it(tmp_path: Path, before: str) -> None:
    (tmp_path / ".env").write_text(before)
    (tmp_path / ".env").chmod(0o644)
    assert add_password(tmp_path, "B")
    told = (tmp_path / ".env").read_text()
    assert told.startswith(before)
    assert names_in(tmp_path) == {"A", "B"}
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_two_passwords_are_two(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        add_password(tmp_path / name, "P")
    assert (tmp_path / "a" / ".env").read_text() != (tmp_path / "b" / ".env").read_text()


def test_git_is_asked_whether_it_would_take_it(tmp_path: Path) -> None:
    assert not is_shown_to_git(tmp_path)  # there is no checkout
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert is_shown_to_git(tmp_path)
    (tmp_path / ".gitignore").write_text(".env\n")
    assert not is_shown_to_git(tmp_path)
