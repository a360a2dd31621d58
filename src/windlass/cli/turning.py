"""``turn``: the next version of a model is made, tested, and promoted if it passes."""

from __future__ import annotations

import contextlib
import json as js
from typing import TYPE_CHECKING, Annotated, Any

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
from windlass.cli.place import find_pipeline, stack_here
from windlass.cli.running import pairs
from windlass.cli.tables import print_words
from windlass.cli.testing import tell_test
from windlass.errors import ConfigError, TurnError
from windlass.models.documents import turn_document

if TYPE_CHECKING:
    from windlass.monitoring.turning.taking import Order
    from windlass.records.production import Turn
    from windlass.stacks.models import ModelSettings
    from windlass.stacks.stack import Stack


@command
def turn(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")],
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "-p", "--param", metavar="NAME=VALUE", help="A parameter, instead of windlass.toml's."
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="TARGET", help="Where the pipeline runs.")
    ] = None,
    stack: StackName = None,
    begun_by: Annotated[str | None, typer.Option("--begun-by", hidden=True)] = None,
    json: Json = False,
) -> int:
    """Takes a turn. Exit codes: 0 done, 1 the run or a test failed, 3 not all tests could tell."""
    from windlass.cli.live import make_observer
    from windlass.execution.stores import open_stores
    from windlass.monitoring.turning.taking import take

    found = stack_here(stack)
    order = _order(found, model, stack, target, pairs(parameters, "-p"), begun_by)
    root = found.project.root
    try:
        # What steps and tests print is progress: the result alone is on standard output.
        with kept_for_json(True), contextlib.chdir(root), make_observer() as observer:
            ended = take(
                order, open_stores(found), find_pipeline, observer=observer, tell=_say(model)
            )
    except TurnError as error:
        if begun_by is None:
            raise
        print_words(console(error=True), error.message)  # another watcher was quicker
        return DONE
    with perhaps_unread():
        if json:
            print_json(turn_document(ended))
        else:
            _tell(ended)
    return exit_code(ended)


def exit_code(turn: Turn) -> int:
    """The exit code of a turn that ended."""
    if turn.document.get("verdict") == "inconclusive" and turn.state == "kept":
        return INCONCLUSIVE
    return DONE if turn.state in ("promoted", "waiting", "unchanged") else FAILED


def settings_of(stack: Stack, model: str) -> ModelSettings:
    """What ``windlass.toml`` says of a model.

    Raises:
        ConfigError: Nothing.
    """
    from windlass.stacks.settings import load_settings
    from windlass.stacks.toml import did_you_mean

    told = load_settings(stack.project).models
    if model not in told:
        raise ConfigError(
            f"windlass.toml says nothing of a model '{model}'",
            hint=f"{did_you_mean(model, told)} Or say what makes it: [models.{model}], "
            'pipeline = "pipeline.py:training".',
        )
    return told[model]


def _order(
    found: Stack,
    model: str,
    stack: str | None,
    target: str | None,
    text: dict[str, str],
    begun_by: str | None,
) -> Order:
    from windlass.monitoring.turning.taking import Order
    from windlass.monitoring.turning.triggers import Why

    order = Order(model, settings_of(found, model), target=target, stack=stack, text=text)
    if begun_by is None:
        return order
    told = js.loads(begun_by)
    why = tuple(Why(kind, text, tuple(alerts)) for kind, text, alerts in told["why"])
    return Order(model, order.settings, why, told["after"], target, stack, text)


def _say(model: str) -> Any:
    return lambda line: print_words(console(error=True), f"{model}: {line}")


def _tell(turn: Turn) -> None:
    """Tells what came of a turn, and what is next."""
    told, out = turn.document, console()
    name = f"{turn.model}@{told.get('version')}"
    for test in told.get("failing", ()):
        tell_test(out, test)
    if turn.state == "promoted":
        before = f", instead of {turn.model}@{told['from']}" if told["from"] else ""
        out.print(f"{name} passed its tests: it is the champion now{before}")
    else:
        print_words(out, f"{turn.model}: {turn.state}: {told['reason']}")
    if turn.state == "kept" and told.get("against"):
        out.print(f"the champion is {turn.model}@{told['against']}, as before")
    following = _next(turn, name)
    if following:
        out.print(f"next: {following}", style="dim")


def _next(turn: Turn, name: str) -> str | None:
    told = turn.document
    commands = {
        "promoted": f"windlass rollback {turn.model}" if told.get("from") else None,
        "waiting": f"windlass promote {name}",
        "kept": f"windlass models show {name}",
        "failed": f"windlass show {told.get('run')}",
    }
    return commands.get(turn.state)
