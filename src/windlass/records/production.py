"""The nouns of production: servers, what they saw, alerts, and turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SILENCE = 45.0
"""Seconds without a word after which a server is taken for dead."""
SKEW = 3600.0
"""Seconds by which clocks of machines may differ: a later beat is of one that was wrong."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A server that follows an alias, as it last told of itself. Times are seconds since 1970, UTC.

    Args:
        id: Its own, drawn when it started.
        model: The model's name.
        alias: What it follows: ``champion``; of a fixed version its number.
        host: The machine.
        began: When it started.
        beat: When it last told of itself.
        ended: When it stopped, if it said so.
        document: Its state: version, generation, workers, address, what failed.
    """

    id: str
    model: str
    alias: str
    host: str
    began: float
    beat: float
    ended: float | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    def lives(self, now: float) -> bool:
        """Whether it was heard of lately, and did not say that it ends."""
        return self.ended is None and now - self.beat < SILENCE


@dataclass(frozen=True, slots=True)
class Observation:
    """What one writer counted of a version in one window: all in it adds up with that of others.

    Args:
        model: The model's name.
        number: The version that answered.
        began: When the window begins, in seconds since 1970, UTC.
        writer: Which process counted.
        seconds: How long the window is.
        document: The counts.
    """

    model: str
    number: int
    began: float
    writer: str
    seconds: float
    document: Mapping[str, Any]


class Traffic(NamedTuple):
    """What a model was asked in some time, all writers and versions together.

    Args:
        requests: That were answered.
        failures: Requests without an answer.
        last: When the last window ends that there is; None if there is none.
    """

    requests: int = 0
    failures: int = 0
    last: float | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something was found that a person or a turn should see to.

    Args:
        id: Its own.
        model: The model's name.
        number: The version that it is about.
        time: When it was found.
        kind: ``drift``, ``quality``, ``missing``, ``errors``, …
        document: What was found.
    """

    id: str
    model: str
    number: int
    time: float
    kind: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One full round of a model, n to n + 1.

    Args:
        id: Its own.
        model: The model's name.
        began: When it began.
        beat: When whoever takes it last said that they live.
        ended: When it ended; None while it is in progress.
        state: ``running``; then ``promoted``, ``waiting`` for a person, ``kept`` the champion,
            ``failed``, ``unchanged`` or ``lost``.
        document: Why it began, the run, the version, the report, what came of it.
    """

    id: str
    model: str
    began: float
    beat: float
    ended: float | None
    state: str
    document: Mapping[str, Any]

    def lives(self, now: float, patience: float) -> bool:
        """Whether it goes on: it has not ended, and its process was heard of lately."""
        return self.ended is None and -SKEW < now - self.beat < patience
