"""What a step's outputs are to a model: it itself, the rows it learnt from, the rows it never saw.

    class Split(NamedTuple):
        train: Annotated[pd.DataFrame, Reference("delay")]
        test: Annotated[pd.DataFrame, Holdout("delay")]

    @step
    def pick(models: list[Forest], scores: list[float]) -> Annotated[Forest, Model("delay")]: ...

Marks stand in the graph. They change nothing of what is computed: when a run succeeds, what is
marked as a model becomes the next version of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias, get_args, get_origin

from windlass.errors import DefinitionError
from windlass.pipeline.annotations import annotations_of, unwrapped
from windlass.values import Json

if TYPE_CHECKING:
    from windlass.pipeline.graph import Branch, Node

Task: TypeAlias = Literal["classification", "regression"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_TASKS = ("classification", "regression")


@dataclass(frozen=True, slots=True)
class Model:
    """Marks a step's output as the next version of a model.

    Args:
        name: The model's: letters, digits, ``_`` and ``-``.
        target: The column of the marked tables that holds what the model is to predict.
        columns: The columns that it takes, in order; None for those that it knows itself, or else
            all of the reference but the target.
        task: ``classification`` or ``regression``; None if the model tells.

    Raises:
        DefinitionError: One of these is not as it must be.
    """

    role: ClassVar[str] = "model"
    name: str
    target: str | None = None
    columns: Sequence[str] | None = None
    task: Task | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.task is not None and self.task not in _TASKS:
            raise DefinitionError(
                f"{self.task!r} is no task of the model '{self.name}'",
                hint=f"It is one of {', '.join(_TASKS)}; or leave it out.",
            )
        if isinstance(self.columns, str):
            raise DefinitionError(
                f"the columns of the model '{self.name}' are a text", hint="Give a list of names."
            )

    def settings(self) -> dict[str, Json]:
        """What is told of it, without its name."""
        told: dict[str, Json] = {"target": self.target, "task": self.task}
        columns: Json = None if self.columns is None else [*self.columns]
        return {key: value for key, value in {**told, "columns": columns}.items() if value}


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that belong to a model."""

    role: ClassVar[str]
    name: str

    def __post_init__(self) -> None:
        check_name(self.name)

    def settings(self) -> dict[str, Json]:
        """Nothing."""
        return {}


@dataclass(frozen=True, slots=True)
class Reference(_Rows):
    """Marks a step's output as the rows that a model learnt from: what its inputs look like.

    Args:
        name: The model's.
    """

    role: ClassVar[str] = "reference"


@dataclass(frozen=True, slots=True)
class Holdout(_Rows):
    """Marks a step's output as labelled rows that a model never saw, by which it is tested.

    Args:
        name: The model's.
    """

    role: ClassVar[str] = "holdout"


@dataclass(frozen=True, slots=True)
class Mark:
    """What an output of a node is to a model.

    Args:
        output: Its name.
        role: ``model``, ``reference`` or ``holdout``.
        model: The model's name.
        settings: What else the mark tells.
    """

    output: str
    role: str
    model: str
    settings: Mapping[str, Json] = field(default_factory=dict)


def check_name(name: Any) -> None:
    """Refuses what cannot be a model's name.

    Raises:
        DefinitionError: It is none.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise DefinitionError(
            f"{name!r} cannot be the name of a model",
            hint="A letter, and then up to 63 letters, digits, '_' and '-'.",
        )


def marks_of(returns: Any, cls: Any = None) -> tuple[Mark, ...]:
    """The marks that an annotation of what a step returns holds.

    Args:
        returns: The annotation.
        cls: The named tuple's class, if it is one.

    Raises:
        DefinitionError: A mark stands on a named tuple and not on one of its fields.
    """
    found = [Mark("output", m.role, m.name, m.settings()) for m in _marks_in(returns)]
    if cls is None:
        return tuple(found)
    if found:
        raise DefinitionError(
            f"the whole of {cls.__name__} is marked for the model '{found[0].model}'",
            hint="Mark one field of it.",
        )
    kinds = annotations_of(cls)
    return tuple(
        Mark(name, m.role, m.name, m.settings())
        for name in cls._fields
        for m in _marks_in(kinds.get(name, Any))
    )


def _marks_in(annotation: Any) -> Iterator[Model | Reference | Holdout]:
    while True:
        if get_origin(annotation) is Annotated:
            yield from (
                each
                for each in get_args(annotation)[1:]
                if isinstance(each, Model | Reference | Holdout)
            )
        inner = unwrapped(annotation)
        if inner is annotation:
            return
        annotation = inner


def check_marks(nodes: Iterable[Node]) -> None:
    """Refuses a graph of which it could not be said which output is a model's.

    Raises:
        DefinitionError: An item of a map is marked; two outputs are; or no model has that name.
    """
    seen: dict[tuple[str, str], list[Node]] = {}
    for node in nodes:
        for mark in node.marks:
            _refuse_map(node, mark)
            for other in seen.setdefault((mark.role, mark.model), []):
                _refuse_two(node, other, mark)
            seen[mark.role, mark.model].append(node)
    models = [model for role, model in seen if role == "model"]
    for role, model in seen:
        if models and model not in models:
            near = get_close_matches(model, models, 1) or models[:1]
            raise DefinitionError(
                f"'{seen[role, model][0].name}' marks a {role} of the model '{model}', "
                "which no step of the pipeline makes",
                hint=f"Is '{near[0]}' meant?",
            )


def _refuse_map(node: Node, mark: Mark) -> None:
    if node.mapped:
        what = {"model": "the model"}.get(mark.role, f"the {mark.role} of the model")
        raise DefinitionError(
            f"each item of the map '{node.name}' would be {what} '{mark.model}'",
            hint="Mark the output of a step that takes the map's list and picks one.",
        )


def _refuse_two(node: Node, other: Node, mark: Mark) -> None:
    if not _exclude_each_other(node.when, other.when):
        what = {"model": "the model"}.get(mark.role, f"the {mark.role} of the model")
        raise DefinitionError(
            f"both '{other.name}' and '{node.name}' would be {what} '{mark.model}'",
            hint="Mark one; or let either() decide which of them runs.",
        )


def _exclude_each_other(first: Sequence[Branch], second: Sequence[Branch]) -> bool:
    taken = {branch.choice: branch.taken for branch in first}
    return any(taken.get(branch.choice, branch.taken) != branch.taken for branch in second)
