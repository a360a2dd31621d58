"""Folding what workers posted into the record: again and again, in any order, to the same end."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from windlass.errors import CorruptError
from windlass.execution.execute import Result
from windlass.execution.relay.objects import RunObjects
from windlass.records.reading import portions

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.records.model import Posted

_AT_ONCE = 16
_ITEM = re.compile(r"(.+)\[(0|[1-9]\d*)\]$")


@dataclass
class Folded:
    """What was new.

    Args:
        succeeded: Nodes and items.
        failed: Attempts, as (node, attempt).
        aside: What was left alone, as (the object, why), in words.
    """

    succeeded: list[str] = field(default_factory=list)
    failed: list[tuple[str, int]] = field(default_factory=list)
    aside: list[tuple[str, str]] = field(default_factory=list)


class Fold:
    """Takes what was posted of a run into its record.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._records = job.stores.records
        self._objects = RunObjects(job.stores.artifacts, job.run)
        self._places = {name: place for place, name in enumerate(job.plan.graph.nodes)}

    def take(self, node: str, attempt: int) -> Result | None:
        """Takes in what came of one attempt, and how it ended; None if nothing was posted.

        Raises:
            CorruptError: It is damaged.
        """
        posted = self._objects.success(node) or self._objects.failure(node, attempt)
        if posted is None:
            return None
        self._take_log(node, attempt)
        self._records.fold(self._job.run, [posted])
        told = posted.outcome
        return Result(
            node,
            told.status,
            posted.final,
            cached=told.cached,
            seconds=told.seconds or 0.0,
            error=None if told.error is None else dict(told.error),
            reason=told.reason,
        )

    def everything(self) -> Folded:
        """Takes in all that is new."""
        folded, failed = Folded(), self._records.failed_attempts(self._job.run)
        succeeded = self._records.succeeded_nodes(self._job.run)
        new = {
            node: attempts
            for node, attempts in self._by_node(folded).items()
            if any(_is_new(node, each, succeeded, failed) for each in attempts)
        }
        for some in portions(list(new)):
            found = self._read_all({node: new[node] for node in some}, folded)
            _count(found, succeeded, failed, folded)
            self._records.fold(self._job.run, found)
        return folded

    def _by_node(self, folded: Folded) -> dict[str, list[int]]:
        """By node, the attempts that failed, in order; 0, at the end, stands for its success."""
        found: dict[str, list[int]] = defaultdict(list)
        for name in self._objects.names():
            kind, _, rest = name.partition("/")
            node, attempt = rest, "0"
            if kind in ("failures", "logs"):
                node, _, attempt = rest.rpartition("/")
            if kind == "begun":
                continue
            if why := self._why_unknown(kind, node, attempt):
                folded.aside.append((name, why))
            elif kind == "logs":
                self._take_log(node, int(attempt))
            else:
                found[node].append(int(attempt))
        ordered = sorted(found, key=self._place)
        return {node: sorted(found[node], key=lambda at: (at == 0, at)) for node in ordered}

    def _place(self, node: str) -> tuple[int, int]:
        """Where a node or an item stands in the order of the graph."""
        item = _ITEM.match(node)
        name, index = (item[1], int(item[2])) if item else (node, -1)
        return self._places[name], index

    def _why_unknown(self, kind: str, node: str, attempt: str) -> str | None:
        if kind not in ("outcomes", "failures", "logs"):
            return "it is of no kind that is known"
        if not (attempt.isascii() and attempt.isdecimal()):
            return "it is of no attempt"
        item = _ITEM.match(node)
        found = self._job.plan.graph.nodes.get(item[1] if item else node)
        if found is None or (item and not found.mapped):
            return "the plan has no such node"
        return None

    def _read_all(self, wanted: Mapping[str, list[int]], folded: Folded) -> list[Posted]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [
                posted
                for found in pool.map(lambda each: self._read(each, wanted[each], folded), wanted)
                for posted in found
            ]

    def _read(self, node: str, attempts: list[int], folded: Folded) -> list[Posted]:
        found = []
        for attempt in attempts:
            name = f"failures/{node}/{attempt}" if attempt else f"outcomes/{node}"
            objects = self._objects
            try:
                posted = objects.failure(node, attempt) if attempt else objects.success(node)
            except CorruptError:
                folded.aside.append((name, "it is damaged"))
                continue
            if posted is None or not self._is_of(posted, node, attempt):
                folded.aside.append((name, "it tells of something else"))
            else:
                found.append(posted)
        return found

    def _is_of(self, posted: Posted, node: str, attempt: int) -> bool:
        told = posted.outcome
        step = self._job.plan.graph.nodes[node.partition("[")[0]].step
        tried = posted.attempt or told
        if (tried.run, tried.node) != (self._job.run, node):
            return False
        if (told.run, told.node, told.step) != (self._job.run, node, step):
            return False
        if attempt:
            return told.status == "failed" and told.attempt == attempt
        return told.status == "succeeded"

    def _take_log(self, node: str, attempt: int) -> None:
        """Lays a log where it is looked for, whole, if it is not there."""
        path = self._job.log_path(node, attempt)
        data = None if path.exists() else self._objects.log(node, attempt)
        if data is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}")
        partial.write_bytes(data)
        partial.replace(path)


def _is_new(node: str, attempt: int, succeeded: set[str], failed: set[tuple[str, int]]) -> bool:
    return (node, attempt) not in failed if attempt else node not in succeeded


def _count(
    found: list[Posted], succeeded: set[str], failed: set[tuple[str, int]], folded: Folded
) -> None:
    for posted in found:
        told = posted.outcome
        if told.status == "succeeded" and told.node not in succeeded:
            folded.succeeded.append(told.node)
        elif told.status == "failed" and (told.node, told.attempt) not in failed:
            folded.failed.append((told.node, told.attempt))
