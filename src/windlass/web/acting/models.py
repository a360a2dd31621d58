"""Promoting a version, and rolling a model back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from windlass.errors import PromotionError, WindlassError
from windlass.models.naming import CHAMPION, find_version, known_model
from windlass.models.promoting import champions, promote_as_asked, rollback, standing_report
from windlass.models.suites import present_suite
from windlass.records.models import VersionRow
from windlass.web.action import Form, Question, check_field, text_field
from windlass.web.page import Ask

_REASON = text_field("reason", "reason", hint="for the history; a must where it is forced")
_FORCE = check_field("force", "Force it: promote it without a report that passed")


class ReasonForm(Form):
    """Why something is done."""

    reason: str = ""


class PromoteForm(ReasonForm):
    """Why a version is promoted, and whether without a report that passed."""

    force: bool = False


def ask_promote(ask: Ask[Any]) -> Question:
    """Whether a version is to become the champion."""
    version = _version(ask)
    champion = ask.records.aliases(version.model).get(CHAMPION)
    refused = _refusal(ask, version)
    instead = f" instead of {version.model}@{champion}" if champion else ""
    return Question(
        title=f"Promote {version.name}?",
        told=[
            f"It becomes the champion of {version.model}{instead}.",
            "Servers that follow the champion take it within seconds.",
        ],
        fields=[_REASON, _FORCE] if refused and version.number != champion else [_REASON],
        button="Promote it",
        back=f"/models/{quote(version.model, safe='')}/{version.number}",
        refused=refused.message if refused else None,
        hint=refused.hint if refused else None,
    )


def promote(ask: Ask[Any], form: PromoteForm, who: str) -> str:
    """Promotes it, through the same gate as the command."""
    version, reason = _version(ask), form.reason.strip() or None
    promote_as_asked(ask.stores, version, force=form.force, reason=reason, by=who)
    return _path(version.model)


def ask_roll_back(ask: Ask[Any]) -> Question:
    """Whether the champion before is to come back."""
    model = ask.path["model"]
    known_model(ask.records, model)
    before = champions(ask.records.moves(model))
    title, told = f"Roll {model} back?", []
    if len(before) > 1:
        title = f"Roll {model} back to version {before[-2]}?"
        told = [f"{model}@{before[-2]} becomes the champion again, instead of {before[-1]}."]
    return Question(
        title=title,
        told=told,
        fields=[text_field("reason", "reason", hint="for the history")],
        button="Roll it back",
        back=_path(model),
        refused=None if told else "it has no champion before the present one",
        hint=None,
    )


def roll_back(ask: Ask[Any], form: ReasonForm, who: str) -> str:
    """Rolls the model back."""
    model = ask.path["model"]
    known_model(ask.records, model)
    rollback(ask.records, model, reason=form.reason.strip() or None, by=who)
    return _path(model)


def _version(ask: Ask[Any]) -> VersionRow:
    return find_version(ask.records, f"{ask.path['model']}@{ask.path['version']}")


def _refusal(ask: Ask[Any], version: VersionRow) -> WindlassError | None:
    """Why it would not be promoted, as things stand."""
    try:
        suite = present_suite(ask.stores.project, version.model)
        standing_report(ask.records, version, suite)
    except PromotionError as error:
        return error
    return None


def _path(model: str) -> str:
    return f"/models/{quote(model, safe='')}"
