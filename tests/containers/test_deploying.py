"""Out into the world, for real: a compose file brought up, and the image of one deployment.

The watcher of a project that has nothing but its code and data makes, tests and promotes the first
version; the server follows. What happens then happens from this machine.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import postgres_image
from containers import levels
from containers.whole import Whole, container, is_healthy, podman, until, version_at
from object_server import ObjectServer

pytestmark = pytest.mark.timeout(900)  # two images are built, and a turn is taken


@pytest.fixture(scope="module")
def whole(container_base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    for package in ("podman_compose", "moto", "s3fs", "psycopg"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    problem = postgres_image.make()
    if problem is not None:
        pytest.skip(f"no image of PostgreSQL: {problem}")
    store = ObjectServer("0.0.0.0")
    found = Whole(
        tmp_path_factory.mktemp("whole") / f"level-{os.getpid()}", store, postgres_image.IMAGE
    )
    try:
        store.make_bucket("levels")
        levels.make(found.root, container_base, "s3://levels/store", found.database)
        yield found
    finally:
        if (found.root / "compose.yaml").exists():
            found.compose("down", "--volumes", "--timeout", "5")
        store.stop()


@pytest.fixture(scope="module")
def written(whole: Whole) -> Any:
    """What `windlass compose` said."""
    return whole.windlass("compose", "--port", str(whole.port))


@pytest.fixture(scope="module")
def up(whole: Whole, written: Any) -> Whole:
    """The same, brought up, with the first version in service."""
    whole.compose("up", "--detach")
    until(lambda: whole.serves("1"))
    return whole


@pytest.fixture(scope="module")
def image(up: Whole) -> Any:
    """What `windlass serve --container` said of the first version."""
    return up.windlass("serve", "level", "--container", "--tag", f"{up.root.name}:one")


def test_the_watcher_takes_the_first_turn_and_the_server_follows(up: Whole) -> None:
    (turn,) = up.windlass("history", "level", "--turns")["turns"]
    assert turn["state"] == "promoted"
    assert is_healthy(up.container("server"))
    assert is_healthy(up.container("database"))


def test_no_secret_is_in_what_was_written(up: Whole, written: Any) -> None:
    assert (up.root / ".env").stat().st_mode & 0o777 == 0o600
    assert len(up.password) == 48
    told = (up.root / "compose.yaml").read_text() + json.dumps(written)
    told += podman("inspect", written["image"]) + podman("logs", up.container("watcher"))
    assert up.password not in told
    assert up.store.variables["AWS_SECRET_ACCESS_KEY"] not in told


def test_written_again_it_is_the_same(up: Whole, written: Any) -> None:
    again = up.windlass("compose", "--port", str(up.port))
    assert (again["written"], again["password_drawn"]) == (False, False)
    assert again["image"] == written["image"]


def test_an_image_serves_alone(image: Any, up: Whole) -> None:
    facts = json.loads(podman("inspect", image["image"]))[0]
    assert facts["Labels"]["windlass.model"] == "level@1"
    assert facts["Labels"]["windlass.release"] == image["release"]
    assert facts["User"] == "10001:10001"
    assert image["tags"][0] in image["run"]
    with container(image["tags"][0]) as (name, port):
        until(lambda: version_at(port) == "1")
        assert is_healthy(name)
        state = podman("volume", "inspect", _volume(name), "--format", "{{.Mountpoint}}")
        podman("stop", "--time", "60", name)
        assert podman("inspect", name, "--format", "{{.State.ExitCode}}") == "0"
        logged = [*Path(state).glob("predictions/level/predictions/*/*.parquet")]
        assert len(logged) == 1


def test_an_image_has_code_of_the_project_and_no_data(image: Any) -> None:
    shown = podman("run", "--rm", "--entrypoint", "find", image["image"], "/srv", "-type", "f")
    there = {Path(line).name for line in shown.splitlines()}
    assert {"levels.py", "windlass.toml"} <= there
    assert not {".env", "rows.txt"} & there


def test_an_image_is_not_built_twice(image: Any, up: Whole) -> None:
    assert up.windlass("serve", "level", "--container")["image"] == image["image"]


def test_server_and_image_follow_what_is_promoted_from_here(up: Whole, image: Any) -> None:
    (up.root / "more.txt").write_text("10 20 30 40 50 60 70 80")
    up.windlass("run", "flow.py:training", "-p", "rows=more.txt")
    told = {"WINDLASS_RECORDS": f"postgresql://windlass:{up.password}@database/windlass"}
    told |= {**up.inside, "WINDLASS_ARTIFACTS": "s3://levels/store"}
    variables = [f"--env={name}={value}" for name, value in told.items()]
    network = f"--network={up.root.name}_default"
    with container(image["image"], network, *variables) as (_, port):
        until(lambda: version_at(port) == "1")
        up.windlass("promote", "level@2", "--force", "--reason", "to see it followed")
        until(lambda: up.serves("2"))
        until(lambda: version_at(port) == "2")


def test_it_ends_well(up: Whole) -> None:
    up.compose("stop", "--timeout", "60", "server", "watcher")
    for service in ("server", "watcher"):
        name = up.container(service)
        assert podman("inspect", name, "--format", "{{.State.ExitCode}}") == "0"


def _volume(name: str) -> str:
    return podman("inspect", name, "--format", "{{(index .Mounts 0).Name}}")


def test_no_engine_is_told(whole: Whole) -> None:
    for words in (["compose"], ["serve", "level", "--container"]):
        done = subprocess.run(
            [sys.executable, "-m", "windlass", *words, "--json"],
            cwd=whole.root,
            env={**os.environ, "PATH": str(Path(sys.executable).parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "needs podman or docker" in json.loads(done.stdout)["error"]["message"]
