"""What the cache holds, what it has saved, and taking results out of it."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.records.database import Database

_ENTRIES = """
WITH made AS (
    SELECT key, min(step) AS step, max(seconds) AS seconds, max(ended) AS ended
    FROM outcomes WHERE status = 'succeeded' AND key IS NOT NULL AND cached = {false} GROUP BY key
), hits AS (
    SELECT key, count(*) AS count, max(ended) AS ended
    FROM outcomes WHERE status = 'succeeded' AND key IS NOT NULL AND cached = {true} GROUP BY key
)
SELECT made.step, count(*) AS results, sum(made.seconds) AS seconds,
    sum(coalesce(hits.count, 0)) AS hits,
    sum(coalesce(hits.count, 0) * made.seconds) AS saved,
    max(made.ended) AS made, max(hits.ended) AS used
FROM made LEFT JOIN hits ON hits.key = made.key
GROUP BY made.step ORDER BY saved DESC, made.step
"""
_COUNT = """
SELECT count(*) AS n FROM (SELECT DISTINCT key FROM outcomes WHERE key IS NOT NULL) keys
"""
_KEYS_OF = """
SELECT key, max(ended) AS ended FROM outcomes
WHERE status = 'succeeded' AND key IS NOT NULL AND ingredients LIKE :code
GROUP BY key ORDER BY ended DESC LIMIT :limit
"""
_FORGET = """
UPDATE outcomes SET key = NULL WHERE key IN (
    SELECT key FROM outcomes WHERE status = 'succeeded' AND key IS NOT NULL {of_step}
    GROUP BY key HAVING max(ended) < :before
)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the cache holds of one step.

    Args:
        step: The step's reference.
        results: How many results of it may stand for others.
        seconds: How long these took together.
        hits: How often one stood for a node.
        saved: The seconds that this saved.
        made: When the newest was made, in seconds since 1970, UTC.
        used: When one stood for a node last; None if none ever did.
    """

    step: str
    results: int
    seconds: float
    hits: int
    saved: float
    made: float
    used: float | None


class Caching(Database):
    """The results that may stand for others."""

    def kept(self) -> list[Kept]:
        """What the cache holds of every step, what saved most first."""
        true, false = ("1", "0") if self.path is not None else ("TRUE", "FALSE")
        found = self.execute(_ENTRIES.format(true=true, false=false))
        return [
            Kept(
                step=row["step"],
                results=int(row["results"]),
                seconds=float(row["seconds"] or 0),
                hits=int(row["hits"]),
                saved=float(row["saved"] or 0),
                made=row["made"],
                used=row["used"],
            )
            for row in found
        ]

    def keys_of(self, code: str, limit: int) -> list[str]:
        """The keys of the newest results that some code computed.

        Args:
            code: The digest of the step's fingerprint.
            limit: At most so many.
        """
        wanted = {"code": f'%"code":"{code}"%', "limit": limit}
        return [row["key"] for row in self.execute(_KEYS_OF, wanted)]

    def forget(self, before: float, step: str | None = None) -> int:
        """Takes results out of the cache that were neither made nor used since some time.

        Runs, values and lineage stay as they are; their bytes, too.

        Args:
            before: Seconds since 1970, UTC.
            step: Only of this step, by its reference.

        Returns:
            How many.
        """
        of_step = "AND step = :step" if step is not None else ""
        wanted = {"before": before} if step is None else {"before": before, "step": step}
        with self.write():
            then = int(self.execute(_COUNT)[0]["n"])
            self.change(_FORGET.format(of_step=of_step), wanted)
            return then - int(self.execute(_COUNT)[0]["n"])
