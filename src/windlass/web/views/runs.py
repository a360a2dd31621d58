"""The list of runs."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.document import run_document
from windlass.web.page import Ask, Query
from windlass.web.views.lines import Portion
from windlass.web.views.listing import Order, Progress, Wanted, known, listed, progress

Status = Literal["succeeded", "failed", "cancelled", "lost", "running"]


class RunsQuery(Query):
    """Which runs are listed."""

    pipeline: str | None = Field(default=None, description="Only of this pipeline.")
    status: Status | None = Field(default=None, description="Only with this status.")
    tag: str | None = Field(default=None, description="Only with this tag: KEY or KEY=VALUE.")
    sort: Order = Field(default="newest", description="In which order.")
    page: int = Field(default=1, ge=1, le=1_000_000, description="Which part of them.")
    limit: int = Field(default=50, ge=1, le=1000, description="How many on a page.")


class RunLine(TypedDict):
    """A run in a line; of one that goes on, ``done`` of its ``nodes`` have ended."""

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
    done: int | None
    nodes: int | None


class RunsDocument(TypedDict):
    """The runs of a project, and what they can be chosen by."""

    runs: list[RunLine]
    portion: Portion
    pipelines: list[str]
    tags: list[str]
    asked: dict[str, Any]


def runs(ask: Ask[RunsQuery]) -> RunsDocument:
    """The runs of a project, the newest first unless told otherwise."""
    records, query = ask.records, ask.query
    wanted = Wanted(query.pipeline, query.status, query.tag, query.sort, query.page, query.limit)
    with records.view():
        found, total = listed(records, wanted)
        going = progress(records, [run for run in found if run.status == "running"])
        documents = [run_document(records, run, nodes=False) for run in found]
        pipelines = known(records, "runs", "pipeline")
        tags = known(records, "tags", "key")
    return RunsDocument(
        runs=[_line(each, going.get(each["id"])) for each in documents],
        portion=Portion(page=query.page, pages=max(1, -(-total // query.limit)), total=total),
        pipelines=pipelines,
        tags=tags,
        asked=query.model_dump(),
    )


def _line(document: dict[str, Any], going: Progress | None) -> RunLine:
    done, nodes = going or (None, None)
    told = {**document, "done": done, "nodes": nodes}
    return cast("RunLine", {key: told[key] for key in RunLine.__annotations__})
