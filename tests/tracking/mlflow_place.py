"""A project whose stack has a real server of MLflow as its tracker, and looks at that server."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlflow_server import MlflowServer
from windlass.cli.app import run_app
from windlass.execution.delivering.rounds import Round, deliver
from windlass.provenance.project import find_project
from windlass.stacks.stack import Stack, load_stack

AWAY = "http://127.0.0.1:9"
ADDRESS = "MLFLOW_OF_TESTS"
"""The variable that holds the server's address."""


@contextlib.contextmanager
def project_in(folder: Path, server: MlflowServer, flow: Path) -> Iterator[Path]:
    """A project with the pipelines of a file, as the working directory."""
    settings = f'[stacks.default]\ntracker = "mlflow:${{env:{ADDRESS}}}"\n'
    (folder / "windlass.toml").write_text(settings)
    shutil.copy(flow, folder / "flow.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ADDRESS, server.address)
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path])
        sys.modules.pop("flow", None)  # another folder's
        yield folder
        sys.modules.pop("flow", None)


def windlass(*words: str, code: int | None = 0) -> Any:
    """What a command prints as JSON; it runs in this process, which has MLflow imported."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        found = run_app([*words, "--json"])
    assert code is None or found == code, out.getvalue()
    return json.loads(out.getvalue())


def stack(project: Path) -> Stack:
    return load_stack(None, find_project(project))


def told(project: Path, **options: Any) -> Round:
    found = deliver(stack(project), **options)
    assert found is not None
    return found


@contextlib.contextmanager
def nobody_beside() -> Iterator[None]:
    """Runs as where the process beside each died at once: they are still to be told."""
    with pytest.MonkeyPatch.context() as patch:
        nothing = lambda *_: contextlib.nullcontext()  # noqa: E731
        patch.setattr("windlass.execution.delivering.beside.told_beside", nothing)
        yield


def run_untold(pipeline: str) -> str:
    """The id of a run that nobody was told of."""
    with nobody_beside():
        return str(windlass("run", f"flow.py:{pipeline}", code=None)["id"])


def api(server: MlflowServer) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=server.address)


def runs_of(server: MlflowServer, run: str) -> dict[str, Any]:
    """The runs there of a run of ours by node; each node has one."""
    client = api(server)
    experiments = [each.experiment_id for each in client.search_experiments()]
    found = client.search_runs(experiments, f"tags.`windlass.run` = '{run}'", max_results=1000)
    nodes = [each.data.tags["windlass.node"] for each in found]
    assert len(nodes) == len(set(nodes)), nodes
    return dict(zip(nodes, found, strict=True))
