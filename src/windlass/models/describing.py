"""What becomes known of a version when it is made: signature, profile, golden examples, scores.

All of it is taken from real data, its reference and its holdout, and kept as evidence of the
version, each kind once. What cannot be had is told with its reason, and the version stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError, WindlassError
from windlass.models.estimator import Predictor, input_columns
from windlass.models.golden import Golden
from windlass.models.profile import Profile
from windlass.models.signature import Signature, signature_of
from windlass.models.tables import library_of, names_of, rows_of, select, take
from windlass.models.version import Version
from windlass.provenance.project import find_project
from windlass.stacks.settings import load_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_ROWS = 100_000
"""Rows about which a model is asked for its profile; more tell nothing new of what it gives."""


def describe(version: Version) -> dict[str, str]:
    """Keeps what can be known of a version, as far as it is not known yet.

    Args:
        version: The version.

    Returns:
        What could not be had, and why, by kind.
    """
    problems: dict[str, str] = {}
    subject = Subject(version)
    for kind, look in _KINDS.items():
        if kind in version.evidence:
            continue
        try:
            version.keep(kind, look(subject))
        except WindlassError as error:
            problems[kind] = error.message
        except Exception as error:  # noqa: BLE001 - whatever a model's library raises
            problems[kind] = f"{type(error).__name__}: {error}"
    try:
        return problems | _converted(version)
    except WindlassError as error:  # the settings, or the record, cannot be used
        return {**problems, "onnx": error.message}


def _converted(version: Version) -> dict[str, str]:
    """Why there is no model of ONNX, where the settings ask for one."""
    settings = load_settings(find_project(version.stores.project)).models.get(version.row.model)
    if settings is None or not settings.onnx:
        return {}
    from windlass.models.conversion import KIND, Converted, convert

    outcome = convert(version)
    if outcome.holds:
        return {}
    beyond = "it would give other things than the model: windlass models convert "
    return {KIND: beyond + version.name if isinstance(outcome, Converted) else outcome.reason}


class Subject:
    """A version with the data from which it is described.

    Args:
        version: The version.
    """

    def __init__(self, version: Version) -> None:
        self.version = version

    @cached_property
    def role(self) -> str:
        """Which data are looked at: the reference, or the holdout where there is none.

        Raises:
            ModelError: There is neither.
        """
        for role in ("reference", "holdout"):
            if self.version.has(role):
                return role
        raise ModelError(
            f"{self.version.name} has neither a reference nor a holdout",
            hint="Mark the outputs of the steps that make them: Reference(NAME), Holdout(NAME).",
        )

    @cached_property
    def predictor(self) -> Predictor:
        """The model as it is asked."""
        library = library_of(self.version.value(self.role))
        return Predictor(self.version.model, library, self.version.row.details.get("task"))

    @cached_property
    def inputs(self) -> Any:
        """The rows of `role` as the model takes them."""
        return self.inputs_of(self.version.value(self.role))

    @cached_property
    def signature(self) -> Signature:
        """What the model takes and gives."""
        outputs = self.predictor.outputs(_some(self.inputs))
        return signature_of(self.inputs, outputs, classes=self.predictor.facts.classes)

    @cached_property
    def tested(self) -> Any:
        """The rows of the holdout as the model takes them; else those of the reference."""
        role = "holdout" if self.version.has("holdout") else self.role
        return self.signature.conform(self.inputs_of(self.version.value(role)))

    def inputs_of(self, table: Any) -> Any:
        """The columns of a table that the model takes; of arrays, all."""
        if library_of(table) in (None, "numpy"):
            return table
        details = self.version.row.details
        told = (details.get("target"), details.get("columns"))
        return select(table, input_columns(self.predictor.facts, names_of(table), *told))


def _facts(subject: Subject) -> dict[str, Any]:
    facts = asdict(subject.predictor.facts)
    return {**facts, "data": library_of(subject.version.value(subject.role))}


def _signature(subject: Subject) -> Mapping[str, Any]:
    return {**subject.signature.document(), "taken_from": subject.role}


def _profile(subject: Subject) -> Mapping[str, Any]:
    outputs = subject.predictor.outputs(_some(subject.inputs))
    return {**Profile.of(subject.inputs, outputs).document(), "taken_from": subject.role}


def _golden(subject: Subject) -> Mapping[str, Any]:
    inputs = subject.tested
    return Golden.of(inputs, subject.predictor.outputs(inputs)).document()


def _some(inputs: Any) -> Any:
    """Rows evenly out of all, where they are very many."""
    if library_of(inputs) is None or rows_of(inputs) <= _MOST_ROWS:
        return inputs
    import numpy as np

    rows: NDArray[Any] = np.linspace(0, rows_of(inputs) - 1, _MOST_ROWS).astype(int)
    return take(inputs, rows)


_KINDS: Mapping[str, Callable[[Subject], Mapping[str, Any]]] = {
    "facts": _facts,
    "signature": _signature,
    "profile": _profile,
    "golden": _golden,
}
