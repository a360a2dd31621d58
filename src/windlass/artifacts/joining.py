"""The results of a map as one list, made without reading them."""

from __future__ import annotations

from collections.abc import Sequence

from windlass.artifacts.artifact import Artifact
from windlass.artifacts.contents import content_of_list
from windlass.artifacts.formats.lists import (
    ListFormat,
    manifest_of,
    named_in_manifest,
    text_in_manifest,
)
from windlass.artifacts.store import ArtifactStore
from windlass.values import Json

_KINDS_TOLD = 5


def join(artifacts: Sequence[Artifact], store: ArtifactStore) -> Artifact:
    """The list of some artifacts, as it would be if a step had returned it.

    Raises:
        StoreError: The store cannot be written.
    """
    texts = [text_in_manifest(artifact) for artifact in artifacts]
    with store.writer() as writer:
        writer.write(manifest_of(texts))
        blob, size, inline = writer.finish()
    own, below = _below(artifacts, texts)
    kinds: list[Json] = [*sorted({artifact.type.rpartition(".")[2] for artifact in artifacts})]
    return Artifact(
        content=content_of_list([artifact.content for artifact in artifacts]),
        blob=blob,
        format=ListFormat.name,
        version=ListFormat.version,
        type="list",
        bytes=size + below,
        inline=inline,
        summary={"length": len(artifacts), "of": kinds[:_KINDS_TOLD]},
        children=own,
        pickled=any(artifact.pickled for artifact in artifacts),
        classes=tuple(sorted({name for artifact in artifacts for name in artifact.classes})),
    )


def _below(artifacts: Sequence[Artifact], texts: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The artifacts that the manifest names, and how many bytes lie in them."""
    children: dict[str, None] = {}
    size = 0
    for artifact, text in zip(artifacts, texts, strict=True):
        is_named = text == named_in_manifest(artifact)
        named = (artifact.content,) if is_named else artifact.children
        size += artifact.bytes - (0 if is_named else len(artifact.inline or b""))
        children.update(dict.fromkeys(named))
    return tuple(children), size
