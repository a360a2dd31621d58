"""``runs``, ``show``, ``logs``: looking at what was recorded."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    Json,
    StackName,
    command,
    console,
    print_json,
    seconds_text,
    size_text,
    styled,
    summary_text,
)
from windlass.cli.place import stores_here
from windlass.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from windlass.execution.job import Job

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Its name, id, pipeline, or 'latest'.")]


@command
def runs(
    pipeline: Annotated[str | None, typer.Option(help="Only of this pipeline.")] = None,
    status: Annotated[str | None, typer.Option(help="Only with this status.")] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="NAME=TEXT", help="Only with this tag.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Lists runs."""
    from windlass.execution.document import run_document

    name, _, value = (tag or "").partition("=")
    records = stores_here(stack).records
    wanted = "running" if status == "lost" else status
    found = records.runs(
        pipeline=pipeline, status=wanted, tag=(name, value) if tag else None, limit=limit
    )
    documents = [run_document(records, run, nodes=False) for run in found]
    documents = [d for d in documents if status is None or d["status"] == status]
    if json:
        print_json({"runs": documents})
    elif documents:
        console().print(_runs_table(documents))
    else:
        console().print("No runs yet. Begin one: [bold]windlass run FILE.py:PIPELINE[/]")
    return DONE


def _runs_table(documents: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bright_black")
    table.add_column("run", no_wrap=True, style="bold")
    table.add_column("status", no_wrap=True)
    table.add_column("started", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("target", no_wrap=True)
    table.add_column("tags and metrics", overflow="ellipsis", no_wrap=True)
    for run in documents:
        told = [f"{k}={v}" for k, v in run["tags"].items()]
        told += [f"{k} {_number(v)}" for k, v in list(run["metrics"].items())[:3]]
        table.add_row(
            run["name"],
            styled(run["status"]),
            _ago(run["created"]),
            seconds_text(run["seconds"]),
            run["target"],
            "  ".join(told),
        )
    return table


def _number(value: float | None) -> str:
    return "nan" if value is None else f"{value:.4g}"


def _ago(when: float) -> str:
    seconds = time.time() - when
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 10 * 86400:
            return time.strftime("%Y-%m-%d", time.localtime(when))
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


@command
def show(run: RunName, stack: StackName = None, json: Json = False) -> int:
    """Shows a run."""
    from windlass.execution.document import run_document

    records = stores_here(stack).records
    document = run_document(records, records.run(run))
    if json:
        print_json(document)
        return DONE
    out = console()
    out.print(_header(document))
    out.print(_nodes_tree(document))
    if document["metrics"]:
        told = "  ".join(f"{k} [bold]{_number(v)}[/]" for k, v in document["metrics"].items())
        out.print(f"[bright_black]metrics[/]  {told}", soft_wrap=True)
    if document["error"]:
        from rich.text import Text

        out.print(Text(document["error"], "red"), soft_wrap=True)
    return DONE


def _header(run: dict[str, Any]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bright_black", no_wrap=True)
    table.add_column(overflow="fold")
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run["created"]))
    took = f", took {seconds_text(run['seconds'])}" if run["seconds"] is not None else ""
    table.add_row("run", Text.from_markup(f"[bold]{run['name']}[/]  {styled(run['status'])}"))
    table.add_row("started", f"{when}{took}")
    parameters = ", ".join(f"{k}={v!r}" for k, v in run["parameters"].items())
    table.add_row("parameters", Text(parameters or "none"))
    table.add_row("seed", str(run["seed"]))
    table.add_row("where", f"target {run['target']}, stack {run['stack']}")
    table.add_row("code", Text(_code(run)))
    if run["tags"]:
        table.add_row("tags", Text(", ".join(f"{k}={v}" for k, v in run["tags"].items())))
    for path, reason in run["left_out"][:5]:
        table.add_row("left out", Text(f"{path}: {reason}"))
    return table


def _code(run: dict[str, Any]) -> str:
    told = f"plan {run['plan'][:10]}  bundle {run['bundle'][:10]}"
    told += f"  environment {run['environment'][:10]}"
    git = run["git"] or {}
    if git.get("commit"):
        changed = ", with changes" if git.get("dirty") else ""
        told += f"  git {git['commit'][:10]}{changed}"
    return told


def _nodes_tree(run: dict[str, Any]) -> Any:
    """The nodes, those of a nested pipeline and the items of a map below their name."""
    from rich.tree import Tree

    tree = Tree("nodes", hide_root=True, guide_style="bright_black")
    places: dict[str, Any] = {"": tree}
    for node in run["nodes"]:
        group, _, _ = node["node"].rpartition(".")
        parent = _group_of(places, group)
        base, bracket, _ = node["node"].partition("[")
        if bracket:
            parent = _branch(places, parent, base)
        parent.add(_node_line(node))
    return tree


def _group_of(places: dict[str, Any], group: str) -> Any:
    if group not in places:
        parent = _group_of(places, group.rpartition(".")[0])
        places[group] = parent.add(f"[bold]{group}[/]")
    return places[group]


def _branch(places: dict[str, Any], parent: Any, name: str) -> Any:
    key = f"{name}[]"
    if key not in places:
        places[key] = parent.add(f"[bold]{name}[/] [bright_black]for each[/]")
    return places[key]


def _node_line(node: dict[str, Any]) -> Any:
    from rich.text import Text

    line = Text.from_markup(f"{styled(node['status'])}  ")
    line.append(node["node"], "bold")
    if node["cached"]:
        line.append("  cached", "cyan")
    elif node["seconds"] is not None:
        line.append(f"  {seconds_text(node['seconds'])}", "bright_black")
    if node["attempts"] > 1:
        line.append(f"  {node['attempts']} attempts", "yellow")
    for output in node["outputs"]:
        line.append("\n    ")
        named = "" if output["name"] == "output" else f"{output['name']}: "
        facts = summary_text(output["summary"])
        line.append(f"{named}{output['type'].rpartition('.')[2]}", "default")
        line.append(f"  {facts}  {size_text(output['bytes'])}  ", "bright_black")
        line.append(output["content"][:10], "bright_black")
        if output["pickled"]:
            line.append("  pickled", "yellow")
    if node["error"]:
        line.append(f"\n    {node['error']['kind']}: {node['error']['message']}", "red")
    elif node["reason"] and (node["cached"] or node["status"] in ("skipped", "cancelled")):
        line.append(f"\n    {node['reason']}", "bright_black")
    return line


@command
def logs(
    run: RunName,
    node: Annotated[str | None, typer.Argument(metavar="[NODE]", help="Only this node.")] = None,
    attempt: Annotated[int | None, typer.Option(min=1, help="Only this attempt.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends.")] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Prints logs."""
    from windlass.execution.job import open_job

    stores = stores_here(stack)
    job = open_job(stores.records.run(run).id, stores)
    if json and follow:
        raise ConfigError("--json and --follow exclude each other", hint="Leave one of them out.")
    found = _attempts(job, node, attempt)
    if json:
        print_json({"run": job.name, "logs": [_log_document(job, *each) for each in found]})
        return DONE
    if follow:
        _follow(job, node, attempt)
        return DONE
    texts = [(name, number, _read(job, name, number)) for name, number in found]
    for name, number, text in texts:
        if text and len(texts) > 1:
            sys.stdout.write(f"── {name}, attempt {number} ──\n")
        sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
    if not any(text for _, _, text in texts):
        console(error=True).print(f"{node or job.name} has written nothing", markup=False)
    return DONE


def _attempts(job: Job, node: str | None, attempt: int | None) -> list[tuple[str, int]]:
    base = (node or "").partition("[")[0]
    if node is not None and base not in job.plan.graph.nodes:
        from difflib import get_close_matches

        near = get_close_matches(base, job.plan.graph.nodes, 3) or list(job.plan.graph.nodes)[:8]
        raise NotFoundError(f"{job.name} has no node '{node}'", hint=f"It has {', '.join(near)}.")
    return [
        (a.node, a.attempt)
        for a in job.stores.records.attempts(job.run)
        if (node is None or a.node == node or a.node.startswith(f"{node}["))
        and (attempt is None or a.attempt == attempt)
    ]


def _read(job: Job, node: str, attempt: int) -> str:
    path = job.log_path(node, attempt)
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _log_document(job: Job, node: str, attempt: int) -> dict[str, Any]:
    return {"node": node, "attempt": attempt, "text": _read(job, node, attempt)}


def _follow(job: Job, node: str | None, attempt: int | None) -> None:
    """Prints what is there and what is added, until the run is over."""
    for name, text in _growing(job, node, attempt):
        for line in text.splitlines():
            sys.stdout.write(line + "\n" if node else f"{name} | {line}\n")
        sys.stdout.flush()


def _growing(job: Job, node: str | None, attempt: int | None) -> Iterator[tuple[str, str]]:
    from windlass.execution.liveness import is_gone
    from windlass.execution.tail import Tail

    tails: dict[tuple[str, int], Tail] = {}
    while True:
        row = job.stores.records.run_by_id(job.run)
        over = row.status != "running" or is_gone(row)
        for key in _attempts(job, node, attempt):
            tail = tails.setdefault(key, Tail(job.log_path(*key)))
            if text := tail.read():
                yield key[0], text
        if over:
            return
        time.sleep(0.2)
