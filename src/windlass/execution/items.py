"""The items of lists that maps run over: artifacts of their own, which only the lists name."""

from __future__ import annotations

import contextlib
import functools

from windlass import artifacts
from windlass.errors import WindlassError
from windlass.execution.job import Stores
from windlass.pipeline.plan import read_plan


class Items:
    """Finds the items that maps of recorded runs run over.

    Args:
        stores: Where the runs are recorded.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._mapped = functools.cache(self._mapped_over)
        self._of = functools.cache(self._items)

    def of_maps(self) -> set[str]:
        """Their contents, by what is recorded now; a list is read once."""
        records, found = self._stores.records, set[str]()
        for plan in records.plans_of_runs():
            for node, output in self._mapped(plan):
                for content in records.made_by(plan, node, output):
                    found |= self._of(content)
        return found

    def _mapped_over(self, plan: str) -> set[tuple[str, str]]:
        with contextlib.suppress(WindlassError):  # of a newer Windlass, or none that was recorded
            return read_plan(self._stores.records.plan(plan)).mapped_over
        return set()

    def _items(self, content: str) -> frozenset[str]:
        artifact = self._stores.records.artifact(content)
        with contextlib.suppress(WindlassError):  # its bytes are gone, so that no map can run
            if artifact is not None:
                return frozenset(artifacts.items(artifact, self._stores.artifacts))
        return frozenset()
