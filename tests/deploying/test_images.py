"""What goes into images, and what is refused before one is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from windlass.cli.app import run_app
from windlass.deploying.code import modules_of, without
from windlass.deploying.image import check_tags
from windlass.deploying.needs import needs_of
from windlass.errors import ConfigError, LockError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.models.registry import register_in
from windlass.pipeline.marks import Model
from windlass.provenance.bundle import capture_bundle
from windlass.provenance.environment import Package, environment_of
from windlass.provenance.project import find_project
from windlass.serving.releases import Release, fetch
from windlass.stacks.stack import load_stack

MADE_IN = environment_of(
    [Package(name, "1", None) for name in ("numpy", "pandas", "scikit-learn", "skops", "torch")]
)


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stores:
    (tmp_path / "windlass.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return open_stores(load_stack(None, find_project(tmp_path)))


@pytest.fixture
def registered(stores: Stores) -> Any:
    rows = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "late": [0, 0, 1, 1]})
    model = LogisticRegression().fit(rows[["a"]], rows.late)
    values = {"model": model, "reference": rows}
    return register_in(stores, Model("delay", target="late"), values)


def changed(release: Release, **facts: Any) -> Release:
    """A release whose first part is another one."""
    first, *others = release.document["artifacts"]
    document = {**release.document, "artifacts": [{**first, **facts}, *others]}
    return Release(release.folder, document)


def test_a_model_needs_the_packages_of_its_classes(registered: Any, tmp_path: Path) -> None:
    release = fetch(registered, tmp_path / "releases")
    needs = needs_of(release, registered, MADE_IN)
    assert needs.packages == ("pandas", "scikit-learn", "skops")  # torch is installed there, too
    assert not needs.code


def test_classes_of_the_project_need_its_code(registered: Any, tmp_path: Path) -> None:
    (tmp_path / "ours.py").write_text("")
    release = fetch(registered, tmp_path / "releases")
    needs = needs_of(changed(release, classes=["ours:Model"]), registered, MADE_IN)
    assert needs.code
    assert needs.packages == tuple(sorted(each.name for each in MADE_IN.packages))


def test_of_a_pickle_nothing_is_known(registered: Any, tmp_path: Path) -> None:
    release = changed(fetch(registered, tmp_path / "releases"), pickled=True)
    assert "torch" in needs_of(release, registered, MADE_IN).packages


def test_classes_of_no_package_are_told(registered: Any, tmp_path: Path) -> None:
    release = changed(fetch(registered, tmp_path / "releases"), classes=["gone.models:Model"])
    with pytest.raises(LockError, match="made of classes of 'gone'"):
        needs_of(release, registered, MADE_IN)


@pytest.mark.parametrize(
    "tag",
    ["delay", "delay:3", "localhost/delay:3", "registry.example:5000/team/delay_x:V1.0", "a/b-c"],
)
def test_names_of_images(tag: str) -> None:
    check_tags([tag])


@pytest.mark.parametrize(
    "tag",
    ["", "Delay", "delay:", "delay: 3", ":3", "-x", "a//b", "delay@sha256:00", "a:b:c", "--x"],
)
def test_what_is_no_name_of_an_image(tag: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of an image"):
        check_tags([tag])


def test_modules_are_code_and_tables_are_not(tmp_path: Path) -> None:
    for name in ("flow.py", "data/rows.csv", "pack/__init__.py", "pack/deep/words.txt", "a.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    bundle = capture_bundle(tmp_path)
    found = [each.path for each in modules_of(bundle).files]
    assert found == ["flow.py", "pack/__init__.py", "pack/deep/words.txt"]
    left = without(bundle, ["data", "*.toml"])
    assert [each.path for each in left.files] == found
    assert left.digest != bundle.digest


def refusal(capfd: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capfd.readouterr()
    assert run_app([*words, "--json"]) == 2
    error: dict[str, Any] = json.loads(capfd.readouterr().out)["error"]
    return error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("serve", "delay", "price", "--container"), "an image is of one deployment"),
        (("serve", "delay", "--container", "--tag", "No"), "cannot be the name of an image"),
        (("serve", "delay"), "--json is for an image"),
        (("serve", "delay", "--container", "--host", "0.0.0.0"), "--host is for a server"),
        (("serve", "delay", "--container", "--wait"), "--wait is for a server"),
        (("serve", "delay", "--tag", "x"), "--tag is for an image"),
        (("compose", "--tag", "No"), "describes no model"),
        (("compose", "-o", "."), "cannot be written: there is a folder"),
        (("compose", "-o", "gone/compose.yaml"), "cannot be written: there is no folder"),
    ],
)
def test_usage_is_refused_in_words(
    stores: Stores, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    if "-o" in words:
        Path("windlass.toml").write_text("[models.delay]\n")
    error = refusal(capfd, *words)
    assert message in error["message"]
    assert error["hint"]


def test_a_compose_file_by_hand_is_refused_before_anything_is_built(
    stores: Stores, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # there is no engine
    Path("windlass.toml").write_text("[models.delay]\n")
    Path("compose.yaml").write_text("services: {}\n")
    assert "was not written by windlass" in refusal(capfd, "compose")["message"]
    assert "needs podman or docker" in refusal(capfd, "compose", "--force")["message"]
    assert Path("compose.yaml").read_text() == "services: {}\n"


def test_a_model_without_a_champion_is_refused(
    registered: Any, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    engine = tmp_path / "bin" / "podman"
    engine.parent.mkdir()
    engine.write_text('#!/bin/sh\necho \'{"Client": {"Version": "5.0"}}\'\n')
    engine.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", str(engine.parent))
        told = refusal(capfd, "serve", "delay", "--container")
        assert told["message"] == "the model 'delay' has no champion"
        told = refusal(capfd, "serve", "dealy@1", "--container")
        assert told["message"] == "there is no model 'dealy'"


def test_settings_of_images(
    stores: Stores, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Path("windlass.toml").write_text('[models.delay]\n[image]\nengine = "lxc"\n')
    assert "engine = 'lxc' is not known" in refusal(capfd, "compose")["message"]
