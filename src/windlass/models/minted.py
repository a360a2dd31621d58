"""What follows when a run has made versions of models: they are described, and told of."""

from __future__ import annotations

from collections.abc import Callable

from windlass.execution.job import Job
from windlass.records.models import Minted


def tell_versions(job: Job, tell: Callable[[str], None]) -> None:
    """Tells of the versions that a run which succeeded has made.

    Args:
        job: The run.
        tell: Takes a sentence for whoever watches.
    """
    if any(node.marks for node in job.plan.graph.nodes.values()):
        for minted in job.stores.records.minted_by(job.run):
            tell(_sentence(minted))


def _sentence(minted: Minted) -> str:
    name = f"{minted.model}@{minted.number}"
    if minted.is_new:
        return f"{name} is a candidate now: windlass test {name}"
    return f"the model '{minted.model}' is that of {name}: no new version"
