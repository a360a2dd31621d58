"""The nouns of the record, as they are written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from windlass.artifacts.artifact import Artifact
from windlass.records.tracked import Logged, Series
from windlass.values import Json


@dataclass(frozen=True, slots=True)
class NodeMark:
    """What an output of a node is to a model; `role` is ``model``, ``reference``, ``holdout``."""

    output: str
    role: str
    model: str
    settings: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node of a plan; `kind` is ``single``, ``zip`` or ``product``."""

    name: str
    step: str
    kind: str
    position: int
    marks: tuple[NodeMark, ...] = ()


@dataclass(frozen=True, slots=True)
class RunParameter:
    """A parameter of a run, as `windlass.values` encodes it."""

    name: str
    value: Json


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be recorded; the record gives it its number and name.

    Its id and time, too, unless they are told: of a run that was begun where no record was.
    `tracker` is who is to be told of it, besides the record.
    """

    pipeline: str
    plan: str
    bundle: str
    environment: str
    target: str
    stack: str
    seed: int
    tags: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[RunParameter, ...] = ()
    host: Mapping[str, Json] | None = None
    git: Mapping[str, Any] | None = None
    details: Mapping[str, Json] = field(default_factory=dict)
    driver: str | None = None
    id: str | None = None
    created: float | None = None
    tracker: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run as recorded. Times are seconds since 1970, UTC."""

    id: str
    number: int
    name: str
    pipeline: str
    plan: str
    bundle: str
    environment: str
    target: str
    stack: str
    status: str
    seed: int
    created: float
    ended: float | None
    error: str | None
    host: Mapping[str, Any] | None
    git: Mapping[str, Any] | None
    details: Mapping[str, Any]
    driver: str | None = None
    beat: float | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a node; `status` is ``running`` until it ends."""

    run: str
    node: str
    attempt: int
    status: str
    worker: Mapping[str, Json]
    started: float
    ended: float | None = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """What a node returned under a name; `artifact` is filled in when it is read for people."""

    name: str
    position: int
    content: str
    artifact: Artifact | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """An artifact that a node read: an edge of the lineage.

    Args:
        parameter: What the node was given it for.
        position: Its place among the artifacts of that parameter.
        content: The artifact.
        source: The node of the same run, or the item of a map, that it was read from; None in what
            an older Windlass wrote.
        output: Which output of the source it was.
        item: Which item of that output, if it was one alone.
    """

    parameter: str
    position: int
    content: str
    source: str | None = None
    output: str | None = None
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A logged number; `seq` is its place in its series."""

    run: str
    node: str
    attempt: int
    seq: int
    name: str
    step: int | None
    value: float | None
    time: float


@dataclass(frozen=True, slots=True)
class Param:
    """A setting that a step chose and logged."""

    run: str
    node: str
    name: str
    value: Json


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a node, or of an item of a map. A successful one is final.

    `origin_run` and `origin_node` say who computed what a cached one returned; `events` go into the
    history of the run with it.
    """

    run: str
    node: str
    step: str
    status: str
    attempt: int = 0
    attempts: int = 0
    cached: bool = False
    reason: str | None = None
    seconds: float | None = None
    started: float | None = None
    ended: float | None = None
    error: Mapping[str, Any] | None = None
    key: str | None = None
    seed: int | None = None
    ingredients: Mapping[str, Any] | None = None
    origin_run: str | None = None
    origin_node: str | None = None
    outputs: tuple[Output, ...] = ()
    inputs: tuple[Input, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    series: tuple[Series, ...] = ()
    logged: tuple[Logged, ...] = ()
    params: tuple[Param, ...] = ()
    events: tuple[Event, ...] = ()
    run_name: str = ""

    @property
    def computed_by(self) -> tuple[str, str]:
        """The id of the run and the node that computed what it returned."""
        if self.origin_run is None or self.origin_node is None:
            return self.run, self.node
        return self.origin_run, self.origin_node


@dataclass(frozen=True, slots=True)
class Posted:
    """What a worker told that could not reach the record.

    Args:
        outcome: What came of its attempt.
        attempt: The attempt, ended; None for what was settled without one.
        final: Whether the outcome stands; a failed attempt that will be tried again is not final.
    """

    outcome: Outcome
    attempt: Attempt | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run, for its history."""

    run: str
    node: str
    time: float
    kind: str
    data: Mapping[str, Json] = field(default_factory=dict)


class Place(NamedTuple):
    """Where a run made an artifact: an output of a node, or an item of that output."""

    run: str
    node: str
    output: str = "output"
    items: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """One node of some run that made or read an artifact.

    Args:
        run: The run's id.
        run_name: Its name.
        node: The node, or the item of a map.
        name: The output's name, or the parameter's.
        content: The artifact.
        cached: Whether the node did not compute it there, but had it from an earlier run.
        items: Which item of the output it is, of a list in a list the outer one's first.
        source: Of a node that read, who made what it read; of one that had it from the cache, who
            computed it. None where that is not known.
    """

    run: str
    run_name: str
    node: str
    name: str
    content: str
    cached: bool = False
    items: tuple[int, ...] = ()
    source: Edge | None = None

    @property
    def label(self) -> str:
        """The name; ``output[2]`` for an item of a list."""
        return self.name + "".join(f"[{position}]" for position in self.items)

    @property
    def computed(self) -> Edge:
        """Who computed it: the node itself, or the one that the cache had it from."""
        return self.source if self.cached and self.source else self

    def item(self, position: int, content: str) -> Edge:
        """The same of one item of the list."""
        return replace(self, items=(*self.items, position), content=content)


@dataclass(frozen=True, slots=True)
class Lineage:
    """How an artifact came to be, and what came of it, across runs.

    Args:
        content: The artifact.
        made: Who made it and what it was made from, nearest first.
        read: For each node in `made`, the artifacts that it read, each with who made it.
        used: Who read it, and what was made from that.
    """

    content: str
    made: tuple[Edge, ...]
    read: tuple[Edge, ...]
    used: tuple[Edge, ...]
