"""Versions of models: minted in the transaction in which a run is recorded as succeeded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from windlass.records import rows
from windlass.records.inserting import Inserting
from windlass.records.model_rows import version_row
from windlass.records.models import Minted, NewVersion
from windlass.values import Json

_MARKED = """
SELECT marks.model, marks.role, marks.node, marks.output, marks.document, outputs.content
FROM runs JOIN marks ON marks.plan = runs.plan
JOIN outcomes ON outcomes.run = runs.id AND outcomes.node = marks.node
JOIN outputs ON outputs.run = runs.id AND outputs.node = marks.node
    AND outputs.name = marks.output
WHERE runs.id = :run AND outcomes.status = 'succeeded'
ORDER BY marks.model, marks.role
"""
_SAME = "SELECT number FROM versions WHERE model = :model AND content = :content"
_LAST = "SELECT max(number) AS number FROM versions WHERE model = :model"


class Minting(Inserting):
    """Numbers the versions of models."""

    def mint(self, version: NewVersion) -> Minted:
        """Records a version of a model, numbered without gaps, in the transaction that is open.

        Of one content a model has one version: asked again, that is the answer.
        """
        self.hold([f"model:{version.model}"])
        named = {"model": version.model, "content": version.content}
        same = self.execute(_SAME, named)
        if same:
            return Minted(version.model, same[0]["number"], is_new=False)
        last = self.execute(_LAST, {"model": version.model})[0]["number"]
        number = (last or 0) + 1
        self._add("versions", [version_row(version, number, time.time())])
        artifacts = {"model": version.content, **version.artifacts}
        told = {"model": version.model, "number": number}
        self._add(
            "version_artifacts",
            [{**told, "role": role, "content": content} for role, content in artifacts.items()],
        )
        return Minted(version.model, number, is_new=True)

    def mint_of_run(self, run: str) -> list[Minted]:
        """Makes versions of what a run has made and its plan marks, in the open transaction."""
        found: dict[str, list[rows.Row]] = {}
        for row in self.execute(_MARKED, {"run": run}):
            found.setdefault(row["model"], []).append(dict(row))
        return [self.mint(_version(run, told)) for told in found.values() if _model_in(told)]


def _model_in(told: Sequence[rows.Row]) -> rows.Row | None:
    return next((row for row in told if row["role"] == "model"), None)


def _version(run: str, told: Sequence[rows.Row]) -> NewVersion:
    made = _model_in(told)
    assert made is not None
    beside = {row["role"]: row["content"] for row in told if row is not made}
    details: Mapping[str, Json] = rows.load(made["document"])
    return NewVersion(
        made["model"], made["content"], run, made["node"], made["output"], beside, details
    )
