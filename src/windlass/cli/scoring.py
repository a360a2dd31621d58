"""``scorecard``: how ready a model is for production, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stack_here

if TYPE_CHECKING:
    from rich.console import Console

    from windlass.models.scorecard.maturity import Maturity
    from windlass.models.scorecard.score import Scorecard, Scored

_MARKS = {1.0: ("●", "green"), 0.5: ("◐", "yellow"), 0.0: ("○", "dim")}


@command
def scorecard(
    version: Annotated[
        str,
        typer.Argument(
            metavar="MODEL[@VERSION]", help="Such as delay@3; else the champion, or the newest."
        ),
    ],
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Scores a model by the ML Test Score, and tells how far its way is automated."""
    from windlass.execution.stores import open_recorded
    from windlass.models.naming import CHAMPION, find_version
    from windlass.models.version import Version
    from windlass.monitoring.scoring import readiness
    from windlass.stacks.settings import load_settings

    found = stack_here(stack)
    stores = open_recorded(found)
    if CHAMPION in stores.records.aliases(version):
        version = f"{version}@{CHAMPION}"
    row = find_version(stores.records, version)
    ready = readiness(Version(row, stores), load_settings(found.project).models.get(row.model))
    if json:
        print_json(ready.document())
    else:
        _tell(console(), ready.card, ready.maturity)
    return DONE


def _tell(out: Console, card: Scorecard, maturity: Maturity) -> None:
    from windlass.models.scorecard.lines import SECTIONS

    for section, title in SECTIONS.items():
        out.print(f"[bold]{title}[/]  {card.sections[section]:g} of 7")
        for each in card.lines:
            if each.line.section == section:
                _tell_line(out, each)
    out.print(f"\n[bold]{card.version}: {card.score:g}[/], the least of the four: {card.meaning}")
    out.print(f"[bold]automation: level {maturity.level}[/] of 2")
    for condition in maturity.missing:
        out.print(f"  for the next: {condition.text} ({condition.how})", markup=False)


def _tell_line(out: Console, scored: Scored) -> None:
    from rich.text import Text

    mark, style = _MARKS[scored.points]
    line = Text.assemble((f"  {mark} ", style), (f"{scored.line.key:10}", "dim"), scored.line.text)
    out.print(line)
    told = scored.evidence if scored.evidence is not None else f"to do: {scored.line.how}"
    out.print(Text(f"      {told}", style="dim"))
