"""The list of models."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.models.documents import live_servers
from windlass.models.naming import CHAMPION
from windlass.records import Records
from windlass.records.models import ModelRow
from windlass.web.page import Ask


class ModelLine(TypedDict):
    """A model in a line; ``verdict`` is what the last test of its newest version came to."""

    model: str
    versions: int
    newest: int
    created: float
    champion: int | None
    aliases: dict[str, int]
    verdict: str | None
    servers: int


class ModelsDocument(TypedDict):
    """The models of a project."""

    models: list[ModelLine]


def models(ask: Ask[Any]) -> ModelsDocument:
    """The models of a project."""
    records = ask.records
    return ModelsDocument(models=[_line(records, model) for model in records.models()])


def _line(records: Records, model: ModelRow) -> ModelLine:
    return ModelLine(
        model=model.name,
        versions=model.versions,
        newest=model.newest,
        created=model.created,
        champion=model.aliases.get(CHAMPION),
        aliases=dict(model.aliases),
        verdict=records.verdicts(model.name).get(model.newest),
        servers=len(live_servers(records, model.name)),
    )
