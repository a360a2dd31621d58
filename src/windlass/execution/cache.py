"""Whether an earlier result may stand for a node.

The key covers the whole bundle, the whole environment, the step, its settings that change values,
the digests of its arguments, and its seed: nothing that it could depend on is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from windlass import modules
from windlass.artifacts.artifact import Artifact
from windlass.execution.inputs import Argument
from windlass.execution.job import Job, Stores
from windlass.hashing import digest
from windlass.pipeline.graph import Node
from windlass.pipeline.settings import Settings
from windlass.records.model import Output


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cache said.

    Args:
        reason: Why it was a hit or a miss, for people.
        outputs: The earlier outputs; None for a miss.
    """

    reason: str
    outputs: tuple[Output, ...] | None = None


def key_of(job: Job, node: Node, arguments: Mapping[str, Argument], seed: int | None) -> str:
    """What must be equal for an earlier result to stand for a node."""
    settings = job.plan.settings(node)
    return digest(
        "key",
        job.plan.bundle,
        job.plan.environment,
        job.loose,
        node.step,
        settings.allow_pickle,
        settings.cpus,  # the threads of numeric libraries, which can change the last digits
        {name: argument.digest for name, argument in arguments.items()},
        seed,
        sorted(name for producer, name in job.plan.mapped_over if producer == node.name),
    )


def ask(job: Job, node: Node, settings: Settings, key: str) -> Answer:
    """Looks for an earlier result."""
    refusal = _refusal(job, node, settings)
    if refusal is not None:
        return Answer(refusal)
    found = job.stores.records.cached(key)
    if found is None:
        return Answer("never run before with this code, environment, inputs and seed")
    for output in found.outputs:
        gone = missing_part(output.content, job.stores)
        if gone is not None:
            return Answer(f"the result of {found.run_name} is gone: artifact {gone[:12]}")
    return Answer(f"the same as in {found.run_name}", found.outputs)


def _refusal(job: Job, node: Node, settings: Settings) -> str | None:
    if not modules.is_reference_importable(node.step):
        return "never cached: the step is not in a file of the project"
    if not job.cache:
        return "the cache is off for this run"
    if not settings.cache:
        return "the cache is off for this step"
    if not settings.seeded:
        return "never cached: the step draws its own random numbers"
    return None


def missing_part(content: str, stores: Stores) -> str | None:
    """The content of an artifact, or of a part of it, whose bytes are gone; None if none is."""
    artifact: Artifact | None = stores.records.artifact(content)
    if artifact is None:
        return content
    if artifact.inline is None and not stores.artifacts.has(artifact.blob):
        return content
    for child in artifact.children:
        gone = missing_part(child, stores)
        if gone is not None:
            return gone
    return None
