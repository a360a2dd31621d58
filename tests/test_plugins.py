"""Entry points of other packages, found without importing anything."""

from __future__ import annotations

import configparser  # noqa: F401 (before a test takes the path away)
from collections.abc import Iterator
from pathlib import Path

import pytest

from windlass import plugins
from windlass.errors import ConfigError


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    plugins.entry_points.cache_clear()
    yield
    plugins.entry_points.cache_clear()


def install(folder: Path, package: str, text: str) -> None:
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(text)


def test_a_groups_entry_points_are_found_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "[console_scripts]\ntool = a:main\n\n[windlass.test]\nOne = a.b:C\nTwo = a.b : D [extra]\n"
    )
    install(tmp_path, "a", text)
    install(tmp_path, "b", "[windlass.test.other]\nThree = b:C\n")
    (tmp_path / "c-1.0.dist-info").mkdir()
    monkeypatch.setattr("sys.path", [str(tmp_path / "archive.zip"), str(tmp_path)])
    assert plugins.entry_points("windlass.test") == {"One": "a.b:C", "Two": "a.b : D [extra]"}
    assert plugins.entry_points("windlass.none") == {}


def test_the_first_of_one_package_on_the_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "new", "A.b", "[windlass.test]\nx = new:X\n")
    install(tmp_path / "old", "a_b", "[windlass.test]\nx = old:X\ny = old:Y\n")
    monkeypatch.setattr("sys.path", [str(tmp_path / "new"), str(tmp_path / "old")])
    assert plugins.entry_points("windlass.test") == {"x": "new:X"}


def test_two_packages_cannot_offer_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "a", "[windlass.test]\nx = a:X\n")
    install(tmp_path, "b", "[windlass.test]\nx = b:X\n")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(ConfigError, match=r"'x' in windlass.test: a and b"):
        plugins.entry_points("windlass.test")


def test_unreadable_declarations_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "a", "")
    (tmp_path / "a-1.0.dist-info" / "entry_points.txt").write_bytes(b"\xff\xfe[windlass.test]")
    install(tmp_path, "b", "[windlass.test]\nx = b:X\n")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert plugins.entry_points("windlass.test") == {"x": "b:X"}


def test_loading_says_what_is_missing() -> None:
    assert plugins.load("pathlib : Path [extra]") is Path
    for ref in ("no_such_module:X", "pathlib:NoSuchName"):
        with pytest.raises(ConfigError, match="cannot be loaded"):
            plugins.load(ref)
