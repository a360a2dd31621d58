"""The profile of a reference: what each input and each prediction looked like, in counts.

    profile = Profile.of(reference, {"predict": predicted})   # sets the anchors
    today = profile.count(table) + profile.count(another)     # counts other data in them
    profile.distances(today)["distance"].psi

A profile is small and of fixed size, holds no rows, and profiles of parts add up to that of the
whole exactly. Text, images or audio become further anchors with the methods of `Anchors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from windlass.errors import ModelError
from windlass.models.bins import KINDS_OF_ANCHORS, Anchors, NumberBins, anchors_of
from windlass.models.distances import Distances, distances
from windlass.models.tables import array_columns, library_of, read_columns
from windlass.models.tables.column import Column
from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Outputs: TypeAlias = "Mapping[str, ArrayLike]"


class ProfileLike(Protocol):
    """What monitors and tests of drift need of a profile, whatever kind of data it is of."""

    def count(self, value: Any, outputs: Outputs | None = None) -> Self:
        """Other data, counted in the same anchors."""
        ...

    def __add__(self, other: Self) -> Self:
        """Both together."""
        ...

    def distances(self, data: Self) -> dict[str, Distances]:
        """How far data is from this reference, by the name of what was counted."""
        ...

    def document(self) -> dict[str, Json]:
        """The profile as plain JSON."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ColumnProfile:
    """One column, counted.

    Args:
        name: Its name.
        anchors: Into what it is counted.
        counts: (cells,) int64.
    """

    name: str
    anchors: Anchors
    counts: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return int(self.counts.sum())

    @property
    def nulls(self) -> int:
        """How many of them were null."""
        return int(self.counts[-1])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ColumnProfile):
            return NotImplemented
        same = self.name == other.name and self.anchors == other.anchors
        return same and bool((self.counts == other.counts).all())

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: ColumnProfile) -> ColumnProfile:
        """Both together.

        Raises:
            ModelError: They were counted in different anchors.
        """
        self._check_same(other)
        return ColumnProfile(self.name, self.anchors, self.counts + other.counts)

    def distances(self, data: ColumnProfile) -> Distances:
        """How far data is from this reference.

        Raises:
            ModelError: They were counted in different anchors.
        """
        self._check_same(data)
        ordered = isinstance(self.anchors, NumberBins)
        return distances(self.counts, data.counts, ordered=ordered)

    def _check_same(self, other: ColumnProfile) -> None:
        if self.name != other.name or self.anchors != other.anchors:
            raise ModelError(
                f"the profiles of '{self.name}' were counted in different bins",
                hint="Count both by the same reference: profile.count(table).",
            )

    def document(self) -> dict[str, Json]:
        """The column as plain JSON."""
        return {"name": self.name, **self.anchors.document(), "counts": self.counts.tolist()}

    @classmethod
    def read(cls, document: Any) -> ColumnProfile:
        """The column of a document that `document` made.

        Raises:
            ModelError: It is of a kind that is not known here, or its counts are not of its cells.
        """
        import numpy as np

        kind = KINDS_OF_ANCHORS.get(document["kind"])
        if kind is None:
            raise ModelError(
                f"the profile of '{document['name']}' is of the kind '{document['kind']}', which "
                "is not known here",
                hint="A newer Windlass has written it.",
            )
        anchors: Anchors = kind.read(document)
        counts = np.array(document["counts"], np.int64)
        if len(counts) != anchors.cells:
            raise ModelError(f"the profile of '{document['name']}' has no count a cell")
        return cls(document["name"], anchors, counts)


@dataclass(frozen=True, slots=True)
class Profile:
    """All columns of a model's input, and what it predicted, counted.

    Args:
        inputs: The columns of a table, by name; of an array ``input[0]``, ``input[1]``, …, or
            ``input`` where it has more than two axes, or very many columns.
        outputs: What the model gave: ``predict``, and of probabilities ``predict_proba[0]``, ….
    """

    inputs: Mapping[str, ColumnProfile]
    outputs: Mapping[str, ColumnProfile]

    @classmethod
    def of(
        cls, value: Any, outputs: Outputs | None = None, columns: Sequence[str] | None = None
    ) -> Profile:
        """The profile of a reference, which sets the anchors.

        Args:
            value: A table of pandas, polars or Arrow, an array, or arrays by their names.
            outputs: What the model gave for it, by the method that did.
            columns: The columns of the table that the model takes; None for all.

        Raises:
            ModelError: A column holds what no model takes.
        """
        return cls(_anchored(_inputs(value, columns)), _anchored(_outputs(outputs)))

    def count(self, value: Any, outputs: Outputs | None = None) -> Profile:
        """Other data, counted in the same anchors; columns that this one lacks are left out.

        Args:
            value: Of the kind that the reference was.
            outputs: What the model gave for it; None counts none.

        Raises:
            ModelError: A column is missing, or holds what cannot be counted so.
        """
        columns = None if _is_arrays(value) else list(self.inputs)
        counted = _counted(self.inputs, _inputs(value, columns), "input")
        if outputs is None:
            return Profile(counted, _emptied(self.outputs))
        return Profile(counted, _counted(self.outputs, _outputs(outputs), "output"))

    def count_outputs(self, outputs: Outputs) -> Profile:
        """What the model gave alone, counted in the same anchors.

        Raises:
            ModelError: An output is missing, or holds what cannot be counted so.
        """
        counted = _counted(self.outputs, _outputs(outputs), "output")
        return Profile(_emptied(self.inputs), counted)

    def empty(self) -> Profile:
        """The same anchors, with nothing counted: what sums start from."""
        return Profile(_emptied(self.inputs), _emptied(self.outputs))

    def __add__(self, other: Profile) -> Profile:
        """Both together.

        Raises:
            ModelError: They were counted in different anchors.
        """
        _check_names(self, other)
        return Profile(
            {name: each + other.inputs[name] for name, each in self.inputs.items()},
            {name: each + other.outputs[name] for name, each in self.outputs.items()},
        )

    def distances(self, data: Profile) -> dict[str, Distances]:
        """How far data is from this reference, by column; outputs come last.

        Raises:
            ModelError: They were counted in different anchors.
        """
        _check_names(self, data)
        found = {name: each.distances(data.inputs[name]) for name, each in self.inputs.items()}
        return found | {
            name: each.distances(data.outputs[name]) for name, each in self.outputs.items()
        }

    def document(self) -> dict[str, Json]:
        """The profile as plain JSON."""
        inputs: list[Json] = [each.document() for each in self.inputs.values()]
        outputs: list[Json] = [each.document() for each in self.outputs.values()]
        return {"inputs": inputs, "outputs": outputs}

    @classmethod
    def read(cls, document: Any) -> Profile:
        """The profile of a document that `document` made.

        Raises:
            ModelError: A newer Windlass has written it.
        """
        read = {
            part: {each["name"]: ColumnProfile.read(each) for each in document[part]}
            for part in ("inputs", "outputs")
        }
        return cls(**read)


def _anchored(columns: Sequence[Column]) -> dict[str, ColumnProfile]:
    found = {column.name: anchors_of(column) for column in columns}
    return {
        column.name: ColumnProfile(
            column.name, found[column.name], found[column.name].count(column)
        )
        for column in columns
    }


def _counted(
    known: Mapping[str, ColumnProfile], columns: Sequence[Column], what: str
) -> dict[str, ColumnProfile]:
    given = {column.name: column for column in columns}
    found = {}
    for name, profile in known.items():
        if name not in given:
            raise ModelError(
                f"the {what} '{name}' is missing, which the reference has",
                hint=f"There is {', '.join(given) or 'none'}.",
            )
        found[name] = ColumnProfile(name, profile.anchors, profile.anchors.count(given[name]))
    return found


def _emptied(known: Mapping[str, ColumnProfile]) -> dict[str, ColumnProfile]:
    return {
        name: ColumnProfile(name, each.anchors, each.counts * 0) for name, each in known.items()
    }


def _check_names(one: Profile, other: Profile) -> None:
    names = [*one.inputs, *one.outputs]
    if names != [*other.inputs, *other.outputs]:
        raise ModelError(
            "two profiles of different columns cannot be taken together",
            hint="Count both by the same reference: profile.count(table).",
        )


def _is_arrays(value: Any) -> bool:
    return isinstance(value, Mapping) or library_of(value) == "numpy"


def _inputs(value: Any, columns: Sequence[str] | None) -> list[Column]:
    from windlass.models.tensors import INPUT

    if not _is_arrays(value):
        return read_columns(value, columns)
    arrays = value if isinstance(value, Mapping) else {INPUT: value}
    return [column for name, array in arrays.items() for column in array_columns(name, array)]


def _outputs(outputs: Outputs | None) -> list[Column]:
    given = {} if outputs is None else outputs
    return [column for name, array in given.items() for column in array_columns(name, array)]
