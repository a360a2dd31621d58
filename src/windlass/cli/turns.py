"""Turns as they are told: as JSON, and in a table."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windlass.cli.output import DONE, console, print_json
from windlass.words import time_text

if TYPE_CHECKING:
    from rich.table import Table

    from windlass.records import Records
    from windlass.records.production import Turn

_MOST = 30
"""Turns that are told, the newest; --json has all."""
_STYLES = {"promoted": "green", "failed": "red", "lost": "red", "kept": "yellow"}


def turn_document(turn: Turn) -> dict[str, Any]:
    """A turn as JSON."""
    return {
        "id": turn.id,
        "model": turn.model,
        "state": _state(turn),
        "began": turn.began,
        "ended": turn.ended,
        **turn.document,
    }


def why_of(document: Mapping[str, Any]) -> str:
    """Why a turn began."""
    return ", ".join(each["text"] for each in document.get("why", ()))


def tell_turns(records: Records, model: str, *, json: bool) -> int:
    """Tells the turns of a model, the newest first."""
    found = records.turns(model)
    if json:
        print_json({"model": model, "turns": [turn_document(turn) for turn in found]})
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

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("when", "turn", "version", "run", "who", "why", "reason"):
        table.add_column(name, no_wrap=name not in ("why", "reason"))
    for turn in turns:
        told, state = turn.document, _state(turn)
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


def _state(turn: Turn) -> str:
    """The state of a turn; one that says nothing any more is lost, as the next one will record."""
    from windlass.monitoring.turning.triggers import is_in_progress

    if turn.ended is None:
        return "running" if is_in_progress(turn, time.time()) else "lost"
    return turn.state
