"""Small documents that several pages share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.rows import Row
from windlass.pipeline.states import NodeState

if TYPE_CHECKING:
    from windlass.records.model import Outcome, Output


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
    ``skipped`` or ``waiting``; ``items`` says of a map how many items have each; ``why`` is the
    error in short, or why it ran or did not.
    """

    node: str
    state: str
    seconds: float | None
    attempts: int
    why: str
    items: dict[str, int]
    outputs: list[OutputLine]


def node_line(row: Row) -> NodeLine:
    """A node in a line; a map as its items together."""
    tries = [each.outcome.attempts for each in (row, *row.items) if each.outcome]
    return NodeLine(
        node=row.name,
        state=row.state.word,
        seconds=row.state.seconds,
        attempts=max(tries, default=0),
        why=row.state.note,
        items=dict(row.state.items),
        outputs=output_lines(row.outcome),
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


def counted(states: Iterable[NodeState]) -> dict[str, int]:
    """How many there are of each state."""
    found: dict[str, int] = {}
    for state in states:
        found[state.word] = found.get(state.word, 0) + 1
    return found
