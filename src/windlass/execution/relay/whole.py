"""An outcome with every artifact that is read by way of it, so that it can be read alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from windlass import artifacts
from windlass.artifacts.artifact import Artifact
from windlass.errors import FormatError

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records.model import Outcome


def whole(stores: Stores, outcome: Outcome, lists: Iterable[str] = ()) -> Outcome:
    """An outcome with all artifacts that it is made of.

    Args:
        stores: Where those are, that it does not bring.
        outcome: What came of a node.
        lists: Its outputs whose items are artifacts of their own, which only the lists name.
    """
    found = {each.content: each for each in outcome.artifacts}
    todo = {each.content for each in outcome.outputs}
    _add(stores, found, todo)
    of_lists = {each.content for each in outcome.outputs if each.name in set(lists)}
    _add(stores, found, {item for each in of_lists for item in _items(stores, found[each])})
    outputs = tuple(replace(each, artifact=None) for each in outcome.outputs)
    return replace(outcome, outputs=outputs, artifacts=tuple(found.values()))


def _add(stores: Stores, found: dict[str, Artifact], todo: set[str]) -> None:
    """Finds artifacts, and what they are made of."""
    seen: set[str] = set()
    while todo := todo - seen:
        found |= stores.records.artifacts(todo - found.keys())
        seen |= todo
        todo = {part for each in todo & found.keys() for part in found[each].children}


def _items(stores: Stores, artifact: Artifact) -> Iterator[str]:
    with contextlib.suppress(FormatError):  # the map that runs over it will tell
        yield from artifacts.items(artifact, stores.artifacts)
