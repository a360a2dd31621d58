"""What a check of ``windlass doctor`` finds, and how one is made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from windlass.errors import WindlassError

Status: TypeAlias = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Args:
        name: What was looked at.
        status: ``ok``; ``warn`` where runs work, but not as well as they could; ``fail`` where
            they do not.
        message: What was found.
        hint: What to do about it.
    """

    name: str
    status: Status
    message: str
    hint: str | None = None


Look: TypeAlias = Callable[[], Check]


def attempt(name: str, look: Callable[[], Check]) -> Check:
    """What a check finds, whatever it raises: one that fails must not end the others."""
    try:
        return look()
    except WindlassError as error:
        return Check(name, "fail", error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a doctor reports what is wrong, and goes on
        return Check(name, "fail", f"{type(error).__name__}: {error}")


def in_time(name: str, look: Look, seconds: float) -> Check:
    """What a check finds, if it does so in time: a server may take a request and never answer.

    What is late goes on beside until the process ends.
    """
    found: list[Check] = []
    thread = threading.Thread(target=lambda: found.append(attempt(name, look)), daemon=True)
    thread.start()
    thread.join(seconds)
    if found:
        return found[0]
    hint = "Is its server in order, and the network quick enough?"
    return Check(name, "fail", f"no answer in {seconds:.0f} seconds", hint)
