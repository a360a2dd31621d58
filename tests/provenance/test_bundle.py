from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from windlass.errors import ConfigError
from windlass.hashing import digest_bytes
from windlass.provenance import bundle as bundles
from windlass.provenance.bundle import EXECUTABLE, FILE, LINK, capture_bundle
from windlass.provenance.filecache import FileDigests

Git = Callable[..., str]


def paths(root: Path) -> list[str]:
    return [file.path for file in capture_bundle(root).files]


def test_it_holds_what_the_folder_holds(project: Path) -> None:
    found = capture_bundle(project)
    assert [file.path for file in found.files] == [
        "pipeline.py",
        "pkg/__init__.py",
        "pkg/query.sql",
        "pyproject.toml",
    ]
    assert found.files[2] == ("pkg/query.sql", FILE, 9, digest_bytes(b"select 1\n"))
    assert found.size == 11 + 0 + 9 + 10
    assert found.left_out == ()


def test_git_makes_no_difference(project: Path, git: Git) -> None:
    (project / ".gitignore").write_text("data/\n*.log\n!keep.log\n")
    (project / "data").mkdir()
    (project / "data" / "big.csv").touch()
    (project / "run.log").touch()
    (project / "keep.log").touch()
    before = capture_bundle(project)
    assert "keep.log" in {file.path for file in before.files}
    assert {"run.log", "data/big.csv"}.isdisjoint(file.path for file in before.files)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["gc", "-q"]):
        git(project, *arguments)
        assert capture_bundle(project).digest == before.digest
    (project / "pkg" / "query.sql").write_text("select 2\n")
    dirty = capture_bundle(project).digest
    assert dirty != before.digest
    git(project, "commit", "-qam", "second")
    assert capture_bundle(project).digest == dirty


@pytest.mark.parametrize("in_git", [False, True])
def test_odd_names_are_kept_as_they_are(project: Path, git: Git, in_git: bool) -> None:
    names = ["a b.py", "new\nline.py", "ünï.py", "tab\t.py", '"quoted".py', "-dash.py", "*.txt"]
    for name in names:
        (project / name).write_text(name)
    Path(os.fsdecode(os.fsencode(project) + b"/latin-\xe9.py")).write_text("x")
    if in_git:
        git(project, "init", "-q")
        git(project, "add", ".")
    found = paths(project)
    assert set(names) | {os.fsdecode(b"latin-\xe9.py")} < set(found)
    assert capture_bundle(project).document().isascii()


@pytest.mark.parametrize("in_git", [False, True])
def test_links_are_kept_as_links(project: Path, git: Git, in_git: bool) -> None:
    (project / "to_file").symlink_to("pipeline.py")
    (project / "to_folder").symlink_to("pkg")
    (project / "to_nowhere").symlink_to("../gone")
    (project / "loop").symlink_to(".")
    if in_git:
        git(project, "init", "-q")
    kept = {file.path: file for file in capture_bundle(project).files}
    for name, target in {"to_folder": "pkg", "to_nowhere": "../gone", "loop": "."}.items():
        assert kept[name] == (name, LINK, len(target), digest_bytes(target.encode()))
    assert kept["to_file"].mode == LINK
    assert not any(path.startswith(("to_folder/", "loop/")) for path in kept)


def test_a_link_and_a_file_with_its_target_for_text_differ(project: Path) -> None:
    (project / "x").write_text("pkg")
    as_file = capture_bundle(project).digest
    (project / "x").unlink()
    (project / "x").symlink_to("pkg")
    assert capture_bundle(project).digest != as_file


def test_a_retargeted_link_changes_the_digest(project: Path) -> None:
    (project / "x").symlink_to("pkg")
    before = capture_bundle(project).digest
    (project / "x").unlink()
    (project / "x").symlink_to("pipeline.py")
    assert capture_bundle(project).digest != before


def test_run_bits_count_and_other_permissions_do_not(project: Path) -> None:
    before = capture_bundle(project)
    (project / "pipeline.py").chmod(0o600)
    assert capture_bundle(project).digest == before.digest
    (project / "pipeline.py").chmod(0o700)
    after = capture_bundle(project)
    assert after.digest != before.digest
    assert after.files[0].mode == EXECUTABLE


def test_tracked_files_that_were_deleted_are_not_in_it(project: Path, git: Git) -> None:
    git(project, "init", "-q")
    git(project, "add", ".")
    (project / "pkg" / "query.sql").unlink()
    assert "pkg/query.sql" not in paths(project)


def test_checkouts_inside_are_listed_too(tmp_path: Path, project: Path, git: Git) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "lib.py").write_text("1")
    (library / "own.log").write_text("1")
    (library / ".gitignore").write_text("*.log\n")
    git(library, "init", "-q")
    git(library, "add", ".")
    git(library, "commit", "-qm", "x")
    git(project, "init", "-q")
    git(project, "submodule", "--quiet", "add", str(library), "vendored")
    shutil.copytree(library, project / "untracked")
    found = paths(project)
    assert [path for path in found if path.startswith(("vendored/", "untracked/"))] == [
        "untracked/.gitignore",
        "untracked/lib.py",
        "vendored/.gitignore",
        "vendored/lib.py",
    ]
    git(project, "add", "pyproject.toml")
    git(project, "commit", "-qm", "x")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(project), str(clone))
    assert paths(clone) == [".gitmodules", "pyproject.toml"]  # a submodule not checked out


@pytest.mark.parametrize("in_git", [False, True])
def test_what_tools_make_is_never_in_it(project: Path, git: Git, in_git: bool) -> None:
    before = capture_bundle(project).digest
    made = ["pkg/__pycache__/a.pyc", "b.pyc", "node_modules/x/y.js", ".DS_Store", "a.egg-info/z"]
    made += ["venv/pyvenv.cfg", "venv/lib/x.py", ".venv/x.py", ".windlass/db", ".pytest_cache/x"]
    made += ["conda/conda-meta/history", "conda/lib/x.py"]
    for name in made:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x")
    if in_git:
        git(project, "init", "-q")
        git(project, "add", "--force", ".")
    assert capture_bundle(project).digest == before


@pytest.mark.parametrize("name", [".env", "deploy/key.pem", "id_rsa", ".aws/config", ".env.prod"])
def test_secrets_are_left_out_and_said_so(project: Path, git: Git, name: str) -> None:
    before = capture_bundle(project).digest
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("hunter2")
    git(project, "init", "-q")
    git(project, "add", ".")
    found = capture_bundle(project)
    assert found.digest == before
    assert found.left_out == ((name, "it looks like a secret"),)


@pytest.mark.parametrize("name", [".env.example", "secrets.py", "keys.py", "pkg/tokens.json"])
def test_what_only_sounds_like_a_secret_is_kept(project: Path, name: str) -> None:
    (project / name).write_text("x")
    assert name in paths(project)


def test_large_data_is_left_out_and_said_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MAX_FILE_BYTES", 100)
    (project / "data.csv").write_bytes(bytes(101))
    (project / "long.py").write_bytes(b"#" * 101)
    (project / "exact.csv").write_bytes(bytes(100))
    found = capture_bundle(project)
    assert [path for path, _ in found.left_out] == ["data.csv"]
    assert {"long.py", "exact.csv"} < {file.path for file in found.files}


def test_a_project_of_too_many_bytes_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "MAX_BYTES", 1000)
    (project / "images").mkdir()
    (project / "images" / "a.png").write_bytes(bytes(1500))
    with pytest.raises(ConfigError, match=r"most is in images/.*\n.*\.gitignore"):
        capture_bundle(project)
    (project / ".gitignore").write_text("images/\n")
    capture_bundle(project)


@pytest.mark.parametrize("in_git", [False, True])
def test_a_project_of_too_many_files_is_refused(
    project: Path, git: Git, monkeypatch: pytest.MonkeyPatch, in_git: bool
) -> None:
    monkeypatch.setattr(bundles, "MAX_FILES", 10)
    (project / "data").mkdir()
    for number in range(11):
        (project / "data" / f"{number}").touch()
    if in_git:
        git(project, "init", "-q")
    with pytest.raises(ConfigError, match=r"more than 10 files.*data/"):
        capture_bundle(project)
    (project / ".gitignore").write_text("data/\n")
    capture_bundle(project)


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_BYTES"])
def test_a_large_folder_that_is_no_project_gives_its_python_files(
    project: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(bundles, limit, 100)
    (project / "pyproject.toml").unlink()
    (project / "downloads").mkdir()
    for number in range(101):
        (project / "downloads" / f"{number}").write_text("ab")
    found = capture_bundle(project)
    assert [file.path for file in found.files] == [
        "pipeline.py",
        "pkg/__init__.py",
        "pkg/query.sql",
    ]
    assert "no project" in found.left_out[0].reason


def test_a_project_that_an_outer_checkout_ignores_is_listed_all_the_same(
    tmp_path: Path, project: Path, git: Git
) -> None:
    before = capture_bundle(project).digest
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("project/\n")
    assert capture_bundle(project).digest == before


def test_only_the_project_s_part_of_a_checkout_is_listed(
    tmp_path: Path, project: Path, git: Git
) -> None:
    before = capture_bundle(project).digest
    (tmp_path / "other.py").touch()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    assert capture_bundle(project).digest == before


def test_git_variables_of_a_hook_do_not_mislead(
    tmp_path: Path, project: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(project, "init", "-q")
    before = capture_bundle(project).digest
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert capture_bundle(project).digest == before


def test_without_git_installed_the_bundle_is_the_same(
    project: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(project, "init", "-q")
    (project / ".gitignore").write_text("*.sql\n")
    before = capture_bundle(project).digest
    monkeypatch.setenv("PATH", str(project))
    assert capture_bundle(project).digest == before


def test_a_pipe_in_the_place_of_a_tracked_file_does_not_hang(project: Path, git: Git) -> None:
    git(project, "init", "-q")
    git(project, "add", ".")
    (project / "pipeline.py").unlink()
    os.mkfifo(project / "pipeline.py")
    assert capture_bundle(project).left_out == (("pipeline.py", "it is no file"),)


def test_a_file_that_cannot_be_read_is_left_out_and_said_so(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(FileDigests, "digest", refuse)
    reasons = {reason for _, reason in capture_bundle(project).left_out}
    assert reasons == {"it cannot be read: Permission denied"}


_PRINT = (
    "import sys, pathlib; from windlass.provenance.bundle import capture_bundle as c;"
    "b = c(pathlib.Path(sys.argv[1])); print(b.digest, b.document())"
)


def test_it_is_the_same_in_another_process_time_zone_locale_and_hash_seed(project: Path) -> None:
    (project / "ünï.py").write_text("1")
    printed = set()
    for seed, zone, language in [("0", "UTC", "C.UTF-8"), ("7", "Asia/Tokyo", "C")]:
        told = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language, "PYTHONUTF8": "1"}
        printed.add(
            subprocess.run(
                [sys.executable, "-c", _PRINT, str(project)],
                env={**os.environ, **told},
                check=True,
                capture_output=True,
            ).stdout
        )
    assert len(printed) == 1
    assert capture_bundle(project).digest.encode() in printed.pop()
