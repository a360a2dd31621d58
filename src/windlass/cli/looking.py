"""``runs`` and ``show``: looking at what was recorded."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json, styled
from windlass.cli.place import stack_here, stores_here
from windlass.cli.running import pairs
from windlass.cli.tables import print_fitted, print_words
from windlass.errors import ConfigError
from windlass.words import ago_text, number_text, seconds_text

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Its name, id, pipeline, or 'latest'.")]

_STATUSES = ("succeeded", "failed", "cancelled", "lost", "running")


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
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="QUESTION", help="Such as: metrics.auc > 0.8 and params.depth = 6"
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="FIELD", help="Such as metrics.auc, or 'metrics.loss asc'."),
    ] = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="RUN", help="Go on after this one.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Lists runs."""
    from windlass.execution.document import run_documents
    from windlass.execution.found import find_runs, unknown_names

    if status is not None and status not in _STATUSES:
        raise ConfigError(f"no run is '{status}'", hint=f"Runs are {', '.join(_STATUSES)}.")
    tagged = next(iter(pairs([tag], "--tag").items())) if tag is not None else None
    documents: list[dict[str, Any]] = []
    if not stack_here(stack).is_untouched():
        records = stores_here(stack).records
        found = find_runs(
            *(records, where),
            pipeline=pipeline,
            status=status,
            tag=tagged,
            sort=sort,
            limit=limit,
            after=records.run(after).id if after is not None else None,
        )
        documents = run_documents(records, found)
    if json:
        print_json({"runs": documents})
    elif documents:
        print_fitted(console(), _runs_table(documents), "tags and metrics", "target", "started")
    elif pipeline or status or tag or where or after:
        console(error=True).print("no such run; all of them: windlass runs")
        if where is not None and not stack_here(stack).is_untouched():
            for hint in unknown_names(stores_here(stack).records, where):
                console(error=True).print(hint, markup=False)
    else:
        console(error=True).print("no runs yet; begin one: windlass run FILE.py:PIPELINE")
    return DONE


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
        told += [_metric_text(run, name) for name in list(run["metrics"])[:3]]
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


def _metric_text(run: dict[str, Any], name: str) -> str:
    """A metric; of one that the items of a map logged, from the least to the greatest."""
    over = run["ranges"].get(name)
    if over is None:
        return f"{name} {number_text(run['metrics'][name])}"
    return f"{name} {number_text(over['min'])} … {number_text(over['max'])}"


@command
def show(
    run: RunName,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="FIELD", help="Items of maps by it: metrics.auc."),
    ] = None,
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
    from windlass.execution.sweeps import sweep_documents
    from windlass.records.asking.grammar import read_order

    records = stores_here(stack).records
    row = records.run(run)
    if provenance:
        return _show_provenance(provenance_document(records, row), json=json)
    document = run_document(records, row)
    if sort is not None:
        document["sweeps"] = sweep_documents(records, row, read_order(sort))
    if json:
        print_json(document)
        return DONE
    from rich.text import Text

    from windlass.cli.showing import header, nodes_tree
    from windlass.cli.sweeping import print_sweeps

    attempts = records.attempts(row.id) if document["status"] in ("running", "lost") else []
    out = console()
    out.print(header(document))
    if document["nodes"] or attempts:
        lost = document["status"] == "lost"
        out.print(nodes_tree(document["nodes"], attempts, every=every, lost=lost))
    print_sweeps(out, document["sweeps"], every=every)
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
