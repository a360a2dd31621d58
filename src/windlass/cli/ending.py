"""The end of a run, for a person: what it returned, or what failed, and where to look next."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.cli.marks import MARKS
from windlass.cli.output import console
from windlass.cli.tables import print_words
from windlass.errors import WindlassError
from windlass.places import Place
from windlass.words import size_text, summary_text

if TYPE_CHECKING:
    from windlass.execution.run import Run, RunNode

_MOST_FAILURES = 3
_MOST_FRAMES = 8
_LONGEST_LINE = 200
_LARGEST_READ = 100_000
"""Bytes of a result that are read only to be shown."""
_LONGEST_SHOWN = 4_000


def tell_end(done: Run[Any]) -> None:
    """Tells how a run ended."""
    out = console()
    if done.status == "succeeded":
        shown = _result(done)
        if shown is not None:
            out.print(shown, soft_wrap=True)
    elif done.status == "cancelled":
        console(error=True).print(f"{done.name} was {done.error}; what had succeeded is kept")
    else:
        _tell_failures(done)
    look = _command(done, "show", done.name)
    out.print(f"[dim]look at it:[/] {look}", soft_wrap=True)
    if done.status != "succeeded":
        changes = ["--with-changes"] if done.status == "failed" else []
        again = _command(done, "resume", done.name, *changes)
        what = "once it is mended" if changes else "go on with it"
        out.print(f"[dim]{what}:[/] {again}", soft_wrap=True)


def _command(done: Run[Any], *words: str) -> str:
    """A command about a run, as it is to be typed where this one was."""
    from windlass.provenance.project import find_project

    stack = [] if done.row.stack == "default" else ["--stack", done.row.stack]
    told = shlex.join(["windlass", *words, *stack])
    file = _file(done)
    is_of_here = done.job.stores.logs.parent == find_project(Path.cwd()).home
    if file is None or is_of_here:
        return told
    return f"cd {shlex.quote(str(find_project(file).root))} && {told}"


def _file(done: Run[Any]) -> Path | None:
    from windlass import modules

    module = done.job.plan.pipeline.partition(":")[0]
    name = "__main__" if module == modules.main_alias() else module
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file) if file else None


def _result(done: Run[Any]) -> Any:
    """What the pipeline returned, in as much as it says something to a person."""
    from rich.text import Text

    from windlass.execution.inputs import Inputs

    contents = Inputs(done.job).resolve(done.graph.result).contents
    found = done.job.stores.records.artifacts(contents)
    if sum(artifact.bytes for artifact in found.values()) <= _LARGEST_READ:
        try:
            shown = _shown(done.result())
        except WindlassError as error:
            return Text(f"(the result cannot be read here: {error.message})", "dim")
        if shown is not None:
            return shown
    if len(contents) != 1 or not found or contents[0] not in found:
        return None
    artifact = found[contents[0]]
    if artifact.type == "NoneType":
        return None
    facts = f"{artifact.type}  {summary_text(artifact.summary)}  {size_text(artifact.bytes)}"
    see = _command(done, "artifacts", "show", artifact.content[:12])
    return Text.assemble(facts, ("\nsee it: ", "dim"), see)


def _shown(value: Any) -> Any:
    from rich.text import Text

    from windlass import values
    from windlass.artifacts.documents import HTML, Markdown

    if isinstance(value, Markdown) and console().is_terminal:
        from rich.markdown import Markdown as Drawn

        return Drawn(value)
    if value is None or isinstance(value, HTML):
        return None
    own_text = dataclasses.is_dataclass(value) and "__str__" in vars(type(value))
    if isinstance(value, str) or own_text:
        return Text(str(value))
    if not values.is_plain(value):
        return None
    try:
        told = str(value)
    except ValueError:  # a number of more digits than Python prints
        return None
    return Text(told) if len(told) <= _LONGEST_SHOWN else None


def _tell_failures(done: Run[Any]) -> None:
    from rich.text import Text

    failed = [node for node in done.nodes if node.status == "failed"]
    out = console(error=True)
    for place, node in enumerate(failed[:_MOST_FAILURES]):
        _tell_failure(done, node, whole=place == 0)
    if len(failed) > _MOST_FAILURES:
        out.print(f"… and {len(failed) - _MOST_FAILURES} more nodes failed", style="red")
    if not failed and done.error:
        print_words(out, Text(done.error, "red"))


def _tell_failure(done: Run[Any], node: RunNode, *, whole: bool) -> None:
    from rich.text import Text

    error: Any = (node.outcome.error if node.outcome else None) or {}
    told = Text.assemble((f"{MARKS['failed']} ", "red"), (node.name, "bold"))
    told.append(f": {error.get('kind')}: {error.get('message')}")
    if error.get("file"):
        told.append(f"\n  at {Place(error['file'], error['line']).from_here()}")
        frames = _frames(error) if whole else []
        told.append("".join(f"\n  {line}" for line in frames), "dim")
    if error.get("hint"):
        told.append(f"\n  {error['hint']}")
    if node.outcome is not None and node.outcome.attempts:
        told.append("\n  what it wrote: ", "dim")
        told.append(_command(done, "logs", done.name, node.name))
    print_words(console(error=True), told)


def _frames(error: dict[str, Any]) -> list[str]:
    """The last lines of a traceback, without its heading and the error, which is told already."""
    last = str(error.get("traceback") or "").rpartition("(most recent call last):\n")[2]
    lines = takewhile(lambda line: line.startswith("  "), last.split("\n"))
    frames = [line for line in lines if line.strip(" ^~")]  # without the marks below a line
    return [line[:_LONGEST_LINE] for line in frames[-_MOST_FRAMES:]]
