"""The scorecard of a version, with how far its model's way to production is automated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from windlass.models.scorecard.maturity import Maturity, maturity_of
from windlass.models.scorecard.score import Scorecard, score_version
from windlass.models.version import Version
from windlass.monitoring.turning.triggers import FAILED, is_by_trigger
from windlass.records.production import Turn
from windlass.stacks.models import ModelSettings, Triggers


class Ready(NamedTuple):
    """How ready a version is for production."""

    card: Scorecard
    maturity: Maturity

    def document(self) -> dict[str, Any]:
        """It as plain JSON."""
        level, conditions = self.maturity
        told = {
            "level": level,
            "conditions": [condition._asdict() for condition in conditions],
            "missing": [condition.text for condition in self.maturity.missing],
        }
        return {**self.card.document(), "maturity": told}


def readiness(version: Version, settings: ModelSettings | None) -> Ready:
    """How ready a version is for production.

    Args:
        version: The version.
        settings: What ``windlass.toml`` says of its model; None if nothing.

    Raises:
        ConfigError: The settings name a line that the score has not.
    """
    told = settings or ModelSettings()
    card = score_version(version, told.scorecard)
    turns = version.stores.records.turns(version.row.model)
    return Ready(card, maturity_of(version, has_trigger=_is_trained_by(told.triggers, turns)))


def _is_trained_by(triggers: Triggers, turns: Sequence[Turn]) -> bool:
    """Whether something but a person begins runs: it is set up to, and it has."""
    return bool(triggers) and any(
        is_by_trigger(turn) and turn.ended is not None and turn.state not in FAILED
        for turn in turns
    )
