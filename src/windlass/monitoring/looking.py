"""Looking at a model in production.

findings = look(stores, "delay", settings, time.time())
findings.verdict, findings.has("drift"), findings.alerts
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from windlass.errors import NotFoundError, WindlassError
from windlass.execution.job import Stores
from windlass.keeping import Kept
from windlass.models.naming import CHAMPION, find_version
from windlass.models.profile import Profile
from windlass.models.signature import Signature
from windlass.models.version import Version
from windlass.monitoring import alerting, labels, quality, webhook
from windlass.monitoring.alerting import Judged, Standing
from windlass.monitoring.drifting import ColumnTest, Reference
from windlass.monitoring.findings import ColumnView, Findings, Looked
from windlass.monitoring.windows import SETTLING, Window, merged, total
from windlass.provenance import secrets
from windlass.records import Records
from windlass.records.production import Alert, Observation
from windlass.serving.observing.counts import UNKNOWN
from windlass.serving.observing.observer import log_place
from windlass.stacks.models import ModelSettings, MonitorSettings
from windlass.values import Json

DAY = 86400.0
ERRORS = 0.01
"""Share of requests without an answer that is let pass."""
_FAULTS = ("error", "busy", "unready")
"""Failures that are the server's; what is invalid is whoever's asked."""
_REACH = 30 * DAY
"""How late labels may come."""
_WINDOWS = 200
_LOOK_BACK = 90 * DAY
"""After which an alert is told again, though it is the same episode."""

_log = logging.getLogger("windlass.monitoring")


def look(
    stores: Stores,
    model: str,
    settings: ModelSettings,
    now: float | None = None,
    *,
    since: float | None = None,
) -> Findings:
    """Looks at a model, and tells of what is off: in the record, by a log line, and a webhook.

    Args:
        stores: Where it is recorded.
        model: Its name, or that of a version: ``delay@3``. Else the champion is looked at; where it
            has answered nothing, the version that has answered last.
        settings: What ``windlass.toml`` says of it.
        now: The present time; None for that of the clock.
        since: From when on; None for a day, in which there are at most 200 windows, or for as many
            as an alert takes.

    Returns:
        What was found. `Findings.alerts` are those that are new: one for each kind and episode.

    Raises:
        NotFoundError: There is no such model or version.
        RecordError: The record cannot be read.
    """
    found = examine(stores, model, settings, now, since=since)
    if stores.records.read_only:
        return found
    alerts = _save(stores.records, found)
    notes = [*found.notes]
    for alert in alerts:
        _log.warning("%s", alert.document["text"])
        if settings.monitor.webhook is not None:
            notes += _told(stores, settings.monitor, alert)
    return replace(found, alerts=alerts, notes=notes)


def examine(
    stores: Stores,
    model: str,
    settings: ModelSettings,
    now: float | None = None,
    *,
    since: float | None = None,
) -> Findings:
    """Looks at a model, and tells nobody; arguments and errors as for `look`.

    `Findings.alerts` is empty.
    """
    moment = time.time() if now is None else now
    monitor = settings.monitor
    start = moment - _usual_time(monitor) if since is None else since
    name = model.partition("@")[0]
    seen = stores.records.observations(name, start, moment)
    version = Version(find_version(stores.records, _watched(stores.records, model, seen)), stores)
    found = Findings(name, version.number, start, moment)
    looked = _columns_looked_at(found, version, merged(seen, version.number), monitor)
    return _with_standing(_with_quality(looked, version, settings), stores.records, monitor)


def _usual_time(monitor: MonitorSettings) -> float:
    """Seconds that are looked at where nothing is said."""
    return max(
        min(DAY, _WINDOWS * monitor.window), (monitor.persistence + 2) * monitor.window + SETTLING
    )


def _watched(records: Records, model: str, seen: Sequence[Observation]) -> str:
    """The version that is meant."""
    if "@" in model:
        return model
    answered = [each.number for each in seen if each.number != UNKNOWN and each.document["rows"]]
    champion = records.aliases(model).get(CHAMPION)
    if champion is None and not answered:
        find_version(records, model)  # tells if there is no such model
        raise NotFoundError(
            f"'{model}' has no champion, and no version of it has answered anything",
            hint=f"Serve it: windlass serve {model}@champion",
        )
    return f"{model}@{champion if champion in answered or not answered else answered[-1]}"


def _columns_looked_at(
    found: Findings, version: Version, windows: Sequence[Window], monitor: MonitorSettings
) -> Findings:
    if "profile" not in version.evidence:
        note = f"no profile of {version.name} is known: its columns are not watched"
        looked = [Looked(each, (), _is_judged(each, found.now, monitor)) for each in windows]
        return replace(found, windows=looked, notes=[*found.notes, note])
    reference = _reference(version.evidence["profile"])
    looked = [_looked(each, reference, found.now, monitor) for each in windows]
    return replace(found, windows=looked, columns=_views(reference, looked))


def _reference(profile: Any) -> Reference:
    """The reference that a profile is, with what was tested against it lately."""
    return _REFERENCES.get(
        json.dumps(profile, sort_keys=True), lambda: Reference(Profile.read(profile))
    )


_REFERENCES: Kept[Reference] = Kept(16)


def _looked(window: Window, reference: Reference, now: float, monitor: MonitorSettings) -> Looked:
    if not _is_judged(window, now, monitor):
        return Looked(window)
    return Looked(window, reference.test(window.counts.columns, monitor.false_alarms), True)


def _is_judged(window: Window, now: float, monitor: MonitorSettings) -> bool:
    return window.is_settled(now) and window.counts.rows >= monitor.minimum


def _views(reference: Reference, looked: Sequence[Looked]) -> list[ColumnView]:
    live = total([each.window for each in looked]).columns
    last = next((each.tests for each in reversed(looked) if each.is_judged), ())
    off = [test.column for each in looked for test in {t.column: t for t in each.off}.values()]
    return [
        ColumnView(
            name,
            "input" if name in reference.profile.inputs else "output",
            reference.columns[name],
            live[name],
            apart,
            [test for test in last if test.column == name],
            off.count(name),
        )
        for name, apart in reference.distances(live).items()
    ]


def _with_quality(found: Findings, version: Version, settings: ModelSettings) -> Findings:
    """What was found with the quality, if labels have come."""
    monitor = settings.monitor
    told = version.evidence.get("signature")
    signature = None if told is None else Signature.read(told)
    try:
        score = quality.score_of(monitor.score, signature)
        rows = labels.labelled(
            log_place(version.stores, settings.serving),
            found.model,
            found.number,
            None if signature is None else signature.classes,
            since=found.since,
            until=found.now,
            reach=min(_REACH, settings.serving.keep),
        )
        if rows is None or not rows.truths:
            return replace(found, score=score.name, unmatched=0 if rows is None else rows.unmatched)
        labels_told = len(rows.truths)
        rows = quality.usable(score, rows, signature)
        holdout = quality.holdout_score(version, score)
    except WindlassError as error:
        return replace(found, notes=[*found.notes, f"quality is not known: {error.message}"])
    if strange := labels_told - len(rows.truths):
        note = f"{strange:,} labels of feedback are none that {score.name} can take"
        found = replace(found, notes=[*found.notes, note])
    if not rows.truths:
        return replace(found, score=score.name, holdout=holdout, unmatched=rows.unmatched)
    common: dict[str, Any] = {"margin": monitor.margin, "minimum": monitor.minimum}
    return replace(
        found,
        score=score.name,
        holdout=holdout,
        quality=quality.by_window(score, rows, signature, holdout, window=monitor.window, **common),
        overall=quality.total_quality(score, rows, signature, holdout, **common),
        unmatched=rows.unmatched,
    )


def _with_standing(found: Findings, records: Records, monitor: MonitorSettings) -> Findings:
    """What was found with what is off for as many windows as it takes, and is not told yet."""
    alerts = records.alerts(found.model, found.now - _LOOK_BACK)
    stand: list[Standing] = []
    untold: list[Standing] = []
    for judged in _timelines(found, monitor):
        some = alerting.standing(judged, monitor.persistence)
        stand += some
        untold += alerting.untold(some, judged, alerts, found.number)
    columns = [
        replace(view, standing=[e for e in stand if e.about == view.name and e.kind in _COLUMNS])
        for view in found.columns
    ]
    columns.sort(key=lambda view: (not view.standing, -view.windows_off, -view.effect))
    return replace(found, columns=columns, standing=stand, untold=untold)


def _timelines(found: Findings, monitor: MonitorSettings) -> Iterator[list[Judged]]:
    """The windows that were judged: by their columns, by errors, by quality."""
    yield [Judged(w.window.began, _off(w.tests)) for w in found.windows if w.is_judged]
    yield list(_errors(found, monitor))
    yield [
        Judged(each.began, _quality_off(found, each)) for each in found.quality if each.is_judged
    ]


_COLUMNS = ("drift", "missing", "categories", "range")


def _off(tests: Sequence[ColumnTest]) -> dict[alerting.Key, Mapping[str, Json]]:
    return {
        (test.rule, test.column): {"effect": test.effect, "p": test.adjusted}
        for test in tests
        if test.is_off
    }


def _errors(found: Findings, monitor: MonitorSettings) -> Iterator[Judged]:
    """Windows in which more requests than may be got no answer, for the server's own fault."""
    from windlass.models.statistics import wilson_interval

    for window in (each.window for each in found.windows):
        failed = sum(window.failures.get(kind, 0) for kind in _FAULTS)
        asked = window.requests + failed
        if window.is_settled(found.now) and asked >= monitor.minimum:
            low, _ = wilson_interval(failed, asked, 1 - monitor.false_alarms)
            facts: dict[str, Json] = {"share": failed / asked, "failed": failed, "asked": asked}
            yield Judged(window.began, {("errors", "requests"): facts} if low > ERRORS else {})


def _quality_off(found: Findings, one: quality.Quality) -> Mapping[alerting.Key, Any]:
    if not one.is_off or found.holdout is None:
        return {}
    facts: dict[str, Json] = {
        "live": one.live.estimate,
        "holdout": found.holdout.estimate,
        "surely": one.surely,
        "margin": one.margin,
        "labels": one.live.n,
    }
    return {("quality", str(found.score)): facts}


def _save(records: Records, found: Findings) -> list[Alert]:
    """Keeps what no alert has told yet, one alert for each kind."""
    by_kind: dict[str, list[Standing]] = {}
    for each in found.untold:
        by_kind.setdefault(each.kind, []).append(each)
    return [
        records.save_alert(
            found.model, found.number, kind, alerting.alert_document(found.version, some)
        )
        for kind, some in by_kind.items()
    ]


def _told(stores: Stores, monitor: MonitorSettings, alert: Alert) -> list[str]:
    """Tells the webhook; returns why it could not be told."""
    where = f"[models.{alert.model}.monitor] webhook"
    try:
        url = secrets.resolve(monitor.webhook or "", root=stores.project, where=where)
        webhook.send_patiently(url, webhook.message(alert), hosts=monitor.hosts)
    except WindlassError as error:
        _log.warning("an alert of %s was not sent: %s", alert.model, error.message)
        return [f"the alert was not sent: {error.message}"]
    return []
