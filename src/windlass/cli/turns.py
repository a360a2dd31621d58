"""Turns as they are told: as JSON, and in a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from windlass.cli.output import DONE, console, print_json
from windlass.models.documents import turn_document, why_of
from windlass.words import time_text

if TYPE_CHECKING:
    from rich.table import Table

    from windlass.records import Records
    from windlass.records.production import Turn

_MOST = 30
"""Turns that are told, the newest; --json has all."""
_STYLES = {"promoted": "green", "failed": "red", "lost": "red", "kept": "yellow"}


def tell_turns(records: Records, model: str, *, json: bool) -> int:
    """Tells the turns of a model, the newest first."""
    from windlass.monitoring.turning.triggers import state_of

    found, now = records.turns(model), time.time()
    if json:
        told = [{**turn_document(turn), "state": state_of(turn, now)} for turn in found]
        print_json({"model": model, "turns": told})
    elif found:
        console().print(_table(found[:_MOST]))
        if len(found) > _MOST:
            console().print(f"and {len(found) - _MOST} before these: --json has all", style="dim")
    else:
        console().print(f"no turn of {model} was ever taken: windlass turn {model}")
    return DONE


def _table(turns: Sequence[Turn]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from windlass.monitoring.turning.triggers import state_of

    now = time.time()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("when", "turn", "version", "run", "who", "why", "reason"):
        table.add_column(name, no_wrap=name not in ("why", "reason"))
    for turn in turns:
        told, state = turn.document, state_of(turn, now)
        table.add_row(
            time_text(turn.began),
            Text(state, style=_STYLES.get(state, "")),
            str(told.get("version", "-")),
            told.get("run", "-"),
            told.get("who", "-"),
            Text(why_of(told)),
            Text(told.get("reason", "") or _silence(turn, state)),
        )
    return table


def _silence(turn: Turn, state: str) -> str:
    return f"its process died: the last word of it is of {time_text(turn.beat)}" * (state == "lost")
