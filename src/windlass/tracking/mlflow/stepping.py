"""What a step says to MLflow by itself, by ``autolog()`` or plain calls, lands in its node's run.

Nothing is done for a step that doesn't use MLflow: only when it is imported, or has been before, is
the node's run looked up or made. All that MLflow does by itself in a step, and the first run that
the step's code starts, is that run; runs that it starts besides are children of it.

While the server is away the same goes to a folder of files beside the attempt's log, and from there
to the server with what we tell of the node.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from windlass.tracking.mlflow.client import asking, is_there
from windlass.tracking.mlflow.names import NODE, PARENT, RUN, RUN_NAME, plain_tags
from windlass.tracking.tracker import StepPlace

_PATIENCE = 3.0
_VARIABLES = (
    *("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"),
    *("MLFLOW_RUN_CONTEXT", "MLFLOW_ALLOW_FILE_STORE"),
)


@contextlib.contextmanager
def in_step(address: str, place: StepPlace) -> Iterator[None]:
    """Has MLflow's calls land in the run of a node while its step runs.

    Args:
        address: The server's tracking URI.
        place: The node.
    """
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ["MLFLOW_TRACKING_URI"] = address
    os.environ.pop("MLFLOW_REGISTRY_URI", None)
    with contextlib.ExitStack() as stack:
        stack.callback(_set, before)

        def begin() -> None:
            stack.enter_context(_begun(address, place))

        if "mlflow" in sys.modules:
            begin()
        else:
            stack.enter_context(_when_imported(begin))
        yield


@contextlib.contextmanager
def _begun(address: str, place: StepPlace) -> Iterator[None]:
    """The node's run, as the one in which MLflow logs."""
    import mlflow

    if not is_there(address, _PATIENCE):
        address = _away(place)
    with asking(address), _in_no_experiment():
        experiment, run = _run_of(address, place)
        _set(_variables(address, experiment, run))
        with _Starting(run).instead():
            try:
                yield
            finally:
                while mlflow.active_run() is not None:
                    mlflow.end_run()


@contextlib.contextmanager
def _in_no_experiment() -> Iterator[None]:
    """Forgets for a while which experiment this process has chosen: runs are in the node's."""
    from mlflow.tracking import fluent

    chosen: Any = fluent
    kept, chosen._active_experiment_id = chosen._active_experiment_id, None  # noqa: SLF001
    try:
        yield
    finally:
        chosen._active_experiment_id = kept  # noqa: SLF001


def _variables(address: str, experiment: str, run: str) -> dict[str, str]:
    """By which threads and other processes find where to log."""
    return {
        "MLFLOW_TRACKING_URI": address,
        "MLFLOW_EXPERIMENT_ID": experiment,
        "MLFLOW_RUN_ID": run,  # of the first run that each of them starts
        "MLFLOW_RUN_CONTEXT": json.dumps({PARENT: run}),
    }


def _away(place: StepPlace) -> str:
    """Where to log while the server is away."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    place.spool.mkdir(parents=True, exist_ok=True)
    return place.spool.as_uri()


def _run_of(address: str, place: StepPlace) -> tuple[str, str]:
    """The ids of the experiment and the run of a node; an earlier attempt may have made it."""
    from mlflow import MlflowClient

    from windlass.tracking.mlflow.runs import experiment_of, find_runs

    api = MlflowClient(tracking_uri=address)
    experiment = experiment_of(api, place.pipeline)
    for found in find_runs(api, experiment, {RUN: place.run, NODE: place.node}):
        return experiment, found.info.run_id
    tags = {RUN: place.run, NODE: place.node, RUN_NAME: place.node}
    made = api.create_run(experiment, run_name=place.node, tags=plain_tags(tags))
    return experiment, made.info.run_id


class _Starting:
    """``mlflow.start_run``, as it is while a step runs.

    MLflow's own functions start a run where none is active: always the node's. So does the first
    call from the step's code; each further one starts a child of the node's run, since settings
    that differ would be refused in one.

    Args:
        run: The id of the node's run.
    """

    def __init__(self, run: str) -> None:
        from mlflow.tracking import fluent

        self._fluent: Any = fluent
        self._original: Callable[..., Any] = fluent.start_run
        self._run, self._is_taken = run, False

    @contextlib.contextmanager
    def instead(self) -> Iterator[None]:
        """Puts it in the place of MLflow's."""
        import mlflow

        places: Sequence[Any] = (mlflow, self._fluent)
        for each in places:
            each.start_run = self.start_run
        try:
            yield
        finally:
            for each in places:
                each.start_run = self._original

    def start_run(self, run_id: str | None = None, *args: Any, **options: Any) -> Any:
        """Starts a run as MLflow does, but for where it lands."""
        if run_id is not None or args or self._fluent.active_run() is not None:
            return self._without_variable(run_id, *args, **options)
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))  # noqa: SLF001
        if caller.partition(".")[0] != "mlflow":
            if self._is_taken:
                return self._without_variable(None, **options)
            self._is_taken = True
        return self._in_nodes_run(**options)

    def _in_nodes_run(self, **options: Any) -> Any:
        """Whatever experiment the step has chosen: that of the node's run is the pipeline's."""
        with _in_no_experiment():
            told = {name: options[name] for name in ("tags", "description") if name in options}
            return self._original(self._run, **told)

    def _without_variable(self, run_id: str | None, *args: Any, **options: Any) -> Any:
        """As MLflow does; but the variable that names the node's run is not for this one."""
        kept = os.environ.pop("MLFLOW_RUN_ID", None)
        try:
            return self._original(run_id, *args, **options)
        finally:
            _set({"MLFLOW_RUN_ID": kept})


@contextlib.contextmanager
def _when_imported(begin: Callable[[], None]) -> Iterator[None]:
    """Calls a function once MLflow is imported, if it ever is."""
    finder = _Finder(begin)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(finder)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds MLflow as others do, and has something done after it was imported."""

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's own, but that its loader does more."""
        if name != "mlflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def executed(module: ModuleType) -> None:
                execute(module)
                self._begin()

            spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec


def spooled(folder: Path) -> list[Any]:
    """The runs that were logged beside an attempt while the server was away."""
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow import MlflowClient

    api = MlflowClient(tracking_uri=folder.as_uri())
    experiments = [each.experiment_id for each in api.search_experiments()]
    return list(api.search_runs(experiments, max_results=1000)) if experiments else []


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
