"""Ctrl-C and a polite kill, as a flag: the record is never left in the middle of a write."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_REASONS = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "asked to end (SIGTERM)",
    signal.SIGHUP: "left by its terminal (SIGHUP)",
}
_PATIENCE = 3
"""Signals after which the next acts as usual: ending takes a second, and people press twice."""


class Interrupts:
    """While entered, the first signals to end only set `reason`.

    One that was ignored before, as SIGHUP is under ``nohup``, stays ignored. In a thread other than
    the main one nothing is caught, since Python allows it only there.

    Args:
        raising: Whether a signal raises `KeyboardInterrupt` instead, in a step that runs here.
    """

    def __init__(self, *, raising: bool = False) -> None:
        self.reason: str | None = None
        self._raising = raising
        self._count = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _REASONS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._restore()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.reason = self.reason or _REASONS[signal.Signals(number)]
        self._count += 1
        if self._count >= _PATIENCE:
            self._restore()
        if self._raising:
            raise KeyboardInterrupt

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
