"""What is served, by whom, and whether anything is off with it."""

from __future__ import annotations

import time
from typing import Any

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.models.documents import live_servers, server_document
from windlass.models.naming import CHAMPION
from windlass.records import Records
from windlass.records.models import ModelRow
from windlass.web.page import Ask
from windlass.web.views.model import ServerLine

_DAY = 86400.0


class AlertLine(TypedDict):
    """Something that a person or a turn should see to."""

    id: str
    version: int
    time: float
    kind: str
    text: str


class DeploymentLine(TypedDict):
    """A model in production; requests and failures are those of the last day."""

    model: str
    champion: int | None
    servers: list[ServerLine]
    requests: int
    failures: int
    last: float | None
    alert: AlertLine | None


class DeploymentsDocument(TypedDict):
    """The models of a project that are, or were, in production."""

    deployments: list[DeploymentLine]


def deployments(ask: Ask[Any]) -> DeploymentsDocument:
    """The models of a project that are, or were, in production."""
    records = ask.records
    lines = [_line(records, model) for model in records.models()]
    told = [each for each in lines if each["servers"] or each["last"] or each["champion"]]
    return DeploymentsDocument(deployments=told)


def _line(records: Records, model: ModelRow) -> DeploymentLine:
    seen = records.traffic(model.name, time.time() - _DAY)
    alerts = alert_lines(records, model.name, time.time() - 7 * _DAY)
    return DeploymentLine(
        model=model.name,
        champion=model.aliases.get(CHAMPION),
        servers=[server_document(each) for each in live_servers(records, model.name)],  # type: ignore[misc]
        requests=seen.requests,
        failures=seen.failures,
        last=seen.last,
        alert=alerts[0] if alerts else None,
    )


def alert_lines(records: Records, model: str, since: float) -> list[AlertLine]:
    """The alerts of a model since a time, the newest first."""
    return [
        AlertLine(
            id=each.id,
            version=each.number,
            time=each.time,
            kind=each.kind,
            text=str(each.document.get("text", each.kind)),
        )
        for each in records.alerts(model, since)
    ]
