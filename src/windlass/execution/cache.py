"""Whether an earlier result may stand for a node, and why or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from windlass import modules
from windlass.artifacts import registry
from windlass.artifacts.artifact import Artifact
from windlass.execution.fingerprints import save_fingerprints
from windlass.execution.ingredients import Ingredients
from windlass.execution.job import Job, Stores
from windlass.execution.missing import why_missing
from windlass.pipeline.graph import Node
from windlass.pipeline.settings import Settings
from windlass.records.model import Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cache said.

    Args:
        reason: Why it was a hit or a miss, for people.
        earlier: The outcome that stands for the node; None for a miss.
        keep: Whether the result, once it is computed, may stand for others.
    """

    reason: str
    earlier: Outcome | None = None
    keep: bool = True


def ask(
    job: Job,
    node: Node,
    name: str,
    ingredients: Ingredients,
    contents: Mapping[str, Sequence[str]],
) -> Answer:
    """Looks for an earlier result.

    Args:
        job: The run.
        node: Which node.
        name: Its name, or that of an item of the map.
        ingredients: What its result depends on.
        contents: The artifacts that it reads, by parameter.
    """
    refused = refusal(job, node)
    if refused is not None:
        return Answer(refused, keep=False)
    if job.refresh:
        return Answer(ANEW)
    found = job.stores.records.cached(ingredients.key)
    if found is None:
        save_fingerprints(
            job.stores.records, job.class_code.taken(ingredients.classes, job.lock_of(node))
        )
        return Answer(why_missing(job, node, name, ingredients, contents))
    unusable = problem(found, job.plan.settings(node), job.stores)
    if unusable is not None:
        return Answer(unusable)
    return Answer(hit_text(found), found)


def hit_text(found: Outcome) -> str:
    """Why a node did not run, in words."""
    return f"the same as in {found.run_name}"


ANEW = "everything is computed anew in this run"


def refusal(job: Job, node: Node) -> str | None:
    """Why the cache is not asked for a node at all; None if it is."""
    settings = job.plan.settings(node)
    if not modules.is_reference_importable(node.step):
        return "never cached: the step is not in a file of the project"
    if job.plan.code_of(node) is None:
        return "never cached: the plan is of an older Windlass, without fingerprints"
    if not job.cache:
        return "the cache is off for this run"
    if not settings.cache:
        return "the cache is off for this step"
    if not settings.seeded:
        return "never cached: the step draws its own random numbers"
    return None


def problem(found: Outcome, settings: Settings, stores: Stores) -> str | None:
    """Why an earlier result that is recorded cannot be used; None if it can."""
    expired = settings.expired(found.ended)
    if expired is not None:
        return f"the result of {found.run_name} {expired}"
    for output in found.outputs:
        unusable = unusable_part(output.content, stores)
        if unusable is not None:
            return f"the result of {found.run_name} cannot be used: {unusable}"
    return None


def unusable_part(content: str, stores: Stores) -> str | None:
    """Why an artifact, or a part of it, cannot be read here; None if it can."""
    artifact: Artifact | None = stores.records.artifact(content)
    if artifact is None:
        return f"the record has no artifact {content[:12]}"
    blobs = artifact.files if artifact.inline is not None else (artifact.blob, *artifact.files)
    for trouble in filter(None, map(stores.artifacts.trouble, blobs)):
        return f"the bytes of artifact {content[:12]} are {trouble}"
    unusable = _format_problem(artifact, trust_pickle=stores.trust_pickle)
    parts = iter(artifact.children)
    while unusable is None and (part := next(parts, None)) is not None:
        unusable = unusable_part(part, stores)
    return unusable


def _format_problem(artifact: Artifact, *, trust_pickle: bool) -> str | None:
    if artifact.pickled and not trust_pickle:
        return "pickle is not allowed from this store"
    known = registry.version_of(artifact.format)
    if known is None:
        return f"its format '{artifact.format}' is not installed here"
    if known != artifact.version:
        return f"its format '{artifact.format}' is now of version {known}, not {artifact.version}"
    return None
