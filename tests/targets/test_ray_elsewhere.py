"""Ray on machines that have Ray alone: no Windlass, no disk of ours, only the stores."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.program import Folder, wait_until, web_variables
from engines import engine_python
from windlass.provenance.uv import find_uv

ray = pytest.importorskip("ray", reason="Ray is not installed")

OPEN = {"RAY_AUTH_MODE": "disabled"}
FLOW = """
import os, sys
from pathlib import Path
from windlass import each, pipeline, step

CONSTANT = Path(__file__).with_name("ignored") / "constant.txt"

@step
def read(path: Path, folder: Path) -> dict[str, str]:
    print("reading")
    inside = {each.name: each.read_text() for each in folder.iterdir()}
    return {path.name: path.read_text(), **inside}

@step(files=["ignored/rules.txt"])
def declared() -> str:
    return Path(__file__).with_name("ignored").joinpath("rules.txt").read_text()

@step
def named(path: Path) -> str:
    return path.read_text()

@step
def where(seen: dict[str, str]) -> dict[str, str]:
    import toolz
    return {"toolz": toolz.__version__, "prefix": sys.prefix, "home": os.environ["HOME"]}

@step
def die(n: int) -> int:
    os.kill(os.getpid(), 9)
    return n

@pipeline
def reading(path: Path, folder: Path) -> dict[str, str]:
    declared()
    named(CONSTANT)
    return where(read(path, folder))

@pipeline
def dying(n: int = 1) -> int:
    return die(n)
"""


@dataclass(frozen=True)
class Far:
    """A cluster of one node, with folders of its own."""

    address: str
    home: Path


@pytest.fixture(scope="module")
def far(far_variables: dict[str, str]) -> Iterator[Far]:
    python = engine_python(f"ray-{ray.__version__}", f"ray=={ray.__version__}")
    home = Path(tempfile.mkdtemp(prefix="wl-far-", dir="/tmp"))  # paths of sockets must be short
    (home / "tmp").mkdir()
    path = f"{python.parent}:{Path(find_uv()).parent}:/usr/bin:/bin"
    own = {"PATH": path, "HOME": str(home), "TMPDIR": str(home / "tmp"), "LANG": "C.UTF-8"}
    program = str(python.with_name("ray"))
    with _head(program, home, own | OPEN | web_variables() | far_variables) as port:
        yield Far(f"127.0.0.1:{port}", home)
    shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _head(program: str, home: Path, variables: dict[str, str]) -> Iterator[int]:
    """A head of Ray; its port. On a busy machine it takes a minute to come."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = ("--node-ip-address", "127.0.0.1", "--port", str(port))
    words = ["start", "--head", "--block", *where, "--num-cpus", "2"]
    said = home / "said.txt"
    with said.open("w") as output:
        head = subprocess.Popen(
            [program, *words, "--include-dashboard", "false"],
            cwd=home,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: _listens(port) or head.poll() is not None, seconds=150)
        assert head.poll() is None, said.read_text()
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(head.pid, signal.SIGKILL)  # asked kindly, it takes half a minute
        head.wait()


@pytest.fixture(scope="module")
def far_variables(object_server: object) -> dict[str, str]:
    """By which the nodes find the bucket."""
    found: dict[str, str] = object_server.variables  # type: ignore[attr-defined]
    return found


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def project(tmp_path: Path, far: Far, bucket: str, postgres_url: str) -> Folder:
    root = tmp_path / "project"
    (root / "ignored").mkdir(parents=True)
    (root / "ignored" / "constant.txt").write_text("the constant")
    (root / "ignored" / "rules.txt").write_text("the rules")
    (root / ".gitignore").write_text("ignored/\n")
    (root / "flow.py").write_text(FLOW)
    (root / "requirements.txt").write_text("windlass[s3,postgresql]\ntoolz==1.0.0\n")
    stores = f'artifacts = "{bucket}"\nrecords = "{postgres_url}"'
    (root / "windlass.toml").write_text(
        f'[stacks.here]\n{stores}\n[stacks.far]\ntarget = "ray"\n{stores}\n'
        f'[stacks.far.options]\naddress = "{far.address}"\nshares_disk = false\n'
    )
    web = {name: text for name, text in os.environ.items() if name.startswith("AWS_")}
    return Folder(root, web | OPEN | web_variables())


def test_nodes_that_have_ray_alone_run_what_a_run_names(
    project: Folder, far: Far, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    (data / "folder").mkdir(parents=True)
    (data / "table.csv").write_text("1,2")
    for name in ("b", "a"):
        (data / "folder" / name).write_text(name)
    given = ("-p", f"path={data / 'table.csv'}", "-p", f"folder={data / 'folder'}")
    run = project.document("run", "flow.py:reading", "--stack", "far", *given)
    assert run["status"] == "succeeded", run
    assert json.loads(text(project, "read")) == {"table.csv": "1,2", "a": "a", "b": "b"}
    assert text(project, "declared") == "the rules"
    assert text(project, "named") == "the constant"
    there = json.loads(text(project, "where"))
    assert there["toolz"] == "1.0.0"
    assert there["prefix"].startswith(f"{far.home}/.cache/windlass/ray/")
    assert there["home"] == str(far.home)
    logs = project.windlass("logs", "reading", "read", "--stack", "far")
    assert logs.out.strip() == "reading"
    # The same files under the same names: what was read there is in the cache for everybody.
    (data / "table.csv").touch()
    again = project.document("run", "flow.py:reading", "--stack", "far", *given)
    assert all(node["cached"] for node in again["nodes"]), again
    # What the runs have with them is not collected, and goes with them on other machines.
    assert project.windlass("gc", "--stack", "far").code == 0
    (data / "table.csv").unlink()
    dead = project.document("run", "flow.py:dying", "--stack", "far", code=1)
    assert "SIGKILL" in str(dead["nodes"][0]["error"])
    assert len(list((far.home / ".cache" / "windlass" / "ray").glob("*/bin"))) == 1


def text(project: Folder, node: str) -> str:
    shown = project.document("artifacts", "show", f"reading:{node}", "--stack", "far")
    return str(shown["preview"]["text"])


def test_what_cannot_be_brought_there_is_refused(project: Folder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    given = ("-p", f"path={tmp_path / 'pipe'}", "-p", f"folder={tmp_path / 'folder'}")
    told = project.refused("run", "flow.py:reading", "--stack", "far", *given)
    assert "cannot be brought to workers" in told
    assert "neither a file nor a folder" in told
    assert project.windlass("runs", "--stack", "far", "--json").out.count('"id"') == 0


def test_an_environment_that_cannot_reach_the_stores_is_refused(project: Folder) -> None:
    (project.root / "requirements.txt").write_text("toolz==1.0.0\n")
    told = project.refused("run", "flow.py:dying", "--stack", "far")
    assert "the locked environment has no s3fs" in told
    assert "windlass[s3]" in told


def test_another_python_than_that_of_the_cluster_is_told() -> None:
    from ray._private.utils import check_version_info

    from windlass.targets.ray.cluster import in_words

    there = {"ray_version": "2.40.0", "python_version": "3.14.1"}
    with pytest.raises(RuntimeError) as refused:  # as Ray refuses to connect
        check_version_info(there, "here")
    told = str(in_words("head:6379", refused.value))
    here = f"Ray {ray.__version__} on Python {platform.python_version()} here"
    assert f"Ray 2.40.0 on Python 3.14.1 there, and {here}" in told
    assert "pip install ray==2.40.0" in told


def test_a_node_without_uv_says_so_and_what_it_runs_needs_python_alone(tmp_path: Path) -> None:
    python = engine_python(f"ray-{ray.__version__}", f"ray=={ray.__version__}")
    from windlass.targets.ray import away

    asked = {"run": "r", "environment": "e", "python": "3.11", "requirements": [], "job": {}}
    code = f"""
import json, runpy
found = runpy.run_path({away.__file__!r})
print(json.dumps(found["try_node"]({asked!r}, "node", None, 1, 1)))
"""
    variables = {"PATH": "/nothing", "HOME": str(tmp_path)}
    words = [str(python), "-I", "-c", code]
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    broken = json.loads(done.stdout)["broken"]
    assert "there is no uv on a node of the Ray cluster" in broken["message"]
    assert "pip install uv" in broken["hint"]
    assert not (tmp_path / ".cache" / "windlass" / "ray" / "e").exists()
