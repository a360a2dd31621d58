"""``artifacts``: the values that runs made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from windlass.cli.finding import Named, find_artifact, load_classes
from windlass.cli.output import (
    DONE,
    Json,
    StackName,
    command,
    console,
    kept_for_json,
    print_json,
)
from windlass.cli.pages import page_lines, table_lines
from windlass.cli.place import stores_here
from windlass.cli.tables import print_fitted
from windlass.words import number_text, shortened, size_text, summary_text, type_text

app = typer.Typer(
    help="List, show and export the values that runs made.",
    rich_markup_mode=None,
)

_LONGEST_SHOWN = 20_000
_WIDEST_CELL = 30


@app.command("list", help="List what a run made.")
@command
def list_artifacts(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Its name, id, pipeline, or 'latest'.")
    ] = "latest",
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Lists the outputs of a run."""
    from windlass.execution.document import run_document

    records = stores_here(stack).records
    document = run_document(records, records.run(run))
    told = [{"node": n["node"], **output} for n in document["nodes"] for output in n["outputs"]]
    logged = [{"node": n["node"], **each} for n in document["nodes"] for each in n["logged"]]
    if json:
        print_json({"run": document["name"], "artifacts": told, "logged": logged})
    elif told or logged:
        print_fitted(console(), _table([*told, *logged]), "what", "type", "node")
    else:
        console(error=True).print(f"{document['name']} has made nothing", markup=False)
    return DONE


def _table(told: list[dict[str, Any]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("artifact", "node", "type", "size"):
        table.add_column(name, justify="right" if name == "size" else "left")
    table.add_column("what")
    for each in told:
        name = "" if each["name"] == "output" else f".{each['name']}"
        pickled = "pickled  " if each["pickled"] else ""
        table.add_row(
            each["content"][:12],
            Text(f"{each['node']}{name}"),
            Text(type_text(each["type"])),
            size_text(each["bytes"]),
            Text.assemble((pickled, "yellow"), summary_text(each["summary"])),
        )
    return table


@app.command("show", help="Show what an artifact holds.")
@command
def show_artifact(artifact: Named, stack: StackName = None, json: Json = False) -> int:
    """Shows an artifact."""
    from windlass.artifacts import preview

    stores = stores_here(stack)
    found, _ = find_artifact(stores, artifact)
    with kept_for_json(json):
        load_classes(stores, found)
        shown = preview(
            found.content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
        )
    text = shown.data if isinstance(shown.data, str) else None
    if json:
        document = {
            "content": found.content,
            "blob": found.blob,
            "type": found.type,
            "format": found.format,
            "version": found.version,
            "bytes": found.bytes,
            "pickled": found.pickled,
            "summary": found.summary,
            "children": list(found.children),
            "preview": {"media_type": shown.media_type, "text": text},
        }
        print_json(document)
        return DONE
    _print_facts(found)
    _print_preview(shown.media_type, text, artifact)
    return DONE


def _print_facts(found: Any) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(
        style="dim", no_wrap=True, min_width=max(map(len, ["artifact", *found.summary]))
    )
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_row("type", Text.assemble((found.type, "bold"), f"  {size_text(found.bytes)}"))
    table.add_row("artifact", found.content)
    if found.pickled:
        table.add_row("pickled", Text("reading it runs code that it names", "yellow"))
    for key, value in found.summary.items():
        if key != "value" and not _is_table(value):  # the preview tells the value
            table.add_row(key, Text(shortened(str(value))))
    out = console()
    out.print(table)
    for value in filter(_is_table, found.summary.values()):
        out.print()
        lines = table_lines(_rows_of(value), _width(out))
        out.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _is_table(value: Any) -> bool:
    """Whether a fact is told of each of many things, such as the columns of a table."""
    return isinstance(value, list) and bool(value) and all(isinstance(it, dict) for it in value)


def _rows_of(facts: list[dict[str, Any]]) -> list[list[str]]:
    keys = list(dict.fromkeys(key for fact in facts for key in fact))
    return [keys, *([_cell(fact.get(key)) for key in keys] for fact in facts)]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return number_text(value)
    return "" if value is None else shortened(str(value), _WIDEST_CELL)


def _width(out: Any) -> int | None:
    """The width of a terminal; what is written to a file is not cut."""
    return int(out.width) if out.is_terminal else None


def _print_preview(media_type: str, text: str | None, named: str) -> None:
    out = console()
    out.print()
    if text is None or media_type.startswith("image/"):
        is_sound = media_type.startswith("audio/")
        what = "A sound. To hear it" if is_sound else "A picture. To see it"
        out.print(f"{what}: windlass artifacts export ", end="", style="dim")
        out.print(f"{named} -o .", markup=False, soft_wrap=True)
    elif media_type == "text/markdown" and out.is_terminal:
        from rich.markdown import Markdown

        out.print(Markdown(text))
    else:
        plain = "\n".join(page_lines(text, _width(out))) if media_type == "text/html" else text
        out.print(plain[:_LONGEST_SHOWN], markup=False, highlight=False, soft_wrap=True)
        if len(plain) > _LONGEST_SHOWN:
            out.print(f"… {len(plain) - _LONGEST_SHOWN:,} more characters", style="dim")


@app.command("export", help="Write an artifact to a file.")
@command
def export(
    artifact: Named,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="The file to make, its ending saying as what; or a folder."
        ),
    ],
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Writes an artifact: tables as .parquet or .csv, pictures as .svg or .png, and so on."""
    from windlass.execution.exporting import export as write

    stores = stores_here(stack)
    found, node = find_artifact(stores, artifact)
    with kept_for_json(json):
        load_classes(stores, found)
        written = write(stores, found, output, node[1] if node else found.content[:12])
    if json:
        print_json({"content": found.content, "written": str(written.resolve())})
    else:
        console().print(f"wrote {written}", markup=False, soft_wrap=True)
    return DONE
