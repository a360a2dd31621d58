"""What a tracker is: a place that shows experiments besides the record, and is told of them.

It is told documents, each whole, and any of them again: after a kill, by another process, or since
the run has changed. So a tracker finds by itself what it has made of one before, and a second
telling changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from windlass import plugins
from windlass.errors import ConfigError
from windlass.records.points import Points
from windlass.values import Json

TRACKERS = {
    "none": "windlass.tracking.tracker:RecordAlone",
    "mlflow": "windlass.tracking.mlflow:MlflowTracker",
}
"""Ours. Others are found by the entry point group ``windlass.trackers``."""


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """A run, as it stands now.

    Args:
        id: Its id.
        name: Its name, ``training-42``.
        pipeline: Its pipeline's name.
        status: ``running``, ``succeeded``, ``failed`` or ``cancelled``.
        created: When it was begun, in seconds since 1970, UTC; so are all times here.
        ended: When it ended; None while it goes on.
        parameters: What it was given.
        metrics: The newest value of each number that its steps have logged.
        tags: Facts of it, by name: those that a person gave it, and our own.
        digest: Changes when anything of this does.
    """

    id: str
    name: str
    pipeline: str
    status: str
    created: float
    ended: float | None
    parameters: Mapping[str, Json]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    digest: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A figure, table, text or document that belongs to something, as a file.

    Args:
        name: Its name.
        kind: ``figure``, ``table``, ``text`` or ``report``.
        step: Where in a series it stands; None outside one.
        write: Writes it into a folder, and returns the file.
    """

    name: str
    kind: str
    step: int | None
    write: Callable[[Path], Path]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table or array that a node read.

    Args:
        parameter: What the node was given it for.
        content: The artifact's digest.
        type: Its class.
        summary: Shape, dtypes and the like.
        source: The node that made it; None if that is not known.
    """

    parameter: str
    content: str
    type: str
    summary: Mapping[str, Any]
    source: str | None


@dataclass(frozen=True, slots=True)
class TrackedNode:
    """A node of a run, or an item of a map, that has ended.

    Args:
        run: The run.
        name: ``train``, ``train[2]``.
        map: The map that it is an item of; None if it is none.
        status: ``succeeded``, ``failed`` or ``cancelled``.
        started: When it was begun; None if it never was.
        ended: When it ended.
        params: What it was given as plain values, and what it chose and logged.
        points: The numbers that it logged, by name; a machine's own begin with ``system/``.
        tags: Facts of it, by name.
        datasets: The tables and arrays that it read.
        attachments: The figures, tables and texts that it logged.
        spool: The folder of what its last attempt said by itself while the tracker was away.
        digest: Changes when anything of this does.
    """

    run: TrackedRun
    name: str
    map: str | None
    status: str
    started: float | None
    ended: float | None
    params: Mapping[str, Json]
    points: Mapping[str, Points]
    tags: Mapping[str, str]
    datasets: Sequence[Dataset]
    attachments: Sequence[Attachment]
    digest: str
    spool: Path | None = None


@dataclass(frozen=True, slots=True)
class TrackedVersion:
    """A version of a model.

    Args:
        model: The model's name.
        number: Its number.
        content: The artifact's digest.
        created: When it was made.
        run: The run that made it, with its node; None if it was registered.
        node: That node.
        signature: What it takes and gives, as `windlass.models.signature` writes it; None if that
            is not known.
        tags: Facts of it, by name.
        load: Reads the model.
        pickled: Whether reading it runs code that it names.
    """

    model: str
    number: int
    content: str
    created: float
    run: TrackedRun | None
    node: str | None
    signature: Mapping[str, Any] | None
    tags: Mapping[str, str]
    load: Callable[[], Any] = field(repr=False)
    pickled: bool = False

    @property
    def name(self) -> str:
        """As a person calls it: ``delay@3``."""
        return f"{self.model}@{self.number}"


@dataclass(frozen=True, slots=True)
class TrackedReport:
    """What came of testing a version; `verdict` is ``pass``, ``fail`` or ``inconclusive``."""

    id: str
    version: TrackedVersion
    verdict: str
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class TrackedAlias:
    """Where an alias stands: at a version, or, taken away, at none."""

    model: str
    alias: str
    version: TrackedVersion | None


@dataclass(frozen=True, slots=True)
class StepPlace:
    """An attempt at a node, as a step's process knows it.

    Args:
        run: The run's id.
        pipeline: Its pipeline's name.
        node: The node, or the item of a map.
        attempt: Counted from 1.
        spool: A folder for what is said while the tracker is away; it is not there yet.
    """

    run: str
    pipeline: str
    node: str
    attempt: int
    spool: Path


class Tracker(Protocol):
    """A place that shows experiments. One is made for each round of telling, and told in order.

    Args:
        address: What stands behind its name in the stack, secrets resolved.

    A class may have a static method ``in_step(address, place)``: a context manager that is entered
    while a step runs, in its process, so that what the step itself says to the tracker lands where
    its node is shown. And a method ``try_out()``, which writes something, reads it and cleans up,
    and returns in words who has kept it: that is what ``windlass stack check`` asks for.

    Every method may raise `TrackerAwayError`: the round ends, and is made up for later; or
    `TrackerError`: it would not take that document, and is told the next.
    """

    def __init__(self, address: str) -> None: ...

    def reach(self) -> None:
        """Makes sure, within seconds, that it is there."""
        ...

    def tell_run(self, run: TrackedRun) -> None:
        """A run was begun, goes on, or has ended: then all of its nodes were told."""
        ...

    def tell_node(self, node: TrackedNode) -> None:
        """A node has ended."""
        ...

    def tell_version(self, version: TrackedVersion) -> None:
        """A version of a model was made."""
        ...

    def tell_report(self, report: TrackedReport) -> None:
        """A version was tested."""
        ...

    def tell_alias(self, alias: TrackedAlias) -> None:
        """An alias was moved."""
        ...


class RecordAlone:
    """No tracker besides the record, which has it all."""

    def __init__(self, address: str) -> None:
        if address:
            raise ConfigError(
                f'tracker = "none:{address}" names an address of no tracker',
                hint='Name one: tracker = "mlflow:http://HOST:5000".',
            )

    def reach(self) -> None:
        """It is there."""

    def tell_run(self, run: TrackedRun) -> None:
        """Nothing is left to be done."""

    def tell_node(self, node: TrackedNode) -> None:
        """Nothing is left to be done."""

    def tell_version(self, version: TrackedVersion) -> None:
        """Nothing is left to be done."""

    def tell_report(self, report: TrackedReport) -> None:
        """Nothing is left to be done."""

    def tell_alias(self, alias: TrackedAlias) -> None:
        """Nothing is left to be done."""


def make_tracker(name: str, address: str) -> Tracker:
    """The tracker of a name, for an address.

    Raises:
        ConfigError: There is none of that name, or it does not take the address.
    """
    return find_tracker(name)(address)


def find_tracker(name: str) -> type[Tracker]:
    """The class of a tracker.

    Raises:
        ConfigError: There is none of that name.
    """
    ref = TRACKERS.get(name) or plugins.entry_points("windlass.trackers").get(name)
    if ref is None:
        known = sorted({*TRACKERS, *plugins.entry_points("windlass.trackers")})
        raise ConfigError(f"there is no tracker '{name}'", hint=f"There is: {', '.join(known)}.")
    found: type[Tracker] = plugins.load(ref)
    return found
