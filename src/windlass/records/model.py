"""The nouns of the record, as they are written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.values import Json


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node of a plan; `kind` is ``single``, ``zip`` or ``product``."""

    name: str
    step: str
    kind: str
    position: int


@dataclass(frozen=True, slots=True)
class RunParameter:
    """A parameter of a run, as `windlass.values` encodes it."""

    name: str
    value: Json


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be recorded; the record gives it its id, number and name."""

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
    """An artifact that a node read: an edge of the lineage."""

    parameter: str
    position: int
    content: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A logged number; `seq` is its place among the entries of its attempt."""

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
    """What came of a node, or of an item of a map. A successful one is final."""

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
    outputs: tuple[Output, ...] = ()
    inputs: tuple[Input, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    metrics: tuple[Metric, ...] = ()
    params: tuple[Param, ...] = ()
    run_name: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run, for its history."""

    run: str
    node: str
    time: float
    kind: str
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """One node of some run that made or read an artifact.

    Args:
        run: The run's id.
        run_name: Its name.
        node: The node, or the item of a map.
        name: The output's name, or the parameter's; ``output[2]`` for an item of a list.
        content: The artifact.
        cached: Whether the node did not compute it there, but had it from an earlier run.
    """

    run: str
    run_name: str
    node: str
    name: str
    content: str
    cached: bool = False

    def item(self, position: int, content: str) -> Edge:
        """The same of one item of the list."""
        return replace(self, name=f"{self.name}[{position}]", content=content)


@dataclass(frozen=True, slots=True)
class Lineage:
    """How an artifact came to be, and what came of it, across runs.

    Args:
        content: The artifact.
        made: Who made it and what it was made from, nearest first.
        read: For each node in `made`, the artifacts that it read.
        used: Who read it, and what was made from that.
    """

    content: str
    made: tuple[Edge, ...]
    read: tuple[Edge, ...]
    used: tuple[Edge, ...]
