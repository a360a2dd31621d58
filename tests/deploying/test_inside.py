"""The settings that are in the image of a deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.deploying.inside import settings_text
from windlass.errors import ConfigError
from windlass.provenance.project import find_project
from windlass.stacks.models import ServingSettings
from windlass.stacks.settings import Settings, load_settings
from windlass.stacks.stack import load_stack

SETTINGS = """
default = "team"
[stacks.team]
artifacts = "s3://bucket/store"
trust_pickle = true
[stacks.team.storage]
endpoint_url = "https://minio.example"
secret = "${env:MINIO_SECRET}"
client_kwargs = {region_name = "eu", verify = false}
[models.delay.serving]
sample = 0.25
redact = ["name", 'a "b"']
keep = "90 s"
log = "s3://bucket/predictions"
"""


def text_of(folder: Path, text: str) -> str:
    (folder / "windlass.toml").write_text(text)
    project = find_project(folder)
    return settings_text("delay", load_settings(project), load_stack(None, project))


def read(folder: Path, text: str) -> Settings:
    (folder / "inside").mkdir()
    (folder / "inside" / "windlass.toml").write_text(text)
    return load_settings(find_project(folder / "inside"))


def test_what_is_written_says_the_same(tmp_path: Path) -> None:
    there = read(tmp_path, text_of(tmp_path, SETTINGS))
    here = load_settings(find_project(tmp_path))
    assert there.models["delay"].serving == here.models["delay"].serving
    stack, before = there.stacks["default"], here.stacks["team"]
    assert (stack.storage, stack.trust_pickle) == (before.storage, True)
    assert (stack.artifacts, stack.records) == (None, None)  # these are told at run time


def test_of_a_model_that_is_not_described_it_says_what_is_usual(tmp_path: Path) -> None:
    there = read(tmp_path, text_of(tmp_path, ""))
    assert there.models["delay"].serving == ServingSettings()
    assert there.stacks["default"].trust_pickle is None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[models.delay.serving]\nlog = "s3://me:sesame@bucket/log"\n', "serving"),
        (SETTINGS.replace("${env:MINIO_SECRET}", "sesame"), "storage"),
    ],
)
def test_a_secret_that_is_written_out_is_refused(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(ConfigError, match="has a secret written out") as caught:
        text_of(tmp_path, text)
    assert where in caught.value.message
    assert "sesame" not in caught.value.message
