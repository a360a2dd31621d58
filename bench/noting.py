"""The server, whose observer is taken away for one moment of four: what its notes cost.

Of two servers side by side little is told by a few pairs: where a process lies in memory makes a
tenth of its speed, and what else the machine does half of it. Moments that follow each other in one
process differ by little but what is done in them. What is told is processor time: that of the
thread which answers, in either kind of moment, and that of all other threads, which take notes of
three quarters of the requests at the same times as of all, and so do a little more for each. What
a process that takes notes has in either moment, libraries and another order of its memory, is not
seen: it is less than the whole cost.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import time
from pathlib import Path
from typing import Any

from windlass.cli import main
from windlass.serving.deployment import Deployment

MOMENT = 0.02
"""Seconds, on average: they vary, so that none goes in step with anything."""
_SKIPPED = 100
"""Moments at first, in which all is still cold."""


class Alternating:
    """Takes the observer of a deployment away and gives it back, and adds up what either costs."""

    def __init__(self) -> None:
        self.deployment: Deployment | None = None
        self.requests = self.moments = 0
        self.seconds, self.answered = [0.0, 0.0], [0, 0]
        self.others = [0.0, 0.0]
        self.began = 0.0

    @property
    def kind(self) -> bool:
        """Whether notes are taken in this moment."""
        return self.moments % 4 > 0

    def begin(self, deployment: Deployment) -> None:
        self.deployment, self.observer = deployment, deployment.observer
        self.loop = asyncio.get_running_loop()
        self.turn()

    def turn(self) -> None:
        """Ends a moment, and begins the next."""
        assert self.deployment is not None
        if self.moments > _SKIPPED:
            kind = self.kind
            self.seconds[kind] += time.thread_time() - self.began
            self.answered[kind] += self.requests
            self.others[1] = self.elsewhere()
        elif self.moments == _SKIPPED:
            self.others[0] = self.elsewhere()
        self.moments += 1
        self.deployment.observer = self.observer if self.kind else None
        self.loop.call_later(MOMENT * (0.7 + 0.6 * (self.moments * 0.618 % 1)), self.turn)
        self.requests, self.began = 0, time.thread_time()

    @staticmethod
    def elsewhere() -> float:
        """Seconds of processor time of all threads but this one."""
        return time.process_time() - time.thread_time()

    def tell(self) -> None:
        """Writes the seconds of a request: without notes, with them, and of other threads."""
        bare, noted = (s / n for s, n in zip(self.seconds, self.answered, strict=True))
        others = (self.others[1] - self.others[0]) / self.answered[1]
        told = {"bare": bare, "noted": noted, "others": others}
        Path(os.environ["NOTING"]).write_text(json.dumps(told))


def alternate() -> None:
    """Lets every deployment of this process be asked by turns."""
    alternating, ask = Alternating(), Deployment.ask
    atexit.register(alternating.tell)

    async def asked(self: Deployment, *arguments: Any, **options: Any) -> Any:
        if alternating.deployment is None:
            alternating.begin(self)
        alternating.requests += 1
        return await ask(self, *arguments, **options)

    Deployment.ask = asked  # type: ignore[method-assign]


if __name__ == "__main__":
    alternate()
    main()
