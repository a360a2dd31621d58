"""What is told of a failure: the error, where it arose in the user's own code, what to do."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

from windlass import places
from windlass.errors import DataCheckError, WindlassError
from windlass.modules import is_user_file
from windlass.values import Json

_OURS = str(Path(__file__).parent.parent)
_LONGEST_MESSAGE = 4_000
_LONGEST_TRACEBACK = 20_000
_MOST_LINES = 30


def describe_failure(error: BaseException) -> dict[str, Json]:
    """An exception as JSON: kind, message, hint, file, line, traceback; of checks, their evidence.

    The traceback starts at the user's own code: what Windlass did before is of no use to them.
    """
    tail = _from_user_code(error.__traceback__)
    frames = traceback.extract_tb(tail)
    frame = next((f for f in reversed(frames) if not f.filename.startswith(_OURS)), None)
    own = next((f for f in reversed(frames) if is_user_file(f.filename)), frame)
    place = None if own is None else places.place(own.filename, own.lineno)
    return {
        "kind": type(error).__name__,
        "message": _message(error, frame.line if frame else None),
        "hint": error.hint if isinstance(error, WindlassError) else _hint(error),
        "file": place.file if place else None,
        "line": place.line if place else None,
        "traceback": _traceback(error, tail, place),
        **({"checks": [*error.checks]} if isinstance(error, DataCheckError) else {}),
    }


def _traceback(error: BaseException, tail: TracebackType | None, place: object) -> str:
    """The user's frames; of an error that arose in none of them, what it says."""
    if place is None and isinstance(error, WindlassError):
        return f"{type(error).__name__}: {error}\n"
    told = places.with_cells("".join(traceback.format_exception(type(error), error, tail)))
    if len(told) <= _LONGEST_TRACEBACK:
        return told
    half = _LONGEST_TRACEBACK // 2
    return f"{told[:half]}\n[… {len(told) - 2 * half:,} characters …]\n{told[-half:]}"


def _message(error: BaseException, line: str | None) -> str:
    """What an error says, cut where it is very long; of an assertion without words, its line."""
    if isinstance(error, WindlassError):
        return error.message
    if isinstance(error, SystemExit):
        return f"the step called sys.exit({error.code!r})"
    try:
        told = str(error)
    except Exception as fault:  # noqa: BLE001 (it is the user's own code)
        return f"(its text cannot be shown: {type(fault).__name__})"
    if not told and isinstance(error, AssertionError) and line:
        return line
    lines = told[:_LONGEST_MESSAGE].split("\n")
    left = told.count("\n") + 1 - _MOST_LINES
    return "\n".join([*lines[:_MOST_LINES], *([f"… {left:,} more lines"] if left > 0 else [])])


def _hint(error: BaseException) -> str | None:
    return next((hint for cls in type(error).__mro__ if (hint := _HINTS.get(cls.__name__))), None)


_NO_TERMINAL = "Workers have no terminal. With one, in this process: --in-process"
_HINTS = {
    "BdbQuit": _NO_TERMINAL,
    "EOFError": _NO_TERMINAL,
    "MemoryError": "Run fewer steps at once, --workers 1, or tell what each needs: memory=…",
}


def _from_user_code(tb: TracebackType | None) -> TracebackType | None:
    start = tb
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(_OURS):
        tb = tb.tb_next
    return tb or start
