"""A turn in progress, as the record has it: begun alone, alive by its beats, ended in words."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any

from windlass.errors import RecordError, TurnError, WindlassError
from windlass.monitoring.turning.triggers import PATIENCE, is_in_progress
from windlass.records import Records
from windlass.records.production import Turn
from windlass.words import ago_text

BEAT = 10.0
"""Seconds between two signs of life."""


class Progress:
    """A turn of this process. While entered, a thread says that it lives.

    Left by an error, or without an end, it is recorded as failed.

    Args:
        records: Where it is recorded.
        turn: The turn.
    """

    def __init__(self, records: Records, turn: Turn) -> None:
        self._records = records
        self._lock, self._over = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="turn", daemon=True)
        self.turn = turn

    @classmethod
    def begin(
        cls, records: Records, model: str, document: Mapping[str, Any], after: str | None = None
    ) -> Progress:
        """Begins a turn of a model.

        Args:
            records: Where it is to be recorded.
            model: The model's name.
            document: Why it begins, and who begins it.
            after: The turn that was the last when this one was found to be due; see
                `Records.begin_turn`.

        Raises:
            TurnError: Another one is in progress, or was quicker.
        """
        turn = records.begin_turn(model, document, PATIENCE, after=after)
        if turn is None:
            raise _refused(records, model)
        return cls(records, turn)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._over.set()
        if self.turn.ended is None:
            with contextlib.suppress(RecordError):  # the first error is the one to tell
                self.end("failed", reason=_in_words(error))
        self._thread.join(timeout=1)  # it may wait for a server that is gone

    def note(self, **facts: Any) -> None:
        """Records how far it is.

        Raises:
            TurnError: It was taken for lost, and another may be in progress.
        """
        with self._lock:
            self.turn = replace(self.turn, document={**self.turn.document, **facts})
            if not self._records.beat_turn(self.turn, self.turn.document):
                raise _lost(self.turn.model)

    def end(self, state: str, **facts: Any) -> Turn:
        """Records what came of it; returns it as it is now.

        Raises:
            TurnError: It was taken for lost.
        """
        with self._lock:
            document = {**self.turn.document, **facts}
            ended = replace(self.turn, state=state, ended=time.time(), document=document)
            if not self._records.end_turn(self.turn, state, document):
                self.turn = replace(ended, state="lost")
                raise _lost(self.turn.model)
            self.turn = ended
            return ended

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            with self._lock, contextlib.suppress(RecordError):  # it may be out of reach for a while
                self._records.beat_turn(self.turn, self.turn.document)


def _refused(records: Records, model: str) -> TurnError:
    last = records.turns(model)[0]
    told = f"{who_text(last)}, {ago_text(last.began)}"
    if is_in_progress(last, time.time()):
        return TurnError(
            f"a turn of '{model}' is in progress, begun by {told}",
            hint="Wait for its end: one whose process has died is taken for lost after "
            f"{PATIENCE:g} s. Look at them: windlass history {model} --turns",
        )
    return TurnError(f"another turn of '{model}' was quicker, begun by {told}")


def who_text(turn: Turn) -> str:
    """Who began a turn, and why."""
    why = ", ".join(each["text"] for each in turn.document.get("why", ()))
    return f"{turn.document.get('who', 'nobody')} ({why})" if why else str(turn.document.get("who"))


def _lost(model: str) -> TurnError:
    return TurnError(
        f"this turn of '{model}' said nothing for over {PATIENCE:g} s and was taken for lost",
        hint=f"Another may be in progress by now: windlass history {model} --turns",
    )


def _in_words(error: BaseException | None) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, WindlassError):
        return error.message
    return "it came to no end" if error is None else f"{type(error).__name__}: {error}"
