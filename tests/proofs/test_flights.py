"""The example, reproduced from a fresh clone, by another user, under other variables."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import may_start_python

PROGRAM = str(Path(sys.executable).with_name("windlass"))
FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
ROOT = os.geteuid() == 0


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users can go into, as those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="wl-flights-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def git(*words: str, folder: Path) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    safe = ("-c", "safe.directory=*")
    subprocess.run(["git", *who, *safe, *words], cwd=folder, check=True, capture_output=True)


def started(
    folder: Path, home: Path, *words: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*words],
        cwd=folder,
        env={**kept, "WINDLASS_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_flights_are_reproduced_elsewhere_by_another_user(place: Path) -> None:
    first, clone, home = place / "first", place / "other" / "clone", place / "state"
    ignored = shutil.ignore_patterns(".windlass", "__pycache__")
    shutil.copytree(FLIGHTS, first, ignore=ignored)
    (first / "windlass.toml").touch()
    git("init", folder=first)
    git("add", ".", folder=first)
    git("commit", "-m", "The example", folder=first)
    settings = ("-p", "depths=2,3", "-p", "days=3")
    done = started(
        first, home, PROGRAM, "run", "pipeline.py", *settings,
        PYTHONHASHSEED="1", LANG="C.UTF-8", TZ="America/New_York",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    clone.parent.mkdir()
    git("clone", str(first), str(clone), folder=place)
    shutil.rmtree(first)
    other, nobody = [], pwd.getpwnam("nobody").pw_uid
    if ROOT and shutil.which("setpriv") and may_start_python(nobody):  # else it is the same user
        other = ["setpriv", f"--reuid={nobody}", "--clear-groups"]
    again = started(
        clone, home, *other, PROGRAM, "reproduce", "training-1", "--here", "--json",
        PYTHONHASHSEED="77", LANG="POSIX", LC_ALL="POSIX", TZ="Asia/Kathmandu", HOME=str(place),
        PYTHONDONTWRITEBYTECODE="1", MPLCONFIGDIR=tempfile.gettempdir(),
    )  # fmt: skip
    assert again.returncode == 0, again.stdout + again.stderr
    proof = json.loads(again.stdout)
    assert proof["verdict"] == "equal"
    assert {node["status"] for node in proof["nodes"]} == {"equal", "skipped"}
    assert sum(len(node["outputs"]) for node in proof["nodes"]) > 15
    assert "TZ: America/New_York → Asia/Kathmandu" in proof["surroundings"]
    assert proof["seen"] == []
