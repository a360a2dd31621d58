"""What is told of a failure: the error, where it arose in the user's own code, what to do."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

from windlass.errors import WindlassError
from windlass.values import Json

_OURS = str(Path(__file__).parent.parent)
_LONGEST_MESSAGE = 4_000


def describe_failure(error: BaseException) -> dict[str, Json]:
    """An exception as JSON: kind, message, hint, file, line, traceback.

    The traceback starts at the user's own code: what Windlass did before is of no use to them.
    """
    tail = _from_user_code(error.__traceback__)
    frames = traceback.extract_tb(tail)
    place = next((f for f in reversed(frames) if not f.filename.startswith(_OURS)), None)
    return {
        "kind": type(error).__name__,
        "message": _message(error)[:_LONGEST_MESSAGE],
        "hint": error.hint if isinstance(error, WindlassError) else None,
        "file": place.filename if place else None,
        "line": place.lineno if place else None,
        "traceback": _traceback(error, tail, place),
    }


def _traceback(error: BaseException, tail: TracebackType | None, place: object) -> str:
    """The user's frames; of an error that arose in none of them, what it says."""
    if place is None and isinstance(error, WindlassError):
        return f"{type(error).__name__}: {error}\n"
    return "".join(traceback.format_exception(type(error), error, tail))


def _message(error: BaseException) -> str:
    if isinstance(error, WindlassError):
        return error.message
    if isinstance(error, SystemExit):
        return f"the step called sys.exit({error.code!r})"
    return str(error)


def _from_user_code(tb: TracebackType | None) -> TracebackType | None:
    start = tb
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(_OURS):
        tb = tb.tb_next
    return tb or start
