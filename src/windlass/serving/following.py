"""A server follows an alias by itself: what is promoted is brought into service, step by step.

The release is copied and checked; every worker loads it beside what it serves and warms it up; only
when all have is it committed. Where one cannot, all go on with what they have. A version that could
not be brought into service is tried again later, and later still.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from windlass.errors import ModelError, RecordError, StoreError, WindlassError
from windlass.execution.job import Stores
from windlass.models.naming import NEWEST, find_version
from windlass.models.version import Version
from windlass.serving.releases import Release, fetch, read_release
from windlass.values import Json

INTERVAL = 2.0
"""Seconds between two looks at the record."""
_FIRST_RETRY, _LAST_RETRY = 10.0, 600.0
_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where the versions of an alias come from."""

    def number(self) -> int:
        """The version that the alias names now."""
        ...

    def release(self, number: int) -> Release:
        """That version on this machine's disk."""
        ...


@dataclass(frozen=True)
class Recorded:
    """An alias of a model in a record.

    Args:
        stores: Gives where it is recorded; raises while that is out of reach.
        model: The model's name.
        which: An alias, a version's number, or ``newest``.
        folder: Where releases are kept on this machine.
    """

    stores: Callable[[], Stores]
    model: str
    which: str
    folder: Path

    def number(self) -> int:
        """The version that is meant now.

        Raises:
            NotFoundError: There is none.
            RecordError: The record cannot be reached.
        """
        return find_version(self.stores().records, f"{self.model}@{self.which or NEWEST}").number

    def release(self, number: int) -> Release:
        """That version on this machine's disk.

        Raises:
            WindlassError: It cannot be had, or is not as it was.
        """
        stores = self.stores()
        row = stores.records.version(self.model, number)
        return fetch(Version(row, stores), self.folder)


class Party(Protocol):
    """Whoever loads releases and answers by them: a deployment here, or a worker process."""

    def prepare(self, release: Release, number: int) -> object:
        """Loads a release and warms it up; raises if it cannot."""
        ...

    def commit(self, number: int) -> object:
        """Answers by it from now on; a worker that does not is taken out of rotation."""
        ...


class Follower:
    """Brings into service what an alias names.

    Args:
        source: Where versions come from.
        parties: Who serve them, as they are at the time.
        last: The file that remembers what was served last, for a start without the stores.
        clock: Tells seconds.
        brought: What is served without the stores if nothing was served before.
        wait: Whether to start without a version, and to wait for one.
    """

    def __init__(
        self,
        source: Source,
        parties: Callable[[], Sequence[Party]],
        last: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        brought: Release | None = None,
        *,
        wait: bool = False,
    ) -> None:
        self.source, self._parties, self._last, self._clock = source, parties, last, clock
        self._brought, self._wait = brought, wait
        self.release: Release | None = None
        """What is in service."""
        self.generation = 0
        """How many were brought into service."""
        self.trouble: dict[str, Json] | None = None
        """Why the record cannot be asked, or a version not be served; None if all is well."""
        self._tries, self._again, self._unfit = 0, 0.0, -1

    def start(self) -> None:
        """Brings the present version into service; if the stores are out of reach, the last one.

        Raises:
            WindlassError: There is none, and it is not to be waited for; or it cannot be served.
        """
        try:
            self._serve(self.source.release(self.source.number()))
        except (RecordError, StoreError, ModelError) as error:
            self._start_without(error)
            self.trouble = _trouble(error, None)

    def _start_without(self, error: WindlassError) -> None:
        """Brings into service what is here, if there is a reason to; else the error stands."""
        release = self._remembered() or self._brought
        is_missing = error.exit_code == 2 and isinstance(error, RecordError)
        # A model that cannot be loaded is told at once, except where there is one that can.
        is_unfit = isinstance(error, ModelError) and self._brought is None
        if release is not None and not is_missing and not is_unfit:
            _log.warning("%s is served, for now: %s", release.name, error.message)
            self._serve(release)
        elif self._wait and not is_unfit:
            _log.warning("nothing can be served yet: %s", error.message)
        else:
            raise error

    def look(self) -> bool:
        """Looks at the alias once; whether another version is in service now."""
        try:
            number = self.source.number()
        except WindlassError as error:
            self.trouble = _trouble(error, None)
            return False
        if self.release is not None and number == self.release.number:
            self.trouble = None
            return False
        if number == self._unfit and self._clock() < self._again:
            return False
        return self._bring(number)

    def run(self, stop: threading.Event, interval: float = INTERVAL) -> None:
        """Looks again and again, until it is to stop."""
        while not stop.wait(interval):
            self.try_look()

    def try_look(self) -> None:
        """Looks once; whatever goes wrong is in the log, and the next look may be better."""
        try:
            self.look()
        except Exception:  # noqa: BLE001 - it must go on following whatever happens
            _log.exception("a look at the alias failed")

    def _bring(self, number: int) -> bool:
        try:
            self._serve(self.source.release(number))
        except Exception as error:  # noqa: BLE001 - whatever a model raises: the last one serves on
            self._tries = self._tries + 1 if number == self._unfit else 1
            self._unfit = number
            self._again = self._clock() + min(_FIRST_RETRY * 2 ** (self._tries - 1), _LAST_RETRY)
            self.trouble = _trouble(error, number)
            _log.error("version %s is not served: %s", number, self.trouble["why"])
            return False
        return True

    def _serve(self, release: Release) -> None:
        """Prepares everybody, then commits everybody."""
        parties, number = self._parties(), self.generation + 1
        with ThreadPoolExecutor(max(1, len(parties))) as pool:
            list(pool.map(lambda party: party.prepare(release, number), parties))
            self.generation, self.release = number, release
            list(pool.map(lambda party: party.commit(number), parties))
        self.trouble, self._unfit, self._tries = None, -1, 0
        self._remember(release)
        _log.info("%s is served, as generation %s", release.name, number)

    def _remember(self, release: Release) -> None:
        if self._last is None:
            return
        new = self._last.with_name(f".{self._last.name}-{os.getpid()}")
        try:
            self._last.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps({"folder": release.folder.name}))
            new.replace(self._last)
        except OSError as error:  # a full disk keeps nobody from being served
            _log.warning("what is served cannot be remembered: %s", error)

    def _remembered(self) -> Release | None:
        if self._last is None:
            return None
        try:
            told = json.loads(self._last.read_text())
            return read_release(self._last.parent / Path(told["folder"]).name)
        except (OSError, ValueError, KeyError, WindlassError):
            return None


def _trouble(error: Exception, version: int | None) -> dict[str, Json]:
    why = error.message if isinstance(error, WindlassError) else repr(error)
    return {"version": version, "why": why, "time": time.time()}
