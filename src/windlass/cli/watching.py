"""``watch``: models are looked after, and turns begun that are due."""

from __future__ import annotations

import json as js
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    INTERRUPTED,
    Json,
    StackName,
    command,
    print_json,
)
from windlass.cli.place import stack_here
from windlass.errors import ConfigError, DefinitionError
from windlass.models.documents import turn_document
from windlass.pipeline.settings import parse_duration
from windlass.words import time_text

if TYPE_CHECKING:
    from windlass.monitoring.turning.watching import Due, Watcher


@command
def watch(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Which; else all that windlass.toml describes."),
    ] = None,
    interval: Annotated[
        str, typer.Option("--interval", metavar="TIME", help="Between two looks.")
    ] = "60s",
    once: Annotated[
        bool, typer.Option("--once", help="Look once, take what is due, and end: for cron.")
    ] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Watches. Exit codes of --once are those of the turns; 0 when nothing was due."""
    from windlass.execution.interrupt import Interrupts
    from windlass.monitoring.looking import look
    from windlass.monitoring.turning.watching import Watcher

    if json and not once:
        raise ConfigError("--json tells of one look", hint="Give --once with it.")
    seconds, root = _seconds(interval), stack_here(stack).project.root
    begin = partial(_begin, root, stack)
    watched = Watcher(root, stack, models or (), look, begin, _say)
    with Interrupts() as interrupts, watched as watcher:
        watcher.models()  # what is wrong at the start is refused
        if once:
            return _once(watcher, lambda: interrupts.reason, json=json)
        _say(f"watching {', '.join(watcher.models())}, every {interval}")
        watcher.run(seconds, lambda: interrupts.reason)
    _say(f"ended: {interrupts.reason}")
    return INTERRUPTED if interrupts.reason == "interrupted" else DONE


def _once(watcher: Watcher, stop: Callable[[], str | None], *, json: bool) -> int:
    taken = watcher.once(stop)
    if json:
        print_json({"turns": [_document(watcher, due, code) for due, code in taken]})
    elif not taken and not watcher.has_failed:
        _say("nothing is due")
    if stop():
        return INTERRUPTED
    codes = [code if code > 0 else FAILED for _, code in taken if code]
    return min(codes, default=FAILED if watcher.has_failed else DONE)


def _document(watcher: Watcher, due: Due, code: int) -> dict[str, Any]:
    last = watcher.last_turn(due.model)
    turn = None if last is None or last.id == due.after else turn_document(last)
    return {"model": due.model, "exit_code": code, "turn": turn}


def _begin(root: Path, stack: str | None, due: Due) -> subprocess.Popen[bytes]:
    """Starts a turn; Ctrl-C reaches the watcher alone, which asks the turn to end."""
    begun_by = js.dumps({"why": [list(each) for each in due.why], "after": due.after})
    words = [sys.executable, "-P", "-m", "windlass", "turn", due.model, "--begun-by", begun_by]
    return subprocess.Popen(
        [*words, *(("--stack", stack) if stack else ())],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
    )


def _say(line: str) -> None:
    print(f"{time_text(time.time())}  {line}", file=sys.stderr, flush=True)  # noqa: T201


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except DefinitionError as error:
        raise ConfigError(f"--interval {text}: {error.message}", hint=error.hint) from error
