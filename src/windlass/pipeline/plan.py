"""A plan: all that decides what a run computes, but its parameters and its seed.

It knows no stack, no target, no host and no git fact: the same source, settings and environment
give the same plan, byte for byte, on every machine.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.errors import DefinitionError
from windlass.hashing import digest
from windlass.pipeline.graph import Graph
from windlass.pipeline.graph_json import graph_from_json, graph_to_json
from windlass.pipeline.settings import Settings
from windlass.values import Json, to_text

if TYPE_CHECKING:
    from windlass.pipeline.graph import Node

VERSION = 2
"""Of the document's form; raised when an old plan can no longer be read as it is."""


@dataclass(frozen=True)
class Plan:
    """What is to be computed, immutable.

    Args:
        pipeline: The pipeline's ``module:qualname``.
        graph: Its traced DAG.
        parameters: What it takes, as `windlass.pipeline.parameters.schema` tells it.
        bundle: Digest of the project's code.
        environment: Digest of Python and the installed distributions.
        sources: Folders of the project, relative to its root, that its modules are imported from.
        code: The digest of the fingerprint of every step, by `code_name`: of all the code that it
            can reach, and the distributions that this uses. Empty in plans of version 1, which are
            only looked at.
        files: By pattern, the digests of the files that steps declare, by their paths.
        variables: The digests of the environment variables that steps declare.
        environments: The digests of the locks of the environments that steps ask for, by name.
    """

    pipeline: str
    graph: Graph
    parameters: Json
    bundle: str
    environment: str
    sources: tuple[str, ...] = (".",)
    code: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.graph.name

    @functools.cached_property
    def text(self) -> str:
        """The canonical JSON document."""
        return to_text(
            {
                "version": VERSION,
                "pipeline": self.pipeline,
                "parameters": self.parameters,
                "sources": list(self.sources),
                "bundle": self.bundle,
                "environment": self.environment,
                "code": dict(sorted(self.code.items())),
                "files": {name: dict(files) for name, files in sorted(self.files.items())},
                "variables": dict(sorted(self.variables.items())),
                "graph": graph_to_json(self.graph),
                **(
                    {"environments": dict(sorted(self.environments.items()))}
                    if self.environments
                    else {}
                ),
            }
        )

    @functools.cached_property
    def digest(self) -> str:
        """What names the plan."""
        return digest("plan", self.text)

    @functools.cached_property
    def mapped_over(self) -> set[tuple[str, str]]:
        """The outputs, as (node, name), whose items some map runs over."""
        return self.graph.mapped_over()

    def settings(self, node: Node) -> Settings:
        """What a node asks of the place where it runs."""
        if node.name not in self._settings:
            self._settings[node.name] = Settings(**node.settings)  # type: ignore[arg-type]
        return self._settings[node.name]

    def code_of(self, node: Node) -> str | None:
        """The digest of the fingerprint of a node's step; None in plans of version 1."""
        return self.code.get(code_name(node.step, self.settings(node).environment))

    def files_of(self, node: Node) -> dict[str, str]:
        """The digests of the files that a node's step declares, by their paths."""
        declared = self.settings(node).files
        return {path: found for name in declared for path, found in self.files[name].items()}

    def variables_of(self, node: Node) -> dict[str, str]:
        """The digests of the environment variables that a node's step declares."""
        return {name: self.variables[name] for name in self.settings(node).variables}

    @functools.cached_property
    def _settings(self) -> dict[str, Settings]:
        return {}


def code_name(step: str, environment: str | None) -> str:
    """What the code of a step is listed by: one step may be called in several environments."""
    return step if environment is None else f"{step} in {environment}"


def read_plan(text: str) -> Plan:
    """The plan of a document that `Plan.text` made.

    Raises:
        DefinitionError: It is not such a document, or was made by another version of Windlass.
    """
    try:
        document: Any = json.loads(text)
        if document["version"] not in (1, VERSION):
            raise DefinitionError(
                f"a plan of version {document['version']} cannot be read, only up to {VERSION}",
                hint="Use the Windlass that made it.",
            )
        plan = Plan(
            pipeline=document["pipeline"],
            graph=graph_from_json(document["graph"]),
            parameters=document["parameters"],
            bundle=document["bundle"],
            environment=document["environment"],
            sources=tuple(document["sources"]),
            code=document.get("code", {}),
            files=document.get("files", {}),
            variables=document.get("variables", {}),
            environments=document.get("environments", {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DefinitionError(f"a plan cannot be read: {error!r}") from error
    plan.graph.check()
    return plan
