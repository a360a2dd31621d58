"""Models in our own formats as MLflow's ``python_function``: one artifact in a store of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from windlass import artifacts
from windlass.artifacts import Artifact, ArtifactStore
from windlass.artifacts.telling import artifact_document, read_artifact

_INDEX = "artifacts.json"
_ALLOW = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"


def write(model: Any, folder: Path) -> None:
    """Writes a model into a folder.

    Raises:
        FormatError: No format takes it.
    """
    folder.mkdir(parents=True)
    saved = artifacts.save(model, ArtifactStore(folder / "store"), allow_pickle=True)
    documents = [artifact_document(each) for each in (saved.artifact, *saved.children)]
    (folder / _INDEX).write_text(json.dumps(documents))


def read(folder: Path) -> Any:
    """The model in a folder.

    Raises:
        UntrustedError: It is a pickle, and MLflow was not told to allow those.
    """
    found = [read_artifact(each) for each in json.loads((folder / _INDEX).read_text())]
    catalog = _Catalog({each.content: each for each in found})
    allowed = os.environ.get(_ALLOW, "").lower() in ("true", "1")
    store = ArtifactStore(folder / "store")
    return artifacts.load(found[0].content, store, catalog, trust_pickle=allowed)


def _load_pyfunc(path: str) -> _Model:
    """What MLflow calls to load a model; it asks the model by ``predict``."""
    return _Model(read(Path(path)))


class _Catalog:
    """The artifacts of one folder."""

    def __init__(self, found: dict[str, Artifact]) -> None:
        self._found = found

    def artifact(self, content: str) -> Artifact | None:
        return self._found.get(content)


class _Model:
    """A model as MLflow asks it."""

    def __init__(self, model: Any) -> None:
        self.unwrapped = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        """What the model gives for rows."""
        return predict(self.unwrapped, data)


def predict(model: Any, data: Any) -> Any:
    """What a model of any kind that we know gives for rows.

    It is asked as models in production are; that knowledge stands above this floor, and is taken
    when it is needed, in the process of whoever loads the model.
    """
    from windlass import modules

    predictor: Any = modules.resolve("windlass.models.estimator:Predictor")
    library = type(data).__module__.partition(".")[0]
    return predictor(model, library if library in ("pandas", "polars") else None, None).predict(
        data
    )
