"""Proofs: what came of running runs again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windlass.records import rows
from windlass.records.writing import Writing

_OF_RUN = "SELECT document FROM proofs WHERE run = :run ORDER BY created DESC"


class Proofs(Writing):
    """What is written and asked of proofs."""

    def save_proof(
        self, run: str, created: float, verdict: str, document: Mapping[str, Any]
    ) -> None:
        """Keeps what came of running a run again.

        Args:
            run: The run's id.
            created: When it was run again.
            verdict: In a word or two.
            document: All of it.
        """
        row = {"run": run, "created": created, "verdict": verdict, "document": rows.dump(document)}
        with self.write():
            self._add("proofs", [row])

    def proofs(self, run: str) -> list[dict[str, Any]]:
        """What came of running a run again, each time, the newest first."""
        found = self.execute(_OF_RUN, {"run": run})
        return [dict(rows.load(row["document"])) for row in found]
