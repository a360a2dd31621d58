"""The target `ray` as a person uses it: on clusters that are there, that fail, and that are not."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.program import Folder, wait_until

ray = pytest.importorskip("ray", reason="Ray is not installed")

OPEN = {"RAY_AUTH_MODE": "disabled"}
"""Else it would count which test was the first to make a token."""
STEPS = ("count", "square", "total")
STACK = """
[stacks.cluster]
target = "ray"
[stacks.cluster.options]
address = "{address}"
[stacks.cluster.options.resources.on_the_second]
second = 1
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head with two cores, to which tests add nodes."""
    from ray.cluster_utils import Cluster

    os.environ.update(OPEN)
    found: Any = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False}
    )
    yield found
    found.shutdown()


@pytest.fixture
def project(tmp_path: Path, cluster: Any) -> Folder:
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(Path(__file__).with_name("ray_flow.py"), root / "flow.py")
    (root / "windlass.toml").write_text(STACK.format(address=cluster.address))
    return Folder(root, OPEN)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_run_is_as_on_this_machine(project: Folder) -> None:
    near = project.document("run", "flow.py:squares")
    cached = project.document("run", "flow.py:squares", "--stack", "cluster")
    assert all(node["cached"] for node in cached["nodes"])
    far = project.document("run", "flow.py:squares", "--stack", "cluster", "--no-cache")
    assert (far["target"], near["target"]) == ("ray", "local")
    assert far["plan"] == near["plan"]
    assert outputs(far) == outputs(near)
    assert far["ranges"] == near["ranges"]  # which item comes last is chance
    assert project.windlass("logs", "latest", "square[2]").out.strip() == "squaring 2"


def outputs(run: dict[str, Any]) -> dict[str, list[str]]:
    return {node["node"]: [each["content"] for each in node["outputs"]] for node in run["nodes"]}


def test_how_attempts_end_there_is_told_as_here(project: Folder, tmp_path: Path) -> None:
    """One that dies and is tried again, one that always dies, one that takes too long."""
    words = ("run", "flow.py:troubled", "--stack", "cluster", "-p", f"folder={tmp_path}")
    done = project.windlass(*words, "--keep-going")
    assert done.code == 1
    assert "killed by SIGKILL" in done.err
    assert "ran past its timeout of 1 s" in done.err
    nodes = {node["node"]: node for node in project.document("show", "troubled")["nodes"]}
    assert (nodes["die_once"]["status"], nodes["die_once"]["attempts"]) == ("succeeded", 2)
    assert nodes["die"]["error"]["kind"] == "WorkerDiedError"
    assert nodes["sleep"]["error"]["kind"] == "StepTimeoutError"
    shown = project.document("artifacts", "show", "troubled:threads")
    assert shown["preview"]["text"] == "20"  # two threads, the hash seed 0
    wait_until(lambda: not steps_of(project))


def steps_of(project: Folder) -> list[psutil.Process]:
    """Processes of ours that a cluster's nodes began in this project's folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = process.info["cmdline"] or []
        if "windlass.execution.forkserver" in words and process.info["cwd"] == str(project.root):
            found.append(process)
    return found


def test_each_attempt_has_a_process_of_its_own_where_that_is_asked(project: Folder) -> None:
    words = ("run", "flow.py:processes", "--stack", "cluster", "--no-cache", "--workers", "1")
    assert len({*json.loads(project.windlass(*words, "--fresh").out.splitlines()[0])}) == 6
    assert len({*json.loads(project.windlass(*words).out.splitlines()[0])}) < 6


def test_a_run_outlives_the_loss_of_a_node(project: Folder, cluster: Any, tmp_path: Path) -> None:
    second = cluster.add_node(num_cpus=1, resources={"second": 1})
    words = ("run", "flow.py:moving", "--stack", "cluster", "-p", f"folder={tmp_path}")
    with project.started(*words) as process:
        wait_until(lambda: lines(tmp_path / "notes"), seconds=120)
        cluster.remove_node(second, allow_graceful=False)
        third = cluster.add_node(num_cpus=1, resources={"second": 1})
        wait_until(lambda: len(lines(tmp_path / "notes")) == 2, seconds=100)
        (tmp_path / "go").touch()
        out, err = process.communicate(timeout=120)
    cluster.remove_node(third)
    assert process.returncode == 0, err
    assert out.startswith("done\n")
    (node,) = project.document("show", "moving")["nodes"]
    assert (node["status"], node["attempts"]) == ("succeeded", 2)


def test_a_run_that_was_killed_here_goes_on_there(project: Folder, tmp_path: Path) -> None:
    words = ("run", "flow.py:waiting", "--workers", "2", "-p", f"folder={tmp_path}")
    with project.started(*words) as process:
        # Item 1 holds one worker; item 2 begins on the other when the outcome of 0 is kept.
        wait_until(lambda: "wait 2" in lines(tmp_path / "notes"))
        process.kill()
    (tmp_path / "go").touch()
    run = project.document("resume", "waiting", "--stack", "cluster", "--target", "ray")
    assert run["status"] == "succeeded"
    assert lines(tmp_path / "notes").count("wait 0") == 1


def test_an_interrupt_ends_what_runs_there(project: Folder, tmp_path: Path) -> None:
    words = ("run", "flow.py:waiting", "--stack", "cluster", "-p", f"folder={tmp_path}")
    with project.started(*words) as process:
        wait_until(lambda: "wait 1" in lines(tmp_path / "notes"), seconds=120)
        process.send_signal(2)
        process.communicate(timeout=90)
    assert process.returncode == 130
    assert project.document("show", "waiting")["status"] == "cancelled"
    wait_until(lambda: not steps_of(project))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('address = "127.0.0.1:1"', "Ray on 127.0.0.1:1 cannot be used"),
        ('environment = "conda"', 'options.environment must be "locked" or "installed"'),
        ("in_flight = 0", "options.in_flight must be a whole number above 0"),
        ("adress = 'auto'", "the target ray has no option 'adress'"),
        ("[stacks.bad.options.resources]\nsquare = 1", "options.resources must be a table"),
        ('address = "{address}"\nshares_disk = false', "cannot reach"),
    ],
)
def test_what_cannot_work_is_refused(
    project: Folder, cluster: Any, options: str, told: str
) -> None:
    file = project.root / "windlass.toml"
    options = options.replace("{address}", cluster.address)
    file.write_text(f'[stacks.bad]\ntarget = "ray"\n[stacks.bad.options]\n{options}\n')
    start = time.monotonic()
    assert told in project.refused("run", "flow.py:squares", "--stack", "bad")
    assert time.monotonic() - start < 60
    assert not (project.root / ".windlass" / "windlass.db").exists() or project.recorded() == 0


@pytest.fixture
def far(cluster: Any, tmp_path: Path, bucket: str) -> Iterator[Any]:
    """A node with folders of its own, which only reaches the bucket and the database."""
    home = tmp_path / "elsewhere"
    (home / "tmp").mkdir(parents=True)
    own = {"TMPDIR": str(home / "tmp"), "HOME": str(home)}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for name, value in own.items():
            patch.setenv(name, value)
        node = cluster.add_node(num_cpus=1, resources={"far": 1}, env_vars=own)
    yield home
    cluster.remove_node(node)


def test_a_node_that_shares_no_disk_needs_nothing_but_the_stores(
    project: Folder, cluster: Any, far: Path, bucket: str, postgres_url: str
) -> None:
    (project.root / "windlass.toml").write_text(
        f'[stacks.team]\ntarget = "ray"\nartifacts = "{bucket}"\nrecords = "{postgres_url}"\n'
        f'[stacks.team.options]\naddress = "{cluster.address}"\nshares_disk = false\n'
        'environment = "installed"\n'
        + "".join(f"[stacks.team.options.resources.{step}]\nfar = 1\n" for step in STEPS)
    )
    web = {name: text for name, text in os.environ.items() if name.startswith("AWS_")} | OPEN
    team = Folder(project.root, web)
    run = team.document("run", "flow.py:squares", "--stack", "team")
    assert run["status"] == "succeeded"
    (code,) = (far / "tmp").glob("windlass-*/code/*")
    assert (code / "flow.py").read_text() == (project.root / "flow.py").read_text()
    logs = team.windlass("logs", "squares", "square[3]", "--stack", "team")
    assert logs.out.strip() == "squaring 3"
    assert team.windlass("run", "flow.py:squares", "--stack", "team").code == 0


def test_what_no_node_has_is_refused(project: Folder) -> None:
    told = project.refused("run", "flow.py:too_large", "--stack", "cluster")
    assert "'large' asks for 64 CPU, which no node of the Ray cluster has" in told
