"""What follows when a run has made versions of models: they are described, and told of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from windlass.execution.job import Job, Stores
from windlass.records.models import Minted


def tell_versions(job: Job, tell: Callable[[str], None]) -> None:
    """Describes the versions that a run which succeeded has made, and tells of them.

    Args:
        job: The run.
        tell: Takes a sentence for whoever watches.
    """
    if any(node.marks for node in job.plan.graph.nodes.values()):
        for minted in job.stores.records.minted_by(job.run):
            tell(_sentence(minted))
            if minted.is_new:
                for line in _described(job.stores, minted):
                    tell(line)


def _described(stores: Stores, minted: Minted) -> Iterator[str]:
    from windlass.models.describing import describe
    from windlass.models.version import Version

    version = Version(stores.records.version(minted.model, minted.number), stores)
    told: dict[str, list[str]] = {}
    for kind, why in describe(version).items():
        told.setdefault(why, []).append(kind)
    for why, kinds in told.items():
        yield f"{version.name} has no {', '.join(kinds)}: {why}"


def _sentence(minted: Minted) -> str:
    name = f"{minted.model}@{minted.number}"
    if minted.is_new:
        return f"{name} is a candidate now: windlass test {name}"
    return f"the model '{minted.model}' is that of {name}: no new version"
