"""``models convert``: a version as ONNX, and how far that is from the version itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    Json,
    StackName,
    command,
    console,
    kept_for_json,
    print_json,
)
from windlass.cli.place import stores_here

if TYPE_CHECKING:
    from rich.console import Console

    from windlass.models.conversion import Converted, NotConverted


@command
def convert(
    named: Annotated[
        str, typer.Argument(metavar="MODEL[@VERSION]", help="Such as delay, delay@3.")
    ],
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds that it may take, once its environment is built.")
    ] = 300,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Converts a version to ONNX in an environment of its own, and compares the two."""
    from windlass.cli.models import version_here
    from windlass.models.conversion import convert

    version = version_here(stores_here(stack), named)
    with kept_for_json(json):
        outcome = convert(version, seconds=timeout)
    if json:
        print_json({"version": version.name, **outcome.document})
    else:
        _tell(console(), version.name, outcome)
    return DONE if outcome.holds else FAILED


def _tell(out: Console, name: str, outcome: Converted | NotConverted) -> None:
    from windlass.models.conversion import NotConverted

    if isinstance(outcome, NotConverted):
        out.print(f"{name} is not converted: {outcome.reason}", markup=False)
        if outcome.hint:
            out.print(outcome.hint, style="dim", markup=False)
        return
    told = outcome.document
    is_what = (
        "has a model of ONNX now" if outcome.holds else "would give other things as ONNX: none kept"
    )
    out.print(f"{name} {is_what}", markup=False)
    for rows, parity in told["parity"].items():
        _line(out, f"from {rows}", _parity(parity))
    inputs = ", ".join(f"{each['name']} {each['type']}" for each in told["inputs"])
    _line(out, "takes", inputs)
    for numbers, why in told["why_not"].items():
        _line(out, f"no {numbers}", why)
    _line(out, "measured on", f"its {told['data']['role']}, in {told['seconds']:.1f} s")


def _parity(parity: dict[str, object]) -> str:
    most, differ = parity["max_abs"], parity["labels_differ"]
    off = "the results cannot be compared" if most is None else f"off by at most {most:.1e}"
    labels = "" if differ is None else f", {differ:,} of {parity['n']:,} labels differ"
    return off + labels


def _line(out: Console, name: str, text: str) -> None:
    out.print(f"  [dim]{name:13}[/] ", end="")
    out.print(text, markup=False)
