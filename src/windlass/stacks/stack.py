"""A stack: a named choice of target, artifact store, record store and tracker, wired up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError
from windlass.provenance import secrets
from windlass.provenance.project import Project
from windlass.stacks.settings import NO_TRACKER, Settings, StackSettings, load_settings

if TYPE_CHECKING:
    from windlass.artifacts.store import ArtifactStore
    from windlass.records import Records


@dataclass(frozen=True)
class Stack:
    """Where a plan runs and what it leaves behind is kept.

    The addresses are as they were written: references to secrets stand in them until a store
    is opened. Showing a stack masks the passwords that somebody wrote out all the same.

    Args:
        name: As in ``windlass.toml``.
        project: The project that it belongs to; relative paths start at its root.
        target: Where plans run.
        artifacts: The address of the artifact store: a URL or a path; None for the project's own.
        records: The address of the record store: a URL or a path; None for the project's own.
        storage: What the artifact store's file system takes.
        options: What the target takes.
        cache: The bytes of local copies of an artifact store elsewhere; None for the usual ones.
        tracker: Where experiments are shown besides the record: a tracker's name, a colon and its
            address; ``none`` for the record alone.
        durable: Whether loss of power is survived, not only the death of processes.
        trust_pickle: Whether pickles from the artifact store may be read.
        code: The folder of the code that is run, where it is not the project's own.
    """

    name: str
    project: Project
    target: str = "local"
    artifacts: str | None = field(default=None, repr=False)
    records: str | None = field(default=None, repr=False)
    storage: Mapping[str, Any] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    cache: int | None = None
    tracker: str = field(default=NO_TRACKER, repr=False)
    durable: bool = False
    trust_pickle: bool = False
    code: str | None = None

    @property
    def logs(self) -> Path:
        """The folder for what steps print."""
        return self.project.home / "logs"

    @cached_property
    def artifacts_url(self) -> str:
        """The address of the artifact store, secrets resolved: a URL or an absolute path.

        Raises:
            ConfigError: A reference cannot be resolved.
        """
        return self._address(self.artifacts, "artifacts", "artifacts")

    @cached_property
    def records_url(self) -> str:
        """The address of the record store, secrets resolved: a URL or an absolute path.

        Raises:
            ConfigError: A reference cannot be resolved.
        """
        return self._address(self.records, "records", "windlass.db")

    @property
    def tracker_name(self) -> str:
        """What stands before the tracker's address: ``mlflow``, or ``none``."""
        return self.tracker.partition(":")[0]

    @property
    def tracker_shown(self) -> str | None:
        """The tracker without passwords, as the record calls it; None where there is none."""
        return None if self.tracker_name == NO_TRACKER else secrets.masked(self.tracker)

    @property
    def tracker_told(self) -> str | None:
        """The tracker as workers are told of it, with its references; None where there is none."""
        return None if self.tracker_name == NO_TRACKER else self.tracker

    @cached_property
    def tracker_address(self) -> str:
        """The tracker's address, secrets resolved; empty where it has none.

        Raises:
            ConfigError: A reference cannot be resolved.
        """
        return str(self._resolved(self.tracker.partition(":")[2], "tracker"))

    def resolved_options(self) -> dict[str, Any]:
        """The target's options, secrets resolved."""
        return dict(self._resolved(self.options, "options"))

    def resolved_storage(self) -> dict[str, Any]:
        """What the artifact store's file system takes, secrets resolved."""
        return dict(self._resolved(self.storage, "storage"))

    def open_store(self, copies: Path | None = None) -> ArtifactStore:
        """The artifact store.

        Args:
            copies: The folder for local copies of one elsewhere, if not the project's.

        Raises:
            ConfigError: Its address holds a reference that cannot be resolved.
            StoreError: It cannot be reached.
        """
        from windlass.artifacts.store import ArtifactStore

        cache = self.project.cache
        return ArtifactStore.open_store(
            self.artifacts_url,
            verified=cache / "verified",
            cache=copies or (cache / "artifacts" if self._has_home() else None),
            limit=self.cache,
            durable=self.durable,
            shown=secrets.masked(self.artifacts_url),
            options=self.resolved_storage(),
        )

    def open_records(self, *, patient: bool = False) -> Records:
        """The record store.

        Args:
            patient: Whether to wait for a server that does not answer.

        Raises:
            ConfigError: Its address holds a reference that cannot be resolved.
            RecordError: It cannot be reached.
        """
        from windlass.records import Records

        if self.records is None:
            self.project.make_home()
        return Records.open(self.records_url, durable=self.durable, patient=patient)

    def _has_home(self) -> bool:
        """Whether the project's folder for its state is there, or can be made, and written."""
        try:
            return os.access(self.project.make_home(), os.W_OK)
        except ConfigError:  # a look at another place's stores needs none
            return False

    def is_untouched(self) -> bool:
        """Whether its record store would be the project's own, and is not there."""
        home = self.project.home
        in_the_way = home.exists() and not home.is_dir()  # opening it will tell
        return self.records is None and not in_the_way and not Path(self.records_url).exists()

    def local_parts(self) -> list[str]:
        """Which of its stores only this machine's disk holds, in words."""
        stores = {"artifacts": self.artifacts_url, "records": self.records_url}
        return [f"{what} in {secrets.masked(at)}" for what, at in stores.items() if is_local(at)]

    def references(self) -> list[tuple[str, str]]:
        """The secrets that its stores need: each one's kind, ``env`` or ``file``, and its name."""
        told = [self.artifacts or "", self.records or "", self.tracker, *_texts(self.storage)]
        return list(dict.fromkeys(each for text in told for each in secrets.references(text)))

    def describe(self) -> dict[str, Any]:
        """What can be shown of it: references unresolved, passwords masked."""
        from windlass.artifacts.copies import LIMIT

        return {
            "name": self.name,
            "target": self.target,
            "artifacts": secrets.masked(self.artifacts or str(self.project.home / "artifacts")),
            "records": secrets.masked(self.records or str(self.project.home / "windlass.db")),
            "tracker": self.tracker_shown or NO_TRACKER,
            "durable": self.durable,
            "trust_pickle": self.trust_pickle,
            "cache": self.cache or LIMIT,
            "storage": _shown(self.storage),
            "options": _shown(self.options),
        }

    def _address(self, written: str | None, what: str, own: str) -> str:
        if written is None:
            return str(self.project.home / own)
        address = self._resolved(written, what)
        if is_url(address):
            return str(address)
        if re.match(r"[a-z][a-z0-9+]+:", address):
            raise ConfigError(
                f"the stack '{self.name}': {what} = \"{secrets.masked(written)}\" is neither a path"
                " nor a URL",
                hint="A URL has two slashes after its scheme, as in s3://bucket/folder.",
            )
        return str(self.project.root / Path(address).expanduser())

    def _resolved(self, value: Any, what: str) -> Any:
        if isinstance(value, str):
            where = f"the stack '{self.name}' ({what})"
            return secrets.resolve(value, root=self.project.root, where=where)
        if isinstance(value, Mapping):
            return {key: self._resolved(item, f"{what}.{key}") for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item, what) for item in value]
        return value


TRACKERS = (NO_TRACKER, "mlflow")
"""Ours, as `windlass.tracking.tracker` finds them."""

ARTIFACTS, RECORDS = "WINDLASS_ARTIFACTS", "WINDLASS_RECORDS"
"""Variables of the environment that take the place of the default stack's addresses."""


def load_stack(name: str | None, project: Project, settings: Settings | None = None) -> Stack:
    """A stack by its name, or the default one.

    Where a container is told by its environment where the stores are, that counts, and not what
    is written of the default stack.

    Args:
        name: As in ``windlass.toml``; None for the default.
        project: Whose.
        settings: The project's settings, where they are loaded already.

    Raises:
        ConfigError: There is none of that name, or ``windlass.toml`` is wrong.
    """
    settings = settings or load_settings(project)
    name, said = settings.stack(name)
    if name == settings.default:
        said = _told_by_environment(said)
    _check_tracker(said, name)
    return Stack(
        name=name,
        project=project,
        target=said.target,
        artifacts=said.artifacts,
        records=said.records,
        storage=said.storage,
        options=said.options,
        cache=said.cache,
        tracker=said.tracker,
        durable=said.durable,
        # A store that only this project writes to holds what its own steps pickled.
        trust_pickle=said.artifacts is None if said.trust_pickle is None else said.trust_pickle,
    )


def _told_by_environment(said: StackSettings) -> StackSettings:
    return replace(
        said,
        artifacts=_reference(ARTIFACTS) or said.artifacts,
        records=_reference(RECORDS) or said.records,
    )


def _reference(name: str) -> str | None:
    """A variable that is set, as if it had been referred to: what it holds may be a secret."""
    return f"${{env:{name}}}" if os.environ.get(name) else None


def is_url(address: str) -> bool:
    """Whether an address is a URL and not a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", address) is not None


def is_local(address: str) -> bool:
    """Whether only this machine's disk holds what is at an address."""
    return not is_url(address) or re.match(r"(file|local|sqlite(\+\w+)?)://", address) is not None


def _check_tracker(said: StackSettings, name: str) -> None:
    tracker = said.tracker.partition(":")[0]
    if tracker in TRACKERS:
        return
    from windlass import plugins

    known = sorted({*TRACKERS, *plugins.entry_points("windlass.trackers")})
    if tracker not in known:
        raise ConfigError(
            f"the stack '{name}' names the tracker '{tracker}', which is not installed",
            hint=f"There is: {', '.join(known)}.",
        )


_SECRET = re.compile("key|token|secret|password|credential|connection_string|sas", re.IGNORECASE)


def _shown(value: Any, name: str = "") -> Any:
    """A setting as it can be shown: of one whose name is that of a secret, only a reference."""
    if isinstance(value, Mapping):
        return {key: _shown(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item, name) for item in value]
    if not isinstance(value, str):
        return value
    hidden = _SECRET.search(name) and not secrets.is_reference(value)
    return "***" if hidden else secrets.masked(value)


def _texts(value: Any) -> Iterator[str]:
    """The texts in a setting."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)
