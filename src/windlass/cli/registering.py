"""``models register``: a model in a file of another tool becomes a version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stack_here
from windlass.errors import ConfigError

if TYPE_CHECKING:
    from windlass.models.mlflow_models import Found
    from windlass.pipeline.marks import Task
    from windlass.stacks.stack import Stack


@command
def register(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model's.")],
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help=".onnx, .skops, .json, .ubj, .txt or .cbm; or mlflow:models:/NAME/VERSION.",
        ),
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
    trust_pickle: Annotated[
        bool, typer.Option("--trust-pickle", help="Read a pickle of MLflow's, which runs code.")
    ] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Registers a model that lies in a file, or in MLflow, as the next version of its name."""
    from windlass.execution.stores import open_stores
    from windlass.models.files import read_table
    from windlass.models.registry import register_in
    from windlass.pipeline.marks import Model

    mark = Model(name, target, columns or None, cast("Task | None", task))
    wired = stack_here(stack)
    found = _found(file, wired, trust_pickle=trust_pickle)
    values = {"model": found.model}
    if found.example is not None and reference is None:
        values["reference"] = found.example
    tables = {"reference": reference, "holdout": holdout}
    values |= {role: read_table(path) for role, path in tables.items() if path is not None}
    version = register_in(open_stores(wired), mark, values)
    if found.signature is not None and "signature" not in version.evidence:
        version.keep("signature", {**found.signature, "taken_from": "mlflow"})
    if json:
        known = sorted(version.evidence)
        print_json({"version": version.name, "content": version.row.content, "known": known})
    else:
        console().print(
            f"{version.name} is a candidate now: windlass test {version.name}", markup=False
        )
    return DONE


def _found(file: str, stack: Stack, *, trust_pickle: bool) -> Found:
    """The model that a command names: in a file, or in MLflow."""
    from windlass.models.files import read_model
    from windlass.models.mlflow_models import PREFIX, Found, read_mlflow

    if not file.startswith(PREFIX):
        if trust_pickle:
            raise ConfigError(
                "--trust-pickle is for models of MLflow", hint="No pickle is read from a file."
            )
        return Found(read_model(Path(file)), None, None)
    address = stack.tracker_address if stack.tracker_name == "mlflow" else None
    return read_mlflow(file.removeprefix(PREFIX), address, trust_pickle=trust_pickle)
