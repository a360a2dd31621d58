"""Compiled tasks in containers of an image with Python alone: by KFP's DockerRunner, on podman."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import windlass
from cli.program import Folder, web_variables
from targets.kubeflow_home import kfp_python, write_stack

pytestmark = pytest.mark.xdist_group("containers")

_HERE = Path(__file__).parent


@pytest.fixture
def socket(container_base: str) -> Iterator[str]:
    """podman as docker's clients speak to it; a socket's path must be short."""
    place = Path(f"/tmp/wl-kfp-{os.getpid()}.sock")
    words = ["podman", "system", "service", "--time=0", f"unix://{place}"]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as service:
        while not place.exists():
            assert service.poll() is None
            time.sleep(0.05)
        yield f"unix://{place}"
        service.kill()
    place.unlink()


def test_tasks_run_in_containers_that_have_no_kfp(
    socket: str, container_base: str, tmp_path: Path
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(_HERE / "kubeflow_flow.py", root / "flow.py")
    (root / "requirements.txt").touch()
    python = kfp_python()
    write_stack(root / "windlass.toml", python, f'image = "{container_base}"')
    project = Folder(root, web_variables())
    words = ("compile", "flow.py:counting", "--stack", "kfp", "-o", "out")
    assert project.windlass(*words).code == 0
    ours = Path(windlass.__file__).parents[1]
    told = {
        "file": str(root / "out" / "counting.yaml"),
        "parameters": {"n": "2"},
        "root": str(tmp_path / "kept"),
        "mounts": [str(each) for each in dict.fromkeys([sys.base_prefix, sys.prefix, ours, root])],
    }
    done = subprocess.run(
        [str(python), str(_HERE / "kubeflow_docker.py"), json.dumps(told)],
        env={**os.environ, "DOCKER_HOST": socket},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.windlass("sync", "--stack", "kfp").code == 0
    run = project.document("show", "counting", "--stack", "kfp")
    assert (run["status"], run["parameters"]) == ("succeeded", {"n": 2})
