"""A server says in the record what it serves, again and again, so that a person can see it."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from windlass.errors import RecordError
from windlass.execution.job import Stores
from windlass.records.identity import uuid7
from windlass.records.production import Deployment
from windlass.serving.following import Follower
from windlass.serving.settings import ServerSettings
from windlass.values import Json

INTERVAL = 10.0
"""Seconds between two times that it says so."""


@dataclass
class Beacon:
    """What one server says of one model.

    Args:
        stores: Gives where; raises while that is out of reach.
        follower: What brings into service what the alias names.
        model: The model's name.
        alias: That alias.
        address: Where the server is asked.
        workers: How many processes answer now.
    """

    stores: Callable[[], Stores]
    follower: Follower
    model: str
    alias: str
    address: str
    workers: Callable[[], int]
    _told: Deployment | None = field(default=None, init=False)

    def tell(self, *, end: bool = False) -> None:
        """Says what is served now, if it is time to, or the last time; a record out of reach waits.

        Args:
            end: Whether the server ends.
        """
        now, before = time.time(), self._told
        document = self._document()
        trouble = self.follower.trouble
        if end and trouble is not None and trouble["version"] is None:
            return  # the record is out of reach, and nobody waits for it: its silence tells it
        if before is not None and not end:
            is_same = dict(before.document) == document
            if is_same and now - before.beat < INTERVAL:
                return
        told = before or Deployment(uuid7(), self.model, self.alias, socket.gethostname(), now, now)
        told = replace(told, beat=now, ended=now if end else None, document=document)
        with contextlib.suppress(RecordError):
            self.stores().records.save_deployment(told)
            self._told = told

    def _document(self) -> dict[str, Json]:
        release = self.follower.release
        return {
            "version": None if release is None else release.number,
            "generation": self.follower.generation,
            "serves": None if release is None else release.role,
            "address": self.address,
            "workers": self.workers(),
            "process": os.getpid(),
            "trouble": self.follower.trouble,
        }


class Beacons(list[Beacon]):
    """What a server says of all its models."""

    def tell(self, *, end: bool = False) -> None:
        """Says what is served now: see `Beacon.tell`."""
        for each in self:
            each.tell(end=end)


def beacons_of(
    settings: ServerSettings,
    stores: Callable[[], Stores],
    following: Sequence[Follower],
    address: str,
    workers: Callable[[], int],
) -> Beacons:
    """What a server says of each of its models."""
    return Beacons(
        Beacon(stores, follower, model, alias, address, workers)
        for follower, (model, alias) in zip(following, settings.models, strict=True)
    )
