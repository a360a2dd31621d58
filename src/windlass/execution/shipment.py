"""The files that a run names, as they are in the artifact store for workers without its disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from windlass.artifacts.artifact import Artifact
from windlass.hashing import digest
from windlass.values import Json


class Shipped(NamedTuple):
    """A file or a folder in the artifact store.

    Args:
        digest: Of its bytes, or of its files by their names: what keys are made of.
        content: The artifact that holds it.
    """

    digest: str
    content: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """What a run has with it.

    Args:
        paths: What its parameters and constants name, by the path as it is written.
        declared: The blobs of declared files that its bundle lacks, by their paths in the project.
        artifacts: Those of the paths, where they are not recorded yet.
    """

    paths: Mapping[str, Shipped] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = field(default=(), compare=False)

    @property
    def digests(self) -> Mapping[str, str]:
        """The digests of what paths name."""
        return {path: shipped.digest for path, shipped in self.paths.items()}

    def code_name(self, bundle: str) -> str:
        """The name of a folder with a bundle's code and the declared files."""
        if not self.declared:
            return bundle[:32]
        return digest("code", bundle, [[*each] for each in sorted(self.declared.items())])[:32]

    def and_also(self, other: Shipment) -> Shipment:
        """This and another one, which counts where both have a path."""
        return Shipment(
            {**self.paths, **other.paths},
            {**self.declared, **other.declared},
            (*self.artifacts, *other.artifacts),
        )

    def document(self) -> dict[str, Json]:
        """As it stands in a run's details, by which what it names is kept."""
        paths: dict[str, Json] = {path: [*shipped] for path, shipped in self.paths.items()}
        declared: dict[str, Json] = {**self.declared}
        return {"shipped": {"paths": paths, "declared": declared}} if paths or declared else {}


NOTHING = Shipment()


def shipment_in(details: Mapping[str, Any]) -> Shipment:
    """What the details of a run say that it has with it."""
    found = details.get("shipped")
    if found is None:
        return NOTHING
    paths = {path: Shipped(*shipped) for path, shipped in found["paths"].items()}
    return Shipment(paths, found["declared"])
