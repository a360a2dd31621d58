"""The lists of a map's results, made from digests alone."""

from __future__ import annotations

from collections.abc import Mapping

from windlass import artifacts
from windlass.artifacts.artifact import Artifact
from windlass.execution.job import Job
from windlass.execution.schedule import instance_name
from windlass.pipeline.graph import Node
from windlass.records.model import Output


def join_map(
    job: Job, node: Node, length: int, produced: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[Output, ...], tuple[Artifact, ...]]:
    """Joins what the items of a map returned.

    Args:
        job: The run.
        node: The map.
        length: How many items it has.
        produced: The contents that each item returned, by its name and the output's.

    Returns:
        The map's outputs, and the artifacts that they are.
    """
    names = [instance_name(node.name, index) for index in range(length)]
    outputs, made = [], []
    for position, field in enumerate(node.outputs):
        contents = [produced[name][field] for name in names]
        found = job.stores.records.artifacts(contents)
        joined = artifacts.join([found[each] for each in contents], job.stores.artifacts)
        outputs.append(Output(name=field, position=position, content=joined.content))
        made.append(joined)
    return tuple(outputs), tuple(made)
