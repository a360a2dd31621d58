"""Where a node's arguments come from, as digests first and as values when it really runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from windlass import artifacts, modules, values
from windlass.errors import DefinitionError, NotFoundError
from windlass.execution.class_code import classes_in
from windlass.execution.job import Job
from windlass.execution.schedule import instance_name
from windlass.hashing import digest
from windlass.pipeline.edges import UNEVEN_HINT, uneven
from windlass.pipeline.graph import (
    Constant,
    Each,
    FromChoice,
    FromNode,
    FromParameter,
    Gathered,
    Graph,
    Keyed,
    Node,
    Ref,
)
from windlass.pipeline.step import step_of
from windlass.pipeline.symbols import namedtuple_of
from windlass.records.model import Input


class Source(NamedTuple):
    """An artifact, and where the run has it from: see `windlass.records.model.Input`."""

    content: str
    node: str
    output: str
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """What a parameter of a step is given.

    Args:
        digest: Of the value, known without reading it.
        load: Reads the value.
        sources: The artifacts that it comes from.
        classes: The classes in what comes from no artifact, by their ``module:qualname``.
    """

    digest: str
    load: Callable[[], Any]
    sources: tuple[Source, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def contents(self) -> tuple[str, ...]:
        """The contents of the artifacts that it comes from."""
        return tuple(source.content for source in self.sources)


class Inputs:
    """Resolves the references of one run's graph by what the record holds now."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._outputs: dict[str, Mapping[str, str]] = {}

    def know(self, node: str, outputs: Mapping[str, str]) -> None:
        """Takes note of the contents that a node returned, by name."""
        self._outputs[node] = outputs

    def prefetch(self, nodes: set[str]) -> None:
        """Reads the outputs of several nodes at once."""
        missing = [name for name in nodes if name not in self._outputs]
        if missing:
            self._outputs |= self._job.stores.records.node_outputs(self._job.run, missing)

    def arguments(self, node: Node, index: int | None) -> dict[str, Argument]:
        """A node's arguments, those of one item of a map if `index` is given."""
        self.prefetch(self._job.plan.graph.nodes_of(_all_of(node)))
        places = {} if index is None else self._places(node, index)
        return {
            name: self.item(ref.of, places[name]) if isinstance(ref, Each) else self.resolve(ref)
            for name, ref in node.inputs.items()
        }

    def length(self, node: Node) -> int:
        """How many items a map has.

        Raises:
            DefinitionError: Its lists differ in length, or are no lists.
        """
        lengths = self._lengths(node)
        if node.mode == "zip" and len(set(lengths.values())) > 1:
            raise DefinitionError(uneven(node.name, lengths), hint=UNEVEN_HINT)
        total = 1
        for length in lengths.values():
            total *= length
        return total if node.mode == "product" else next(iter(lengths.values()))

    def resolve(self, ref: Ref) -> Argument:
        """The argument behind a reference."""
        match ref:
            case Constant(document):
                return self._plain(document)
            case FromParameter(name):
                document = self._job.parameters[name]
                return self._plain(document, self._job.digests[name])
            case FromNode(node, field):
                return self._output(node, field)
            case FromChoice(name):
                return self.resolve(self._side(name))
            case Gathered(kind, items):
                return _gathered(kind, [self.resolve(item) for item in items])
            case Keyed(pairs, cls):
                return _keyed({key: self.resolve(item) for key, item in pairs}, cls)
            case Each():
                raise DefinitionError("each() outside a map")

    def item(self, ref: Ref, index: int) -> Argument:
        """One item of a list."""
        match ref:
            case Constant(document):
                return self._plain(plain_items(document)[index])
            case FromParameter(name):
                return self._plain(plain_items(self._job.parameters[name])[index])
            case FromChoice(name):
                return self.item(self._side(name), index)
            case Gathered(_, items):
                return self.resolve(items[index])
            case FromNode(node, None) if self._fields(node) is not None:
                fields = self._fields(node) or ()
                parts = {name: self.item(FromNode(node, name), index) for name in fields}
                return _keyed(parts, self._tuple_class(node))
            case FromNode():
                return self._artifact(self._item_source(ref, index))
        raise DefinitionError("each() needs a list")

    def decide(self, choice: str) -> bool:
        """A choice's condition."""
        return bool(self.resolve(self._job.plan.graph.choices[choice].condition).load())

    def _plain(self, document: values.Json, known: str | None = None) -> Argument:
        job, classes = self._job, tuple(classes_in(document))
        told = known or job.digest_plain(document)
        return Argument(told, lambda: job.decode_plain(document), classes=classes)

    def _side(self, choice: str) -> Ref:
        found = self._job.plan.graph.choices[choice]
        return found.then if self.decide(choice) else found.otherwise

    def _lengths(self, node: Node) -> dict[str, int]:
        graph: Graph = self._job.plan.graph
        self.prefetch(graph.nodes_of(_all_of(node)))
        return {
            name: self._length(ref.of) for name, ref in node.inputs.items() if isinstance(ref, Each)
        }

    def _length(self, ref: Ref) -> int:
        match ref:
            case Constant(document):
                return len(plain_items(document))
            case FromParameter(name):
                return len(plain_items(self._job.parameters[name]))
            case FromChoice(name):
                return self._length(self._side(name))
            case Gathered(_, items):
                return len(items)
            case FromNode(node, None) if self._fields(node):
                return self._length(FromNode(node, (self._fields(node) or ("",))[0]))
            case FromNode():
                return len(self._items(ref))
        raise DefinitionError("each() needs a list")

    def _places(self, node: Node, index: int) -> dict[str, int]:
        """Which item of each list an item of the map takes."""
        mapped = [name for name, ref in node.inputs.items() if isinstance(ref, Each)]
        if node.mode == "zip":
            return dict.fromkeys(mapped, index)
        places = {}
        lengths = self._lengths(node)
        for name in reversed(mapped):
            index, places[name] = divmod(index, lengths[name])
        return places

    def _output(self, node: str, field: str | None) -> Argument:
        fields = self._fields(node)
        if field is not None or fields is None:
            return self._artifact(self._source(node, field or "output"))
        if self._job.plan.graph.nodes[node].mapped:
            count = self._length(FromNode(node, fields[0]))
            return _gathered("list", [self.item(FromNode(node), i) for i in range(count)])
        parts = {name: self._artifact(self._source(node, name)) for name in fields}
        return _keyed(parts, self._tuple_class(node))

    def _fields(self, node: str) -> tuple[str, ...] | None:
        outputs = self._job.plan.graph.nodes[node].outputs
        return None if outputs == ("output",) else outputs

    def _tuple_class(self, node: str) -> str:
        step = step_of(self._job.plan.graph.nodes[node].step)
        return modules.reference(namedtuple_of(step.returns))

    def _content(self, node: str, name: str) -> str:
        self.prefetch({node})
        try:
            return self._outputs[node][name]
        except KeyError:
            raise NotFoundError(f"'{node}' has no output '{name}' in {self._job.name}") from None

    def _source(self, node: str, name: str) -> Source:
        return Source(self._content(node, name), node, name)

    def _item_source(self, ref: FromNode, index: int) -> Source:
        """Where one item of a list comes from; of a map's results, the item of the map."""
        name, content = ref.field or "output", self._items(ref)[index]
        if self._job.plan.graph.nodes[ref.node].mapped:
            return Source(content, instance_name(ref.node, index), name)
        return Source(content, ref.node, name, index)

    def _artifact(self, source: Source) -> Argument:
        stores = self._job.stores

        def load() -> Any:
            return artifacts.load(
                source.content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
            )

        return Argument(source.content, load, (source,))

    def _items(self, ref: FromNode) -> tuple[str, ...]:
        """The contents of a list output's items; kept, since every item of a map asks for them."""
        content = self._content(ref.node, ref.field or "output")
        if content not in self._job.lists:
            artifact = self._job.stores.records.artifact(content)
            if artifact is None:
                raise NotFoundError(f"the record has no artifact {content}")
            self._job.lists[content] = artifacts.items(artifact, self._job.stores.artifacts)
        return self._job.lists[content]


def lineage_of(arguments: Mapping[str, Argument]) -> tuple[Input, ...]:
    """The artifacts that arguments come from, and who made them in this run."""
    return tuple(
        Input(name, position, source.content, source.node, source.output, source.item)
        for name, argument in arguments.items()
        for position, source in enumerate(argument.sources)
    )


def _all_of(node: Node) -> Ref:
    return Gathered("list", tuple(node.inputs.values()))


def plain_items(document: values.Json) -> list[values.Json]:
    """The documents of the items of a list's, tuple's or set's document.

    Raises:
        DefinitionError: It is the document of something else.
    """
    if isinstance(document, dict):
        document = document.get("items")
    if not isinstance(document, list):
        raise DefinitionError("each() needs a list", hint="Give it a list, a tuple or a set.")
    return document


def _classes(parts: Sequence[Argument]) -> tuple[str, ...]:
    return tuple(name for part in parts for name in part.classes)


def _sources(parts: Iterable[Argument]) -> tuple[Source, ...]:
    return tuple(source for part in parts for source in part.sources)


def _gathered(kind: str, parts: Sequence[Argument]) -> Argument:
    make: Any = list if kind == "list" else tuple
    together = digest(kind, [part.digest for part in parts])
    return Argument(
        together,
        lambda: make(part.load() for part in parts),
        _sources(parts),
        _classes(parts),
    )


def _keyed(parts: Mapping[str, Argument], cls: str | None) -> Argument:
    def load() -> Any:
        loaded = {key: part.load() for key, part in parts.items()}
        return loaded if cls is None else modules.resolve(cls)(**loaded)  # type: ignore[operator]

    pairs = [[key, part.digest] for key, part in parts.items()]
    given = list(parts.values())
    classes = (*_classes(given), *(() if cls is None else (cls,)))
    return Argument(digest("dict", pairs), load, _sources(given), classes)
