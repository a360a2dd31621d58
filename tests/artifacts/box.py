"""A store with a catalog beside it, for trying what is saved and loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from windlass import artifacts
from windlass.artifacts.artifact import Artifact, Saved
from windlass.artifacts.store import ArtifactStore


class Box:
    """A store, and what a record would keep of the artifacts in it."""

    def __init__(self, folder: Path) -> None:
        self.store = ArtifactStore.open_store(folder)
        self.rows: dict[str, Artifact] = {}

    def artifact(self, content: str) -> Artifact | None:
        return self.rows.get(content)

    def save(self, value: object, **options: Any) -> Saved:
        saved = artifacts.save(value, self.store, **options)
        self.rows |= {a.content: a for a in (saved.artifact, *saved.children)}
        return saved

    def load(self, content: str, **options: Any) -> Any:
        return artifacts.load(content, self.store, self, **options)

    def there_and_back(self, value: object, **options: Any) -> Any:
        return self.load(self.save(value, **options).artifact.content)
