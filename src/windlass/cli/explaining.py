"""``explain``: why a node ran, or did not."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.looking import RunName, run_and_node
from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stores_here
from windlass.cli.tables import first_items, print_words
from windlass.errors import NotFoundError
from windlass.words import seconds_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from windlass.records import Records
    from windlass.records.model import Outcome, Run

_MOST_LINES = 30
_MOST_CHANGES = 12


@command
def explain(
    run: RunName,
    node: Annotated[
        str | None,
        typer.Argument(metavar="NODE", help="A node, a map, or an item: train[2]."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All pieces of code, all items.")] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Explains why a node ran or did not; without NODE, each of the run's."""
    from windlass.execution.explaining import explanation
    from windlass.execution.run import shown

    records = stores_here(stack).records
    run, node = run_and_node(run, node)
    row = records.run(run)
    outcomes = shown(records.run_outcomes(row.id))
    items = [each for each in outcomes if each.node.startswith(f"{node}[")]
    if node is None or items:
        listed = items or outcomes
        if json:
            print_json({"run": row.name, "nodes": [_in_short(each) for each in listed]})
        else:
            _tell_all(console(), row, listed if every else first_items(listed), len(listed))
        return DONE
    told = explanation(records, row, _outcome(records, row, node))
    if json:
        print_json(told)
    else:
        _tell(console(), told, every=every)
    return DONE


def _outcome(records: Records, run: Run, node: str) -> Outcome:
    found = records.outcome(run.id, node)
    if found is None:
        names = [outcome.node for outcome in records.run_outcomes(run.id)]
        near = get_close_matches(node, names, 3) or names[:9]
        raise NotFoundError(
            f"{run.name} has no node '{node}' that has ended",
            hint=f"It has {', '.join(near)}." if near else None,
        )
    return found


def _in_short(outcome: Outcome) -> dict[str, Any]:
    from windlass.execution.document import step_document

    return {
        "node": outcome.node,
        **step_document(outcome.step),
        "status": outcome.status,
        "cached": outcome.cached,
        "reason": outcome.reason,
    }


def _tell_all(out: Console, run: Run, outcomes: list[Outcome], count: int) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", style="dim")
    for outcome in outcomes:
        how = Text("cached", "cyan") if outcome.cached else Text(_verb(outcome.status))
        table.add_row(outcome.node, how, Text(outcome.reason or ""))
    out.print(table)
    if len(outcomes) < count:
        more = f"… and {count - len(outcomes):,} more items of large maps: --all"
        print_words(out, Text(more, "dim"))
    print_words(out, Text(f"more of one node: windlass explain {run.name} NODE", "dim"))


def _verb(status: str) -> str:
    return "ran" if status == "succeeded" else status


def _tell(out: Console, told: dict[str, Any], *, every: bool) -> None:
    from rich.text import Text

    how = "did not run" if told["cached"] else _how_it_ran(told)
    title = Text.assemble((told["node"], "bold"), f" of {told['run']} {how}")
    if told["reason"]:
        title.append(f": {told['reason']}")
    print_words(out, title)
    if told["changes"]:
        out.print(
            Text(f"\nWhat differs from {told['compared_with']}, the nearest earlier run of it")
        )
        for change in told["changes"][:_MOST_CHANGES]:
            print_words(out, _change_text(change), indent=2)
        if len(told["changes"]) > _MOST_CHANGES:
            out.print(Text("  … --json has them all", "dim"))
    if told["depends_on"]:
        out.print(Text("\nWhat its result depends on"))
        out.print(_depends_text(told["depends_on"], every=every))


def _how_it_ran(told: dict[str, Any]) -> str:
    if told["status"] in ("succeeded", "failed"):
        failed = " and failed" if told["status"] == "failed" else ""
        return f"ran in {seconds_text(told['seconds'])}{failed}"
    return f"was {told['status']}"


def _change_text(change: dict[str, Any]) -> Text:
    from rich.text import Text

    line = Text(change["text"])
    for row in change["diff"][:_MOST_LINES]:
        style = {"-": "red", "+": "green"}.get(row[:1], "dim")
        line.append(f"\n    {row}", style)
    if len(change["diff"]) > _MOST_LINES:
        line.append("\n    …", "dim")
    return line


def _depends_text(told: dict[str, Any], *, every: bool) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _facts(told, every=every):
        table.add_row(f"  {name}", Text(text))
    return table


def _facts(told: dict[str, Any], *, every: bool) -> list[tuple[str, str]]:
    facts = [("code", _pieces(told["pieces"], every=every))]
    if told["unresolved"]:
        places = "\n".join(f"{each['what']}  {each['place']}" for each in told["unresolved"])
        facts.append(("all files", f"of the project, since this cannot be followed:\n{places}"))
    versions = ", ".join(f"{name} {version}" for name, version in told["distributions"].items())
    facts.append(("packages", versions or "none"))
    facts.append(("python", told["python"]))
    if told.get("environment"):
        facts.insert(0, ("environment", f"{told['environment']}, all of which counts"))
    facts += [
        (f"input {name}", told["shown"].get(name) or f"content {digest[:12]}")
        for name, digest in told["arguments"].items()
    ]
    facts += [(f"file {name}", f"content {digest[:12]}") for name, digest in told["files"].items()]
    facts += [(f"variable {name}", "as it was set") for name in told["variables"]]
    facts.append(("seed", "none" if told["seed"] is None else str(told["seed"])))
    facts += [(name, str(value)) for name, value in told["settings"].items()]
    return facts


def _pieces(pieces: list[dict[str, Any]], *, every: bool) -> str:
    if every:
        return "\n".join(
            f"{piece['kind']} {piece['name']}" + (f"  {piece['place']}" if piece["place"] else "")
            for piece in pieces
        )
    counts = Counter(piece["kind"] for piece in pieces if piece["kind"] != "name")
    return ", ".join(f"{count} {_plural(kind, count)}" for kind, count in counts.items()) + (
        "; each by name: --all" if counts else ""
    )


def _plural(kind: str, count: int) -> str:
    return kind if count == 1 else f"{kind}es" if kind.endswith("s") else f"{kind}s"
