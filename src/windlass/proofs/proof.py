"""A proof: what came of running a run again, and the document that the record keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from windlass.artifacts.gaps import Gap
from windlass.proofs.causes import Cause
from windlass.proofs.comparing import DIFFERENT, EQUAL, SKIPPED, UNKNOWN, WITHIN, NodeProof
from windlass.proofs.outside import Outside

INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that a node was seen to do that no record tells: see `execution.watching`."""

    node: str
    kind: str
    what: str
    place: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of running a run again.

    Args:
        run: The run's name.
        id: Its id.
        verdict: ``equal``, ``within tolerance``, ``different`` or ``inconclusive``.
        environment: ``recorded`` or ``present``: in which it was run again.
        tolerance: How far numbers may be apart to be equal within it.
        created: When.
        seconds: How long it took.
        windlass: The version that made it.
        reason: Why it is inconclusive as a whole, or different before anything was run.
        hint: What to do about that.
        notes: What a person should know of how it was made.
        surroundings: How the environment and the machine differ from the recorded ones.
        outside: What fed the run from outside.
        nodes: Each node and item.
        causes: Why those diverged that were given the same.
        seen: What no record tells and the proof does not cover.
    """

    run: str
    id: str
    verdict: str
    environment: str
    tolerance: float
    created: float
    seconds: float
    windlass: str
    reason: str | None = None
    hint: str | None = None
    notes: tuple[str, ...] = ()
    surroundings: tuple[str, ...] = ()
    outside: tuple[Outside, ...] = ()
    nodes: tuple[NodeProof, ...] = ()
    causes: tuple[Cause, ...] = ()
    seen: tuple[Seen, ...] = ()

    @property
    def first(self) -> str | None:
        """The first node that diverged."""
        return next((node.node for node in self.nodes if node.has_diverged), None)

    def document(self) -> dict[str, Any]:
        """Plain JSON."""
        document = asdict(self)
        for node in document["nodes"]:
            node["outputs"] = [_output_document(output) for output in node["outputs"]]
        return {**document, "first": self.first}


def _output_document(output: dict[str, Any]) -> dict[str, Any]:
    gap: Gap | None = output.pop("gap")
    absolute, relative = (gap.absolute, gap.relative) if gap else (None, None)
    return {**output, "absolute": absolute, "relative": relative}


def verdict_of(nodes: Sequence[NodeProof]) -> str:
    """The verdict on a run by those on its nodes."""
    found = {node.status for node in nodes} - {SKIPPED}
    if DIFFERENT in found:
        return DIFFERENT
    if UNKNOWN in found or not found:
        return INCONCLUSIVE
    return WITHIN if WITHIN in found else EQUAL
