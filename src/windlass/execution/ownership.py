"""That one process alone drives a run, and says every few seconds that it is alive."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from types import TracebackType

from windlass.errors import RecordError
from windlass.execution.liveness import BEAT_SECONDS
from windlass.records import Records
from windlass.records.writing import not_driven


def new_token() -> str:
    """A name for a driver that no other has, on any machine."""
    return uuid.uuid4().hex


LOOK_SECONDS = 1.0
"""Between two looks at whether somebody has asked for the end of the run."""


class Ownership:
    """A driver's hold on a run.

    While entered, a thread tells the record that the driver lives: what the driver itself does may
    take long, as a step that runs in its process. A record that is out of reach for a while ends
    nothing. Whether another process has taken the run over, which it may if nothing was heard for
    long, is seen at the next beat that comes through; and no write of a driver that lost its run
    is taken, whether it has seen that or not.

    The same thread looks whether somebody has asked for the run's end.

    Args:
        records: Where the run is recorded.
        run: Its id.
        token: The driver's name.
    """

    def __init__(self, records: Records, run: str, token: str) -> None:
        self.token = token
        self._records = records
        self._run = run
        self._over = threading.Event()
        self._lost = False
        self.asked_to_end: str | None = None
        """Why the run is to end, once somebody has asked for it."""
        self._thread = threading.Thread(target=self._beat, name="windlass-beat", daemon=True)

    def __enter__(self) -> Ownership:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join(BEAT_SECONDS)

    def check(self) -> None:
        """Refuses to go on where another process drives the run by now.

        Raises:
            NotDrivenError: One does.
        """
        if self._lost:
            raise not_driven()

    def _beat(self) -> None:
        beaten = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            with contextlib.suppress(RecordError):  # out of reach: the next one may come through
                self._look()
                if time.monotonic() - beaten >= BEAT_SECONDS:
                    beaten = time.monotonic()
                    self._lost = not self._records.beat(self._run, self.token)

    def _look(self) -> None:
        by = self._records.asked_to_end(self._run)
        self.asked_to_end = None if by is None else f"cancelled by {by}"
