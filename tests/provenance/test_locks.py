"""Locks are solved by uv itself, from the real index and from a private one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from windlass.artifacts import ArtifactStore
from windlass.errors import ConfigError, LockError
from windlass.provenance import uv
from windlass.provenance.declaration import (
    Declaration,
    find_declaration,
    written_lock,
)
from windlass.provenance.environment import Package, environment_of
from windlass.provenance.environments import place_wheel, ready_environment
from windlass.provenance.lock import Lock, differences, lock_recorded, read_lock
from windlass.provenance.locks import declared_lock, recorded_lock
from windlass.provenance.wanted import Wanted
from windlass.provenance.wheel import store_wheel
from windlass.records import Records

from .package_index import PASSWORD, Index, serving

OTHER = "3.12" if uv.PYTHON == "3.13" else "3.13"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDLASS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    found = Records.open(tmp_path / "records.db")
    yield found
    found.close()


@pytest.fixture
def windlass(tmp_path: Path) -> Path:
    store = ArtifactStore.open_store(tmp_path / "artifacts")
    return place_wheel(store, store_wheel(store, tmp_path / "notes"))


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    with serving() as found:
        found.add("fathom", "1.0")
        found.add("fathom", "2.0")
        found.add("sounding", "1.0", "fathom<2")
        yield found


def recorded(*packages: Package) -> Lock:
    return lock_recorded(environment_of(packages))


def declared(root: Path, wanted: Wanted | None = None, script: Path | None = None) -> Declaration:
    found = find_declaration(root, wanted, script)
    assert found is not None
    return found


def test_what_was_installed_is_locked_by_its_hashes() -> None:
    lock = recorded(Package("toolz", "0.12.0"), Package("iniconfig", "2.0.0"))
    assert lock.versions() == {"iniconfig": "2.0.0", "toolz": "0.12.0"}
    assert all("--hash=sha256:" in each for each in lock.requirements)
    assert lock.missing == ()
    assert read_lock(json.loads(lock.document())) == lock
    assert read_lock(json.loads(lock.document())).digest == lock.digest


def test_what_cannot_be_had_again_is_named_with_the_reason() -> None:
    lock = recorded(
        Package("toolz", "0.12.0"),
        Package("toolz-of-nobody", "3.1"),
        Package("own", "1.0", {"kind": "editable", "digest": "d"}),
        Package("beside", "1.0", {"kind": "local", "digest": "d"}),
        Package("the-project", "1.0", {"kind": "editable"}),
        Package("windlass", "0.1.0", {"kind": "editable", "digest": "d"}),
    )
    assert list(lock.versions()) == ["toolz"]
    assert {each.name: each.why for each in lock.missing} == {
        "toolz-of-nobody": "is in no package index that uv is told of",
        "own": "was installed editable from a folder or file of that machine",
        "beside": "was installed from a folder or file of that machine",
    }
    with pytest.raises(LockError, match=r"toolz-of-nobody 3\.1 is in no package index") as told:
        lock.refuse_missing()
    assert told.value.hint is not None
    assert "UV_INDEX" in told.value.hint


def test_a_python_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    installed = environment_of([Package("toolz", "0.12.0")], python="3.99")
    try:
        lock = lock_recorded(installed)
    except LockError as error:
        told = error
    else:  # an uv that solves without an interpreter cannot build without one
        with pytest.raises(LockError) as caught:
            ready_environment(lock, Path("windlass-0.1.0-py3-none-any.whl"))
        told = caught.value
    assert "there is no Python 3.99 on this machine" in str(told)
    assert told.hint == "Install it: uv python install 3.99."


def test_what_the_project_overrides_counts_for_itself_alone(
    tmp_path: Path, records: Records, windlass: Path
) -> None:
    text = '[project]\nname = "p"\nversion = "0"\ndependencies = ["toolz"]\n'
    override = '[tool.uv]\noverride-dependencies = ["toolz==0.11.2"]\n'
    (tmp_path / "pyproject.toml").write_text(text + override)
    was = environment_of([Package("toolz", "1.0.0")])
    assert lock_recorded(was, tmp_path).versions() == {"toolz": "1.0.0"}
    own = declared_lock(records, declared(tmp_path), lambda: windlass)
    assert own.versions()["toolz"] == "0.11.2"
    wanted = Wanted("new", requirements=("toolz==1.0.0",))
    new = declared_lock(records, declared(tmp_path, wanted), lambda: windlass)
    assert new.versions()["toolz"] == "1.0.0"
    index = '[[tool.uv.index]]\nurl = "https://h.invalid/simple"\nexplicit = true\nname = "h"\n'
    (tmp_path / "pyproject.toml").write_text(text + override + index)
    (missing,) = lock_recorded(was, tmp_path).missing
    assert missing.why == "is overridden in uv's settings: 0.11.2"


def test_archives_and_commits_are_pinned_by_their_addresses() -> None:
    where, commit = {"url": "https://h.invalid/r", "subdirectory": "py"}, "a" * 40
    lock = recorded(
        Package(
            "own", "1.0", {"kind": "archive", "url": "https://h.invalid/o", "hash": "sha256=0"}
        ),
        Package("forked", "2", {"kind": "vcs", **where, "commit": commit}),
    )
    assert lock.requirements == (
        f"forked @ git+https://h.invalid/r@{commit}#subdirectory=py",
        "own @ https://h.invalid/o --hash=sha256:0",
    )
    assert lock.versions()["forked"].endswith(f"{commit}#subdirectory=py")


def test_a_recorded_lock_is_kept_unless_it_lacks_something(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = environment_of([Package("toolz", "0.12.0")])
    lacking = environment_of([Package("toolz", "0.12.0"), Package("toolz-of-nobody", "3.1")])
    lock = recorded_lock(records, whole)
    assert recorded_lock(records, lacking).missing
    monkeypatch.setattr(uv, "find_uv", lambda: "/there/is/none")
    assert recorded_lock(records, whole) == lock
    with pytest.raises(FileNotFoundError):
        recorded_lock(records, lacking)


def test_the_first_declaration_counts(tmp_path: Path) -> None:
    script = tmp_path / "pipeline.py"
    script.write_text("x = 1\n")
    assert find_declaration(tmp_path, None, script) is None
    script.write_text('# /// script\n# dependencies = ["toolz"]\n# ///\nx = 1\n')
    assert declared(tmp_path, None, script).source == str(script)
    (tmp_path / "requirements.txt").write_text("toolz\n")
    assert declared(tmp_path, None, script).source == "requirements.txt"
    (tmp_path / "pyproject.toml").write_text("[tool.black]\n")  # which declares nothing
    assert declared(tmp_path, None, script).source == "requirements.txt"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = []\n')
    assert declared(tmp_path, None, script).source == "pyproject.toml"
    (tmp_path / "uv.lock").write_text("version = 1\n")
    assert declared(tmp_path, None, script).source == "uv.lock"


def test_only_what_decides_the_lock_is_in_its_digest(tmp_path: Path) -> None:
    project = '[project]\nname = "p"\ndependencies = ["toolz"]\n'
    file = tmp_path / "pyproject.toml"
    file.write_text(project)
    before = declared(tmp_path).digest
    file.write_text(project + "description = 'another'\n[tool.ruff]\nline-length = 7\n")
    assert declared(tmp_path).digest == before
    file.write_text(project.replace("toolz", "toolz<1"))
    assert declared(tmp_path).digest != before
    file.unlink()
    (tmp_path / "requirements.txt").write_text("-c limits.txt\ntoolz\n")
    (tmp_path / "limits.txt").write_text("toolz<1\n")
    before = declared(tmp_path).digest
    (tmp_path / "limits.txt").write_text("toolz<2\n")
    assert declared(tmp_path).digest != before
    assert declared(tmp_path, Wanted(python=OTHER)).digest != declared(tmp_path).digest


def test_an_unchanged_declaration_starts_no_uv(
    tmp_path: Path, records: Records, windlass: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text("toolz==0.12.0\n")
    lock = declared_lock(records, declared(tmp_path), lambda: windlass)
    assert lock.versions()["toolz"] == "0.12.0"
    assert "cloudpickle" in lock.versions()  # which Windlass needs
    assert "windlass" not in lock.versions()  # which travels as a wheel
    monkeypatch.setattr(uv, "find_uv", lambda: "/there/is/none")
    assert declared_lock(records, declared(tmp_path), lambda: windlass) == lock
    stored = records.lock(lock.digest)
    assert stored is not None
    assert read_lock(json.loads(stored)) == lock
    with pytest.raises(FileNotFoundError):
        declared_lock(records, declared(tmp_path, Wanted("b", python=OTHER)), lambda: windlass)


def test_a_project_of_windlass_with_extras_is_solved_with_the_wheel(
    tmp_path: Path, records: Records, windlass: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "p"\nversion = "0"\ndependencies = ["windlass[numpy]", "toolz<1"]\n'
        '[project.optional-dependencies]\nold = ["toolz==0.11.2"]\n'
    )
    lock = declared_lock(records, declared(tmp_path), lambda: windlass)
    assert {"numpy", "toolz", "alembic"} <= lock.versions().keys()
    old = declared_lock(records, declared(tmp_path, Wanted("o", extras=("old",))), lambda: windlass)
    assert old.versions()["toolz"] == "0.11.2"


def test_uv_lock_is_taken_as_it_is(tmp_path: Path, records: Records, windlass: Path) -> None:
    file = tmp_path / "pyproject.toml"
    text = '[project]\nname="p"\nversion="0"\nrequires-python=">=3.11"\ndependencies=["toolz{}"]\n'
    file.write_text(text.format("==0.12.0"))
    uv.run_uv("lock", folder=tmp_path)
    file.write_text(text.format(""))  # newer ones would do; the lock stands
    written = written_lock(declared(tmp_path))
    assert written.versions() == {"toolz": "0.12.0"}
    lock = declared_lock(records, declared(tmp_path), lambda: windlass)
    assert lock.versions()["toolz"] == "0.12.0"
    assert lock.versions().keys() > {"toolz"}
    assert differences(written, environment_of([Package("toolz", "1.0.0")])) == [
        "toolz 1.0.0 (locked: 0.12.0)"
    ]
    assert differences(written, environment_of([Package("six", "1.0")])) == [
        "no toolz (locked: 0.12.0)"
    ]
    assert differences(written, environment_of([Package("toolz", "0.12.0")])) == []


def test_a_conflict_is_told_in_words(tmp_path: Path, records: Records, windlass: Path) -> None:
    wanted = Wanted("gpu", requirements=("toolz==0.12.0", "toolz==1.0.0"))
    with pytest.raises(LockError, match=r"the environment 'gpu', as windlass\.toml has it") as told:
        declared_lock(records, declared(tmp_path, wanted), lambda: windlass)
    assert "toolz==0.12.0 and toolz==1.0.0" in told.value.message
    with pytest.raises(ConfigError, match=r"gpu\.txt, which is not there"):
        declared(tmp_path, Wanted("gpu", file="gpu.txt"))


def test_a_private_index_works_and_leaves_no_trace(
    tmp_path: Path,
    records: Records,
    windlass: Path,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_INDEX", index.url)
    (tmp_path / "requirements.txt").write_text("sounding\n")
    lock = declared_lock(records, declared(tmp_path), lambda: windlass)
    assert lock.versions()["fathom"] == "1.0"
    again = lock_recorded(environment_of([Package("fathom", "2.0"), Package("fathom-x", "9")]))
    records.save_lock([again.digest], again.document())
    wanted = Wanted("bad", requirements=("fathom==3",))
    with pytest.raises(LockError) as told:
        declared_lock(records, declared(tmp_path, wanted), lambda: windlass)
    direct = Wanted(requirements=(f"fathom @ {index.url[:-7]}/files/fathom-2.0-py3-none-any.whl",))
    from_address = declared_lock(records, declared(tmp_path, direct), lambda: windlass)
    assert from_address.versions()["fathom"].startswith(f"http://{index.place}/files/fathom-2.0")
    monkeypatch.setenv("UV_INDEX", index.url.replace(PASSWORD, "another"))
    with pytest.raises(LockError) as refused:
        lock_recorded(environment_of([Package("fathom", "2.0.1")])).refuse_missing()
    records.close()
    with closing(sqlite3.connect(tmp_path / "records.db")) as database:
        dump = "\n".join(database.iterdump())
    dump += f"{told.value}{refused.value}{told.value.__cause__}"
    assert "fathom" in dump
    assert PASSWORD not in dump
    assert index.place not in dump.replace(from_address.versions()["fathom"], "")
    assert "another@" not in dump
