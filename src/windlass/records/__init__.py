"""The record: everything that happened, in one database."""

from __future__ import annotations

from pathlib import Path

from windlass.records.caching import Caching
from windlass.records.collecting import Collecting
from windlass.records.curves import Curves
from windlass.records.finding import Finding
from windlass.records.folding import Folding
from windlass.records.lineage import Lineages
from windlass.records.producing import Producing
from windlass.records.proofs import Proofs
from windlass.records.versions import Versions

__all__ = ["Records"]


class Records(Versions, Producing, Proofs, Collecting, Folding, Lineages, Caching, Curves, Finding):
    """The record store: SQLite on this machine, PostgreSQL for a team.

    Attributes:
        is_private: Whether it is one process's own, and others learn of what is in it otherwise.
    """

    is_private = False

    @staticmethod
    def open(url: str | Path, *, durable: bool = False, patient: bool = False) -> Records:
        """Opens a record store, making or migrating it if need be.

        Args:
            url: A path to a SQLite file, or a URL of SQLAlchemy.
            durable: Whether a commit survives a loss of power.
            patient: Whether to wait for a server that was never reached from here.

        Raises:
            VersionError: It was made by a newer Windlass.
            RecordError: It cannot be read or written, or is no record store.
        """
        return Records(url, durable=durable, patient=patient)
