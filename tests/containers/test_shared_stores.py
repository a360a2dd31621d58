"""Containers whose stores are a bucket and a database, which they reach by the network alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from containers.boxed import PACKAGING, Boxed
from object_server import ObjectServer

pytestmark = pytest.mark.xdist_group("containers")

STORES = """
artifacts = "{bucket}"
records = "{records}"
[stacks.box.storage]
endpoint_url = "{endpoint}"
key = "testing"
secret = "${{env:OF_THE_BUCKET}}"
"""
SECRETS = {"OF_THE_BUCKET": "sesame-1", "OF_THE_DATABASE": "sesame-2"}
NOTING = """#!/bin/sh
printf '%s\\n' "$*" >> {notes}
exec {program} "$@"
"""


def test_secrets_reach_the_stores_and_are_seen_nowhere(
    container_base: str, bucket: str, postgres_url: str, object_server: ObjectServer, tmp_path: Path
) -> None:
    boxed = Boxed(tmp_path / "project", container_base).write("windlass[s3,postgresql]", PACKAGING)
    records = postgres_url.replace("windlass@", "windlass:${env:OF_THE_DATABASE}@")
    told = STORES.format(bucket=bucket, records=records, endpoint=object_server.endpoint)
    settings = (boxed.root / "windlass.toml").read_text()
    settings = settings.replace("[stacks.box.options]", told + "[stacks.box.options]")
    (boxed.root / "windlass.toml").write_text(settings)
    assert tomllib.loads(settings)["stacks"]["box"]["options"]["base"] == container_base
    podman, notes = str(shutil.which("podman")), tmp_path / "notes"
    program = tmp_path / "bin" / "podman"
    program.parent.mkdir()
    program.write_text(NOTING.format(notes=notes, program=podman))
    program.chmod(0o755)
    told_of = {**SECRETS, "PATH": f"{program.parent}:{os.environ['PATH']}"}

    run = boxed.run("picky", **told_of)
    assert run.code == 0, run.words
    assert not (boxed.root / ".windlass" / "windlass.db").exists()
    shown = boxed.do("artifacts", "show", "latest:only_in_a_container", "--stack", "box", **SECRETS)
    assert shown.document["preview"]["text"] == "in one"
    commands = notes.read_text()
    assert "--env=OF_THE_BUCKET" in commands
    image = next(word for word in commands.split() if word.startswith("localhost/windlass:"))
    inspected = subprocess.check_output([podman, "image", "inspect", image], text=True)
    assert json.loads(inspected)
    for secret in SECRETS.values():
        assert secret not in commands + inspected + run.words + json.dumps(run.document)


def test_an_image_that_could_not_reach_the_stores_is_refused(
    container_base: str, bucket: str, tmp_path: Path
) -> None:
    boxed = Boxed(tmp_path / "project", container_base).write(PACKAGING)
    settings = (boxed.root / "windlass.toml").read_text()
    told = f'artifacts = "{bucket}"\n[stacks.box.options]'
    (boxed.root / "windlass.toml").write_text(settings.replace("[stacks.box.options]", told))
    refused = boxed.run("picky")
    assert refused.code == 2
    assert "has no s3fs" in refused.document["error"]["message"]
