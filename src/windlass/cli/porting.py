"""``portability``: one pipeline on several targets, and whether it is the same everywhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    INCONCLUSIVE,
    Json,
    StackName,
    command,
    console,
    kept_for_json,
    perhaps_unread,
    print_json,
)
from windlass.cli.running import pairs
from windlass.cli.tables import print_words

if TYPE_CHECKING:
    from rich.console import Console

    from windlass.proofs.portability import Cell, Matrix, Trial

_DIGITS = 10
_CODES = {"equal": DONE, "different": FAILED}
_STYLES = {"equal": "green", "different": "red", "inconclusive": "magenta"}


@command
def portability(
    pipeline: Annotated[str, typer.Argument(metavar="FILE.py:PIPELINE")],
    targets: Annotated[
        str,
        typer.Option(
            "--targets",
            metavar="TARGET,…",
            help="Such as local,ray; with a stack of its own: ray@cluster.",
        ),
    ],
    parameters: Annotated[
        list[str] | None, typer.Option("-p", "--param", metavar="NAME=VALUE", help="A parameter.")
    ] = None,
    seed: Annotated[int, typer.Option(help="What random generators are seeded from.")] = 0,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Runs a pipeline on several targets with the cache off, and compares what each node made.

    Exit codes: 0 all is equal, 1 something differs, 3 not all could be compared.
    """
    from windlass.cli.live import make_observer
    from windlass.cli.place import find_pipeline
    from windlass.pipeline.settings import RunOptions
    from windlass.proofs.portability import try_targets

    found = find_pipeline(pipeline)
    names = [name.strip() for name in targets.split(",") if name.strip()]
    options = RunOptions(stack=stack, seed=seed)
    with kept_for_json(json), make_observer() as observer:
        matrix = try_targets(found, pairs(parameters, "-p"), names, options, observer)
    with perhaps_unread():
        if json:
            print_json(matrix.document())
        else:
            tell_matrix(console(), matrix)
    return _CODES.get(matrix.verdict, INCONCLUSIVE)


def tell_matrix(out: Console, matrix: Matrix) -> None:
    """Prints a matrix for a person."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in ("node", *(trial.target for trial in matrix.trials), ""):
        table.add_column(name, no_wrap=True)
    table.add_row("", *(Text(trial.kind, "dim") for trial in matrix.trials), "")
    for name, node in _rows(matrix):
        cells = [_cell(trial.cells.get(node)) for trial in matrix.trials]
        is_equal = matrix.agree(node)
        table.add_row(name, *cells, Text(*("✓", "green") if is_equal else ("✗ differs", "red")))
    out.print(table)
    out.print()
    for trial in matrix.trials:
        for problem in _problems(trial):
            print_words(out, Text.assemble((trial.target, "bold"), f": {problem}"))
    style = _STYLES[matrix.verdict]
    print_words(
        out, Text.assemble((matrix.pipeline, "bold"), " is ", (matrix.verdict, style), _why(matrix))
    )


def _rows(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """A row for each node; the items of a map in one, where they are alike on all targets."""
    for base, some in itertools.groupby(matrix.nodes, lambda node: node.partition("[")[0]):
        nodes = list(some)
        if len(nodes) > 1 and all(map(matrix.agree, nodes)):
            yield f"{base}[0] … [{len(nodes) - 1}]", nodes[0]
        else:
            yield from ((node, node) for node in nodes)


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    if cell.status != "succeeded":
        return cell.status
    told = next(iter(cell.contents.values()), "")[:_DIGITS]
    return f"{told}{'?' if cell.doubt else ''}"


def _problems(trial: Trial) -> Iterator[str]:
    if trial.problem:
        yield f"{trial.status}: {trial.problem}"
    doubts = [(name, cell.doubt) for name, cell in trial.cells.items() if cell.doubt]
    if doubts:
        name, doubt = doubts[0]
        more = f", as of {len(doubts) - 1} more nodes" if len(doubts) > 1 else ""
        yield f"it does not look as if it had executed '{name}': {doubt}{more}"


def _why(matrix: Matrix) -> str:
    names = [trial.target for trial in matrix.trials if trial.is_whole]
    if matrix.verdict == "equal":
        count = sum(len(cell.contents) for cell in matrix.trials[0].cells.values())
        return f": all {count:,} artifacts, on {' and '.join(names)}"
    if matrix.verdict == "different":
        first = next(node for node in matrix.nodes if not matrix.agree(node))
        return f": '{first}' is the first node that differs"
    return f": {'only ' + names[0] if len(names) == 1 else 'not all targets'} could be compared"
