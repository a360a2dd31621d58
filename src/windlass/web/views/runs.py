"""The list of runs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.document import run_document
from windlass.web.page import Ask, Query

Status = Literal["succeeded", "failed", "cancelled", "lost", "running"]


class RunsQuery(Query):
    """Which runs are listed."""

    pipeline: str | None = Field(None, description="Only of this pipeline.")
    status: Status | None = Field(None, description="Only with this status.")
    limit: int = Field(50, ge=1, le=1000, description="At most so many.")


class RunLine(TypedDict):
    """A run in a line."""

    id: str
    name: str
    pipeline: str
    status: str
    target: str
    created: float
    seconds: float | None
    tags: dict[str, str]
    metrics: dict[str, float | None]
    parameters: dict[str, Any]


class RunsDocument(TypedDict):
    """The runs of a project, the newest first."""

    runs: list[RunLine]
    pipelines: list[str]
    asked: dict[str, Any]


def runs(ask: Ask[RunsQuery]) -> RunsDocument:
    """The runs of a project, the newest first."""
    records, query = ask.records, ask.query
    found = records.runs(pipeline=query.pipeline, status=query.status, limit=query.limit)
    documents = [run_document(records, run, nodes=False) for run in found]
    lines = [RunLine(**{key: each[key] for key in RunLine.__annotations__}) for each in documents]  # type: ignore[typeddict-item]
    pipelines = records.execute("SELECT DISTINCT pipeline FROM runs ORDER BY pipeline")
    return RunsDocument(
        runs=lines,
        pipelines=[row["pipeline"] for row in pipelines],
        asked=query.model_dump(),
    )
