"""A release that a server brings along, as in the image of one deployment.

Where the server is told of a record it follows that, and this release is for a start without it.
Where it is told of none it serves just this.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from windlass.errors import ConfigError
from windlass.models.profile import Profile
from windlass.models.signature import Signature
from windlass.serving.observing.known import Describe, Known
from windlass.serving.releases import Release, read_release
from windlass.serving.settings import ServerSettings


@dataclass(frozen=True)
class Brought:
    """It as the only version that there is, in the place of a record.

    Args:
        found: The release.
    """

    found: Release

    def number(self) -> int:
        """Its version's, always."""
        return self.found.number

    def release(self, number: int) -> Release:  # noqa: ARG002 - there is just one
        """It."""
        return self.found


def brought(settings: ServerSettings) -> Release | None:
    """The release that a server brings along; None if there is none.

    Raises:
        CorruptError: It is not whole.
        ConfigError: It is of another model than is served.
    """
    if settings.release is None:
        return None
    found = read_release(Path(settings.release))
    models = [model for model, _ in settings.models]
    if models != [found.model]:
        told = ", ".join(models)
        raise ConfigError(
            f"{settings.release} holds a release of '{found.model}', and not of {told}",
            hint=f"It is brought along for its own model alone: windlass serve {found.model}",
        )
    return found


def describe_brought(settings: ServerSettings) -> Describe | None:
    """What is known of the version that was brought along; None where a record tells it."""
    found = brought(settings) if settings.stands_alone else None
    if found is None:
        return None
    signature, profile = found.evidence["signature"], found.evidence["profile"]
    known = Known.of(
        None if signature is None else Signature.read(signature),
        None if profile is None else Profile.read(profile),
    )
    return lambda _version: known
