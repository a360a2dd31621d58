"""What a compose file brings up, by what windlass.toml says; and the text of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from windlass.deploying.compose import compose_text, write_compose
from windlass.deploying.whole import Whole, whole_of
from windlass.errors import ConfigError
from windlass.provenance.project import find_project
from windlass.stacks.settings import load_settings

MODEL = '[models.delay]\npipeline = "flow.py:training"\n'


def whole(folder: Path, text: str, *names: str) -> Whole:
    (folder / "windlass.toml").write_text(text)
    project = find_project(folder)
    return whole_of(project, load_settings(project), names)


def written(found: Whole, folder: Path | None = None) -> Any:
    return yaml.safe_load(compose_text(found, "localhost/it:1", 8080, folder or found.root))


@pytest.mark.parametrize(
    ("records", "brings"),
    [
        ("", True),
        ('records = "runs.db"', True),
        ('records = "sqlite:///runs.db"', True),
        ('records = "postgresql://windlass:${env:PASSWORD}@localhost/windlass"', True),
        ('records = "postgresql://windlass:${env:PASSWORD}@127.0.0.1:5433/windlass"', True),
        ('records = "postgresql://windlass:${env:PASSWORD}@db.example/windlass"', False),
        ('records = "${env:DATABASE_URL}"', False),
    ],
)
def test_a_record_of_this_machine_alone_gets_a_database(
    tmp_path: Path, records: str, brings: bool
) -> None:
    found = whole(tmp_path, f'default = "s"\n[stacks.s]\n{records}\n{MODEL}')
    document = written(found)
    assert found.brings_database == brings
    assert ("database" in document["services"]) == brings
    variables = document["services"]["server"]["environment"]
    assert ("WINDLASS_RECORDS" in variables) == brings
    for name in ("server", "watcher"):
        assert ("depends_on" in document["services"][name]) == brings
    if not brings:
        (name,) = {"PASSWORD", "DATABASE_URL"} & variables.keys()
        assert variables[name] == f"${{{name}:?set it in .env}}"


@pytest.mark.parametrize(
    ("artifacts", "said", "there"),
    [
        ("", None, None),
        ('artifacts = "store"', "/var/lib/windlass/artifacts", None),
        ('artifacts = "s3://bucket/store"', None, "AWS_ACCESS_KEY_ID"),
        ('artifacts = "az://bucket/store"', None, "AZURE_STORAGE_ACCOUNT_KEY"),
    ],
)
def test_artifacts_are_in_the_volume_or_in_the_bucket(
    tmp_path: Path, artifacts: str, said: str | None, there: str | None
) -> None:
    document = written(whole(tmp_path, f'default = "s"\n[stacks.s]\n{artifacts}\n{MODEL}'))
    variables = document["services"]["watcher"]["environment"]
    assert variables.get("WINDLASS_ARTIFACTS") == said
    assert there is None or variables[there] is None  # handed on, and not written
    assert "state:/var/lib/windlass" in document["services"]["server"]["volumes"]


def test_what_begins_turns_and_secrets_in_files_are_seen_by_containers(tmp_path: Path) -> None:
    found = whole(
        tmp_path,
        'default = "s"\n[stacks.s.storage]\nkey = "${file:secrets/key}"\n'
        f"{MODEL}[models.delay.triggers]\n"
        'data = ["data/**/*.csv", "/mnt/rows/new?.csv", "a.txt"]\n',
    )
    volumes = written(found)["services"]["watcher"]["volumes"]
    assert volumes[1:] == [
        "./data:/srv/data:ro",
        "/mnt/rows:/mnt/rows:ro",
        "./a.txt:/srv/a.txt:ro",
        "./secrets/key:/srv/secrets/key:ro",
    ]
    (tmp_path / "deploy").mkdir()
    beside = written(found, tmp_path / "deploy")["services"]["watcher"]["volumes"]
    assert "./../data:/srv/data:ro" in beside


def test_secrets_of_models_are_asked_for(tmp_path: Path) -> None:
    told = '[models.delay.monitor]\nwebhook = "${env:ALERTS_URL}"\n'
    told += '[models.delay.serving]\nlog = "s3://bucket/${env:FOLDER}"\n'
    found = whole(tmp_path, MODEL + told)
    assert found.required() == ["POSTGRES_PASSWORD", "FOLDER", "ALERTS_URL"]
    assert found.extras == ("postgresql", "s3", "serve")
    assert "AWS_SECRET_ACCESS_KEY" in written(found)["services"]["server"]["environment"]


def test_models_are_served_and_watched_by_their_names(tmp_path: Path) -> None:
    document = written(whole(tmp_path, MODEL + "[models.price]\n", "price@challenger", "delay"))
    services = document["services"]
    assert services["server"]["command"][:3] == ["serve", "price@challenger", "delay"]
    assert services["watcher"]["command"] == ["watch", "price", "delay"]


@pytest.mark.parametrize(
    ("text", "names", "words"),
    [
        (MODEL, ["dealy"], "describes no model 'dealy'"),
        ("", [], "describes no model that could be brought up"),
        (MODEL, ["delay", "delay@2"], "is named twice"),
    ],
)
def test_models_that_are_not_described_are_refused(
    tmp_path: Path, text: str, names: list[str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        whole(tmp_path, text, *names)


def test_it_is_valid_and_short_and_has_no_secret(tmp_path: Path) -> None:
    text = compose_text(whole(tmp_path, MODEL), "localhost/it:1", 8081, tmp_path)
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) < 180
    assert not re.search(r"(PASSWORD|SECRET\w*|KEY\w*|TOKEN): (?!\$\{)\S", text)
    assert yaml.safe_load(text)["services"]["server"]["ports"] == ["127.0.0.1:8081:8080"]


def test_a_file_of_ours_is_written_anew_and_one_that_was_edited_is_not(tmp_path: Path) -> None:
    found, file = whole(tmp_path, MODEL), tmp_path / "compose.yaml"

    def text(image: str) -> str:
        return compose_text(found, image, 8080, tmp_path)

    assert write_compose(file, text("localhost/it:1"), force=False)
    assert not write_compose(file, text("localhost/it:1"), force=False)
    assert write_compose(file, text("localhost/it:2"), force=False)
    file.write_text(file.read_text().replace("retries: 12", "retries: 13"))
    with pytest.raises(ConfigError, match="was edited by hand"):
        write_compose(file, text("localhost/it:2"), force=False)
    assert write_compose(file, text("localhost/it:2"), force=True)
    file.write_text("services: {}\n")
    with pytest.raises(ConfigError, match="was not written by windlass"):
        write_compose(file, text("localhost/it:2"), force=False)
