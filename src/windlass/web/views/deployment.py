"""A model in production: its traffic, how far its columns are from their reference, its alerts."""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.errors import NotFoundError
from windlass.models.documents import live_servers, server_document
from windlass.models.naming import CHAMPION, known_model
from windlass.monitoring.findings import ColumnView, Findings, Looked
from windlass.monitoring.looking import examine
from windlass.records import Records
from windlass.serving.observing import latency
from windlass.serving.observing.counts import UNKNOWN
from windlass.stacks.models import ModelSettings
from windlass.web.page import Ask, Query
from windlass.web.views.deployments import AlertLine, alert_lines
from windlass.web.views.model import ServerLine, TurnLine, settings_of, turn_lines

_HOUR = 3600.0
_ALERTS = 90 * 24 * _HOUR
_FRESH = 5.0
"""Seconds for which a look stands: an open page asks every second, and windows take minutes."""
_MOST_KEPT = 100
_LOOKS: WeakKeyDictionary[Records, dict[tuple[str, int | None], tuple[float, Findings | None]]] = (
    WeakKeyDictionary()
)


class DeploymentQuery(Query):
    """How far back a deployment is looked at."""

    hours: int | None = Field(
        None, ge=1, le=24 * 366, description="Of the last so many hours; as `windlass monitor` else"
    )


class Window(TypedDict):
    """What was answered in a window of time, and how quickly, in seconds.

    ``versions`` has the requests that each version answered; ``failures`` those without an answer,
    by kind; ``off`` the columns that were off.
    """

    began: float
    seconds: float
    requests: int
    failures: dict[str, int]
    p50: float | None
    p99: float | None
    versions: dict[str, int]
    judged: bool
    off: list[str]


class Column(TypedDict):
    """A column beside its reference.

    ``cells`` names the bins of both histograms, which hold shares of the rows: ``reference`` of
    what the version was made with, ``live`` of what was asked.
    """

    name: str
    part: str
    effect: float
    distances: dict[str, float | None]
    missing: tuple[float, float]
    strange: tuple[float, float]
    windows_off: int
    standing: list[str]
    cells: list[str]
    reference: list[float]
    live: list[float]


class DeploymentDocument(TypedDict):
    """A model in production; ``version`` is the one that is watched, and null if none answered."""

    model: str
    champion: int | None
    version: int | None
    verdict: str | None
    standing: list[str]
    notes: list[str]
    traffic: dict[str, Any] | None
    quality: dict[str, Any] | None
    windows: list[Window]
    columns: list[Column]
    servers: list[ServerLine]
    alerts: list[AlertLine]
    turns: list[TurnLine]
    asked: dict[str, Any]


def deployment(ask: Ask[DeploymentQuery]) -> DeploymentDocument:
    """A model in production: servers, traffic, drift of each column, alerts, turns."""
    records, model, now = ask.records, ask.path["model"], time.time()
    known_model(records, model)
    found = _look(ask, model, now)
    return DeploymentDocument(
        model=model,
        champion=records.aliases(model).get(CHAMPION),
        version=found.number if found else None,
        verdict=found.verdict if found else None,
        standing=[each.text for each in found.standing] if found else [],
        notes=[*found.notes] if found else [],
        traffic=dict(found.traffic()) if found else None,
        quality=found.how_well() if found else None,
        windows=[_window(each, found.number) for each in found.windows] if found else [],
        columns=[_column(each) for each in found.columns] if found else [],
        servers=[server_document(each) for each in live_servers(records, model)],  # type: ignore[misc]
        alerts=alert_lines(records, model, now - _ALERTS),
        turns=turn_lines(records.turns(model)),
        asked=ask.query.model_dump(),
    )


def _look(ask: Ask[DeploymentQuery], model: str, now: float) -> Findings | None:
    """What `windlass monitor` would find; of some seconds ago, if somebody has looked then."""
    kept = _LOOKS.setdefault(ask.records, {})
    key = model, ask.query.hours
    looked, found = kept.get(key, (0.0, None))
    if now - looked > _FRESH:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        found = _found(ask, model, now)
        kept[key] = now, found
    return found


def _found(ask: Ask[DeploymentQuery], model: str, now: float) -> Findings | None:
    """What it would find, telling nobody; None where nothing has answered."""
    hours = ask.query.hours
    since = None if hours is None else now - hours * _HOUR
    settings = settings_of(ask, model) or ModelSettings()
    try:
        return examine(ask.stores, model, settings, now, since=since)
    except NotFoundError:  # no champion, and no answer: there may be a server all the same
        return None


def _window(looked: Looked, number: int) -> Window:
    window = looked.window
    counts = {**window.others, number: window.counts}
    versions = {n: each.requests + each.dropped[0] for n, each in counts.items() if n != UNKNOWN}
    times = sum((each.latency for each in window.others.values()), window.counts.latency)
    return Window(
        began=window.began,
        seconds=window.seconds,
        requests=window.requests,
        failures=dict(window.failures),
        p50=latency.quantile(times, 0.5),
        p99=latency.quantile(times, 0.99),
        versions={str(n): each for n, each in sorted(versions.items()) if each},
        judged=looked.is_judged,
        off=sorted({test.column for test in looked.off}),
    )


def _column(view: ColumnView) -> Column:
    distances: Any = view.distances.document()
    return Column(
        name=view.name,
        part=view.part,
        effect=view.effect,
        distances={name: told for name, told in distances.items() if name != "rows"},
        missing=view.missing,
        strange=view.strange,
        windows_off=view.windows_off,
        standing=[each.kind for each in view.standing],
        cells=view.reference.anchors.cell_names(),
        reference=_shares(view.reference.counts),
        live=_shares(view.live),
    )


def _shares(counts: Any) -> list[float]:
    total = max(1, int(counts.sum()))
    return [float(count) / total for count in counts]
