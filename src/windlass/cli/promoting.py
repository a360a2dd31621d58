"""``promote``, ``rollback`` and ``history``: which version production follows, and which it did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stores_here
from windlass.errors import ConfigError
from windlass.models.documents import move_document, why_moved
from windlass.words import time_text

if TYPE_CHECKING:
    from rich.table import Table

    from windlass.records import Records
    from windlass.records.models import Move

_MOST = 30
"""Moves that are told, the newest, unless all are asked for."""
_Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
_Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the history.")
]


@command
def promote(
    version: Annotated[
        str, typer.Argument(metavar="MODEL@VERSION", help="Such as delay@3, or delay@newest.")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Without a report that passed; takes a --reason.")
    ] = False,
    reason: _Reason = None,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Makes a version the champion, if its release tests have passed."""
    from windlass.models.naming import find_version
    from windlass.models.promoting import promote_as_asked

    if "@" not in version:
        raise ConfigError(
            f"which version of '{version}' is to be promoted?", hint=f"Such as: {version}@newest"
        )
    stores = stores_here(stack)
    found = find_version(stores.records, version)
    moved = promote_as_asked(stores, found, force=force, reason=reason)
    return _tell_moved(stores.records, moved, json=json)


@command
def rollback(
    model: _Model, reason: _Reason = None, stack: StackName = None, json: Json = False
) -> int:
    """Makes the version the champion again that was it before."""
    from windlass.models.naming import known_model
    from windlass.models.promoting import rollback as roll_back

    stores = stores_here(stack)
    known_model(stores.records, model)
    moved = roll_back(stores.records, model, reason=reason)
    return _tell_moved(stores.records, moved, json=json)


@command
def history(
    model: _Model,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="Who was champion then: 2026-03-03 or with 14:30."
        ),
    ] = None,
    turns: Annotated[
        bool, typer.Option("--turns", help="Its turns, and what came of each.")
    ] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Tells where a model's aliases have been, and why; or its turns."""
    from windlass.cli.turns import tell_turns
    from windlass.models.naming import known_model
    from windlass.models.promoting import champion_at

    if turns and at is not None:
        raise ConfigError("--turns and --at exclude each other", hint="Leave one out.")
    stores = stores_here(stack)
    if turns:
        return tell_turns(stores.records, model, json=json)
    known_model(stores.records, model)
    moves = stores.records.moves(model)
    if at is not None:
        then = _moment(at)
        found = champion_at(moves, then)
        return _tell_then(model, found, then, json=json)
    if json:
        print_json({"model": model, "moves": [move_document(move) for move in reversed(moves)]})
    elif moves:
        _tell_moves(moves)
    else:
        console().print(f"no alias of {model} was ever set: windlass promote {model}@VERSION")
    return DONE


def _tell_moved(records: Records, move: Move, *, json: bool) -> int:
    from windlass.models.promoting import champions

    if json:
        print_json(move_document(move))
        return DONE
    before = f", instead of {move.model}@{move.old}" if move.old else ""
    console().print(f"{move.model}@{move.new} is the {move.alias} now{before}")
    if move.kind == "forced":
        console().print("It was forced, without a report that passed; the history says so.")
    if len(champions(records.moves(move.model))) > 1:
        console().print(f"the way back: windlass rollback {move.model}", style="dim")
    return DONE


def _tell_then(model: str, move: Move | None, then: float, *, json: bool) -> int:
    if json:
        found = None if move is None else move_document(move)
        print_json({"model": model, "at": then, "champion": found})
    elif move is None:
        console().print(f"on {time_text(then)} {model} had no champion")
    else:
        told = f"on {time_text(then)} the champion was [bold]{model}@{move.new}[/]"
        console().print(f"{told}, since {time_text(move.time)} by ", end="")
        console().print(move.who, markup=False)
        console().print(f"  {why_moved(move)}", markup=False)
    return DONE


def _tell_moves(moves: list[Move]) -> None:
    console().print(_table(moves[-_MOST:]))
    if len(moves) > _MOST:
        console().print(f"and {len(moves) - _MOST} before these: --json has all", style="dim")


def _table(moves: list[Move]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("when", "alias", "from", "to", "", "who", "why"):
        table.add_column(name, no_wrap=name != "why")
    for move in reversed(moves):
        kind = Text(move.kind, style="red" if move.kind == "forced" else "")
        numbers = [str(number) if number else "-" for number in (move.old, move.new)]
        who, why = Text(move.who), Text(why_moved(move))
        table.add_row(time_text(move.time), move.alias, *numbers, kind, who, why)
    return table


def _moment(text: str) -> float:
    """The end of a day, or a moment, in local time."""
    for form, rest in (("%Y-%m-%d", 86399.0), ("%Y-%m-%d %H:%M", 59.0), ("%Y-%m-%dT%H:%M", 59.0)):
        try:
            return time.mktime(time.strptime(text, form)) + rest
        except ValueError:
            continue
    raise ConfigError(
        f"--at {text}: that is no time", hint="Such as 2026-03-03, or '2026-03-03 14:30'"
    )
