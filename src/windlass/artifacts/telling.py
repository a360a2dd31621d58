"""An artifact as JSON, as it is posted and journalled."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

from windlass.artifacts.artifact import Artifact


def artifact_document(artifact: Artifact) -> dict[str, Any]:
    """An artifact with its bytes, if it has them in it, as JSON."""
    inline = artifact.inline
    told = None if inline is None else base64.b64encode(inline).decode()
    # `dataclasses.asdict` would copy all that is in it.
    fields = {field.name: getattr(artifact, field.name) for field in dataclasses.fields(artifact)}
    return {**fields, "inline": told}


def read_artifact(document: Any) -> Artifact:
    """The artifact that `artifact_document` told of."""
    inline = document["inline"]
    return Artifact(
        **{
            **document,
            "inline": None if inline is None else base64.b64decode(inline),
            **{name: tuple(document[name]) for name in ("children", "classes", "files")},
        }
    )
