"""``reproduce``: run a recorded run again, and compare."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.looking import RunName
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
from windlass.cli.tables import MOST_ITEMS, print_words
from windlass.words import number_text, seconds_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from windlass.proofs.comparing import NodeProof, OutputProof
    from windlass.proofs.proof import Proof

_MOST_SEEN = 12
_MARKS = {
    "skipped": "-",
    "equal": "✓",
    "within tolerance": "~",
    "not comparable": "?",
    "different": "✗",
}
_STYLES = {
    "equal": "green",
    "within tolerance": "yellow",
    "different": "red",
    "not comparable": "magenta",
    "inconclusive": "magenta",
    "skipped": "dim",
}


@command
def reproduce(
    run: RunName,
    here: Annotated[
        bool, typer.Option("--here", help="In the present environment, not the recorded one.")
    ] = False,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="NUMBER",
            help="How far numbers may be apart, absolutely or in proportion, and pass for equal.",
            show_default=False,
        ),
    ] = None,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Runs a recorded run again, and says whether it came out the same.

    Exit codes: 0 all is equal, 1 something differs, 3 not all could be compared.
    """
    from windlass.cli.live import make_observer
    from windlass.cli.place import stack_here
    from windlass.execution.stores import open_recorded
    from windlass.proofs.reproduce import TOLERANCE, reproduce

    found = stack_here(stack)
    stores = open_recorded(found)
    row = stores.records.run(run)
    allowed = TOLERANCE if tolerance is None else tolerance
    with kept_for_json(json), make_observer() as observer:
        proof = reproduce(row, stores, found, here=here, tolerance=allowed, observer=observer)
    with perhaps_unread():
        if json:
            print_json(proof.document())
        else:
            tell_proof(console(), proof)
    within = FAILED if tolerance is None else DONE
    return {"equal": DONE, "within tolerance": within, "different": FAILED}.get(
        proof.verdict, INCONCLUSIVE
    )


def tell_proof(out: Console, proof: Proof) -> None:
    """Prints a proof for a person."""
    from rich.text import Text

    if proof.nodes:
        out.print(_table(proof))
        out.print()
    for note in proof.notes:
        print_words(out, Text(f"note: {note}", "yellow"))
    print_words(out, _verdict(proof))
    for cause in proof.causes:
        out.print()
        print_words(out, Text.assemble((cause.node, "bold"), ": ", cause.text))
        _tell_lines(out, cause.findings)
        if cause.hint:
            print_words(out, Text(cause.hint, "dim"), indent=2)
    _tell_surroundings(out, proof)
    _tell_seen(out, proof)


def _table(proof: Proof) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, status, told in _rows(proof.nodes):
        table.add_row(name, Text(f"{_MARKS[status]} {status}", _STYLES[status]), Text(told))
    return table


def _rows(nodes: Sequence[NodeProof]) -> Iterator[tuple[str, str, str]]:
    """A row for each node; items of a map that are alike in one, and the first of others."""
    for base, some in itertools.groupby(nodes, lambda node: node.node.partition("[")[0]):
        items = list(some)
        if len(items) > 1 and {node.status for node in items} == {"equal"}:
            yield base, "equal", f"all {len(items):,} items"
            continue
        told = [node for node in items if len(items) <= MOST_ITEMS or node.status != "equal"]
        for node in told[:MOST_ITEMS]:
            yield node.node, node.status, _told(node)
        if left := len(items) - len(told[:MOST_ITEMS]):
            yield base, _worst(items), f"and {left:,} more items: --json has them all"


def _worst(nodes: Sequence[NodeProof]) -> str:
    return max((node.status for node in nodes), key=list(_MARKS).index)


def _told(node: NodeProof) -> str:
    """In what a node differs; that what it read differs, says more."""
    if node.told:
        return node.told
    named = len(node.outputs) > 1
    told = [
        f"{output.name}: {words}" if named else words
        for output in node.outputs
        if (words := _difference(output))
    ]
    fed = [] if node.is_fed_alike or node.status == "equal" else ["its inputs differ"]
    return "\n".join([*fed, *told])


def _difference(output: OutputProof) -> str:
    if output.gap is not None:
        absolute, relative = number_text(output.gap.absolute), number_text(output.gap.relative)
        return f"by up to {absolute}, relative {relative}"
    return output.told or ""


def _verdict(proof: Proof) -> Text:
    from rich.text import Text

    text = Text.assemble(
        (proof.run, "bold"), " is ", (proof.verdict, _STYLES[proof.verdict]), f": {_why(proof)}"
    )
    if proof.hint:
        text.append(f"\n  {proof.hint}")
    return text


def _why(proof: Proof) -> str:
    if proof.reason:
        return proof.reason
    took = f"in the {proof.environment} environment, {seconds_text(proof.seconds)}"
    if proof.verdict == "equal":
        count = sum(len(node.outputs) for node in proof.nodes)
        return f"{'all ' * (count > 1)}{count:,} artifact{'s' * (count > 1)}, run again {took}"
    if proof.verdict == "within tolerance":
        return f"all numbers are within {proof.tolerance:g}, run again {took}"
    if proof.verdict == "different":
        return f"'{proof.first}' is the first step that diverged, run again {took}"
    lacking = sum(node.status == "not comparable" for node in proof.nodes)
    return f"{lacking:,} of {len(proof.nodes):,} nodes cannot be compared; the others are equal"


def _tell_surroundings(out: Console, proof: Proof) -> None:
    from rich.text import Text

    if proof.surroundings:
        out.print(Text("\nWhat differs from where it was recorded"))
        _tell_lines(out, proof.surroundings)


def _tell_seen(out: Console, proof: Proof) -> None:
    from rich.text import Text

    if proof.seen:
        from windlass.execution.watching import Event
        from windlass.proofs.causes import event_text

        out.print(Text("\nWhat no record tells, and the proof does not cover"))
        lines = [
            f"{seen.node} {event_text(Event(seen.kind, seen.what, seen.place))}"
            for seen in proof.seen
        ]
        _tell_lines(out, lines)


def _tell_lines(out: Console, lines: Any) -> None:
    from rich.text import Text

    for line in lines[:_MOST_SEEN]:
        print_words(out, line, indent=2)
    if len(lines) > _MOST_SEEN:
        out.print(Text(f"  … and {len(lines) - _MOST_SEEN:,} more: --json", "dim"))
