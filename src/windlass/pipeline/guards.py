"""Where an annotation asks for checks: each becomes a guard, which a value goes through.

Named tuples, typed dicts, lists, tuples, the values of dicts, unions and what iterators give are
gone into. A check anywhere else is refused, so that none is written down and never made.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections import abc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args, get_origin

from windlass.errors import DefinitionError
from windlass.pipeline import types
from windlass.pipeline.annotations import (
    MAPPINGS,
    annotations_of,
    is_typeddict,
    is_union,
    unwrapped,
    why_unknown,
)
from windlass.pipeline.data_checks import check_of, is_check
from windlass.pipeline.guarding import (
    Guard,
    checked_by,
    each_in_place,
    each_item,
    each_value,
    either_of,
    fields_of_tuple,
    values_at,
)
from windlass.values import is_namedtuple_class

_KEYED = (*MAPPINGS[:1], abc.Mapping, abc.MutableMapping)
_LISTED = (
    *(list, tuple, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable),
    *(abc.Iterator, abc.Generator),
)


@dataclass(frozen=True, slots=True)
class Borders:
    """The checks at the borders of a step.

    Args:
        inputs: By the names of its parameters; those without a check are left out.
        output: Of what it returns; None if nothing is checked.
    """

    inputs: Mapping[str, Guard] = field(default_factory=dict)
    output: Guard | None = None

    def __bool__(self) -> bool:
        return bool(self.inputs) or self.output is not None


@functools.cache
def borders_of(function: Callable[..., Any]) -> Borders:
    """The checks at the borders of a step's function.

    Raises:
        DefinitionError: One of them could not be made where it stands.
    """
    found = {name: _of(function, name) for name in annotations_of(function)}
    output = found.pop("return", None)
    inputs = {name: guard for name, guard in found.items() if guard is not None}
    return Borders(inputs, output)


def refuse_checks(function: Callable[..., Any]) -> None:
    """Refuses checks where none is made: at the borders of a pipeline.

    Raises:
        DefinitionError: There is one.
    """
    for name, annotation in annotations_of(function).items():
        if holds_check(annotation):
            what = "what it returns" if name == "return" else f"its parameter '{name}'"
            raise DefinitionError(
                f"the pipeline '{function.__name__}' has a check of {what}, and none is made there",
                hint="Write it at the step that takes or makes the value.",
            )


def holds_check(annotation: Any) -> bool:
    """Whether a check stands anywhere in an annotation."""
    return _holds_check(annotation, [])


def _holds_check(annotation: Any, seen: list[Any]) -> bool:
    if any(annotation is each for each in seen):
        return False
    seen.append(annotation)
    added, kind = _peeled(annotation)
    return any(map(is_check, added)) or any(_holds_check(part, seen) for part in _parts(kind))


def _parts(kind: Any) -> Iterator[Any]:
    """The annotations that one is made of."""
    fields = _fields(kind)
    if fields is not None:
        yield from fields.values()
    for part in () if get_origin(kind) is Literal else get_args(kind):
        yield from part if isinstance(part, list) else (part,)


def _fields(kind: Any) -> Mapping[str, Any] | None:
    """The annotations of the fields of a named tuple or typed dict; None for another."""
    cls = get_origin(kind) or kind
    if not is_namedtuple_class(cls) and not is_typeddict(cls):
        return None
    for name in annotations_of(cls):
        _refuse_unknown(cls, name, f"{cls.__name__}.{name}")
    return annotations_of(cls)


def _of(function: Callable[..., Any], name: str) -> Guard | None:
    """The guard of a parameter, or of what is returned."""
    annotation = annotations_of(function)[name]
    where = f"{function.__name__}{' returns' if name == 'return' else f'({name}=…)'}"
    _refuse_unknown(function, name, where)
    if not holds_check(annotation):
        return None
    try:
        return _Builder(getattr(function, "__globals__", {})).build(annotation)
    except DefinitionError as error:
        raise DefinitionError(f"{where}: {error.message}", hint=error.hint) from error


def _refuse_unknown(owner: Any, name: str, where: str) -> None:
    """Refuses an `Annotated` that cannot be evaluated: a check may stand in it."""
    found = inspect.get_annotations(owner).get(name)
    written = getattr(found, "__forward_arg__", found)  # as named tuples keep a text
    if not isinstance(written, str) or not re.search(r"\bAnnotated\b", written):
        return
    why = why_unknown(owner, name)
    if why is None:
        return
    hint = "Import what it names where it is run, too, and not for type checkers alone."
    if "unhashable" in why:  # Python's unions take no such member
        hint = "Write the union within: Annotated[pd.DataFrame | None, schema]."
    raise DefinitionError(f"{where}: {written} cannot be evaluated: {why}", hint=hint)


def _peeled(annotation: Any) -> tuple[list[Any], Any]:
    """What `Annotated` adds to an annotation, in the order written, and the annotation without."""
    added: list[Any] = []
    while (inner := unwrapped(annotation)) is not annotation:
        if get_origin(annotation) is Annotated:
            added = [*get_args(annotation)[1:], *added]
        annotation = inner
    return added, annotation


class _Builder:
    """Builds guards.

    Args:
        space: The names of the module where the annotation stands.
    """

    def __init__(self, space: Mapping[str, Any]) -> None:
        self._space = space
        self._building: list[Any] = []

    def build(self, annotation: Any) -> Guard | None:
        """The guard of an annotation; None if nothing in it is checked."""
        if not holds_check(annotation):
            return None
        if any(annotation is each for each in self._building):
            raise DefinitionError(
                f"a check stands in {types.describe(annotation)}, which holds itself",
                hint="Write it in an annotation that does not.",
            )
        self._building.append(annotation)
        added, kind = _peeled(annotation)
        found = [check_of(each, kind, self._space) for each in added]
        within = self._within(kind)
        self._building.pop()
        return checked_by(within, [check for check in found if check is not None])

    def _within(self, kind: Any) -> Guard | None:
        if not any(map(holds_check, _parts(kind))):
            return None
        origin, args = get_origin(kind), get_args(kind)
        fields = _fields(kind)
        if fields is not None:
            return self._fielded(kind, fields)
        if is_union(kind):
            return either_of([(member, self.build(member)) for member in args])
        if origin is tuple and args[1:] != (...,):
            return each_in_place([self.build(part) for part in args])
        if origin in _LISTED:
            return each_item(self.build(args[0]))
        if origin in _KEYED and not holds_check(args[0]):
            return each_value(self.build(args[1]))
        raise DefinitionError(
            f"a check stands in {types.describe(kind)}, where it could not be made",
            hint="Lists, tuples, values of dicts, named tuples and typed dicts are gone into.",
        )

    def _fielded(self, kind: Any, fields: Mapping[str, Any]) -> Guard:
        guards = {name: self.build(annotation) for name, annotation in fields.items()}
        present = {name: guard for name, guard in guards.items() if guard is not None}
        return (
            values_at(present)
            if is_typeddict(get_origin(kind) or kind)
            else fields_of_tuple(present)
        )
