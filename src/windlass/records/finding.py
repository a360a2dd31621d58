"""Finding runs by what they were given and what came of them, page by page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from windlass.records.looking import Looking
from windlass.records.model import Run
from windlass.records.reading import portions

if TYPE_CHECKING:
    from windlass.records.asking.grammar import Order, Question

_NAMES = {
    "tags": "SELECT DISTINCT key AS name FROM tags",
    "params": "SELECT DISTINCT name FROM parameters",
    "metrics": "SELECT DISTINCT name FROM summaries",
}


class Finding(Looking):
    """Answers questions in the language of `windlass.records.asking`."""

    def find_runs(
        self,
        where: str | Question | None = None,
        *,
        sort: str | Order | None = None,
        limit: int = 20,
        after: str | None = None,
        lost: Collection[str] | Callable[[], Collection[str]] = (),
    ) -> list[Run]:
        """The runs that fulfil a question, the newest first, or sorted.

        Args:
            where: The question, such as ``metrics.auc > 0.8 and status = succeeded``.
            sort: By what, such as ``metrics.loss asc``; what has no such value comes last. Among
                equals the newest comes first.
            limit: At most so many.
            after: The id of the last run of the page before.
            lost: The ids of those that the record takes for running, and that are not; asked for
                where the question needs it.

        Raises:
            QueryError: The question is written wrong; the message points at the place.
            NotFoundError: The run of the page before is gone.
        """
        from windlass.records.asking.asked import find_ids  # workers ask nothing

        return self._runs_of(find_ids(self, where, sort, limit, after, lost))

    def names_of(self, group: str) -> list[str]:
        """AllOf names of ``tags``, ``params`` or ``metrics`` in the record."""
        return sorted(row["name"] for row in self.execute(_NAMES[group]))

    def _runs_of(self, ids: Sequence[str]) -> list[Run]:
        """Runs by their ids, in that order."""
        found: dict[str, Run] = {}
        for some in portions(ids):
            names = {f"id_{place}": run for place, run in enumerate(some)}
            listed = ", ".join(f":{name}" for name in names)
            rows = self.execute(f"SELECT * FROM runs WHERE id IN ({listed})", names)  # noqa: S608
            found |= {run.id: run for run in self.with_parts(rows)}
        return [found[run] for run in ids if run in found]
