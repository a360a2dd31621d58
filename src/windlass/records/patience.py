"""Waiting for a database server that was there and is gone: it is mostly started again."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from windlass.errors import UnreachableError

P = ParamSpec("P")
R = TypeVar("R")

PATIENCE = 30.0
"""Seconds: a restart, or a switch to a standby server, takes less."""
_PAUSE = 0.2


class Waiting(Protocol):
    """What may wait for its server."""

    patience: float
    """Seconds that it waits at most."""

    @property
    def waits(self) -> bool:
        """Whether it does wait."""

    @property
    def is_in_transaction(self) -> bool:
        """Whether what was done is lost with the server."""


Self = TypeVar("Self", bound=Waiting)


def patiently(method: Callable[Concatenate[Self, P], R]) -> Callable[Concatenate[Self, P], R]:
    """Calls a method again while the server is gone, but for one in a transaction, which is lost.

    The method may have been done the first time, and only its end not been heard of: it must come
    to the same when it is done twice.
    """

    def patient(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        end = time.monotonic() + self.patience
        while True:
            try:
                return method(self, *args, **kwargs)
            except UnreachableError:
                if self.is_in_transaction or not self.waits or time.monotonic() > end:
                    raise
            time.sleep(_PAUSE)

    functools.update_wrapper(patient, method)
    return patient
