"""``windlass stack check``: connects to all that a stack names, and tries it out."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from windlass.artifacts.named import NamedObjects
from windlass.artifacts.store import ArtifactStore
from windlass.errors import ConfigError, WindlassError
from windlass.provenance import secrets
from windlass.stacks.check import Check, in_time
from windlass.stacks.stack import Stack, is_local

LookAt = Callable[[Stack], Iterable[Check]]

_SECONDS = 20.0
_SIZE = 1 << 16  # of what is written: more than is kept in the record


def check_stack(
    stack: Stack,
    look_at_target: LookAt,
    look_at_tracker: LookAt = lambda _: (),
    seconds: float = _SECONDS,
) -> Iterator[Check]:
    """Tries out all parts of a stack, one after the other; what is written is removed again.

    Args:
        stack: Which one.
        look_at_target: Tells whether its target is there.
        look_at_tracker: Tells whether its tracker is.
        seconds: How long a store may take to answer.

    Yields:
        What each check found, when it is found.
    """
    yield in_time("records", lambda: _records(stack), seconds)
    store = _open_store(stack)
    if isinstance(store, Check):
        yield store
    else:
        yield (stored := in_time("artifacts", lambda: _artifacts(stack, store), seconds))
        if stored.status == "ok":  # else this would only say the same again
            yield in_time("writing once", lambda: _once(store.named), seconds)
    with contextlib.suppress(ConfigError):  # an address that is not known was told of above
        yield _sharing(stack)
    yield from look_at_tracker(stack)
    yield from _target(stack, look_at_target)


def _records(stack: Stack) -> Check:
    from windlass.records.probing import server_of, try_out

    records = stack.open_records()
    try:
        server = server_of(records)
        if records.read_only:
            hint = "Check the permissions of the file and of its folder."
            return Check("records", "fail", f"{records.shown} can only be looked at", hint)
        try_out(records)
    finally:
        records.close()
    return Check("records", "ok", f"{records.shown}: {server}; written, read and cleaned up")


def _open_store(stack: Stack) -> ArtifactStore | Check:
    try:
        return stack.open_store()
    except WindlassError as error:
        return Check("artifacts", "fail", error.message, error.hint)


def _artifacts(stack: Stack, store: ArtifactStore) -> Check:
    """Writes a blob, and reads it as another machine would, without the copy that is here."""
    place, data = secrets.masked(stack.artifacts_url), os.urandom(_SIZE)
    with store.writer() as writer:
        writer.write(data)
        blob = writer.finish(inline=-1)[0]
    try:
        with tempfile.TemporaryDirectory() as folder:
            read = stack.open_store(Path(folder)).path(blob).read_bytes()
    finally:
        store.delete(blob)
    if read != data:
        hint = "Do not use this store: it gives back other bytes than it was given."
        return Check("artifacts", "fail", f"{place} does not keep what is written", hint)
    if store.has(blob):
        hint = "Ask for the right to delete objects there; windlass gc needs it."
        return Check("artifacts", "fail", f"{place} still has what was removed", hint)
    return Check("artifacts", "ok", f"{place}: written, read back and cleaned up")


def _once(named: NamedObjects) -> Check:
    """Creates one name twice: by that, workers that cannot reach the record tell their outcome."""
    folder = f"check/{os.urandom(8).hex()}"
    name = f"{folder}/once"
    try:
        first, second = named.create(name, b"first"), named.create(name, b"second")
        kept, listed = named.read(name), named.names(folder)
    finally:
        named.remove(folder)
    if not first or listed != [name]:
        hint = "Ask for the right to list objects there, too."
        return Check("writing once", "fail", "what was written is not listed", hint)
    if second or kept != b"first":
        return Check("writing once", "fail", _OVER, _NO_CONDITIONS)
    return Check("writing once", "ok", "of two that create the same object, the second is refused")


_OVER = "the store lets a second writer write over what the first has created"
_NO_CONDITIONS = (
    "Use it only with targets whose workers reach the record store. A service that honours "
    "conditions on writes (for S3: If-None-Match) has no such limit."
)


def _sharing(stack: Stack) -> Check:
    """What another machine with this stack would see."""
    local = [is_local(stack.artifacts_url), is_local(stack.records_url)]
    if all(local):
        return Check("sharing", "ok", "all is on this machine's disk, for this machine alone")
    if not any(local):
        return Check("sharing", "ok", "other machines with this stack see the same runs and values")
    (alone,) = stack.local_parts()
    if local[1]:
        told = "another machine shares the values, but neither the runs nor the cache"
        hint = 'Name a server for all: records = "postgresql://HOST/DATABASE".'
    else:
        told = "another machine sees the runs, but cannot read their values"
        hint = 'Name a bucket for all: artifacts = "s3://BUCKET/FOLDER".'
    return Check("sharing", "warn", f"only this machine's disk has the {alone}: {told}", hint)


def _target(stack: Stack, look_at_target: LookAt) -> Iterator[Check]:
    try:
        yield from look_at_target(stack)
    except WindlassError as error:
        yield Check("target", "fail", error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a check reports what is wrong
        yield Check("target", "fail", f"{type(error).__name__}: {error}")
