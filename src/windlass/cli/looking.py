"""``runs`` and ``show``: looking at what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json, styled
from windlass.cli.place import stack_here, stores_here
from windlass.cli.running import pairs
from windlass.cli.tables import print_fitted, print_words
from windlass.errors import ConfigError
from windlass.words import ago_text, number_text, seconds_text

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Run

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Its name, id, pipeline, or 'latest'.")]

_STATUSES = ("succeeded", "failed", "cancelled", "lost", "running")
_MOST_RUNNING = 10_000
"""Runs that are recorded as running are few; so many are looked at to find the lost ones."""


def run_and_node(run: str, node: str | None) -> tuple[str, str | None]:
    """A run and a node that are given as ``RUN NODE``, or as ``RUN:NODE`` as with artifacts."""
    if node is not None or ":" not in run:
        return run, node
    name, _, inner = run.partition(":")
    return name, inner or None


@command
def runs(
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", metavar="NAME", help="Only of this pipeline.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="STATUS", help=f"One of {', '.join(_STATUSES)}."),
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="NAME=TEXT", help="Only with this tag.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Lists runs."""
    from windlass.execution.document import run_document

    if status is not None and status not in _STATUSES:
        raise ConfigError(f"no run is '{status}'", hint=f"Runs are {', '.join(_STATUSES)}.")
    tagged = next(iter(pairs([tag], "--tag").items())) if tag is not None else None
    documents: list[dict[str, Any]] = []
    if not stack_here(stack).is_untouched():
        records = stores_here(stack).records
        found = _find(records, status, limit, pipeline=pipeline, tag=tagged)
        documents = [run_document(records, run, nodes=False) for run in found]
    if json:
        print_json({"runs": documents})
    elif documents:
        print_fitted(console(), _runs_table(documents), "tags and metrics", "target", "started")
    elif pipeline or status or tag:
        console(error=True).print("no such run; all of them: windlass runs")
    else:
        console(error=True).print("no runs yet; begin one: windlass run FILE.py:PIPELINE")
    return DONE


def _find(records: Records, status: str | None, limit: int, **chosen: Any) -> list[Run]:
    """Runs; the record knows not which of those that it takes for running were lost."""
    if status not in ("running", "lost"):
        return records.runs(status=status, limit=limit, **chosen)
    from windlass.execution.liveness import is_gone

    found = records.runs(status="running", limit=max(limit, _MOST_RUNNING), **chosen)
    return [run for run in found if is_gone(run) == (status == "lost")][:limit]


def _runs_table(documents: list[dict[str, Any]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("run", style="bold")
    table.add_column("status")
    table.add_column("started")
    table.add_column("took", justify="right")
    table.add_column("target")
    table.add_column("tags and metrics")
    for run in documents:
        told = [f"{key}={value}" for key, value in run["tags"].items()]
        told += [f"{k} {number_text(v)}" for k, v in list(run["metrics"].items())[:3]]
        table.add_row(
            run["name"],
            styled(run["status"]),
            ago_text(run["created"]),
            seconds_text(run["seconds"]),
            run["target"],
            Text("  ".join(told)),
        )
    if not any(run["tags"] or run["metrics"] for run in documents):
        table.columns.pop()
    return table


@command
def show(
    run: RunName,
    every: Annotated[
        bool, typer.Option("--all", help="Every item of a map, every call of a step, however many.")
    ] = False,
    provenance: Annotated[
        bool, typer.Option("--provenance", help="Where it came from: code, packages, machine.")
    ] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Shows a run."""
    from windlass.execution.document import run_document
    from windlass.execution.provenance_document import provenance_document

    records = stores_here(stack).records
    row = records.run(run)
    if provenance:
        return _show_provenance(provenance_document(records, row), json=json)
    document = run_document(records, row)
    if json:
        print_json(document)
        return DONE
    from rich.text import Text

    from windlass.cli.showing import header, nodes_tree

    attempts = records.attempts(row.id) if document["status"] in ("running", "lost") else []
    out = console()
    out.print(header(document))
    if document["nodes"] or attempts:
        lost = document["status"] == "lost"
        out.print(nodes_tree(document["nodes"], attempts, every=every, lost=lost))
    if document["error"] and not any(node["error"] for node in document["nodes"]):
        print_words(out, Text(document["error"], "red"))
    if document["status"] == "lost":
        out.print(f"[dim]go on with it:[/] windlass resume {row.name}", soft_wrap=True)
    return DONE


def _show_provenance(told: dict[str, Any], *, json: bool) -> int:
    from windlass.cli.provenance import tell_provenance

    if json:
        print_json(told)
    else:
        tell_provenance(console(), told)
    return DONE
