"""The artifact store: blobs on this machine's disk, or anywhere that fsspec reaches."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windlass.artifacts.blobs import Blobs
from windlass.artifacts.copies import LIMIT, Copies, KeptHere
from windlass.artifacts.named import LocalObjects, NamedObjects
from windlass.artifacts.sweeping import add_user, users_of

_FILE = ("file://", "local://")


class ArtifactStore(Blobs):
    """Blobs by their digests; on a local disk it is a plain folder.

    Attributes:
        is_elsewhere: Whether it is reached by a URL, and other machines have it, too.
    """

    is_elsewhere = False

    @staticmethod
    def open_store(
        url: str | Path,
        *,
        verified: Path | None = None,
        cache: Path | None = None,
        limit: int | None = None,
        durable: bool = False,
        shown: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ArtifactStore:
        """Opens a store; nothing is written yet.

        Args:
            url: A path, or a URL of fsspec such as ``s3://bucket/folder``.
            verified: Folder in which this machine remembers which blobs it has checked.
            cache: Folder for local copies of a remote store's blobs; a temporary one if None.
            limit: The bytes of local copies that are kept; None for the usual ones.
            durable: Whether loss of power is survived.
            shown: The URL without secrets, for messages.
            options: What the URL's file system takes.

        Raises:
            StoreError: The URL's file system is not installed or cannot be reached.
        """
        text = str(url)
        for prefix in _FILE:
            text = text.removeprefix(prefix)
        if "://" not in text:
            store = ArtifactStore(Path(text), verified, durable=durable)
            store.sweep()
            return store
        from windlass.artifacts.remote import RemoteStore

        copies = Copies(cache or _own_cache(), verified, limit or LIMIT)
        return RemoteStore(text, copies, shown or text, options or {})

    @property
    def named(self) -> NamedObjects:
        """The small objects that are found by names."""
        return LocalObjects(self.root)

    def add_user(self, records: str) -> None:
        """Notes that a record store names blobs of it: another's must not be collected."""
        try:
            add_user(self.root, records)
        except OSError as error:
            raise self.refusal("written", error) from error

    def users(self) -> list[str]:
        """The addresses of the record stores that name blobs of it."""
        return users_of(self.root)

    def refuse_silent(self) -> None:
        """Refuses a service that does not answer in time; a disk does.

        Raises:
            StoreError: It does not.
        """

    def options_for(self, url: str) -> Mapping[str, Any]:  # noqa: ARG002
        """What the file system of another URL takes, where that is the same service as this."""
        return {}

    def kept_here(self) -> KeptHere | None:
        """What this machine keeps of a store that is elsewhere; None for one that is here."""
        return None


def _own_cache() -> Path:
    """A folder for local copies where none is named: of this user, since others may not be told."""
    import tempfile

    return Path(tempfile.gettempdir()) / f"windlass-cache-{os.getuid()}"
