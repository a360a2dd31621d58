"""Values as immutable, content-addressed artifacts."""

from __future__ import annotations

from windlass.artifacts.artifact import Artifact, Catalog, Saved
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.joining import join
from windlass.artifacts.reading import check, items, load, preview
from windlass.artifacts.registry import register
from windlass.artifacts.saving import save
from windlass.artifacts.store import ArtifactStore

__all__ = [
    "Artifact",
    "ArtifactStore",
    "Catalog",
    "Format",
    "Preview",
    "Saved",
    "Sink",
    "Source",
    "check",
    "items",
    "join",
    "load",
    "preview",
    "register",
    "save",
]
