"""The target `kubeflow`: what is compiled, what is refused, what a server is asked for."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import warm
from cli.program import PROGRAM, Folder, wait_until, web_variables
from targets.kubeflow_home import kfp_python, kfp_stack, write_stack
from targets.kubeflow_server import TOKEN, Server, kfp_server
from windlass.pipeline.settings import RunOptions
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack
from windlass.targets.kubeflow import KubeflowTarget

_HERE = Path(__file__).parent
_GOLDEN = _HERE / "kubeflow_golden"
_RENEW = "WINDLASS_RENEW"
"""Set to write the golden files anew: WINDLASS_RENEW=1 pytest tests/targets/test_kubeflow.py"""


@pytest.fixture(scope="module")
def python() -> Path:
    return kfp_python()


@pytest.fixture(scope="module")
def program() -> Iterator[list[str]]:
    """A program that is warm: tasks are many, and each would begin cold."""
    with warm.program() as words:
        yield words


@pytest.fixture
def project(tmp_path: Path, python: Path, program: list[str]) -> Folder:
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(_HERE / "kubeflow_flow.py", root / "flow.py")
    (root / "requirements.txt").write_text("toolz==1.0.0\n")
    (root / "windlass.toml").write_text(kfp_stack(python, program))
    return Folder(root, web_variables())


def options(project: Folder, *lines: str) -> None:
    with (project.root / "windlass.toml").open("a") as stream:
        stream.write("".join(f"{line}\n" for line in lines))


def test_what_is_compiled_is_as_it_was(project: Folder, python: Path) -> None:
    options(
        project,
        'image = "registry.example/models:7"',
        'accelerator = "amd.com/gpu"',
        'env = { AWS_ENDPOINT_URL = "http://minio:9000" }',
        'secrets = { AWS_SECRET_ACCESS_KEY = "storage/secret", AWS_ACCESS_KEY_ID = "storage/id" }',
    )
    for name in ("training", "one_sided"):
        done = project.windlass("compile", f"flow.py:{name}", "--stack", "kfp", "-o", "out")
        assert done.code == 0, done
    for file, documents in _parsed(python, *sorted((project.root / "out").iterdir())).items():
        golden = _GOLDEN / f"{Path(file).stem}.json"
        if os.environ.get(_RENEW):
            golden.write_text(json.dumps(documents, indent=1, sort_keys=True) + "\n")
        assert documents == json.loads(golden.read_text())


def _parsed(python: Path, *files: Path) -> dict[str, Any]:
    words = [str(python), str(_HERE / "kubeflow_parse.py"), *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("lines", "words", "told"),
    [
        (['imgae = "x"'], "compile training", "has no option 'imgae'"),
        (["image = 7"], "compile training", "options.image must be the name of an image"),
        (['env = { KEY = "${env:KEY}" }'], "compile training", "refers to a secret"),
        (['secrets = { KEY = "storage" }'], "compile training", "SECRET/KEY"),
        ([], "compile badly_named", "cannot be told of a parameter named 'windlass_run'"),
        ([], "run training", "keeps artifacts in"),
        (["shares_disk = true"], "run training", "names no server of Kubeflow Pipelines"),
        (
            ["shares_disk = true", 'endpoint = "http://127.0.0.1:9"'],
            "run training",
            "on http://127.0.0.1:9 cannot be used: it does not answer",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    project: Folder, lines: list[str], words: str, told: str
) -> None:
    options(project, *lines)
    command, name = words.split()
    into = ["-o", "out"] if command == "compile" else []
    assert told in project.refused(command, f"flow.py:{name}", "--stack", "kfp", *into)
    assert not (project.root / ".windlass" / "windlass.db").exists() or project.recorded() == 0


@pytest.mark.parametrize(
    ("python", "told"),
    [(sys.executable, "has no kfp"), ("/nowhere/python", "cannot be started")],
)
def test_a_kfp_that_is_missing_is_refused(tmp_path: Path, python: str, told: str) -> None:
    shutil.copy(_HERE / "kubeflow_flow.py", tmp_path / "flow.py")
    (tmp_path / "requirements.txt").touch()
    write_stack(tmp_path / "windlass.toml", Path(python))
    words = ("compile", "flow.py:training", "--stack", "kfp", "-o", "out")
    refused = Folder(tmp_path, web_variables()).refused(*words)
    assert told in refused
    assert "pip install" in refused


def test_tasks_build_the_locked_environment(
    project: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way of a task on a cluster, but for its container."""
    file = project.root / "windlass.toml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("command")]
    file.write_text("\n".join(lines) + "\n")
    words = ("compile", "flow.py:one_sided", "--stack", "kfp", "--seed", "5", "-o", "out")
    assert project.windlass(*words, "--tag", "team=north").code == 0
    target = KubeflowTarget(load_stack("kfp", find_project(project.root)), RunOptions())
    target.trial(project.root / "out", {"start": "9"})
    ended = capsys.readouterr().err.splitlines()
    assert ended[0] == "kubeflow  windlass-begin  succeeded"
    assert len(ended) > 3
    assert project.windlass("sync", "--stack", "kfp").code == 0
    run = project.document("show", "one_sided", "--stack", "kfp")
    assert (run["status"], run["parameters"], run["seed"]) == ("succeeded", {"start": 9}, 5)
    assert (run["target"], run["tags"]) == ("kubeflow", {"team": "north"})


@pytest.fixture
def server(python: Path, project: Folder, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "submitted").mkdir()
    with kfp_server(python, tmp_path / "submitted") as found:
        options(project, f'endpoint = "{found.url}"', 'token = "${env:KFP_TOKEN}"')
        options(project, "shares_disk = true", 'experiment = "spring"')
        yield found


def test_a_run_is_submitted_and_followed(project: Folder, server: Server) -> None:
    words = ("flow.py:one_sided", "--stack", "kfp")
    refused = project.windlass("run", *words, KFP_TOKEN="wrong")
    assert (refused.code, "it answers 401" in refused.err) == (2, True), refused
    assert not server.runs
    done = project.windlass("run", *words, "-p", "start=9", KFP_TOKEN=TOKEN)
    assert done.code == 0, done
    (submitted,) = server.runs.values()
    assert f"/#/runs/details/{submitted['run_id']}" in done.err
    run = project.document("show", "one_sided", "--stack", "kfp")
    assert (run["status"], submitted["display_name"]) == ("succeeded", run["name"])
    assert list(server.experiments) == ["spring"]
    assert {node["node"]: node["status"] for node in run["nodes"]}["tell_2"] == "succeeded"
    checked = project.windlass("stack", "check", "kfp", KFP_TOKEN=TOKEN)
    assert f"{server.url} lets us in" in checked.out


def test_what_fails_there_is_told_and_resumed(
    project: Folder, server: Server, tmp_path: Path
) -> None:
    words = ("run", "flow.py:mending", "--stack", "kfp", "-p", f"folder={tmp_path}")
    done = project.windlass(*words, KFP_TOKEN=TOKEN)
    assert done.code == 1, done
    assert "ValueError: no luck" in done.err
    (tmp_path / "mended").touch()
    resumed = project.windlass("resume", "mending", "--stack", "kfp", KFP_TOKEN=TOKEN)
    assert resumed.code == 0, resumed
    nodes = {
        node["node"]: node["attempts"]
        for node in project.document("show", "mending", "--stack", "kfp")["nodes"]
    }
    assert nodes == {"count": 1, "mend": 2}
    assert [run["state"] for run in server.runs.values()] == ["FAILED", "SUCCEEDED"]


def test_what_takes_too_long_is_ended(project: Folder, server: Server) -> None:
    slow = project.windlass("run", "flow.py:sleeping", "--stack", "kfp", KFP_TOKEN=TOKEN)
    assert slow.code == 1, slow
    run = project.document("show", "sleeping", "--stack", "kfp")
    assert run["status"] == "failed"
    assert "ran past its timeout of 1 s" in run["error"]


def test_an_interrupted_run_is_terminated_there(
    project: Folder, server: Server, tmp_path: Path
) -> None:
    file = project.root / "windlass.toml"  # a warm program would outlive its task
    file.write_text(re.sub("command = .*", f'command = ["{PROGRAM}"]', file.read_text()))
    words = ("run", "flow.py:waiting", "--stack", "kfp", "-p", f"folder={tmp_path}")
    with subprocess.Popen(
        [str(PROGRAM), *words],
        cwd=project.root,
        env=project.variables({"KFP_TOKEN": TOKEN}),
        stderr=subprocess.PIPE,
    ) as child:
        wait_until((tmp_path / "begun").exists, 60)
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130
    assert [run["state"] for run in server.runs.values()] == ["CANCELED"]
    assert project.document("show", "waiting", "--stack", "kfp")["status"] == "cancelled"
