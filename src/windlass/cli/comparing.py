"""``models compare`` and ``power``: what two versions differ in, and how many cases tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    Json,
    StackName,
    command,
    console,
    kept_for_json,
    print_json,
)
from windlass.cli.place import stores_here
from windlass.errors import ConfigError
from windlass.words import number_text, shortened

if TYPE_CHECKING:
    from rich.console import Console

    from windlass.models.comparison import Comparison
    from windlass.models.statistics import PowerRow

_STYLES = {"pass": "green", "fail": "red"}


@command
def compare(
    first: Annotated[str, typer.Argument(metavar="MODEL@VERSION", help="The one that is there.")],
    second: Annotated[
        str, typer.Argument(metavar="MODEL@VERSION", help="The one that may replace it.")
    ],
    scores: Annotated[
        list[str] | None,
        typer.Option("--score", metavar="SCORE", help="Such as log_loss; several times for more."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="Slice the holdout by a column's values."),
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="Rows told on which they differ most.")] = 5,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Compares two versions on the held-out rows of the second."""
    from windlass.cli.models import version_here
    from windlass.models.comparison import compare_versions

    stores = stores_here(stack)
    both = [version_here(stores, named) for named in (first, second)]
    with kept_for_json(json):
        found = compare_versions(*both, scores=scores or (), by=by or (), rows=rows)
    if json:
        print_json(found.document())
    else:
        _tell(console(), found)
    return DONE


@command
def power(
    sd: Annotated[
        float | None,
        typer.Option("--sd", help="Standard deviation of the cases' differences in the score."),
    ] = None,
    differ: Annotated[
        list[float] | None,
        typer.Option(
            "--only",
            metavar="SHARE",
            help="Twice: the shares of cases that only the one and only the other gets right.",
        ),
    ] = None,
    margin: Annotated[float, typer.Option(help="Not worse by this; 0: better.")] = 0.0,
    effects: Annotated[
        list[float] | None, typer.Option("--effect", help="True differences; several times.")
    ] = None,
    json: Json = False,
) -> int:
    """Tells how likely a comparison of two models decides, by true difference and cases."""
    from windlass.models.statistics import power_table, sd_of_disagreement
    from windlass.models.statistics.power import EFFECTS

    if (sd is None) == (differ is None) or len(differ or (0, 0)) != 2:
        raise ConfigError(
            "how much do the models' cases differ?",
            hint="Say --sd 0.5, or for labels --only 0.05 --only 0.03.",
        )
    spread = sd if sd is not None else sd_of_disagreement(*(differ or ()))
    table = power_table(spread, effects=effects or EFFECTS, threshold=-margin)
    if json:
        rows = [{"effect": r.effect, "power": r.powers, "needed": r.needed} for r in table]
        print_json({"sd": spread, "margin": margin, "rows": rows})
    else:
        _tell_power(console(), table, spread, margin)
    return DONE


def _tell(out: Console, found: Comparison) -> None:
    from rich.table import Table
    from rich.text import Text

    out.print(f"{found.rows:,} rows that {found.second} never saw: {found.data[:12]}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("score", found.first, found.second, "the second is"):
        table.add_column(name)
    for each in found.scores:
        told = each.gain.sentence().partition(": ")[2]
        style = _STYLES.get(each.gain.verdict or "", "")
        values = [number_text(value) for value in (each.first, each.second)]
        table.add_row(each.score, *values, Text(told, style=style))
    out.print(table)
    for column, slices in found.slices.items():
        out.print(Text.assemble((f"by {column}", "bold"), f", {found.scores[0].score}"))
        for name, finding in slices.items():
            told = finding.sentence().partition(": ")[2]
            out.print(Text(f"  {name}: {told}", style=_STYLES.get(finding.verdict or "", "")))
    if found.disagreements:
        out.print("[bold]where they differ most[/]")
    for row in found.disagreements:
        out.print(Text(f"  {_row_text(row, found)}"))


def _row_text(row: Any, found: Comparison) -> str:
    told = ", ".join(f"{name} {_short(row[name])}" for name in (found.first, found.second))
    inputs = ", ".join(f"{name}={_short(value)}" for name, value in row["inputs"].items())
    return f"row {row['row']}, truly {row['label']}: {told}; {shortened(inputs, 160)}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return _short(value[-1]) if len(value) == 2 else "[" + ", ".join(map(_short, value)) + "]"
    return number_text(value) if isinstance(value, float) else str(value)


def _tell_power(out: Console, rows: list[PowerRow], sd: float, margin: float) -> None:
    from rich.table import Table

    wanted = f"not worse by {margin:g}" if margin else "better"
    out.print(f"How likely the comparison shows '{wanted}', if the true difference is:")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("difference", *(f"{n:,} cases" for n in rows[0].powers), "for 80 %"):
        table.add_column(name, justify="right")
    for row in rows:
        shares = [f"{share:.0%}" for share in row.powers.values()]
        table.add_row(f"{row.effect:g}", *shares, f"{row.needed:,}" if row.needed else "never")
    out.print(table)
    out.print(f"differences of single cases have a standard deviation of {sd:g}", style="dim")
