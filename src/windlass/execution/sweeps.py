"""Maps of a run as experiments: a row for each item, by what it was given and what it logged.

``train.map(data, depth=each([4, 6, 8]))`` is one experiment of three settings. A map that takes
one by one what another map made goes on with it: what ``score.map(each(models), data)`` logs of the
second model stands in the row of the second setting.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from windlass.errors import QueryError
from windlass.execution.document import finite
from windlass.execution.inputs import plain_items
from windlass.natural import natural
from windlass.pipeline.graph import (
    Constant,
    Each,
    FromNode,
    FromParameter,
    Gathered,
    Graph,
    Node,
    Ref,
)
from windlass.pipeline.plan import read_plan
from windlass.values import Json

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.asking.grammar import Order
    from windlass.records.model import Input, Outcome, Run
    from windlass.records.tracked import Last

_ITEM = re.compile(r"(.+)\[(\d+)\]$")


def sweep_documents(records: Records, run: Run, order: Order | None = None) -> list[dict[str, Any]]:
    """The experiments of a run, each with its items.

    Args:
        records: Where it is recorded.
        run: Which one.
        order: By what the items are sorted: a metric, a parameter, or ``seconds``; else as they
            were given. What has no such value comes last.

    Returns:
        Of each map of two items or more: ``node``, ``nodes`` (those that go on with it, too),
        ``parameters`` and ``metrics`` (the names of columns), and ``items``: each with ``index``,
        ``node``, ``status``, ``cached``, ``seconds``, ``arguments`` and ``metrics``.

    Raises:
        QueryError: Items cannot be sorted by that.
    """
    facts = _Facts(records, run)
    if not facts.outcomes:
        return []
    made = [sweep.document() for sweep in _sweeps(facts) if len(sweep.items) > 1]
    if order is not None:
        for document in made:
            _sort(document["items"], order)
    return made


class _Facts:
    """What the record has of a run, each read when it is first needed."""

    def __init__(self, records: Records, run: Run) -> None:
        self._records = records
        self._run = run
        self.parameters: Mapping[str, Json] = run.parameters

    @cached_property
    def graph(self) -> Graph:
        """What the run computes."""
        return read_plan(self._records.plan(self._run.plan)).graph

    @cached_property
    def outcomes(self) -> dict[str, dict[int, Outcome]]:
        """Of each map, what came of its items."""
        found: dict[str, dict[int, Outcome]] = defaultdict(dict)
        for outcome in self._records.run_outcomes(self._run.id):
            match = _ITEM.match(outcome.node)
            if match:
                found[match[1]][int(match[2])] = outcome
        return found

    @cached_property
    def inputs(self) -> dict[str, list[Input]]:
        """What each item read."""
        return self._records.run_inputs(self._run.id)

    @cached_property
    def metrics(self) -> dict[str, list[Last]]:
        """What each item logged last."""
        found: dict[str, list[Last]] = defaultdict(list)
        for last in self._records.last_values(self._run.id):
            found[last.node].append(last)
        return found

    @cached_property
    def shown(self) -> dict[str, Any]:
        """The values of small artifacts that items read, by content."""
        contents = {each.content for some in self.inputs.values() for each in some}
        found = self._records.artifacts(contents)
        return {
            content: artifact.summary["value"]
            for content, artifact in found.items()
            if "value" in artifact.summary
        }


@dataclass
class _Sweep:
    """A map, and the maps that go on with it."""

    facts: _Facts
    nodes: list[Node]
    lengths: dict[str, int] = field(default_factory=dict)

    @property
    def items(self) -> list[int]:
        """The items of which anything came."""
        return sorted(self.facts.outcomes[self.nodes[0].name])

    def document(self) -> dict[str, Any]:
        """The experiment, as JSON."""
        items = [self._item(index) for index in self.items]
        return {
            "node": self.nodes[0].name,
            "nodes": [node.name for node in self.nodes],
            "parameters": _names(items, "arguments"),
            "metrics": _names(items, "metrics"),
            "items": items,
        }

    def _item(self, index: int) -> dict[str, Any]:
        names = [f"{node.name}[{index}]" for node in self.nodes]
        found = [self.facts.outcomes[node.name].get(index) for node in self.nodes]
        known = [outcome for outcome in found if outcome is not None]
        bad = [outcome.status for outcome in known if outcome.status != "succeeded"]
        return {
            "index": index,
            "node": names[0],
            "status": bad[0] if bad else "succeeded" if len(known) == len(found) else "running",
            "cached": all(outcome.cached for outcome in known),
            "seconds": sum(outcome.seconds or 0.0 for outcome in known),
            "arguments": self._arguments(index),
            "metrics": self._metrics(names),
        }

    def _metrics(self, names: Sequence[str]) -> dict[str, float | None]:
        """What was logged; of two of one name, the second by its node's name, too."""
        found: dict[str, float | None] = {}
        for name in names:
            for last in self.facts.metrics[name]:
                taken = last.name in found
                key = f"{name.partition('[')[0]}.{last.name}" if taken else last.name
                found[key] = finite(last.value)
        return found

    def _arguments(self, index: int) -> dict[str, Any]:
        """What this item was given, and others were not."""
        found: dict[str, Any] = {}
        followed = {node.name for node in self.nodes}
        for node in self.nodes:
            places = self._places(node, index)
            for name, ref in _each(node).items():
                if _made_by(ref) not in followed:
                    found.setdefault(name, self._value(node, index, name, ref, places[name]))
        return found

    def _places(self, node: Node, index: int) -> dict[str, int]:
        """Which item of each list an item takes; as `windlass.execution.inputs` has it."""
        each = _each(node)
        if node.mode == "zip":
            return dict.fromkeys(each, index)
        places = {}
        for name, ref in reversed(each.items()):
            index, places[name] = divmod(index, max(1, self._length(node, name, ref)))
        return places

    def _length(self, node: Node, name: str, ref: Ref) -> int:
        known = self._plain(ref)
        if known is not None:
            return len(known)
        if isinstance(ref, Gathered):
            return len(ref.items)
        key = f"{node.name}.{name}"
        if key not in self.lengths:
            items = (f"{node.name}[{index}]" for index in self.facts.outcomes[node.name])
            self.lengths[key] = len({self._source(item, name) for item in items})
        return self.lengths[key]

    def _plain(self, ref: Ref) -> list[Json] | None:
        """The items of a list that stands in the pipeline or was given to it."""
        if isinstance(ref, Constant):
            return plain_items(ref.value)
        if isinstance(ref, FromParameter):
            return plain_items(self.facts.parameters[ref.name])
        return None

    def _value(self, node: Node, index: int, name: str, ref: Ref, place: int) -> Any:
        known = self._plain(ref)
        if known is not None:
            return natural(known[place]) if place < len(known) else None
        item = f"{node.name}[{index}]"
        contents = [each.content for each in self.facts.inputs[item] if each.parameter == name]
        if len(contents) == 1 and contents[0] in self.facts.shown:
            return self.facts.shown[contents[0]]
        return self._source(item, name)

    def _source(self, item: str, name: str) -> str | None:
        """Where an item has an argument from: ``load[2]``."""
        for each in self.facts.inputs[item]:
            if each.parameter == name and each.source is not None:
                return each.source if each.item is None else f"{each.source}[{each.item}]"
        return None


def _sweeps(facts: _Facts) -> list[_Sweep]:
    """The maps of a graph, those that go on with others joined to them."""
    found: dict[str, _Sweep] = {}
    for node in facts.graph.nodes.values():
        if not node.mapped:
            continue
        makers = [_made_by(ref) for ref in _each(node).values()] if node.mode == "zip" else []
        begun = next((found[maker] for maker in makers if maker in found), None)
        if begun is None:
            found[node.name] = _Sweep(facts, [node])
        else:
            begun.nodes.append(node)
            found[node.name] = begun
    return list({id(sweep): sweep for sweep in found.values()}.values())


def _each(node: Node) -> dict[str, Ref]:
    return {name: ref.of for name, ref in node.inputs.items() if isinstance(ref, Each)}


def _made_by(ref: Ref) -> str | None:
    return ref.node if isinstance(ref, FromNode) else None


def _names(items: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    return list(dict.fromkeys(name for item in items for name in item[column]))


def _sort(items: list[dict[str, Any]], order: Order) -> None:
    asked = order.field
    columns = {"metrics": "metrics", "params": "arguments"}
    if asked.group not in columns and asked.name != "seconds":
        raise QueryError(
            f"the items of a map cannot be sorted by '{asked.name}'",
            hint="Sort by metrics.NAME, params.NAME or seconds.",
        )

    def value(item: dict[str, Any]) -> Any:
        column = columns.get(asked.group)
        return item[column].get(asked.name) if column else item["seconds"]

    have = [item for item in items if isinstance(value(item), int | float)]
    rest = [item for item in items if not isinstance(value(item), int | float)]
    items[:] = sorted(have, key=value, reverse=order.descending) + rest
