"""``windlass doctor``: is this a place where runs work, and if not, why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from windlass.errors import WindlassError
from windlass.provenance import secrets
from windlass.provenance.drift import find_drift
from windlass.provenance.environment import capture_environment
from windlass.provenance.project import Project
from windlass.provenance.uv import find_python
from windlass.stacks.check import Check, attempt
from windlass.stacks.machine_checks import machine_checks
from windlass.stacks.settings import load_settings
from windlass.stacks.stack import Stack, load_stack
from windlass.words import size_text

if TYPE_CHECKING:
    from windlass.artifacts.artifact import Artifact
    from windlass.artifacts.store import ArtifactStore
    from windlass.records import Records
    from windlass.records.model import Run

_PROBE = b"windlass doctor " * 1024
"""What is written to the artifact store and read back: too large to be kept in the record.

It is the same each time, so the store holds it once; nothing refers to it.
"""

_MOST_RUNS = 1000


def examine(
    project: Project, stack: str | None = None, *, is_gone: Callable[[Run], bool] | None = None
) -> Iterator[Check]:
    """Looks at the machine, the settings, and the stores of a stack, one after the other.

    Args:
        project: Whose settings.
        stack: A stack of ``windlass.toml``; None for the default.
        is_gone: Tells whether a run that is recorded as running has lost its process.

    Yields:
        What each check found, when it is found.
    """
    yield from machine_checks(project)
    try:
        wired = load_stack(stack, project)
    except WindlassError as error:
        yield Check("settings", "fail", error.message, error.hint)
        return
    file = project.config or "no windlass.toml, all at its defaults"
    yield Check("settings", "ok", f"stack '{wired.name}', target '{wired.target}' ({file})")
    yield from _records(wired, is_gone)
    yield attempt("artifacts", lambda: _artifacts(wired))


def _records(stack: Stack, is_gone: Callable[[Run], bool] | None) -> Iterator[Check]:
    try:
        records = stack.open_records()
    except WindlassError as error:
        yield Check("records", "fail", error.message, error.hint)
        return
    try:
        yield attempt("records", lambda: _database(records))
        yield attempt("environment", lambda: _environment(stack.project, records))
        if stack.tracker_shown is not None:
            yield attempt("tracker", lambda: _tracker(stack.tracker_shown or "", records))
        if is_gone is not None:
            yield attempt("runs", lambda: _leftovers(records, is_gone))
    finally:
        records.close()


def _database(records: Records) -> Check:
    found = records.check()
    if found != "ok":
        hint = "Move the file away, and put a backup (*.bak) in its place."
        return Check("records", "fail", f"{records.shown} is damaged: {found}", hint)
    # Opening it has migrated it, or refused.
    counts = ", ".join(f"{count:,} {table}" for table, count in records.counts().items())
    if records.read_only:
        return Check("records", "warn", f"{records.shown}: {counts}; can only be looked at")
    return Check("records", "ok", f"{records.shown}: {counts}; schema up to date")


def _environment(project: Project, records: Records) -> Check:
    """Whether this interpreter is as the project's lock says, and others that it needs are here."""
    settings = load_settings(project)
    missing = [
        f"{wanted.shown} asks for Python {wanted.python}"
        for wanted in settings.environments.values()
        if wanted.python is not None and find_python(wanted.python) == wanted.python
    ]
    if missing:
        hint = "uv brings it when it is first needed, if it may; or: uv python install VERSION."
        return Check("environment", "warn", f"{'; '.join(missing)}, not on this machine", hint)
    installed = capture_environment(project.root, project.cache)
    drift = find_drift(project.root, settings.environment, installed, records)
    if drift is None:
        return Check("environment", "ok", "the project has no lock to compare it with")
    if not drift.differences:
        return Check("environment", "ok", f"as {drift.source} says")
    told = f"it is not as {drift.source} says: {', '.join(drift.differences)}"
    return Check("environment", "warn", told, _MENDS.get(drift.source, _REINSTALL))


_REINSTALL = "Install what it says, or change what it says."
_MENDS = {"uv.lock": "Bring it there: uv sync."}


def _tracker(name: str, records: Records) -> Check:
    """What a tracker was not told, as far as the record tells without asking it."""
    found = [each for each in records.undelivered() if each.tracker == name]
    if not found:
        return Check("tracker", "ok", f"{name} was told all that ended")
    counts = ", ".join(f"{each.count} {each.kind}{'s' * (each.count > 1)}" for each in found)
    why = next((f": {each.error}" for each in found if each.error), "")
    hint = "Tell it now: windlass sync. Or let a watcher: windlass watch."
    return Check("tracker", "warn", f"{name} was not told all of {counts}{why}", hint)


def _leftovers(records: Records, is_gone: Callable[[Run], bool]) -> Check:
    running = records.runs(status="running", limit=_MOST_RUNS)
    lost = [run.name for run in running if is_gone(run)]
    if lost:
        hint = f"Go on with them: windlass resume {lost[0]}."
        return Check("runs", "warn", f"lost their process: {', '.join(lost)}", hint)
    return Check("runs", "ok", f"{len(running)} running" if running else "none is running")


def _artifacts(stack: Stack) -> Check:
    from windlass import artifacts

    store = stack.open_store()
    saved = artifacts.save(_PROBE, store).artifact
    try:
        read = artifacts.load(saved.content, store, _One(saved), trust_pickle=False)
    finally:
        store.delete(saved.blob)
    place = secrets.masked(stack.artifacts_url)
    if read != _PROBE:
        hint = "Do not use this store: it gives back other bytes than it was given."
        return Check("artifacts", "fail", f"{place} does not keep what is written", hint)
    return Check("artifacts", "ok", f"{place} can be written and read{_copies(store)}")


def _copies(store: ArtifactStore) -> str:
    kept = store.kept_here()
    if kept is None:
        return ""
    return f"; local copies take {size_text(kept.bytes)} of at most {size_text(kept.limit)}"


class _One:
    """A catalog of one artifact."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact

    def artifact(self, content: str) -> Artifact | None:
        return self._artifact if content == self._artifact.content else None
