"""From windows that are off to alerts: what persists, and is told once while it lasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from windlass.records.production import Alert
from windlass.values import Json
from windlass.words import time_text

Key: TypeAlias = tuple[str, str]
"""A kind of alert, and what it is about: a column, a score, requests."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A window that could be judged.

    Args:
        began: When it begins.
        off: What is off in it, and how.
    """

    began: float
    off: Mapping[Key, Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that has been off for as many windows as it takes.

    Args:
        kind: The kind of alert.
        about: What is off.
        since: When the first of these windows began.
        window: When the last one did.
        windows: How many there are.
        facts: How it is off in the last one.
    """

    kind: str
    about: str
    since: float
    window: float
    windows: int
    facts: Mapping[str, Json]

    @property
    def text(self) -> str:
        """It in words."""
        shown = _SENTENCES[self.kind].format(about=self.about, **self.facts)
        many = f"in {self.windows} windows, " if self.windows > 1 else ""
        return f"{shown} ({many}since {time_text(self.since)})"

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        return {
            "kind": self.kind,
            "about": self.about,
            "since": self.since,
            "window": self.window,
            "windows": self.windows,
            "text": self.text,
            **self.facts,
        }


_SENTENCES = {
    "drift": "the distribution of '{about}' has moved, by {effect:.2f} beyond chance",
    "missing": "'{about}' is missing in {effect:.1%} of the rows more than in the reference",
    "categories": "{effect:.1%} of the rows have categories of '{about}' that are new",
    "range": "'{about}' is out of its range in {effect:.1%} of the rows",
    "errors": "{share:.1%} of the {about} got no answer",
    "quality": "the {about} is {live:.4g}, and was {holdout:.4g} on the holdout",
}


def standing(judged: Sequence[Judged], persistence: int) -> list[Standing]:
    """What is off in the last windows, as many as it takes.

    Args:
        judged: The windows that could be judged, the oldest first; others count for nothing.
        persistence: How many in a row it takes.
    """
    found = []
    for (kind, about), facts in (judged[-1].off if judged else {}).items():
        run = 0
        while run < len(judged) and (kind, about) in judged[-1 - run].off:
            run += 1
        if run >= persistence:
            since, window = judged[-run].began, judged[-1].began
            found.append(Standing(kind, about, since, window, run, facts))
    return found


def untold(
    found: Iterable[Standing], judged: Sequence[Judged], alerts: Iterable[Alert], number: int
) -> list[Standing]:
    """What no alert has told yet: of an episode, which lasts until it is not off in a window.

    Args:
        found: What stands.
        judged: The windows by which that was decided.
        alerts: The alerts of the model so far.
        number: The version that is watched.
    """
    told: dict[Key, float] = {}
    for alert in alerts:
        if alert.number == number:
            for about in alert.document.get("about", {}):
                key = alert.kind, about
                told[key] = max(told.get(key, 0.0), float(alert.document["window"]))
    return [each for each in found if not _lasts((each.kind, each.about), told, judged)]


def _lasts(key: Key, told: Mapping[Key, float], judged: Sequence[Judged]) -> bool:
    """Whether what was told has not ended since."""
    last = told.get(key)
    return last is not None and all(key in each.off for each in judged if each.began > last)


def alert_document(version: str, some: Sequence[Standing]) -> dict[str, Json]:
    """The document of an alert: all of one kind that was found at once."""
    return {
        "version": version,
        "text": f"{version}: {'; '.join(each.text for each in some)}",
        "window": max(each.window for each in some),
        "since": min(each.since for each in some),
        "about": {each.about: dict(each.facts) for each in some},
    }
