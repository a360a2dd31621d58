"""The MLflow bridge: runs, models and reports of ours, shown by a server of MLflow."""

from __future__ import annotations

from contextlib import AbstractContextManager

from windlass.tracking.mlflow.client import Client
from windlass.tracking.mlflow.models import Models
from windlass.tracking.mlflow.runs import Runs
from windlass.tracking.tracker import (
    StepPlace,
    TrackedAlias,
    TrackedNode,
    TrackedReport,
    TrackedRun,
    TrackedVersion,
)

__all__ = ["MlflowTracker"]


class MlflowTracker:
    """A server of MLflow, told of runs and models.

    Args:
        address: Its tracking URI, such as ``http://mlflow.example:5000``.

    Raises:
        ConfigError: There is no address, or MLflow's client is not installed.
    """

    def __init__(self, address: str) -> None:
        self._client = Client(address)
        self._runs = Runs(self._client)
        self._models = Models(self._client, self._runs)

    @staticmethod
    def in_step(address: str, place: StepPlace) -> AbstractContextManager[None]:
        """Has a step's own calls of MLflow land in the run of its node."""
        from windlass.tracking.mlflow.stepping import in_step

        return in_step(address, place)

    def reach(self) -> None:
        """Makes sure, within seconds, that it is there."""
        self._client.reach()

    def try_out(self) -> str:
        """Writes, reads and cleans up; says which server it is."""
        from windlass.tracking.mlflow.trying import try_out

        return try_out(self._client)

    def tell_run(self, run: TrackedRun) -> None:
        """A run was begun, goes on, or has ended."""
        self._runs.tell_run(run)

    def tell_node(self, node: TrackedNode) -> None:
        """A node has ended."""
        self._runs.tell_node(node)

    def tell_version(self, version: TrackedVersion) -> None:
        """A version of a model was made."""
        self._models.tell_version(version)

    def tell_report(self, report: TrackedReport) -> None:
        """A version was tested."""
        self._models.tell_report(report)

    def tell_alias(self, alias: TrackedAlias) -> None:
        """An alias was moved."""
        self._models.tell_alias(alias)
