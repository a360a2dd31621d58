"""docker's program on podman's socket, by a user who is not root: as on many a team's machine."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import may_start_python
from containers.boxed import PACKAGING, Boxed


@pytest.fixture
def socket(container_base: str, tmp_path: Path) -> Iterator[str]:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker")
    place = Path(f"/tmp/wl-{os.getpid()}.sock")
    words = ["podman", "system", "service", "--time=0", f"unix://{place}"]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as service:
        while not place.exists():
            assert service.poll() is None
            time.sleep(0.05)
        place.chmod(0o666)
        yield f"unix://{place}"
        service.kill()
    place.unlink()


def test_files_are_the_users_own(socket: str, container_base: str) -> None:
    nobody = pwd.getpwnam("nobody")
    if not may_start_python(nobody.pw_uid):
        pytest.skip("no other user may start this interpreter")
    folder = Path(f"/tmp/wl-{os.getpid()}-project")
    boxed = Boxed(folder / "project", container_base)
    boxed.write(PACKAGING, options='engine = "docker"')
    try:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "windlass",
                "run",
                "flow.py:looking",
                "--stack",
                "box",
                "--json",
            ],
            cwd=boxed.root,
            env={**os.environ, "DOCKER_HOST": socket, "HOME": str(folder)},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["status"] == "succeeded"
        found = boxed.do("artifacts", "show", "latest:look").document["preview"]["text"]
        assert json.loads(found)["user"] == f"{nobody.pw_uid}:{nobody.pw_gid}"
        owners = {path.lstat().st_uid for path in (folder / "project").rglob("*")}
        assert owners == {nobody.pw_uid}
    finally:
        shutil.rmtree(folder)
