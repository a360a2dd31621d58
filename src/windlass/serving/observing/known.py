"""What is known of the versions that answer: how their columns are counted and logged."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from windlass.execution.job import Stores
from windlass.models.profile import ColumnProfile, Profile
from windlass.models.signature import Signature
from windlass.models.table_inputs import TableInputs
from windlass.models.tables.column import Kind, Label

_AGAIN = 30.0
"""Seconds after which it is asked again for a version of which nothing could be found out."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a version.

    Args:
        columns: The profiles of its inputs and outputs, by name; none if it has no profile.
        kinds: What its inputs hold, where they are columns of a table.
        classes: The labels of its probabilities, in order.
    """

    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    classes: tuple[Label, ...] | None = None

    @classmethod
    def of(cls, signature: Signature | None, profile: Profile | None) -> Known:
        """What a signature and a profile tell."""
        columns = {} if profile is None else {**profile.inputs, **profile.outputs}
        inputs = None if signature is None else signature.inputs
        fields = inputs.fields if isinstance(inputs, TableInputs) else ()
        kinds: dict[str, Kind] = {each.name: each.kind for each in fields}
        return cls(columns, kinds, None if signature is None else signature.classes)


NOTHING = Known()
Describe: TypeAlias = Callable[[str], Known]
"""From a version's number, as text, to what is known of it."""


def from_record(stores: Stores, model: str) -> Describe:
    """Looks versions up in the record."""

    def describe(version: str) -> Known:
        evidence = stores.records.evidence(stores.records.version(model, int(version)))
        told, counted = evidence.get("signature"), evidence.get("profile")
        return Known.of(
            None if told is None else Signature.read(told),
            None if counted is None else Profile.read(counted),
        )

    return describe


class Versions:
    """Remembers what is known; one that cannot be looked up is asked for again later.

    Args:
        describe: Looks a version up.
    """

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._known: dict[str, Known] = {}
        self._asked: dict[str, float] = {}
        self.problem: str | None = None
        """Why the last one could not be looked up."""

    def __getitem__(self, version: str) -> Known:
        if version in self._known:
            return self._known[version]
        if time.monotonic() < self._asked.get(version, 0.0):
            return NOTHING
        try:
            found = self._known[version] = self._describe(version)
        except Exception as error:  # noqa: BLE001 - a store out of reach must not end the thread
            self._asked[version] = time.monotonic() + _AGAIN
            self.problem = f"version {version} is not known here: {error}"
            return NOTHING
        self.problem = None
        return found
