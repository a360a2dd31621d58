"""What ``windlass.toml`` says of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.errors import ConfigError
from windlass.provenance.project import Project
from windlass.stacks.models import ModelSettings, MonitorSettings, ServingSettings, Triggers
from windlass.stacks.settings import load_settings

ALL = """
[models.delay]
tests = "release_tests"
pipeline = "pipeline.py:training"
parameters = {months = 3}
promotion = "person"
[models.delay.triggers]
schedule = "7 days"
data = ["data/*.parquet"]
drift = true
[models.delay.monitor]
window = "10 s"
minimum = 50
persistence = 3
false_alarms = 0.05
score = "log_loss"
margin = 1
webhook = "${env:HOOK}"
hosts = ["10.0.0.7"]
[models.delay.serving]
log = "s3://bucket/log"
sample = 0.5
redact = ["name"]
keep = "2 weeks"
"""


def said(tmp_path: Path, text: str) -> ModelSettings:
    file = tmp_path / "windlass.toml"
    file.write_text(text)
    return load_settings(Project(tmp_path, tmp_path / ".windlass", file)).models["delay"]


def test_all_that_can_be_said(tmp_path: Path) -> None:
    found = said(tmp_path, ALL)
    assert (found.tests, found.pipeline) == ("release_tests", "pipeline.py:training")
    assert (found.parameters, found.promotion) == ({"months": 3}, "person")
    assert found.triggers == Triggers(7 * 86400.0, ("data/*.parquet",), drift=True)
    told = MonitorSettings(10.0, 50, 3, 0.05, "log_loss", 1.0, "${env:HOOK}", ("10.0.0.7",))
    assert found.monitor == told
    assert type(found.monitor.margin) is float
    assert found.serving == ServingSettings("s3://bucket/log", 0.5, ("name",), 14 * 86400.0)


def test_what_is_not_said_is_as_usual(tmp_path: Path) -> None:
    assert said(tmp_path, "[models.delay]\n") == ModelSettings()
    assert not ModelSettings().triggers


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('promotion = "nobody"', 2, "unknown promotion 'nobody'"),
        ('pipelin = "a.py:b"', 2, "unknown key 'pipelin'"),
        ("[models.delay.triggers]\nschedule = 'weekly'", 3, "is not a duration"),
        ("[models.delay.triggers]\ndrift = 1", 3, "must be true or false"),
        ("[models.delay.triggers]\ndata = 'x'", 3, "must be a list of texts"),
        ("[models.delay.monitor]\nminimum = 0", 3, "must be 1 or more"),
        ("[models.delay.monitor]\nminimum = 2.5", 3, "must be a whole number"),
        ("[models.delay.monitor]\nfalse_alarms = 1", 3, "must be between 0 and 1"),
        ("[models.delay.monitor]\nmargin = -1", 3, "must be 0 or more"),
        ("[models.delay.monitor]\nmargin = 'a'", 3, "must be a number, not a text"),
        ("[models.delay.serving]\nsample = 1.5", 3, "must be from 0 to 1"),
        ("[models.delay.serving]\nsampel = 1.5", 3, "Did you mean 'sample'?"),
    ],
)
def test_mistakes_are_told_with_their_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        said(tmp_path, f"[models.delay]\n{text}\n")
    assert f"line {line}: " in caught.value.message
    assert message in f"{caught.value.message} {caught.value.hint}"
