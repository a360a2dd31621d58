"""``scorecard``: how ready a model is for production, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stack_here

if TYPE_CHECKING:
    from rich.console import Console

    from windlass.models.scorecard.maturity import Maturity
    from windlass.models.scorecard.score import Scorecard, Scored
    from windlass.records.production import Turn
    from windlass.stacks.models import Triggers

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
    from windlass.models.scorecard.maturity import maturity_of
    from windlass.models.scorecard.score import score_version
    from windlass.models.version import Version
    from windlass.stacks.settings import load_settings

    found = stack_here(stack)
    stores = open_recorded(found)
    if CHAMPION in stores.records.aliases(version):
        version = f"{version}@{CHAMPION}"
    row = find_version(stores.records, version)
    told = load_settings(found.project).models.get(row.model)
    made = Version(row, stores)
    card = score_version(made, told.scorecard if told else {})
    has_trigger = told is not None and _is_trained_by(
        told.triggers, stores.records.turns(row.model)
    )
    maturity = maturity_of(made, has_trigger=has_trigger)
    if json:
        print_json({**card.document(), "maturity": _maturity_document(maturity)})
    else:
        _tell(console(), card, maturity)
    return DONE


def _is_trained_by(triggers: Triggers, turns: Sequence[Turn]) -> bool:
    """Whether something but a person begins runs: it is set up to, and it has."""
    from windlass.monitoring.turning.triggers import FAILED, is_by_trigger

    return bool(triggers) and any(
        is_by_trigger(turn) and turn.ended is not None and turn.state not in FAILED
        for turn in turns
    )


def _maturity_document(maturity: Maturity) -> dict[str, object]:
    return {
        "level": maturity.level,
        "conditions": [condition._asdict() for condition in maturity.conditions],
        "missing": [condition.text for condition in maturity.missing],
    }


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
