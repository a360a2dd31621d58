"""What trackers are told, made of the record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from windlass import artifacts
from windlass.artifacts import Artifact
from windlass.errors import WindlassError
from windlass.execution.exporting import export
from windlass.execution.job import Stores, spool_in
from windlass.execution.sweeps import sweep_documents
from windlass.hashing import digest
from windlass.pipeline.graph import Constant, FromParameter
from windlass.pipeline.plan import read_plan
from windlass.records.model import Input, Outcome, Param, Run
from windlass.records.models import Report, VersionRow
from windlass.records.tracked import Logged
from windlass.tracking.tracker import (
    Attachment,
    Dataset,
    TrackedNode,
    TrackedReport,
    TrackedRun,
    TrackedVersion,
)
from windlass.values import Json, to_text

_ITEM = re.compile(r"(.+)\[\d+\]$")
_OURS = "windlass."
_DATA = ("pandas.", "polars.", "arrow.", "numpy.", "datasets.", "sparse")
"""Formats whose values are data that something learns from."""
_ENDED = ("succeeded", "failed", "cancelled")
MOST_ITEMS = 100
"""Items of a map that are each told as a node; of a larger map the whole is told alone."""


class RunTold:
    """A run of the record as trackers are told of it, with all of its nodes that have ended.

    Args:
        stores: Where it is recorded.
        row: The run.
    """

    def __init__(self, stores: Stores, row: Run) -> None:
        self._stores, self.row = stores, row

    @cached_property
    def run(self) -> TrackedRun:
        """The run itself."""
        row, summaries = self.row, self._stores.records.summaries([self.row.id])[self.row.id]
        last = {name: each.last for name, each in summaries.items() if each.last is not None}
        tags = {**row.tags, **_facts(row)}
        about = (row.status, row.ended, tags, last, *map(to_text, row.parameters.values()))
        told = digest("tracked run", *about)
        return TrackedRun(
            *(row.id, row.name, row.pipeline, row.status, row.created, row.ended),
            *(row.parameters, last, tags, told),
        )

    def outcomes(self) -> list[Outcome]:
        """Of the nodes that trackers are told of, those that have ended."""
        found = [o for o in self._stores.records.run_outcomes(self.row.id) if o.status in _ENDED]
        sizes: dict[str, int] = {}
        for each in found:
            if made := _map_of(each.node):
                sizes[made] = sizes.get(made, 0) + 1
        return [o for o in found if sizes.get(_map_of(o.node) or "", 0) <= MOST_ITEMS]

    def digest_of(self, outcome: Outcome) -> str:
        """Changes when another attempt has come to something else."""
        return digest("tracked node", outcome.node, outcome.status, outcome.ended, outcome.attempt)

    def node(self, outcome: Outcome) -> TrackedNode:
        """What came of a node, with all that it logged."""
        records, run, node = self._stores.records, self.row.id, outcome.node
        inputs = self._inputs.get(node, [])
        logged = records.logged(run, node)
        spool = spool_in(self._stores, run, node, outcome.attempt)
        return TrackedNode(
            run=self.run,
            name=node,
            map=_map_of(node),
            status=outcome.status,
            started=outcome.started,
            ended=outcome.ended,
            params=self._params_of(node),
            points=records.newest_points(run, node),
            tags={**_facts_of(outcome), **_lineage(outcome, inputs)},
            datasets=list(self._datasets(inputs)),
            attachments=[self._attachment(each) for each in logged if each.artifact],
            digest=self.digest_of(outcome),
            spool=spool if spool.exists() else None,
        )

    @cached_property
    def _inputs(self) -> dict[str, list[Input]]:
        return self._stores.records.run_inputs(self.row.id)

    @cached_property
    def _logged_params(self) -> dict[str, list[Param]]:
        found: dict[str, list[Param]] = {}
        for each in self._stores.records.params(self.row.id):
            found.setdefault(each.node, []).append(each)
        return found

    @cached_property
    def _arguments(self) -> dict[str, dict[str, Any]]:
        """What items of maps were given, and others not, by the item's name."""
        sweeps = sweep_documents(self._stores.records, self.row)
        return {
            f"{node}[{item['index']}]": item["arguments"]
            for sweep in sweeps
            for node in sweep["nodes"]
            for item in sweep["items"]
        }

    @cached_property
    def _graph(self) -> Any:
        return read_plan(self._stores.records.plan(self.row.plan)).graph

    def _params_of(self, node: str) -> dict[str, Json]:
        """The plain values that a node was given, and those that it chose and logged."""
        found: dict[str, Json] = {}
        inputs = self._graph.nodes[_map_of(node) or node].inputs
        for name, ref in inputs.items():
            if isinstance(ref, Constant):
                found[name] = ref.value
            elif isinstance(ref, FromParameter):
                found[name] = self.row.parameters[ref.name]
        found |= self._arguments.get(node, {})
        return found | {each.name: each.value for each in self._logged_params.get(node, [])}

    def _datasets(self, inputs: list[Input]) -> Iterator[Dataset]:
        for each in inputs:
            found = self._stores.records.artifact(each.content)
            if found is not None and found.format.startswith(_DATA):
                yield Dataset(each.parameter, each.content, found.type, found.summary, each.source)

    def _attachment(self, told: Logged) -> Attachment:
        assert told.artifact is not None
        write = _writing(self._stores, told.artifact, _stem(told.name, told.step))
        return Attachment(told.name, told.kind, told.step, write)


def version_told(stores: Stores, row: VersionRow) -> TrackedVersion:
    """A version of a model as trackers are told of it."""
    found = stores.records.artifact(row.content)
    about = {
        "windlass.version": str(row.number),
        "windlass.content": row.content,
        "windlass.type": found.type if found else "",
        "windlass.format": found.format if found else "",
    }
    made_by = stores.records.run_by_id(row.run) if row.run and _is_there(stores, row.run) else None
    return TrackedVersion(
        model=row.model,
        number=row.number,
        content=row.content,
        created=row.created,
        run=RunTold(stores, made_by).run if made_by else None,
        node=row.node,
        signature=stores.records.evidence(row).get("signature"),
        tags=about | ({"windlass.made_by": made_by.name} if made_by else {}),
        load=lambda: artifacts.load(
            row.content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
        ),
        pickled=found is not None and found.pickled,
    )


def report_told(stores: Stores, row: VersionRow, report: Report) -> TrackedReport:
    """What came of testing a version, as trackers are told of it: the whole document, as JSON."""
    import json

    def write(folder: Path) -> Path:
        file = folder / f"{report.id}.json"
        document = {"version": row.name, "verdict": report.verdict, **report.document}
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False), encoding="utf-8")
        return file

    attachment = Attachment("report", "report", None, write)
    return TrackedReport(report.id, version_told(stores, row), report.verdict, attachment)


def _is_there(stores: Stores, run: str) -> bool:
    return run in stores.records.run_names([run])


def _map_of(node: str) -> str | None:
    """The map that an item is of; None of what is no item."""
    match = _ITEM.match(node)
    return match[1] if match else None


def _stem(name: str, step: int | None) -> str:
    plain = re.sub(r"[^\w.\- ]", "_", name).strip(". ") or "_"
    return plain if step is None else f"{plain}-{step}"


def _writing(stores: Stores, found: Artifact, stem: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        try:
            return export(stores, found, folder, stem)
        except WindlassError:
            raise
        except Exception as error:  # a library's own, as of one that is not installed here
            raise WindlassError(f"{type(error).__name__}: {error}") from error

    return write


def _facts(row: Run) -> dict[str, str]:
    git: Mapping[str, Any] = row.git or {}
    told = {
        "pipeline": row.pipeline,
        "plan": row.plan,
        "bundle": row.bundle,
        "environment": row.environment,
        "target": row.target,
        "stack": row.stack,
        "seed": str(row.seed),
        "error": row.error,
    }
    found = {f"{_OURS}{name}": value for name, value in told.items() if value}
    return found | ({"mlflow.source.git.commit": git["commit"]} if git.get("commit") else {})


def _facts_of(outcome: Outcome) -> dict[str, str]:
    error = (outcome.error or {}).get("message")
    told = {
        "step": outcome.step,
        "status": outcome.status,
        "cached": str(outcome.cached).lower(),
        "attempts": str(outcome.attempts),
        "reason": outcome.reason,
        "seconds": None if outcome.seconds is None else f"{outcome.seconds:.6g}",
        "error": None if error is None else str(error),
    }
    return {f"{_OURS}{name}": value for name, value in told.items() if value}


def _lineage(outcome: Outcome, inputs: list[Input]) -> dict[str, str]:
    """By which a person finds, there or here, what was made from what."""
    found = {f"{_OURS}output.{each.name}": each.content for each in outcome.outputs}
    read: dict[str, list[str]] = {}
    for each in inputs:
        told = f"{each.content} of {each.source}" if each.source else each.content
        read.setdefault(f"{_OURS}input.{each.parameter}", []).append(told)
    return found | {name: ", ".join(told) for name, told in read.items()}
