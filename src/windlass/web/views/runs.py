"""The list of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.document import run_document
from windlass.execution.found import unknown_names
from windlass.web.page import Ask, Query
from windlass.web.views.lines import Portion
from windlass.web.views.listing import (
    ORDERS,
    Progress,
    Wanted,
    found,
    known,
    listed,
    progress,
)

Status = Literal["succeeded", "failed", "cancelled", "lost", "running"]


class RunsQuery(Query):
    """Which runs are listed."""

    pipeline: str | None = Field(default=None, description="Only of this pipeline.")
    status: Status | None = Field(default=None, description="Only with this status.")
    tag: str | None = Field(default=None, description="Only with this tag: KEY or KEY=VALUE.")
    where: str | None = Field(
        default=None,
        max_length=4000,
        description="Only those that answer this question: metrics.auc > 0.8 and params.depth = 6.",
    )
    sort: str = Field(
        default="newest",
        max_length=500,
        description=f"In which order: {', '.join(ORDERS)}, or by a field: metrics.auc desc.",
    )
    after: str | None = Field(
        default=None, description="Of a question: those that come after this run."
    )
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
    """The runs of a project, and what they can be chosen by.

    ``portion`` says which page they are, if no question was asked; of those that answer one
    ``after`` is the last run of the page, if more come after it, and ``unknown`` says what was
    asked for that no run has.
    """

    runs: list[RunLine]
    portion: Portion | None
    after: str | None
    unknown: list[str]
    pipelines: list[str]
    tags: list[str]
    metrics: list[str]
    asked: dict[str, Any]


def runs(ask: Ask[RunsQuery]) -> RunsDocument:
    """The runs of a project, the newest first unless told otherwise."""
    records, query = ask.records, ask.query
    wanted = Wanted(
        *(query.pipeline, query.status, query.tag, query.where or None, query.sort or "newest"),
        *(query.page, query.after, query.limit),
    )
    portion, after = None, None
    unknown: list[str] = []
    with records.view():
        if wanted.is_question:
            chosen, goes_on = found(records, wanted)
            after = chosen[-1].name if goes_on else None
            if not chosen and wanted.where is not None:
                unknown = unknown_names(records, wanted.where)
        else:
            chosen, total = listed(records, wanted)
            pages = max(1, -(-total // query.limit))
            portion = Portion(page=query.page, pages=pages, total=total)
        going = progress(records, [run for run in chosen if run.status == "running"])
        documents = [run_document(records, run, nodes=False) for run in chosen]
        pipelines, tags = known(records, "runs", "pipeline"), known(records, "tags", "key")
        metrics = known(records, "summaries", "name")
    return RunsDocument(
        runs=[_line(each, going.get(each["id"]), wanted.metrics) for each in documents],
        portion=portion,
        after=after,
        unknown=unknown,
        pipelines=pipelines,
        tags=tags,
        metrics=metrics,
        asked=query.model_dump(),
    )


def _line(document: dict[str, Any], going: Progress | None, first: Sequence[str]) -> RunLine:
    done, nodes = going or (None, None)
    told = {**document, "done": done, "nodes": nodes}
    metrics = document["metrics"]  # what was asked for stands where everybody sees it
    told["metrics"] = {**{name: metrics[name] for name in first if name in metrics}, **metrics}
    return cast("RunLine", {key: told[key] for key in RunLine.__annotations__})
