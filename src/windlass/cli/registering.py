"""``models register``: a model in a file of another tool becomes a version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stack_here

if TYPE_CHECKING:
    from windlass.pipeline.marks import Task


@command
def register(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model's.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=".onnx, .skops, .json, .ubj, .txt or .cbm.")
    ],
    reference: Annotated[
        Path | None,
        typer.Option(metavar="TABLE", help="The rows that it learnt from: .parquet or .csv."),
    ] = None,
    holdout: Annotated[
        Path | None, typer.Option(metavar="TABLE", help="Labelled rows that it never saw.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that it is to predict.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="COLUMN", help="One that it takes; several in order."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="classification or regression.")
    ] = None,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Registers a model that lies in a file as the next version of its name."""
    from windlass.execution.stores import open_stores
    from windlass.models.files import read_model, read_table
    from windlass.models.registry import register_in
    from windlass.pipeline.marks import Model

    mark = Model(name, target, columns or None, cast("Task | None", task))
    values = {"model": read_model(file)}
    tables = {"reference": reference, "holdout": holdout}
    values |= {role: read_table(path) for role, path in tables.items() if path is not None}
    version = register_in(open_stores(stack_here(stack)), mark, values)
    if json:
        known = sorted(version.evidence)
        print_json({"version": version.name, "content": version.row.content, "known": known})
    else:
        console().print(
            f"{version.name} is a candidate now: windlass test {version.name}", markup=False
        )
    return DONE
