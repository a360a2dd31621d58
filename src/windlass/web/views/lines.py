"""Small documents that several pages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.rows import Row
from windlass.pipeline.states import NodeState

if TYPE_CHECKING:
    from windlass.records.model import Outcome, Output


T = TypeVar("T")


class OutputLine(TypedDict):
    """An output of a node: its name, its type and format, its facts, its digests and its size."""

    name: str
    type: str
    format: str
    content: str
    blob: str
    bytes: int
    summary: dict[str, Any]
    pickled: bool


class NodeLine(TypedDict):
    """How a node of a run stands, or an item of a map.

    ``state`` is ``succeeded``, ``cached``, ``failed``, ``running``, ``cancelled``, ``lost``,
    ``skipped`` or ``waiting``; ``items`` says of a map, or of a group of nodes that stand together
    as one, how many have each; ``why`` is the error in short, or why it ran or did not.
    """

    node: str
    kind: Literal["node", "map", "item", "group"]
    state: str
    seconds: float | None
    attempts: int
    why: str
    items: dict[str, int]
    outputs: list[OutputLine]


def node_line(row: Row) -> NodeLine:
    """A node in a line; a map as its items together."""
    tries = [each.outcome.attempts for each in (row, *row.items) if each.outcome]
    kind = "item" if row.name.endswith("]") else "map" if row.state.items else "node"
    return NodeLine(
        node=row.name,
        kind=kind,  # type: ignore[typeddict-item]
        state=row.state.word,
        seconds=row.state.seconds,
        attempts=max(tries, default=0),
        why=row.state.note,
        items=dict(row.state.items),
        outputs=output_lines(row.outcome),
    )


def group_line(name: str, state: NodeState) -> NodeLine:
    """The nodes of a group as one."""
    return NodeLine(
        node=name,
        kind="group",
        state=state.word,
        seconds=state.seconds,
        attempts=0,
        why=state.note,
        items=dict(state.items),
        outputs=[],
    )


def output_lines(outcome: Outcome | None) -> list[OutputLine]:
    """What a node returned."""
    return [output_line(output) for output in (outcome.outputs if outcome else ())]


def output_line(output: Output) -> OutputLine:
    """An output in a line."""
    artifact = output.artifact
    assert artifact is not None, "it is read for people"
    return OutputLine(
        name=output.name,
        type=artifact.type,
        format=artifact.format,
        content=artifact.content,
        blob=artifact.blob,
        bytes=artifact.bytes,
        summary=dict(artifact.summary),
        pickled=artifact.pickled,
    )


class Portion(TypedDict):
    """Which part of a long list is told: ``page`` of ``pages``; ``total`` is the whole length."""

    page: int
    pages: int
    total: int


def portion(items: Sequence[T], page: int, size: int) -> tuple[Sequence[T], Portion]:
    """A page of a list; past its end, the last one."""
    pages = max(1, -(-len(items) // size))
    page = min(page, pages)
    start = (page - 1) * size
    return items[start : start + size], Portion(page=page, pages=pages, total=len(items))


def pressing_first(rows: Iterable[NodeLine]) -> list[NodeLine]:
    """What a person looks for first stands first: what failed, then what goes on."""
    return sorted(rows, key=lambda row: PRESSING.get(row["state"], len(PRESSING)))


PRESSING = {word: place for place, word in enumerate(("failed", "lost", "running", "cancelled"))}


def counted(states: Iterable[NodeState]) -> dict[str, int]:
    """How many there are of each state."""
    found: dict[str, int] = {}
    for state in states:
        found[state.word] = found.get(state.word, 0) + 1
    return found
