"""Versions of models as registered versions of MLflow, with their aliases and reports.

MLflow numbers versions by itself; which is which of ours stands in its tags.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from windlass.errors import TrackerError
from windlass.tracking.mlflow.client import Client
from windlass.tracking.mlflow.names import milliseconds, plain_tags
from windlass.tracking.mlflow.runs import Runs, find_runs
from windlass.tracking.mlflow.saving import save_model
from windlass.tracking.tracker import TrackedAlias, TrackedReport, TrackedVersion

VERSION, CONTENT, MODEL = "windlass.version", "windlass.content", "windlass.model"
_REGISTERED = "registered models"
"""The experiment of versions that no run on this tracker has made."""


class Models:
    """The registered models of a server, as far as they are ours.

    Args:
        client: The server.
        runs: Its runs.
    """

    def __init__(self, client: Client, runs: Runs) -> None:
        self._client, self._runs = client, runs

    def tell_version(self, version: TrackedVersion) -> None:
        """Registers a version, with its model in MLflow's format at the run that made it."""
        with self._client.telling() as api:
            _make_model(api, version.model)
            if self._find(version) is None:
                _register(api, version, self._run_of(version).info)

    def tell_report(self, report: TrackedReport) -> None:
        """Puts a report beside the model, and its verdict on the version."""
        with self._client.telling() as api:
            found = self._known(report.version)
            with tempfile.TemporaryDirectory(prefix="windlass-") as scratch:
                file = report.attachment.write(Path(scratch))
                api.log_artifact(found.run_id, str(file), f"reports/{report.version.model}")
            path = f"reports/{report.version.model}/{file.name}"
            for key, value in {"verdict": report.verdict, "report": path}.items():
                api.set_model_version_tag(
                    report.version.model, found.version, f"windlass.{key}", value
                )

    def tell_alias(self, alias: TrackedAlias) -> None:
        """Sets an alias where it stands, or takes it away."""
        with self._client.telling() as api:
            if alias.version is None:
                api.delete_registered_model_alias(alias.model, alias.alias)
            else:
                found = self._known(alias.version)
                api.set_registered_model_alias(alias.model, alias.alias, found.version)

    def _known(self, version: TrackedVersion) -> Any:
        found = self._find(version)
        if found is None:
            raise TrackerError(f"MLflow has no {version.name}, which it was told of before")
        return found

    def _find(self, version: TrackedVersion) -> Any | None:
        """The registered version that is one of ours."""
        token = None
        while True:
            page = self._client.api.search_model_versions(
                f"name = '{version.model}'", page_token=token
            )
            for each in page:
                tags = (each.tags.get(VERSION), each.tags.get(CONTENT))
                if tags == (str(version.number), version.content):
                    return each
            token = page.token
            if not token:
                return None

    def _run_of(self, version: TrackedVersion) -> Any:
        """The run there of the node that made it; else one of its own."""
        if version.run is not None and version.node is not None:
            found = self._runs.find(version.run, version.node)
            if found is not None:
                return found
        tags = {MODEL: version.name, CONTENT: version.content}
        experiment = self._runs.experiment(_REGISTERED)
        for found in find_runs(self._client.api, experiment, tags):
            return found
        when = milliseconds(version.created)
        made = self._client.api.create_run(experiment, when, plain_tags(tags), version.name)
        self._client.api.set_terminated(made.info.run_id, "FINISHED", when)
        return made


def _register(api: Any, version: TrackedVersion, run: Any) -> None:
    """Puts the model at a run, and makes that the version's source."""
    path = f"models/{version.model}"
    with tempfile.TemporaryDirectory(prefix="windlass-") as scratch:
        save_model(version, Path(scratch) / "model")
        api.log_artifacts(run.run_id, f"{scratch}/model", path)
    api.create_model_version(
        version.model,
        source=f"{run.artifact_uri}/{path}",
        run_id=run.run_id,
        tags=plain_tags(dict(version.tags)),
        description=f"{version.name} of Windlass",
        await_creation_for=0,
    )


def _make_model(api: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        api.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        with contextlib.suppress(MlflowException):  # another process was quicker
            api.create_registered_model(name)
