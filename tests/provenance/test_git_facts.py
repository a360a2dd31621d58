from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from windlass.provenance.git import MAX_DIFF, clean_url, git_facts

Git = Callable[..., str]


@pytest.fixture
def repository(project: Path, git: Git) -> Path:
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    return project


def test_a_clean_checkout(repository: Path, git: Git) -> None:
    git(repository, "remote", "add", "upstream", "https://example.org/up.git")
    git(repository, "remote", "add", "origin", "https://me:hunter2@example.org/x.git")
    assert git_facts(repository / "pkg") == {
        "commit": git(repository, "rev-parse", "HEAD").strip(),
        "branch": "main",
        "dirty": False,
        "remote": "https://example.org/x.git",
        "diff": None,
        "diff_bytes": 0,
    }


@pytest.mark.parametrize("change", ["edit", "untracked", "staged", "deleted"])
def test_what_makes_it_dirty(repository: Path, git: Git, change: str) -> None:
    match change:
        case "edit":
            (repository / "pipeline.py").write_text("changed")
        case "untracked":
            (repository / "odd # name").touch()
        case "staged":
            (repository / "new.py").touch()
            git(repository, "add", "new.py")
        case _:
            (repository / "pipeline.py").unlink()
    facts = git_facts(repository)
    assert facts is not None
    assert facts["dirty"]


def test_a_detached_head_has_no_branch_and_a_new_repository_no_commit(
    repository: Path, git: Git, tmp_path: Path
) -> None:
    git(repository, "checkout", "-q", "--detach")
    facts = git_facts(repository)
    assert facts is not None
    assert facts["branch"] is None
    assert facts["remote"] is None
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q", "-b", "main")
    assert git_facts(tmp_path / "new") == {
        "commit": None,
        "branch": "main",
        "dirty": False,
        "remote": None,
        "diff": None,
        "diff_bytes": 0,
    }


def test_looking_changes_nothing_in_the_repository(repository: Path) -> None:
    os.utime(repository / "pipeline.py", (1, 1))  # git would refresh its index for it
    before = (repository / ".git" / "index").stat().st_mtime_ns
    facts = git_facts(repository)
    assert (repository / ".git" / "index").stat().st_mtime_ns == before
    assert facts is not None
    assert (facts["dirty"], facts["diff"]) == (False, None)


def test_no_checkout_no_git_and_a_refusal_have_no_facts(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_facts(tmp_path) is None
    (tmp_path / ".git").touch()
    assert git_facts(tmp_path) is None
    with monkeypatch.context() as patch:
        patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git then refuses to look
        assert git_facts(repository) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_facts(repository) is None


def test_a_monitor_that_the_repository_names_is_not_started(repository: Path, git: Git) -> None:
    monitor = repository / "monitor.sh"
    monitor.write_text(f"#!/bin/sh\ntouch '{repository}/started'\n")
    monitor.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(monitor))
    assert git_facts(repository) is not None
    assert not (repository / "started").exists()


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://token@github.com/a/b", "https://github.com/a/b"),
        ("https://u:p%40ss@host:8443/a?token=x#y", "https://host:8443/a"),
        ("https://u:p@ss@host/a", "https://host/a"),
        ("ssh://git@host/a", "ssh://git@host/a"),
        ("ssh://git:hunter2@host/a", "ssh://host/a"),
        ("git+ssh://git@host/a", "git+ssh://git@host/a"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("file:///home/me/x", None),
        ("/home/me/x", None),
        ("../x", None),
    ],
)
def test_urls_lose_credentials_and_paths(url: str, clean: str | None) -> None:
    assert clean_url(url) == clean


def test_the_diff_of_what_was_changed_is_kept(repository: Path, git: Git) -> None:
    (repository / "pipeline.py").write_text("import pkg\nx = 'é'\n")
    (repository / "pkg" / "secrets.toml").write_text("a = 1\n")
    git(repository, "add", "-f", "pkg/secrets.toml")
    git(repository, "commit", "-qm", "a secret", "pkg/secrets.toml")
    (repository / "pkg" / "secrets.toml").write_text("a = 'hunter2'\n")
    git(repository, "config", "diff.noprefix", "true")
    facts = git_facts(repository)
    assert facts is not None
    assert "hunter2" not in str(facts)
    diff = facts["diff"]
    assert diff is not None
    assert "+x = 'é'" in diff
    git(repository, "checkout", "-q", "pipeline.py")
    (repository.parent / "diff").write_text(diff)
    git(repository, "apply", "../diff")  # it is one that git takes
    assert (repository / "pipeline.py").read_text() == "import pkg\nx = 'é'\n"


def test_a_diff_that_is_too_long_is_only_counted(repository: Path) -> None:
    (repository / "pipeline.py").write_text("x = 1\n" * MAX_DIFF)
    (repository / "pkg" / "query.sql").write_text("select 2\n")
    facts = git_facts(repository)
    assert facts is not None
    assert facts["dirty"]
    assert facts["diff"] is None or "Binary files" in facts["diff"]
    (repository / "pipeline.py").write_text("x = 1\n" * (MAX_DIFF // 5))
    facts = git_facts(repository)
    assert facts is not None
    assert facts["diff"] is None
    assert facts["diff_bytes"] > MAX_DIFF
