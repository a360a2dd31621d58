"""What a command prints: to a person, or as one JSON document; and how errors look."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from windlass.errors import WindlassError

if TYPE_CHECKING:
    from rich.console import Console

P = ParamSpec("P")

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else.")]
StackName = Annotated[
    str | None, typer.Option("--stack", help="A stack of windlass.toml.", show_default=False)
]

STYLES = {
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "lost": "magenta",
    "skipped": "bright_black",
    "running": "cyan",
    "waiting": "bright_black",
}
MARKS = {
    "succeeded": "✓",
    "failed": "✗",
    "cancelled": "⊘",
    "lost": "?",
    "skipped": "–",
    "running": "●",
    "waiting": "·",
}
_PLAIN_MARKS = {
    "succeeded": "+",
    "failed": "x",
    "cancelled": "/",
    "lost": "?",
    "skipped": "-",
    "running": "*",
    "waiting": ".",
}


def console(*, error: bool = False) -> Console:
    """A console on standard output, or on standard error."""
    from rich.console import Console

    made = Console(stderr=error, highlight=False, soft_wrap=False)
    if not made.is_terminal:  # a pipe has no width: don't cut lines there
        made.width = 200
    return made


def mark(status: str, encoding: str | None = None) -> str:
    """The sign of a status, in ASCII where the terminal knows no more."""
    with contextlib.suppress(UnicodeEncodeError, LookupError):
        MARKS[status].encode(encoding or sys.stdout.encoding or "ascii")
        return MARKS[status]
    return _PLAIN_MARKS[status]


def styled(status: str) -> str:
    """A status with its mark and colour, as Rich's markup."""
    style = STYLES.get(status, "default")
    return f"[{style}]{mark(status)} {status}[/]"


def print_json(document: Any) -> None:
    """Prints a document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def command(function: Callable[P, int | None]) -> Callable[P, None]:
    """Turns a command's errors into words and exit codes; its return value is the exit code."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json = bool(kwargs.get("json"))
        with telling(as_json=as_json):
            code = function(*args, **kwargs)
            raise typer.Exit(code or DONE)

    return wrapped


@contextlib.contextmanager
def telling(*, as_json: bool) -> Iterator[None]:
    """Tells errors as people want them, and exits."""
    try:
        yield
    except WindlassError as error:
        tell_error(type(error).__name__, error.message, error.hint, as_json=as_json)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        if as_json:
            print_json({"error": {"kind": "Interrupted", "message": "interrupted", "hint": None}})
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:  # `windlass runs | head`: whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise typer.Exit(DONE) from None


def tell_error(kind: str, message: str, hint: str | None, *, as_json: bool = False) -> None:
    """Tells one error: on standard error, or as the JSON document."""
    if as_json:
        print_json({"error": {"kind": kind, "message": message, "hint": hint}})
        return
    from rich.text import Text

    out = console(error=True)
    out.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
    if hint:
        out.print(Text(f"  {hint}", "default"), soft_wrap=True)


def seconds_text(seconds: float | None) -> str:
    """A duration as a person reads it."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size_text(size: int) -> str:
    """A number of bytes as a person reads it."""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def summary_text(summary: dict[str, Any]) -> str:
    """The facts of an artifact in one line."""
    if "value" in summary:
        return str(summary["value"])
    if "shape" in summary and isinstance(summary["shape"], list):
        told = " × ".join(f"{n:,}" for n in summary["shape"])
        return f"{told} {summary.get('dtype', '')}".strip()
    if "rows" in summary:
        columns = summary.get("columns")
        width = len(columns) if isinstance(columns, list | dict) else columns
        return f"{summary['rows']:,} rows" + (f" × {width} columns" if width else "")
    if "length" in summary:
        return (
            f"{summary['length']:,} items" if "of" in summary else f"length {summary['length']:,}"
        )
    simple = {k: v for k, v in summary.items() if isinstance(v, str | int | float)}
    return ", ".join(f"{key} {value}" for key, value in list(simple.items())[:3])
