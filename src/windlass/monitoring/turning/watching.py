"""The watcher: looks after models, and begins a turn of each that is due, in a process of its own.

Whatever a turn does to its process, the watcher goes on. Of several watchers one begins a turn:
the record decides. One turn is in progress at a time, so that two don't share a machine's memory.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from windlass.errors import ConfigError, UnreachableError, WindlassError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.models.naming import CHAMPION
from windlass.models.promoting import champion_at
from windlass.monitoring.turning.files import Files
from windlass.monitoring.turning.taking import Order, check
from windlass.monitoring.turning.triggers import FIRST_RETRY, LAST_RETRY, Why, due
from windlass.provenance.project import find_project
from windlass.records.production import Turn
from windlass.stacks.models import ModelSettings
from windlass.stacks.settings import load_settings
from windlass.stacks.stack import load_stack
from windlass.stacks.toml import did_you_mean

Monitor = Callable[[Stores, str, ModelSettings, float], object]
"""Looks at what a model does in production, and keeps alerts of it."""
_MOST_WAIT = 0.2
"""Seconds between two looks at whether it is to end."""


class Process(Protocol):
    """A turn in a process of its own, as `subprocess.Popen` is."""

    def poll(self) -> int | None:
        """Its exit code; None while it goes on."""
        ...

    def terminate(self) -> None:
        """Asks it to end."""
        ...

    def wait(self) -> int:
        """Waits for its end."""
        ...


class Due(NamedTuple):
    """A model of which a turn is due.

    Args:
        model: Its name.
        why: Why.
        after: The id of the turn that was its last at that time; empty if there was none.
    """

    model: str
    why: list[Why]
    after: str


Begin = Callable[[Due], Process]
"""Begins a turn in a process of its own."""


class Watcher:
    """Looks after the models of a project.

    Args:
        root: The project's folder; what its ``windlass.toml`` says is read anew at each look.
        stack: A stack of ``windlass.toml``; None for the default.
        models: Which; none for all that ``windlass.toml`` describes.
        monitor: Looks at a model in production.
        begin: Begins a turn.
        tell: Takes a line for the log.
    """

    def __init__(
        self,
        root: Path,
        stack: str | None,
        models: Sequence[str],
        monitor: Monitor,
        begin: Begin,
        tell: Callable[[str], None],
    ) -> None:
        self._root, self._stack, self._named = root, stack, models
        self._monitor, self._begin, self._tell = monitor, begin, tell
        self._files, self._opened = Files(), contextlib.ExitStack()
        self._stores: Stores | None = None
        self._failed: set[str] = set()
        self._failed_before: set[str] = set()
        self._refused: dict[str, tuple[int, float]] = {}
        self.has_failed = False
        """Whether a look at a model came to no end."""

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def models(self) -> dict[str, ModelSettings]:
        """The models that are looked after, with what is said of them now.

        Raises:
            ConfigError: One is not described, none is, or ``windlass.toml`` is wrong.
        """
        found = load_settings(find_project(self._root)).models
        for name in self._named:
            if name not in found:
                raise ConfigError(
                    f"windlass.toml describes no model '{name}'",
                    hint=f"{did_you_mean(name, found)} Or describe it: [models.{name}].",
                )
        if not found:
            raise ConfigError(
                "windlass.toml describes no model to be watched",
                hint="Say what makes it, and when: [models.NAME] and [models.NAME.triggers].",
            )
        return {name: found[name] for name in self._named or found}

    def look(self) -> list[Due]:
        """Looks at every model once; returns those of which a turn is due.

        Raises:
            WindlassError: The stores cannot be reached, or ``windlass.toml`` is wrong.
        """
        self._failed_before, self._failed = self._failed, set()
        stores = self._open()
        found = [
            each for name, told in self.models().items() for each in self._at(stores, name, told)
        ]
        with self._told("the tracker"):
            self._tell_tracker()
        return found

    def run(self, interval: float, stop: Callable[[], str | None]) -> None:
        """Looks again and again. When it is to stop, a turn in progress is asked to end, too.

        Args:
            interval: Seconds between two looks.
            stop: Tells why it is to stop; None if it is to go on.
        """
        turn: tuple[Due, Process] | None = None
        while not stop():
            if turn is not None and turn[1].poll() is not None:
                self._tell_end(*turn)
                turn = None
            found = self._patient_look()
            if turn is None and not stop():
                turn = self._begun(found)
            _wait(interval, stop)
        if turn is not None:
            self.end(*turn)

    def once(self, stop: Callable[[], str | None]) -> list[tuple[Due, int]]:
        """Looks once, and takes the turns that are due; returns their exit codes."""
        return [(each, self._take(each, stop)) for each in self.look() if not stop()]

    def _begun(self, found: Sequence[Due]) -> tuple[Due, Process] | None:
        """The turn that is begun of those that are due.

        One whose process ended before it had begun anything is tried once more, then later and
        later: no turn in the record keeps it from being due, and before all others, at each look.
        """
        for each in found:
            if time.monotonic() < self._refused.get(each.model, (0, 0.0))[1]:
                continue
            try:
                return each, self.begin(each)
            except OSError as error:  # there is no memory for another process, say
                self._fail(f"{each.model}: a turn cannot be begun: {error}")
                self._refuse(each.model)
        return None

    def _refuse(self, model: str) -> None:
        tries = self._refused.get(model, (0, 0.0))[0] + 1
        wait = min(FIRST_RETRY * 2.0 ** min(tries - 2, 30), LAST_RETRY) if tries > 1 else 0.0
        self._refused[model] = tries, time.monotonic() + wait

    def begin(self, due: Due) -> Process:
        """Begins a turn that is due."""
        self._tell(f"{due.model}: a turn begins: {', '.join(each.text for each in due.why)}")
        return self._begin(due)

    def end(self, due: Due, process: Process) -> None:
        """Asks a turn to end, and waits for it: what it had done is kept by the cache."""
        if process.poll() is None:
            self._tell(f"{due.model}: its turn is asked to end")
            process.terminate()
        process.wait()
        self._tell_end(due, process)

    def last_turn(self, model: str) -> Turn | None:
        """The newest turn of a model."""
        return next(iter(self._open().records.turns(model)), None)

    def _take(self, due: Due, stop: Callable[[], str | None]) -> int:
        process = self.begin(due)
        while process.poll() is None and not stop():
            time.sleep(_MOST_WAIT)
        self.end(due, process)
        return process.wait()

    def _at(self, stores: Stores, model: str, settings: ModelSettings) -> list[Due]:
        """Looks at one model; that it cannot be monitored keeps no turn from being due."""
        found: list[Due] = []
        with self._told(model):
            if model in {row.name for row in stores.records.models()}:
                self._monitor(stores, model, settings, time.time())
        with self._told(model):
            found.append(self._due(stores, model, settings))
        return [each for each in found if each.why]

    @contextlib.contextmanager
    def _told(self, model: str) -> Iterator[None]:
        """Tells what goes wrong with a model: the next one is looked at all the same."""
        try:
            yield
        except UnreachableError:
            raise
        except WindlassError as error:
            self._fail_of_model(f"{model}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are looked at
            self._fail_of_model(
                f"{model}: a look failed: {''.join(traceback.format_exception(error))}"
            )

    def _tell_tracker(self) -> None:
        """Tells the stack's tracker, if it has one, what it was not told: it may have been away."""
        stack = load_stack(self._stack, find_project(self._root))
        if stack.tracker_shown is not None:
            from windlass.execution.delivering.rounds import deliver, round_text

            told = deliver(stack)
            if told is not None and (told.told or told.refused):
                self._tell(round_text(told))

    def _due(self, stores: Stores, model: str, settings: ModelSettings) -> Due:
        triggers, records, now = settings.triggers, stores.records, time.time()
        turns = records.turns(model)
        after = turns[0].id if turns else ""
        if not triggers:
            return Due(model, [], after)
        check(Order(model, settings), stores)
        champion = champion_at(records.moves(model), now)
        if champion is not None and champion.new != records.aliases(model).get(CHAMPION):
            champion = None
        alerts = records.alerts(model, since=champion.time) if champion else []
        seen = self._files.look(self._root, triggers.data) if triggers.data else None
        return Due(model, due(triggers, turns, alerts, champion, seen, now), after)

    def _patient_look(self) -> list[Due]:
        try:
            return self.look()
        except (WindlassError, OSError) as error:
            self._fail(f"nothing can be watched now, it is tried again: {error}")
            self._opened.close()
            self._stores = None
            return []

    def _open(self) -> Stores:
        if self._stores is None:
            self._stores = open_stores(load_stack(self._stack, find_project(self._root)))
            self._opened.callback(self._stores.records.close)
        return self._stores

    def _tell_end(self, due: Due, process: Process) -> None:
        code = process.wait()
        try:
            turn = self.last_turn(due.model)
        except WindlassError as error:
            self._tell(f"{due.model}: its turn ended with exit code {code}: {error}")
            return
        if turn is None or turn.id == due.after:
            self._refuse(due.model)
            self._tell(f"{due.model}: no turn was begun, with exit code {code}")
            return
        self._refused.pop(due.model, None)
        if turn.ended is None:
            self._tell(f"{due.model}: the process of its turn died, with exit code {code}")
        else:
            self._tell(f"{due.model}: its turn ended: {turn_text(turn)}")

    def _fail(self, line: str) -> None:
        self.has_failed = True
        self._tell(line)

    def _fail_of_model(self, line: str) -> None:
        """Tells what goes wrong with a model, and not the very same at the next look."""
        self.has_failed = True
        self._failed.add(line)
        if line not in self._failed_before:
            self._tell(line)


def turn_text(turn: Turn) -> str:
    """What came of a turn, in a line."""
    told: Mapping[str, object] = turn.document
    version = f" {turn.model}@{told['version']}" if turn.state == "promoted" else ""
    return f"{turn.state}{version}" + (f": {told['reason']}" if told.get("reason") else "")


def _wait(seconds: float, stop: Callable[[], str | None]) -> None:
    end = time.monotonic() + seconds
    while not stop() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _MOST_WAIT))
