"""``artifacts`` and ``lineage``: the values that runs made, and how they came to be."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    Json,
    StackName,
    command,
    console,
    print_json,
    size_text,
    summary_text,
)
from windlass.cli.place import stores_here
from windlass.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.execution.job import Stores
    from windlass.records.model import Edge

app = typer.Typer(
    help="List, show and export the values that runs made.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Named = Annotated[
    str,
    typer.Argument(
        metavar="ARTIFACT",
        help="Its digest, the beginning of it, or RUN:NODE or RUN:NODE.OUTPUT.",
    ),
]
_OUTPUT = re.compile(r"(?P<run>[^:]+):(?P<node>[^:]+)$")


@app.command("list", help="List what a run made.")
@command
def list_artifacts(
    run: Annotated[str, typer.Argument(metavar="RUN")] = "latest",
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Lists the outputs of a run."""
    from windlass.execution.document import run_document

    records = stores_here(stack).records
    document = run_document(records, records.run(run))
    told = [{"node": n["node"], **output} for n in document["nodes"] for output in n["outputs"]]
    if json:
        print_json({"run": document["name"], "artifacts": told})
        return DONE
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bright_black")
    for name in ("artifact", "node", "type", "size", "what"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for each in told:
        name = "" if each["name"] == "output" else f".{each['name']}"
        kind = each["type"].rpartition(".")[2]
        table.add_row(
            each["content"][:12],
            f"{each['node']}{name}",
            kind,
            size_text(each["bytes"]),
            Text(summary_text(each["summary"])),
        )
    console().print(table)
    return DONE


@app.command("show", help="Show what an artifact holds.")
@command
def show_artifact(artifact: Named, stack: StackName = None, json: Json = False) -> int:
    """Shows an artifact."""
    from windlass.artifacts import preview

    stores = stores_here(stack)
    found = find_artifact(stores, artifact)
    _load_classes(stores, found)
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
    out = console()
    out.print(f"[bold]{found.type}[/]  {size_text(found.bytes)}  {found.content}", soft_wrap=True)
    for key, value in found.summary.items():
        out.print(f"[bright_black]{key}[/]  ", end="")
        out.print(str(value), markup=False, overflow="ellipsis", no_wrap=True)
    _print_preview(shown.media_type, text, artifact)
    return DONE


def _print_preview(media_type: str, text: str | None, named: str) -> None:
    out = console()
    if text is None or media_type.startswith("image/"):
        out.print(f"[bright_black]a picture; to see it:[/] windlass artifacts export {named} -o F")
    elif media_type == "text/markdown":
        from rich.markdown import Markdown

        out.print(Markdown(text))
    elif media_type == "text/html":
        out.print(_without_tags(text), markup=False)
    else:
        out.print(text, markup=False, soft_wrap=True)


def _without_tags(page: str) -> str:
    """A page's text, its rows on lines of their own."""
    import html

    rows = re.sub(
        r"(?i)</(tr|p|div|h\d|li)>|<br\s*/?>", "\n", re.sub(r"(?is)<style.*?</style>", "", page)
    )
    cells = re.sub(r"(?i)</t[dh]>", "  ", rows.replace("\n\n", "\n"))
    text = html.unescape(re.sub(r"<[^>]+>", "", cells))
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


@app.command("export", help="Write an artifact to a file.")
@command
def export(
    artifact: Named,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file or folder to make.")],
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Writes an artifact: tables as .csv or .parquet, by the name's ending; else as it is kept."""
    stores = stores_here(stack)
    found = find_artifact(stores, artifact)
    if output.exists():
        raise ConfigError(f"{output} is there already", hint="Give another name.")
    _export(stores, found, output)
    if json:
        print_json({"content": found.content, "written": str(output.resolve())})
    else:
        console().print(f"wrote {output}", markup=False)
    return DONE


def _export(stores: Stores, found: Artifact, output: Path) -> None:
    from windlass import artifacts

    _load_classes(stores, found)
    value = artifacts.load(
        found.content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
    )
    writers: dict[str, tuple[str, ...]] = {
        ".csv": ("to_csv", "write_csv"),
        ".parquet": ("to_parquet", "write_parquet"),
        ".html": ("to_html",),
        ".json": ("to_json",),
    }
    if isinstance(value, Path):
        (shutil.copytree if value.is_dir() else shutil.copyfile)(value, output)
        return
    for name in writers.get(output.suffix, ()):
        write = getattr(value, name, None)
        if write is not None:
            text = write() if name in ("to_html", "to_json") else write(output)
            if text is not None:
                output.write_text(text)
            return
    shown = artifacts.preview(
        found.content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
    )
    if shown.media_type.startswith("image/"):
        data = shown.data
        output.write_bytes(data.encode() if isinstance(data, str) else data)
        return
    from windlass.artifacts.saving import raw_bytes

    output.write_bytes(raw_bytes(found, stores.artifacts))


@command
def lineage(artifact: Named, stack: StackName = None, json: Json = False) -> int:
    """Shows the lineage of an artifact."""
    stores = stores_here(stack)
    found = find_artifact(stores, artifact)
    told = stores.records.lineage(found.content)
    if json:
        print_json(
            {
                "content": told.content,
                "made": [_edge_document(edge) for edge in told.made],
                "read": [_edge_document(edge) for edge in told.read],
                "used": [_edge_document(edge) for edge in told.used],
            }
        )
        return DONE
    from rich.tree import Tree

    out = console()
    tree = Tree(f"[bold]{found.type}[/]  {found.content[:12]}", guide_style="bright_black")
    _add_makers(tree, told.content, told.made, told.read, set())
    if told.used:
        used = tree.add("[bold]was read by[/]")
        for edge in told.used[:50]:
            used.add(f"{edge.run_name}  [bold]{_plain(edge.node)}[/] as {edge.name}")
    out.print(tree)
    return DONE


def _add_makers(
    tree: Any, content: str, made: tuple[Edge, ...], read: tuple[Edge, ...], seen: set[str]
) -> None:
    """Adds who made an artifact first, and below, from what."""
    makers = [edge for edge in made if edge.content == content]
    if not makers or content in seen:
        return
    seen.add(content)
    first, later = makers[0], makers[1:]
    also = f"  [bright_black]and by {len(later)} later[/]" if later else ""
    branch = tree.add(f"made by {first.run_name}  [bold]{_plain(first.node)}[/]{also}")
    for edge in read:
        if edge.run == first.run and edge.node == first.node:
            below = branch.add(f"from {edge.name}  {edge.content[:12]}")
            _add_makers(below, edge.content, made, read, seen)


def _plain(node: str) -> str:
    return node.replace("[", "\\[")  # Rich would take an item's index for markup


def _edge_document(edge: Edge) -> dict[str, str]:
    return {"run": edge.run_name, "node": edge.node, "name": edge.name, "content": edge.content}


def find_artifact(stores: Stores, named: str) -> Artifact:
    """The artifact of a digest, its beginning, or ``RUN:NODE`` or ``RUN:NODE.OUTPUT``.

    Raises:
        NotFoundError: There is none.
    """
    match = _OUTPUT.match(named)
    if match is None:
        return stores.records.find_artifact(named)
    run = stores.records.run(match["run"])
    node, name = match["node"], None
    outcome = stores.records.outcome(run.id, node)
    if outcome is None and "." in node:
        node, _, name = node.rpartition(".")
        outcome = stores.records.outcome(run.id, node)
    outputs = outcome.outputs if outcome else ()
    for output in outputs:
        if output.artifact is not None and name in (None, output.name):
            return output.artifact
    raise NotFoundError(
        f"{run.name} has no output '{match['node']}'",
        hint=f"See them: windlass artifacts list {run.name}",
    )


def _load_classes(stores: Stores, found: Artifact) -> None:
    """Imports the project's modules that made an artifact, so that its classes are known.

    Only modules that a recorded plan names are imported, and only from the project itself.
    """
    import contextlib
    import sys

    from windlass import modules
    from windlass.pipeline.plan import read_plan
    from windlass.provenance.project import find_project

    root = find_project(Path.cwd()).root
    made = stores.records.lineage(found.content).made
    for run in dict.fromkeys(edge.run for edge in made[:1]):
        plan = read_plan(stores.records.plan(stores.records.run_by_id(run).plan))
        sys.path[:0] = [str((root / source).resolve()) for source in plan.sources]
        for step in dict.fromkeys(node.step for node in plan.graph.nodes.values()):
            with contextlib.suppress(Exception):  # it may be gone; the preview will say so
                modules.import_module(step.partition(":")[0])
