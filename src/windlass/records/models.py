"""The nouns of models: versions, what is known of them, and where their aliases stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from windlass.values import Json


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version of a model, to be recorded; the record numbers it.

    Args:
        model: The model's name.
        content: The artifact that it is.
        run: The run that made it; None if it was registered.
        node: The node of that run.
        output: That node's output.
        artifacts: What else belongs to it, by role: ``reference``, ``holdout``.
        details: What its mark told: target, columns, task.
    """

    model: str
    content: str
    run: str | None = None
    node: str | None = None
    output: str | None = None
    artifacts: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Json] = field(default_factory=dict)


class Minted(NamedTuple):
    """A version that a content has; `is_new` if it had none before."""

    model: str
    number: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as recorded; `artifacts` are contents by role, the ``model`` itself among them."""

    model: str
    number: int
    content: str
    created: float
    run: str | None
    node: str | None
    output: str | None
    details: Mapping[str, Any]
    artifacts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As a person calls it, such as ``delay@3``."""
        return f"{self.model}@{self.number}"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of testing a version; `verdict` is ``pass``, ``fail`` or ``inconclusive``."""

    id: str
    model: str
    number: int
    created: float
    verdict: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """An alias was moved. Times are seconds since 1970, UTC.

    Args:
        model: The model's name.
        alias: The alias, such as ``champion``.
        old: The version where it was; None if it was nowhere.
        new: The version where it went; None if it was taken away.
        who: Who moved it.
        kind: ``promoted``, ``rolled back``, ``forced``, ``set`` or ``removed``.
        reason: Why, in their words.
        report: The id of the report that it rests on.
        details: What else is to be kept of it.
        id: Its place in the history.
        time: When.
    """

    model: str
    alias: str
    old: int | None
    new: int | None
    who: str
    kind: str
    reason: str | None = None
    report: str | None = None
    details: Mapping[str, Json] = field(default_factory=dict)
    id: int = 0
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model: how many versions it has, the newest of them, and its aliases."""

    name: str
    versions: int
    newest: int
    created: float
    aliases: Mapping[str, int] = field(default_factory=dict)
