"""A served alias of a model: one live generation, the next one made ready beside it, the last warm.

The live generation is one reference. A request takes it once, and is answered by it alone, whatever
happens meanwhile; a swap sets it to another. Nothing is unloaded before that which takes its place
has given for its golden examples what it must. See docs/decisions/0020.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from windlass.errors import (
    NotFoundError,
    NotReadyError,
    SignatureError,
    WindlassError,
)
from windlass.models.signature import Signature
from windlass.models.threads import one_for_this_thread
from windlass.serving import memory
from windlass.serving.asking import Question, answer_all
from windlass.serving.batching import LATENCY, MOST_WAITING, Batcher
from windlass.serving.exchange import Answer, Arrays, Observer, arrays_of
from windlass.serving.generation import Generation
from windlass.serving.releases import Release
from windlass.values import Json

GRACE = 300.0
"""Seconds that the last generation stays loaded after a swap: going back to it takes no time."""
_DRAINED = 60.0
_AT_ONCE = 0.001
"""Seconds that the event loop may be kept by a model: no longer than by a small body of JSON."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a deployment may take.

    Args:
        latency: Seconds that a batch of requests may take.
        waiting: Rows that may wait for the model.
        grace: Seconds that the last generation stays loaded.
    """

    latency: float = LATENCY
    waiting: int = MOST_WAITING
    grace: float = GRACE


@dataclass(slots=True)
class Slot:
    """A generation with the thread that asks it.

    Args:
        generation: It.
        batcher: What gathers its requests.
        users: How many requests hold it.
        retired: When it was replaced; None while it is live.
    """

    generation: Generation
    batcher: Batcher[Question, Answer]
    users: int = 0
    retired: float | None = field(default=None)


class Deployment:
    """A model behind an alias, as `windlass.serving.exchange.Served` tells it.

    Args:
        name: The model's.
        alias: What is followed, as a person reads it.
        observer: Takes note of what is asked; None for nobody.
        limits: What it may take.
        clock: Tells seconds.
    """

    def __init__(
        self,
        name: str,
        alias: str = "champion",
        observer: Observer | None = None,
        limits: Limits = Limits(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self.alias = name, alias
        self.observer, self._limits, self._clock = observer, limits, clock
        self._live: Slot | None = None
        self._last: Slot | None = None
        self._prepared: Slot | None = None
        self._lock = threading.Lock()
        self.failed: Mapping[str, Json] | None = None
        """What could not be brought into service, and why; None once something was."""

    def __repr__(self) -> str:
        return f"<deployment {self._name}@{self.alias}: {self._live and self._live.generation!r}>"

    @property
    def name(self) -> str:
        """The model's."""
        return self._name

    @property
    def live(self) -> Generation | None:
        """The generation that answers."""
        live = self._live
        return None if live is None else live.generation

    def versions(self) -> tuple[str, ...]:
        """The versions that answer now, the live one first."""
        return tuple(dict.fromkeys(slot.generation.version for slot in self._slots()))

    def signature(self, version: str | None = None) -> Signature | None:
        """What a version takes and gives; None if that is not known.

        Raises:
            NotFoundError: That version does not answer here.
            NotReadyError: None does.
        """
        return self._slot(version).generation.signature

    def is_ready(self, version: str | None = None) -> bool:
        """Whether it would answer."""
        slots = [slot for slot in self._slots() if not slot.batcher.is_stuck]
        known = {slot.generation.version for slot in slots}
        live = self._live
        return live is not None and (live in slots if version is None else version in known)

    @property
    def is_stuck(self) -> bool:
        """Whether the live model has been at work on one batch for far too long."""
        live = self._live
        return live is not None and live.batcher.is_stuck

    def prepare(self, release: Release, number: int) -> Generation:
        """Loads a release and warms it up, beside the one that answers.

        Args:
            release: What is to be served.
            number: Which of the server's generations it will be.

        Returns:
            It; `commit` lets it answer.

        Raises:
            ModelError: It cannot be loaded, or gives something else than when it was made.
        """
        try:
            slot = self._warm(release, number) or self._loaded(release, number)
        except Exception as error:
            why = error.message if isinstance(error, WindlassError) else repr(error)
            self.failed = {"version": release.number, "why": why, "time": time.time()}
            raise
        with self._lock:
            unused, self._prepared = self._prepared, slot
        if unused is not None and unused is not slot and unused is not self._last:
            unused.batcher.close(0.0)
        return slot.generation

    def commit(self, number: int) -> None:
        """Lets the generation that was prepared answer all requests from now on.

        Raises:
            NotReadyError: Another one was prepared, or none.
        """
        with self._lock:
            slot = self._prepared
            if slot is None or slot.generation.number != number:
                raise NotReadyError(f"no generation {number} of {self._name} was prepared here")
            before = self._live
            slot.retired, self._prepared = None, None
            self._live = slot  # the swap: who took the old one keeps it
            older, self._last = self._last, before
            if before is not None:
                before.retired = self._clock()
            self.failed = None
        if older is not None and older is not slot:
            self._free(older)

    def tidy(self) -> None:
        """Frees the last generation once its grace has passed; to be called now and then."""
        with self._lock:
            last = self._last
            if last is None or last.retired is None:
                return
            if last.users or self._clock() - last.retired < self._limits.grace:
                return
            self._last = None
        self._free(last)

    async def ask(
        self,
        inputs: Arrays,
        rows: int,
        *,
        version: str | None = None,
        request: str,
        began: float,
    ) -> Answer:
        """What the model gives: see `windlass.serving.exchange.Served.ask`."""
        question = Question(request, inputs, rows, began)
        while True:
            slot = self._slot(version)
            slot.users += 1
            try:
                return await slot.batcher.ask(question, rows)
            except NotReadyError:  # it was freed between these two lines: there is another one
                continue
            finally:
                slot.users -= 1

    def predict(self, inputs: Any, rows: int, request: str) -> Answer:
        """The same at once, in the thread that asks; `inputs` may be a table."""
        slot = self._slot(None)
        if self.observer is not None:  # which notes arrays, whatever the table was of
            inputs = arrays_of(inputs)
        question = Question(request, inputs, rows, time.perf_counter())
        (answer,) = answer_all(slot.generation, self.observer, [question])
        if isinstance(answer, Exception):
            kind = "invalid" if isinstance(answer, SignatureError) else "error"
            self.note_failure(kind, time.perf_counter() - question.began)
            raise answer
        return answer

    def note_failure(self, kind: str, seconds: float) -> None:
        """Notes a request that was given no answer."""
        if self.observer is not None:
            self.observer.failed(kind, seconds)

    def feedback(self, request: str, truth: Sequence[Any]) -> bool:
        """Notes what was true of a request's rows; False if there is no room, or no log."""
        return self.observer is not None and self.observer.feedback(request, truth)

    def state(self) -> Mapping[str, Json]:
        """What is known of it: its alias, its generations, what waits, what failed."""
        live, last = self._live, self._last
        told: dict[str, Json] = {"model": self._name, "alias": self.alias}
        told["live"] = None if live is None else _told(live)
        told["last"] = None if last is None else _told(last)
        told["waiting_rows"] = 0 if live is None else live.batcher.rows
        told["failed"] = None if self.failed is None else dict(self.failed)
        told["noting"] = None if self.observer is None else dict(self.observer.state())
        return told

    def close(self) -> None:
        """Answers what waits, and ends."""
        slots = self._slots()
        self._live = self._last = None
        for slot in slots:
            slot.batcher.close()
        if self.observer is not None:
            self.observer.close()

    def _slots(self) -> list[Slot]:
        return [slot for slot in (self._live, self._last) if slot is not None]

    def _slot(self, version: str | None) -> Slot:
        live = self._live
        if live is not None and version in (None, live.generation.version):
            return live
        slots = self._slots()
        if not slots:
            why = "" if self.failed is None else f": {self.failed['why']}"
            raise NotReadyError(f"no version of {self._name} is loaded{why}")
        for slot in slots:
            if version is None or slot.generation.version == version:
                return slot
        there = ", ".join(self.versions())
        raise NotFoundError(
            f"the version {version} of {self._name} is not served", hint=f"There is {there}."
        )

    def _warm(self, release: Release, number: int) -> Slot | None:
        """The last generation again, if it is of that release and still loaded: the way back."""
        last = self._last
        if last is None or last.generation.release.folder != release.folder:
            return None
        return self._slot_of(last.generation.renumbered(number))

    def _loaded(self, release: Release, number: int) -> Slot:
        return self._slot_of(Generation(release, number))

    def _slot_of(self, generation: Generation) -> Slot:
        def answer(questions: Sequence[Question]) -> list[Answer | Exception]:
            return answer_all(generation, self.observer, questions)

        batcher = Batcher(
            answer,
            latency=self._limits.latency,
            most_waiting=self._limits.waiting,
            at_once=_AT_ONCE if generation.is_quick else 0.0,
            name=f"model {generation.release.name}",
            prepare=one_for_this_thread,  # the model is loaded by now, and its libraries with it
        )
        return Slot(generation, batcher)

    def _free(self, slot: Slot) -> None:
        """Lets go of a generation once those that hold it have their answers."""
        held = [slot]  # by that thread alone, which gives its memory back at last
        threading.Thread(target=_let_go, args=(held,), name="drain", daemon=True).start()


def _let_go(held: list[Slot]) -> None:
    slot = held.pop()
    end = time.monotonic() + _DRAINED
    while slot.users and time.monotonic() < end:
        time.sleep(0.05)
    slot.batcher.close()
    del slot
    memory.give_back()


def _told(slot: Slot) -> dict[str, Json]:
    generation = slot.generation
    return {
        "version": generation.release.number,
        "generation": generation.number,
        "serves": generation.release.role,
        "requests": slot.users,
    }
