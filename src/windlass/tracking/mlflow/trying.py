"""Trying a server of MLflow out: whether it can be written, read and cleaned up from here."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from windlass.errors import TrackerError
from windlass.tracking.mlflow.client import OLDEST, Client, ask, is_too_old

_VERSION = re.compile(r"\d+\.[\w.]+")
_FILE = "check.txt"


def try_out(client: Client) -> str:
    """Writes a run with a file, reads both back, and removes them; says which server it is.

    Raises:
        TrackerAwayError: It does not answer, or knows no such user.
        TrackerError: It is too old, or one of these cannot be done.
    """
    client.reach()
    version = _version(client)
    with client.telling() as api, _scratch(api) as experiment:
        run = api.create_run(experiment, run_name="check").info
        api.log_metric(run.run_id, "check", 1.0)
        api.log_text(run.run_id, run.run_id, _FILE)
        try:
            _compare(api, run.run_id, client)
        finally:
            _remove(run.artifact_uri, client.address)
            api.delete_run(run.run_id)
    return f"MLflow {version}" if version else "MLflow"


def _version(client: Client) -> str:
    """The server's version; empty where it does not tell, as behind a proxy."""
    try:
        told = ask(client.address, "version").strip()
    except (OSError, ValueError):
        return ""
    if is_too_old(told):
        raise TrackerError(
            f"MLflow at {client.shown} is {told}, which is too old",
            hint=f"Bring the server to {OLDEST} or newer.",
        )
    return told if _VERSION.fullmatch(told) else ""


@contextlib.contextmanager
def _scratch(api: Any) -> Iterator[str]:
    """An experiment for the time being; MLflow keeps what is removed until its own ``gc``."""
    experiment = api.create_experiment(f"windlass stack check {os.urandom(8).hex()}")
    try:
        yield experiment
    finally:
        api.delete_experiment(experiment)


def _compare(api: Any, run: str, client: Client) -> None:
    metrics = api.get_run(run).data.metrics
    with tempfile.TemporaryDirectory(prefix="windlass-") as folder:
        text = Path(api.download_artifacts(run, _FILE, folder)).read_text()
    if (metrics, text) != ({"check": 1.0}, run):
        raise TrackerError(
            f"MLflow at {client.shown} does not keep what is written",
            hint="Do not use it: several servers may stand behind its address.",
        )


def _remove(place: str, address: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    get_artifact_repository(place, tracking_uri=address).delete_artifacts(_FILE)
