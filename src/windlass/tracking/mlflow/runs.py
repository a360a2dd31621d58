"""Runs and nodes as parent and child runs of MLflow.

Which run there is which of ours stands in its tags. A run of ours is one there, named as it; its
nodes are children, and the items of a map children of the map's. A pipeline is an experiment.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from windlass.errors import TrackerAwayError, TrackerError, WindlassError
from windlass.records.points import Points
from windlass.tracking.mlflow.client import Client
from windlass.tracking.mlflow.names import (
    DIGEST,
    METRICS_AT_ONCE,
    NODE,
    PARAMS_AT_ONCE,
    PARENT,
    RUN,
    RUN_NAME,
    SPOOLED,
    STATUSES,
    milliseconds,
    plain_name,
    plain_params,
    plain_tags,
    portions,
)
from windlass.tracking.mlflow.stepping import spooled
from windlass.tracking.tracker import Attachment, Dataset, TrackedNode, TrackedRun

_PAGE = 1000
_LONGEST_DIGEST = 36
_FOLDERS = {"figure": "figures", "table": "tables", "text": "texts"}


class Runs:
    """The runs of a server, as far as they are ours.

    Args:
        client: The server.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._experiments: dict[str, str] = {}
        self._known: dict[str, dict[str, Any]] = {}

    def tell_run(self, run: TrackedRun) -> None:
        """Brings the run of a run up to date."""
        with self._client.telling():
            found = self.ensure(run)
            if found.data.tags.get(DIGEST) == run.digest:
                return
            self._log(found, run.parameters, run.tags)
            self._log_last(found, run)
            self._end(found, run.status, run.ended, run.digest)
            self._known.pop(run.id)  # what was read of it is of before

    def tell_node(self, node: TrackedNode) -> None:
        """Brings the run of a node up to date."""
        with self._client.telling():
            parent = self.ensure(node.run, node.map) if node.map else self.ensure(node.run)
            found = self.ensure(node.run, node.name, node.started)
            if found.data.tags.get(DIGEST) == node.digest:
                return
            about = {**node.tags, PARENT: parent.info.run_id}
            about |= self._attach(found.info.run_id, node.attachments)
            self._log(found, node.params, about)
            self._log_points(found.info.run_id, node.points)
            self._log_datasets(found.info.run_id, node.datasets)
            if node.spool is not None:
                self._take_in(found, node)
            self._end(found, node.status, node.ended, node.digest)

    def ensure(self, run: TrackedRun, node: str = "", started: float | None = None) -> Any:
        """The run of a run, or of a node of it: that which is there, or a new one."""
        known = self._of(run.pipeline, run.id)
        if node not in known:
            tags = {RUN: run.id, NODE: node, RUN_NAME: node or run.name}
            if node:
                tags[PARENT] = self.ensure(run).info.run_id
            known[node] = self._client.api.create_run(
                self.experiment(run.pipeline),
                start_time=milliseconds(started or run.created),
                run_name=node or run.name,
                tags=plain_tags(tags),
            )
        return known[node]

    def find(self, run: TrackedRun, node: str) -> Any | None:
        """The run of a node, if there is one."""
        return self._of(run.pipeline, run.id).get(node)

    def experiment(self, name: str) -> str:
        """The id of an experiment of that name."""
        if name not in self._experiments:
            self._experiments[name] = experiment_of(self._client.api, name)
        return self._experiments[name]

    def _of(self, pipeline: str, run: str) -> dict[str, Any]:
        """The runs of a run's nodes, by node; its own by the empty name."""
        if run not in self._known:
            found = find_runs(self._client.api, self.experiment(pipeline), {RUN: run})
            self._known[run] = {each.data.tags.get(NODE, ""): each for each in found}
        return self._known[run]

    def _log(self, found: Any, params: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Parameters and tags. A parameter never changes there: one that does is a tag."""
        from mlflow.entities import Param, RunTag

        run, told = found.info.run_id, plain_params(params)
        has = found.data.params
        changed = {f"windlass.param.{n}": v for n, v in told.items() if has.get(n, v) != v}
        new = [Param(name, value) for name, value in told.items() if name not in has]
        for some in portions(new, PARAMS_AT_ONCE):
            self._client.api.log_batch(run, params=some)
        about = [RunTag(*each) for each in plain_tags({**tags, **changed}).items()]
        for some in portions(about, PARAMS_AT_ONCE):
            self._client.api.log_batch(run, tags=some)

    def _log_last(self, found: Any, run: TrackedRun) -> None:
        """Of a run that has ended the newest numbers, so that runs can be compared there."""
        from mlflow.entities import Metric

        if run.ended is None:
            return
        now = milliseconds(run.ended)
        told = [Metric(plain_name(name), value, now, 0) for name, value in run.metrics.items()]
        for some in portions(told, METRICS_AT_ONCE):
            self._client.api.log_batch(found.info.run_id, metrics=some)

    def _log_points(self, run: str, series: Mapping[str, Points]) -> None:
        """All points: the server knows those that it has by their step, time and value."""
        for name, points in series.items():
            for start in range(0, len(points), METRICS_AT_ONCE):
                some = _metrics(plain_name(name), points, start)
                self._client.api.log_batch(run, metrics=some)

    def _log_datasets(self, run: str, datasets: Sequence[Dataset]) -> None:
        if datasets:
            self._client.api.log_inputs(run, datasets=[_dataset(each) for each in datasets])

    def _attach(self, run: str, attachments: Sequence[Attachment]) -> dict[str, str]:
        """Uploads files; returns tags that name what could not be made a file of."""
        missing: dict[str, str] = {}
        for each in attachments:
            with tempfile.TemporaryDirectory(prefix="windlass-") as folder:
                try:
                    file = each.write(Path(folder))
                except (TrackerAwayError, TrackerError):
                    raise
                except WindlassError as error:
                    missing[f"windlass.missing.{each.name}"] = error.message
                    continue
                self._client.api.log_artifact(run, str(file), _FOLDERS.get(each.kind, each.kind))
        return missing

    def _take_in(self, found: Any, node: TrackedNode) -> None:
        """What the step said by itself while the server was away; its further runs are children."""
        assert node.spool is not None
        known = {each.data.tags.get(SPOOLED) for each in self._children_of(found)}
        for said in spooled(node.spool):
            if said.data.tags.get(NODE) == node.name:
                self._copy(said, found, node.spool)
            elif said.info.run_id not in known:
                tags = {PARENT: found.info.run_id, SPOOLED: said.info.run_id}
                made = self._client.api.create_run(
                    found.info.experiment_id, said.info.start_time, tags, said.info.run_name
                )
                self._copy(said, made, node.spool)
                self._client.api.set_terminated(
                    made.info.run_id, said.info.status, said.info.end_time
                )

    def _children_of(self, found: Any) -> list[Any]:
        return find_runs(self._client.api, found.info.experiment_id, {PARENT: found.info.run_id})

    def _copy(self, said: Any, into: Any, spool: Path) -> None:
        from mlflow import MlflowClient

        there, run = MlflowClient(tracking_uri=spool.as_uri()), into.info.run_id
        self._copy_words(said, self._client.api.get_run(run))
        for name in said.data.metrics:
            history = there.get_metric_history(said.info.run_id, name)
            for some in portions(history, METRICS_AT_ONCE):
                self._client.api.log_batch(run, metrics=some)
        if there.list_artifacts(said.info.run_id):
            with tempfile.TemporaryDirectory(prefix="windlass-") as folder:
                there.download_artifacts(said.info.run_id, "", folder)
                self._client.api.log_artifacts(run, folder)

    def _copy_words(self, said: Any, into: Any) -> None:
        """Parameters that are not there yet, and tags that are the step's own."""
        ours = ("mlflow.", "windlass.")
        params = {n: v for n, v in said.data.params.items() if n not in into.data.params}
        self._log(into, params, {n: v for n, v in said.data.tags.items() if not n.startswith(ours)})

    def _end(self, found: Any, status: str, ended: float | None, digest: str) -> None:
        """The state, and last of all, that it was told everything."""
        run, state = found.info.run_id, STATUSES[status]
        if ended is not None:
            self._client.api.set_terminated(run, state, milliseconds(ended))
        elif found.info.status != state:
            self._client.api.update_run(run, status=state)
        self._client.api.set_tag(run, DIGEST, digest)


def experiment_of(api: Any, name: str) -> str:
    """The id of an experiment of a name; it is made if there is none.

    Raises:
        TrackerError: Somebody has deleted it.
    """
    from mlflow.exceptions import MlflowException

    found = api.get_experiment_by_name(name)
    if found is None:
        with contextlib.suppress(MlflowException):  # another process was quicker
            return str(api.create_experiment(name))
        found = api.get_experiment_by_name(name)
    if found is None or found.lifecycle_stage == "deleted":
        raise TrackerError(
            f"the experiment '{name}' was deleted in MLflow",
            hint="Restore it there, or remove it for good.",
        )
    return str(found.experiment_id)


def find_runs(api: Any, experiment: str, tags: Mapping[str, str]) -> list[Any]:
    """The runs of an experiment with these tags, the oldest first."""
    wanted = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
    found: list[Any] = []
    token = None
    while True:
        page = api.search_runs(
            [experiment], wanted, max_results=_PAGE, page_token=token, order_by=["start_time DESC"]
        )
        found += page
        token = page.token
        if not token:
            return found[::-1]


def _metrics(name: str, points: Points, start: int) -> list[Any]:
    """Points as MLflow has them: one without a step stands at its place in the series."""
    from mlflow.entities import Metric

    some = points[start : start + METRICS_AT_ONCE]
    columns = zip(some.told_steps(), some.values, some.times, strict=True)
    return [
        Metric(name, value, int(time * 1000), place if step is None else step)
        for place, (step, value, time) in enumerate(columns, start)
    ]


def _dataset(told: Dataset) -> Any:
    from mlflow.entities import Dataset as Entity
    from mlflow.entities import DatasetInput, InputTag

    source = {"artifact": told.content, "made_by": told.source}
    entity = Entity(
        name=told.source or told.parameter,
        digest=told.content[:_LONGEST_DIGEST],
        source_type="windlass",
        source=json.dumps(source),
        profile=json.dumps({"type": told.type, **told.summary}),
    )
    return DatasetInput(entity, tags=[InputTag("mlflow.data.context", told.parameter)])
