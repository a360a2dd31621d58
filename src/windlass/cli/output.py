"""What a command prints: to a person, or as one JSON document; and how errors look."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import math
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from windlass.cli.marks import MARKS, PLAINLY, STYLES
from windlass.errors import DefinitionError, WindlassError
from windlass.modules import is_user_file

if TYPE_CHECKING:
    from rich.console import Console

P = ParamSpec("P")

DONE, FAILED, REFUSED, INCONCLUSIVE, INTERRUPTED = 0, 1, 2, 3, 130

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else.")]
StackName = Annotated[
    str | None,
    typer.Option("--stack", metavar="STACK", help="A stack of windlass.toml.", show_default=False),
]

_OURS = str(Path(__file__).parent.parent)
_PIPE_WIDTH = 200
"""A pipe has no width; what reads it should not find its lines cut at the eightieth column."""


def prepare_streams() -> None:
    """Lets standard output and error replace what a terminal cannot show, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=PLAINLY)


def console(*, error: bool = False) -> Console:
    """A console on standard output, or on standard error."""
    made: Console = _console_class()(stderr=error, highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = _PIPE_WIDTH
    return made


@functools.cache
def _console_class() -> Any:
    from rich.console import Console

    class PipedConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # Rich would exit with 1; `telling` knows better

    return PipedConsole


def styled(status: str) -> str:
    """A status with its mark and colour, as Rich's markup."""
    return f"[{STYLES.get(status, 'default')}]{MARKS.get(status, '?')} {status}[/]"


def print_json(document: Any) -> None:
    """Prints a document on standard output."""
    try:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:  # JSON knows no infinity
        finite = _finite(document)
        text = json.dumps(finite, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=2)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _finite(document: Any) -> Any:
    if isinstance(document, float):
        return document if math.isfinite(document) else None
    if isinstance(document, dict):
        return {key: _finite(value) for key, value in document.items()}
    return [_finite(item) for item in document] if isinstance(document, list | tuple) else document


@contextlib.contextmanager
def kept_for_json(as_json: bool) -> Iterator[None]:
    """While user code runs, what it writes to standard output goes to standard error.

    Not only what Python prints: the descriptor itself is turned.
    """
    if not as_json:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        ctypes.CDLL(None).fflush(None)  # what C code left in stdio's own buffers
        os.dup2(kept, 1)
        os.close(kept)


@contextlib.contextmanager
def perhaps_unread() -> Iterator[None]:
    """Prints what changes no exit code, whether anybody reads it or not."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()


def open_missing_streams() -> None:
    """Opens standard descriptors that were closed, so that no socket or file takes their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # which takes the lowest number that is free
            os.set_inheritable(opened, True)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def command(function: Callable[P, int]) -> Callable[P, None]:
    """Turns a command's errors into words and exit codes; its return value is the exit code."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        with telling(as_json=bool(kwargs.get("json"))):
            raise typer.Exit(function(*args, **kwargs))

    return wrapped


@contextlib.contextmanager
def telling(*, as_json: bool) -> Iterator[None]:
    """Tells errors as people want them, and exits."""
    try:
        yield
    except WindlassError as error:
        message = error.message + _place_of(error)
        tell_error(type(error).__name__, message, error.hint, as_json=as_json)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        tell_error("Interrupted", "interrupted", None, as_json=as_json)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:  # `windlass runs | head`: whoever read has enough
        discard_output()
        raise typer.Exit(DONE) from None
    except OSError as error:  # the machine's fault and not ours: no traceback
        tell_error(type(error).__name__, _of_machine(error), None, as_json=as_json)
        raise typer.Exit(FAILED) from None


def tell_error(kind: str, message: str, hint: str | None, *, as_json: bool = False) -> None:
    """Tells one error: on standard error, or as the JSON document."""
    if as_json:
        with contextlib.suppress(OSError):  # a full disk: the other stream may still be read
            print_json({"error": {"kind": kind, "message": message, "hint": hint}})
            return
    from rich.text import Text

    from windlass.cli.tables import print_words

    out = console(error=True)
    print_words(out, Text.assemble(("error: ", "bold red"), message))
    if hint:
        print_words(out, hint, indent=2)


def _place_of(error: WindlassError) -> str:
    """Where in the user's own file a definition is wrong, as far as a traceback tells."""
    if not isinstance(error, DefinitionError):
        return ""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if is_user_file(frame.filename):
            told = f"{Path(frame.filename).name}:{frame.lineno}" in error.message
            return "" if told else f"\n  at {frame.filename}:{frame.lineno}: {frame.line}"
    return ""


def _of_machine(error: OSError) -> str:
    place = f": {error.filename}" if error.filename is not None else ""
    return f"{error.strerror or error}{place}"


def discard_output() -> None:
    """Lets what is still buffered go nowhere, when the interpreter flushes it at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            try:
                stream.flush()
            except OSError:
                os.dup2(null, stream.fileno())
    os.close(null)
