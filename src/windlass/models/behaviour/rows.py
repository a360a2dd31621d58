"""A row of a table of tests, read and held against what the model takes and gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

from windlass.errors import DefinitionError, WindlassError
from windlass.models.behaviour.cells import (
    Value,
    check_change,
    near_matches,
    table_inputs,
    typical,
)
from windlass.models.behaviour.changes import (
    Change,
    Condition,
    parse_changes,
    parse_conditions,
)
from windlass.models.behaviour.expectations import (
    KINDS,
    Expectation,
    Kind,
    Label,
    Same,
    parse_expectation,
    parse_number,
)
from windlass.models.behaviour.reading import Row, Sheet
from windlass.models.fields import Field
from windlass.models.table_inputs import TableInputs
from windlass.models.tables.column import Label as ClassLabel

if TYPE_CHECKING:
    from windlass.models.version import Version

WORDS = ("kind", "capability", "name", "expect", "change", "on", "where", "share", "output")
"""Columns that are none of the model's; one of the model's of such a name is ``input.kind``."""
PREFIX = "input."
_ON = re.compile(r"holdout(?:\[(\d+)\])?")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Output:
    """What of a model's output a test is about.

    Args:
        kind: The ``label``, the ``probability`` of a class, or a ``number``.
        name: What is predicted.
        label: The class.
        place: Its place among the classes.
    """

    kind: Literal["label", "probability", "number"]
    name: str
    label: ClassLabel | None = None
    place: int = 0

    def words(self) -> str:
        """For a sentence."""
        return f"the probability of {self.label}" if self.kind == "probability" else self.name


@dataclass(frozen=True, slots=True)
class Case:
    """A test of a table.

    Args:
        place: File and row, for messages.
        kind: ``minimum``, ``invariance`` or ``directional``.
        capability: What of the model it is about.
        name: Its name.
        expectation: What is expected.
        output: Of what.
        inputs: Columns that are set, before all else.
        changes: What is changed.
        rows: How many rows of the holdout it is tried on, 0 for all; None if on typical values.
        where: What these rows must be like.
        share: The least share of them for which it must hold.
    """

    place: str
    kind: Kind
    capability: str
    name: str
    expectation: Expectation
    output: Output
    inputs: tuple[Change, ...]
    changes: tuple[Change, ...] = ()
    rows: int | None = None
    where: tuple[Condition, ...] = ()
    share: float = 1.0


class Subject:
    """A version, as tests of a table need it.

    Args:
        version: It.
        capabilities: Those that tests may be about; None for any.
    """

    def __init__(self, version: Version, capabilities: Sequence[str] | None = None) -> None:
        self.version = version
        self.capabilities = capabilities

    @cached_property
    def inputs(self) -> TableInputs:
        """The columns that it takes."""
        return table_inputs(self.version)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The same by name."""
        return {field.name: field for field in self.inputs.fields}

    @cached_property
    def typical(self) -> dict[str, Value]:
        """What is typical of each."""
        return typical(self.version)

    @cached_property
    def classes(self) -> tuple[ClassLabel, ...] | None:
        """Those of a classifier."""
        return self.version.signature.classes

    def class_place(self, text: str) -> int | None:
        """The place of the class that a text names."""
        told = [str(each) for each in self.classes or ()]
        return told.index(text) if text in told else None

    @property
    def target(self) -> str:
        """What it predicts, by name."""
        return self.version.target or "the prediction"


def read_cases(sheet: Sheet, subject: Subject) -> list[Case]:
    """The tests of a file.

    Raises:
        DefinitionError: Rows are wrong: each with its number, its column, and what would be right.
        ModelError: What the version takes is not known.
    """
    _check_columns(sheet, subject)
    cases, problems = [], []
    for row in sheet.rows:
        try:
            cases.append(_Reader(sheet, row, subject).case())
        except DefinitionError as error:
            problems.append(str(error))
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [
        f"{' and '.join(case.place for case in cases if case.name == name)} have the same name "
        f"'{name}'"
        for name in twice
    ]
    if problems:
        raise DefinitionError("\n".join(problems))
    return cases


def _check_columns(sheet: Sheet, subject: Subject) -> None:
    known = [*WORDS, *(name if name not in WORDS else PREFIX + name for name in subject.fields)]
    problems = [
        f"{sheet.path.name}: the model takes no column '{name}'\n  {near_matches(name, known)}"
        for name in sheet.columns
        if name not in WORDS and name.removeprefix(PREFIX) not in subject.fields
    ]
    missing = [
        name for name in ("kind", "capability", "name", "expect") if name not in sheet.columns
    ]
    problems += [f"{sheet.path.name}: the column '{name}' is missing" for name in missing]
    if problems:
        raise DefinitionError("\n".join(problems))


class _Reader:
    """Reads one row; every error names the file, the row and the column."""

    def __init__(self, sheet: Sheet, row: Row, subject: Subject) -> None:
        self._sheet, self._row, self._subject = sheet, row, subject
        self.place = f"{sheet.path.name}, row {row.number}"

    def case(self) -> Case:
        kind = self._read("kind", self._kind)
        expectation = self._read(
            "expect", lambda text: parse_expectation(kind, text, comma=self._sheet.comma)
        )
        output = self._read("output", lambda text: self._output(text, expectation))
        changes = self._read("change", lambda text: self._changes(text, kind))
        rows = self._read("on", self._on)
        return Case(
            self.place,
            kind,
            self._read("capability", self._capability),
            self._read("name", _given),
            self._read("expect", lambda _: self._fitting(expectation, output)),
            output,
            self._inputs(),
            changes,
            rows,
            self._read("where", lambda text: self._where(text, rows)),
            self._read("share", lambda text: self._share(text, rows)),
        )

    def _read(self, column: str, parse: Callable[[str], _T]) -> _T:
        try:
            return parse(self._row.cells.get(column, ""))
        except WindlassError as error:
            raise DefinitionError(
                f"{self.place}, column '{column}': {error.message}", hint=error.hint
            ) from error

    def _kind(self, text: str) -> Kind:
        found = next((kind for kind in KINDS if kind == text.lower()), None)
        if found is None:
            raise DefinitionError(
                f"'{text}' is no kind of test" if text else "the kind of the test is missing",
                hint=near_matches(text, KINDS),
            )
        return found

    def _capability(self, text: str) -> str:
        known = self._subject.capabilities
        if not text or (known is not None and text not in known):
            raise DefinitionError(
                f"there is no capability '{text}'" if text else "the capability is missing",
                hint=None if known is None else near_matches(text, known),
            )
        return text

    def _changes(self, text: str, kind: Kind) -> tuple[Change, ...]:
        found = parse_changes(text, comma=self._sheet.comma)
        if kind == "minimum" and found:
            raise DefinitionError(
                "a minimum test changes nothing", hint="Put the values into their columns."
            )
        if kind != "minimum" and not found:
            raise DefinitionError(
                "nothing is changed", hint="Write column=value, column=+0.5 or column=*1.1."
            )
        for change in found:
            if change.column not in self._subject.fields:
                raise DefinitionError(
                    f"the model takes no column '{change.column}'",
                    hint=near_matches(change.column, list(self._subject.fields)),
                )
            check_change(self._subject.fields[change.column], change)
        return found

    def _inputs(self) -> tuple[Change, ...]:
        found = []
        for name, text in self._row.cells.items():
            if name in WORDS:
                continue
            field = self._subject.fields[name.removeprefix(PREFIX)]
            change = Change(field.name, "=", text, self._sheet.comma)
            self._read(name, lambda _, f=field, c=change: check_change(f, c))  # type: ignore[misc]
            found.append(change)
        return tuple(found)

    def _on(self, text: str) -> int | None:
        if not text:
            return None
        found = _ON.fullmatch(text.lower().replace(" ", ""))
        if found is None or found[1] == "0":
            raise DefinitionError(
                f"'{text}' are no rows", hint="Write holdout, or holdout[200] for 200 rows of it."
            )
        return int(found[1] or 0)

    def _where(self, text: str, rows: int | None) -> tuple[Condition, ...]:
        found = parse_conditions(text)
        if found and rows is None:
            raise DefinitionError(
                "it says which rows, and the test is on none", hint="Write holdout under 'on'."
            )
        return found

    def _share(self, text: str, rows: int | None) -> float:
        if not text:
            return 1.0
        share = parse_number(text, comma=self._sheet.comma)
        if not 0 < share <= 1:
            raise DefinitionError(f"a share of {text}", hint="Write 0.95, or 95%.")
        if rows is None:
            raise DefinitionError(
                "it says for which share of rows, and the test is on none",
                hint="Write holdout under 'on'.",
            )
        return share

    def _output(self, text: str, expectation: Expectation) -> Output:
        subject = self._subject
        if subject.classes is None:
            if text:
                raise DefinitionError(f"the model gives a number, and no '{text}'")
            return Output("number", subject.target)
        label = Output("label", "the label" if not subject.version.target else subject.target)
        if text.lower() == "label":
            return label
        if text:
            return self._probability(subject.class_place(text), text)
        if isinstance(expectation, Label) or expectation == Same():
            return label
        return self._probability(1 if len(subject.classes) == 2 else None, "")

    def _probability(self, place: int | None, text: str) -> Output:
        classes = self._subject.classes or ()
        told = [str(each) for each in classes]
        if place is None:
            said = f"there is no class '{text}'" if text else "there are more classes than two"
            hint = near_matches(text, [*told, "label"]) if text else f"Name one: {', '.join(told)}."
            raise DefinitionError(said, hint=hint)
        if not self._subject.version.predictor.facts.has_proba:
            raise DefinitionError(
                "the model gives no probabilities", hint="Expect a label, or 'same' of it."
            )
        return Output("probability", "", classes[place], place)

    def _fitting(self, expectation: Expectation, output: Output) -> Expectation:
        """The expectation, if it can be held against that output."""
        if isinstance(expectation, Label):
            if output.kind != "label":
                raise DefinitionError(
                    f"'{expectation.label}' is no number with a tolerance",
                    hint=f"Write {expectation.label}±…, <… or >…",
                )
            if self._subject.class_place(expectation.label) is None:
                told = [str(each) for each in self._subject.classes or ()]
                raise DefinitionError(
                    f"'{expectation.label}' is no class of the model",
                    hint=near_matches(expectation.label, told),
                )
        elif output.kind == "label" and expectation != Same():
            raise DefinitionError(
                f"'{expectation.text()}' cannot be held against a label",
                hint="Leave 'output' empty, or name a class there, to look at its probability.",
            )
        return expectation


def _given(text: str) -> str:
    if not text:
        raise DefinitionError("it has no name", hint="Say what is tested: rain delays.")
    return text
