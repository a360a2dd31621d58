"""What this machine is told of package indexes, as uv takes it in another place."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.provenance.indexes import find_indexes

_OF_MACHINE = (
    *("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CERT"),
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "PIP_CONFIG_FILE"),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of whom nothing is known yet."""
    for name in _OF_MACHINE:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "settings"))
    return folder


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What pip is told, after which nothing else of this machine counts."""
    (tmp_path / "simple").mkdir()
    (tmp_path / "wheels").mkdir()
    (tmp_path / "ca.pem").write_text("a certificate")
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\n"
        "index-url = https://me:word@pip.example/simple\n"
        f"extra-index-url = https://more.example/simple file://{tmp_path}/simple\n"
        f"find-links = {tmp_path}/wheels\n"
        "trusted-host = pip.example\n"
        f"cert = {tmp_path}/ca.pem\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    return file


def test_what_pip_is_told_is_said_in_the_words_of_uv(tmp_path: Path, pip: Path) -> None:
    found = find_indexes(tmp_path / "project")
    assert found.variables["UV_DEFAULT_INDEX"] == "https://me:word@pip.example/simple"
    more = f"https://more.example/simple file://{tmp_path}/simple"
    assert found.variables["UV_INDEX"] == more
    assert found.variables["UV_FIND_LINKS"] == f"{tmp_path}/wheels"
    assert found.variables["UV_INSECURE_HOST"] == "pip.example"
    assert found.variables["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert found.files["ca.pem"] == b"a certificate"
    # The files of an index may lie beside its pages.
    assert set(found.folders) == {tmp_path, tmp_path / "wheels"}
    assert "word" not in repr(found)


def test_a_variable_comes_before_a_file(pip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/simple")
    told = find_indexes(pip.parent / "project").variables
    assert told["UV_DEFAULT_INDEX"] == "https://variable.example/simple"


def test_where_uv_is_told_pip_does_not_count(
    tmp_path: Path, pip: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "settings" / "uv").mkdir(parents=True)
    settings = home / "settings" / "uv" / "uv.toml"
    settings.write_text('index-url = "https://uv.example/simple"\n')
    found = find_indexes(tmp_path / "project")
    assert found.files["user"] == settings.read_bytes()
    assert "UV_DEFAULT_INDEX" not in found.variables
    settings.unlink()
    monkeypatch.setenv("UV_INDEX", "https://variable.example/simple")
    told = find_indexes(tmp_path / "project").variables
    assert told["UV_INDEX"] == "https://variable.example/simple"
    assert "UV_DEFAULT_INDEX" not in told


def test_a_place_without_folders_is_told_of_none(tmp_path: Path, pip: Path) -> None:
    found = find_indexes(tmp_path / "project").without_folders()
    assert found.variables["UV_INDEX"] == "https://more.example/simple"
    assert "UV_FIND_LINKS" not in found.variables
    assert found.folders == ()


def test_the_settings_of_a_project_and_netrc_go_with_it(tmp_path: Path, home: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "uv.toml").write_text('[[index]]\nurl = "https://own.example/simple"\n')
    (home / ".netrc").write_text("machine own.example login me password word\n")
    found = find_indexes(project)
    assert set(found.files) >= {"uv.toml", "netrc"}
    assert b"password word" in found.files["netrc"]
