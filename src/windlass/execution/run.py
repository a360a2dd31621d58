"""A run as a person looks at it: its nodes, their values, their logs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from windlass import artifacts, modules
from windlass.errors import NotFoundError, RunError
from windlass.execution.inputs import Inputs
from windlass.execution.job import Job, Stores, open_job
from windlass.execution.liveness import is_gone
from windlass.pipeline.graph import Graph
from windlass.pipeline.plan import Plan
from windlass.pipeline.step import step_of
from windlass.pipeline.symbols import namedtuple_of
from windlass.records.model import Metric, Outcome
from windlass.records.model import Run as Row
from windlass.records.tracked import Curve

R = TypeVar("R")

_ITEM = re.compile(r"(.+)\[(\d+)\]$")


class Run(Generic[R]):
    """One execution of a plan, as the record has it now.

    ``run["pick"].value`` is what the node returned; ``run["train"].values`` what the items of a
    map did; ``run["train[2]"]`` is one of them; ``run["split.test"]``, one output of several.
    """

    def __init__(self, row: Row, stores: Stores, plan: Plan | None = None) -> None:
        self._row = row
        self._stores = stores
        self._plan = plan
        self._job: Job | None = None

    def __repr__(self) -> str:
        return f"<run {self.name}: {self.status}>"

    @property
    def id(self) -> str:
        """Its id, a UUIDv7."""
        return self._row.id

    @property
    def name(self) -> str:
        """Its name, such as ``training-42``."""
        return self._row.name

    @property
    def status(self) -> str:
        """``running``, ``succeeded``, ``failed``, ``cancelled``; ``lost``: it is gone."""
        if self._row.status == "running":
            self._row = self._stores.records.run(self._row.id)
        return "lost" if is_gone(self._row) else self._row.status

    @property
    def error(self) -> str | None:
        """Why it failed, in a sentence."""
        return self._row.error

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on."""
        return None if self._row.ended is None else self._row.ended - self._row.created

    @property
    def seed(self) -> int:
        """What its generators were seeded from."""
        return self._row.seed

    @property
    def row(self) -> Row:
        """What the record says of it."""
        return self._row

    @property
    def job(self) -> Job:
        """Its plan, parameters and stores."""
        if self._job is None:
            self._job = open_job(self.id, self._stores, self._plan)
        return self._job

    @property
    def graph(self) -> Graph:
        """What it computes."""
        return self.job.plan.graph

    @property
    def metrics(self) -> dict[str, float | None]:
        """The last value of every metric that its steps logged."""
        found = self._stores.records.summaries([self.id])[self.id]
        return {name: summary.last for name, summary in found.items()}

    def curves(self, *names: str, points: int = 500, node: str | None = None) -> list[Curve]:
        """The curves of what its steps logged, thinned so that all peaks stay.

        Args:
            names: Only of these metrics, such as ``system/cpu``; else of all but the machine's.
            points: How many of each curve are enough.
            node: Only of this one.
        """
        return self._stores.records.curves(self.id, names or None, points, node=node)

    def logged_metrics(self) -> list[Metric]:
        """Every metric that its steps logged, in the order of time."""
        return self._stores.records.metrics(self.id)

    @property
    def nodes(self) -> list[RunNode]:
        """Its nodes, each item of a map for itself, in the order of the graph."""
        outcomes = shown(self._stores.records.run_outcomes(self.id))
        return [RunNode(self, outcome.node, outcome) for outcome in outcomes]

    def __getitem__(self, node: str) -> RunNode:
        if not isinstance(node, str):
            raise NotFoundError(
                f"a node of a run is named by text, not by {node!r}",
                hint=f"Such as run[{next(iter(self.graph.nodes), 'load')!r}]; run.nodes has all.",
            )
        name, _, output = node.rpartition(".")
        if self._has(node):
            name, output = node, ""
        elif not (self._has(name) and output in self.graph.nodes[_base(name)].outputs):
            from difflib import get_close_matches

            near = get_close_matches(node, self.graph.nodes, 3) or list(self.graph.nodes)[:9]
            raise NotFoundError(
                f"{self.name} has no node '{node}'", hint=f"It has {', '.join(near)}."
            )
        return RunNode(self, name, self._stores.records.outcome(self.id, name), output or None)

    def _has(self, node: str) -> bool:
        known = self.graph.nodes.get(_base(node))
        return known is not None and (known.mapped or _base(node) == node)

    def resume(self, *, with_changes: bool = False) -> Run[R]:
        """Goes on with it: nodes that have succeeded are not run again.

        Args:
            with_changes: Whether code, packages and files are taken as they are now, and not as
                they were recorded.

        Raises:
            ConfigError: It is running; or what it depends on has changed.
        """
        # The floor that launches runs is named, not imported: this one knows nothing of targets.
        go_on = cast("Callable[..., Run[R]]", modules.resolve("windlass.targets.resume:resume"))
        place = {"stack": self._row.stack, "project": self._stores.project}
        return go_on(self.id, **place, with_changes=with_changes)

    def result(self) -> R:
        """What the pipeline returned.

        Raises:
            RunError: The run has not succeeded.
        """
        if self.status != "succeeded":
            raise RunError(f"{self.name} has no result: it {self._words()}", hint=self._row.error)
        return cast("R", Inputs(self.job).resolve(self.graph.result).load())

    def _words(self) -> str:
        status = self.status
        return {"running": "is still running", "lost": "was lost"}.get(status, f"has {status}")

    def _repr_html_(self) -> str:
        from windlass.execution.html import run_html

        return run_html(self)


class RunNode:
    """A node of a run, or one item of a map; its value may be one output of several."""

    def __init__(
        self, run: Run[Any], name: str, outcome: Outcome | None, output: str | None = None
    ) -> None:
        self._run = run
        self.name = name
        self._outcome = outcome
        self._output = output

    def __repr__(self) -> str:
        return f"<node {self.name} of {self._run.name}: {self.status}>"

    @property
    def base(self) -> str:
        """The node's name in the graph, without the item."""
        return _base(self.name)

    @property
    def index(self) -> int | None:
        """Which item of a map it is."""
        match = _ITEM.match(self.name)
        return int(match[2]) if match else None

    @property
    def outcome(self) -> Outcome | None:
        """What came of it; None while it has none."""
        return self._outcome

    @property
    def status(self) -> str:
        """``succeeded``, ``failed``, ``skipped``, ``cancelled``, or ``waiting``."""
        return self._outcome.status if self._outcome else "waiting"

    @property
    def value(self) -> Any:
        """What it returned; of a map, the list of what its items returned.

        Raises:
            RunError: It did not succeed.
        """
        if self._outcome is None or self._outcome.status != "succeeded":
            raise self._no_value()
        job = self._run.job
        if self.index is None:
            from windlass.pipeline.graph import FromNode

            return Inputs(job).resolve(FromNode(self.name, self._output)).load()
        return self._item_value(job)

    def _no_value(self) -> RunError:
        what = f"'{self.name}' of {self._run.name} has no value"
        joined = self._run[self.base].outcome
        if self.index is not None and self._outcome is None and joined is not None:
            return RunError(f"{what}: the map has fewer items", hint="Items are counted from 0.")
        return RunError(
            f"{what}: it {'has' if self.status == 'failed' else 'is'} {self.status}",
            hint=f"Look at it: windlass show {self._run.name}",
        )

    def _item_value(self, job: Job) -> Any:
        assert self._outcome is not None
        stores = job.stores
        loaded = {
            output.name: artifacts.load(
                output.content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
            )
            for output in self._outcome.outputs
        }
        node = job.plan.graph.nodes[self.base]
        if node.outputs == ("output",) or self._output:
            return loaded[self._output or "output"]
        return namedtuple_of(step_of(node.step).returns)(**loaded)

    def _repr_html_(self) -> str:
        from windlass.execution.html_node import node_html

        return node_html(self._run, self)

    @property
    def values(self) -> list[Any]:
        """What the items of a map returned, in order.

        Raises:
            RunError: It is no map, or did not succeed.
        """
        if not self._run.graph.nodes[self.base].mapped or self.index is not None:
            raise RunError(f"'{self.name}' is no map", hint=f"Read run[{self.name!r}].value")
        return list(self.value)

    @property
    def checks(self) -> list[dict[str, Any]]:
        """What came of the checks of its data, as `checks_of` tells."""
        from windlass.execution.data_checks.evidence import checks_at

        told = [self._outcome] if self._outcome is not None else []
        return checks_at(self._run.job.stores.records, told).get(self.name, [])

    def logs(self) -> str:
        """What it wrote, over all its attempts."""
        from windlass.execution.shared_logs import bring_logs

        job = self._run.job
        texts = []
        attempts = job.stores.records.attempts(self._run.id, self.name)
        bring_logs(job, attempts)
        for attempt in attempts:
            path = job.log_path(self.name, attempt.attempt)
            if path.exists():
                texts.append(path.read_text(encoding="utf-8", errors="replace"))
        return "".join(texts)


def _base(name: str) -> str:
    match = _ITEM.match(name)
    return match[1] if match else name


def open_run(name: str = "latest", *, stack: str | None = None) -> Run[Any]:
    """A run that was recorded in the project around the working directory.

    Args:
        name: Its name, its id, its pipeline's name, or ``latest``.
        stack: A stack of ``windlass.toml``; else the default one.

    Raises:
        NotFoundError: There is no such run.
        ConfigError: Nothing was recorded here yet.
    """
    from windlass.execution.stores import open_recorded
    from windlass.provenance.project import find_project
    from windlass.stacks.stack import load_stack

    stores = open_recorded(load_stack(stack, find_project(Path.cwd())))
    return Run(stores.records.run(name), stores)


def shown(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes that a person is shown: a map stands as its items, unless it has none."""
    mapped = {match[1] for outcome in outcomes if (match := _ITEM.match(outcome.node))}
    return [outcome for outcome in outcomes if outcome.node not in mapped]
