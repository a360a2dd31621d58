"""Values that do not exist yet: what parameters and outputs are while a pipeline is traced."""

from __future__ import annotations

import enum
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FrameType
from typing import Any, Generic, Literal, NamedTuple, NoReturn, TypeVar, Union, cast, get_origin

from windlass.errors import DefinitionError, SymbolicError
from windlass.modules import is_user_file
from windlass.pipeline.annotations import annotations_of, plain
from windlass.pipeline.graph import FromNode, Ref
from windlass.places import place
from windlass.values import is_namedtuple_class

T = TypeVar("T")

_BRANCH = "To choose, write: either(condition, lambda: …, lambda: …)."
_EACH = "To run a step on each item, write: step.map(each(values))."
_INSIDE = "Do it inside a step."
_SEVERAL = "Several outputs: let the step return a NamedTuple."
_FIELDS = "Do it inside a step, or let the step return a NamedTuple and pass one of its fields."


MARK = ", known when the pipeline runs>"
"""How the text of every symbol ends."""


class About(NamedTuple):
    """What is known of a symbol: whence it will come, its type, its name, whose it is."""

    ref: Ref
    annotation: Any
    label: str
    tracer: object


class Symbol:
    """A parameter, an output, or a choice's value, before the run.

    It can be passed to steps, returned, and, where the step returns a named tuple, taken apart
    into its fields. All else raises `SymbolicError`, which says what to do instead. What we know
    of it is asked of `about`: any name without an underscore may be that of a field.
    """

    __slots__ = ("_about",)

    def __init__(self, ref: Ref, annotation: Any, label: str, tracer: object = None) -> None:
        object.__setattr__(self, "_about", About(ref, annotation, label, tracer))

    def __repr__(self) -> str:
        return f"<{self._about.label}{MARK}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        fields = self._fields_or_none()
        if fields is None or name not in fields:
            known = f" It has {', '.join(fields)}." if fields else ""
            self._refuse(f"its attribute '{name}' is not known", _FIELDS + known)
        return self._field(name)

    def __iter__(self) -> Iterator[Any]:
        fields = self._fields_or_none()
        if fields is None:
            self._refuse("it cannot be looped over or unpacked", f"{_EACH} {_SEVERAL}")
        return iter([self._field(name) for name in fields])

    def __getitem__(self, index: Any) -> Any:
        fields = self._fields_or_none()
        if fields is None or type(index) is not int or not -len(fields) <= index < len(fields):
            self._refuse(f"its item {index!r} is not known", _FIELDS)
        return self._field(fields[index])

    def __len__(self) -> int:
        fields = self._fields_or_none()
        if fields is None:
            self._refuse("its length is not known", _EACH)
        return len(fields)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What ``isinstance`` asks for where the class itself is another: it would answer wrong."""
        self._refuse("its type cannot be asked for", _BRANCH)

    def _fields_or_none(self) -> tuple[str, ...] | None:
        ref = self._about.ref
        whole = isinstance(ref, FromNode) and ref.field is None
        return fields_of(self._about.annotation) if whole else None

    def _field(self, name: str) -> Symbol:
        told = self._about
        node = cast("FromNode", told.ref).node
        kind = annotations_of(namedtuple_of(told.annotation)).get(name, Any)
        return Symbol(FromNode(node, name), kind, f"{told.label}'s '{name}'", told.tracer)

    def _refuse(self, why: str, hint: str) -> NoReturn:
        raise no_value(self, why, hint)


def about(symbol: Symbol) -> About:
    """What is known of a symbol."""
    told: About = symbol._about  # noqa: SLF001 (a method might have the name of a field)
    return told


def no_value(symbol: Symbol, why: str, hint: str, place: str | None = None) -> SymbolicError:
    """The error of using a symbol as a plain value."""
    place = user_line() if place is None else place
    return SymbolicError(
        f"{place}{about(symbol).label} has no value yet, while the pipeline is traced: {why}",
        hint=hint,
    )


def _refusing(why: str, hint: str) -> Callable[..., Any]:
    def refuse(self: Symbol, *_: object) -> Any:
        self._refuse(why, hint)

    return refuse


_REFUSED = {
    ("it is not true or false", _BRANCH): "bool",
    ("it cannot be compared", "Compare inside a step that returns a bool. " + _BRANCH): (
        "eq ne lt le gt ge"
    ),
    ("it cannot be put into text", _INSIDE): "str format",
    ("it cannot be calculated with", _INSIDE): (
        "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul "
        "rmatmul and rand or ror xor rxor lshift rshift neg pos abs invert round divmod rdivmod"
    ),
    ("it is not a number", _INSIDE): "int float complex index",
    ("what is in it is not known", _EACH): "contains reversed next",
    ("it cannot be changed", _INSIDE): "setattr setitem delattr delitem",
    ("it cannot be looked up", "Look it up inside a step."): "hash",
    ("it cannot be called", _INSIDE): "call",
    ("it cannot be copied or stored", _INSIDE): "copy deepcopy reduce_ex",
    ("it cannot be awaited", _INSIDE): "await aiter anext aenter aexit",
    ("it cannot be opened or entered", _INSIDE): "enter exit fspath",
    ("it is no array yet", _INSIDE): "array trunc floor ceil",
}
for (_why, _hint), _names in _REFUSED.items():
    for _name in _names.split():
        setattr(Symbol, f"__{_name}__", _refusing(_why, _hint))


class EachItem(Generic[T]):
    """What `each` gives: the mark that a map runs over these values."""

    __slots__ = ("values",)

    def __init__(self, values: Any) -> None:
        self.values = values


def each(values: Iterable[T]) -> T:
    """Marks an argument of ``step.map(…)`` or ``step.product(…)``: the step runs on each item.

    Args:
        values: A list, a range, an array; in a pipeline, also a list known only when it runs.

    Returns:
        To a type checker, one item, since that is what the step sees.

    Raises:
        DefinitionError: They are no list, or a set, whose order differs from process to process.
    """
    if isinstance(values, Symbol):
        return cast("T", EachItem(values))
    problem = _not_a_list(values)
    if problem is not None:
        raise DefinitionError(f"{user_line()}each() {problem[0]}", hint=problem[1])
    # An array's own list has Python's numbers in it, not NumPy's, which no plan can hold.
    to_list = getattr(values, "tolist", None)
    return cast("T", EachItem(to_list() if callable(to_list) else list(values)))


def _not_a_list(values: object) -> tuple[str, str] | None:
    if type(values) is EachItem:
        return "of each()", "Mark a list once: each(values)."
    if isinstance(values, set | frozenset):
        return "needs an order, which a set has not", "Write each(sorted(values))."
    if isinstance(values, Iterable):
        return None
    return f"needs a list, not {type(values).__name__}", "Pass a list: each([…])."


def holds_symbol(value: object) -> bool:
    """Whether a value is known only when the pipeline runs, or holds one that is."""
    return _holds_symbol(value, set())


def _holds_symbol(value: object, seen: set[int]) -> bool:
    if isinstance(value, Symbol | EachItem):  # asked first: a symbol answers no other question
        return True
    if not isinstance(value, dict | list | tuple) or id(value) in seen:
        return False
    seen.add(id(value))
    if isinstance(value, list | tuple):
        return any(_holds_symbol(item, seen) for item in value)
    return type(value) is dict and any(_holds_symbol(item, seen) for item in value.values())


def annotation_of(value: Any) -> Any:
    """The annotation of a symbol; of a container of some, what it has of itself."""
    if isinstance(value, Symbol):
        return about(value).annotation
    if type(value) is list:
        return list[_any_of(value)]  # type: ignore[misc]
    if type(value) is tuple:
        return tuple[tuple(map(annotation_of, value))]  # type: ignore[misc]
    if type(value) is dict:
        return dict[_any_of(value), _any_of(value.values())]  # type: ignore[misc]
    plain_value = value is None or isinstance(value, bool | int | str | bytes | enum.Enum)
    return Literal[value] if plain_value else type(value)


def _any_of(values: Iterable[Any]) -> Any:
    kinds = tuple(dict.fromkeys(map(annotation_of, values)))
    if len(kinds) > _MOST_KINDS:
        kinds = tuple(dict.fromkeys(map(type, values)))
    return Union[kinds] if kinds else Any  # noqa: UP007 (a value here, not syntax)


_MOST_KINDS = 100
"""Constants beside a symbol that are told apart; of more, their classes are."""


def fields_of(annotation: Any) -> tuple[str, ...] | None:
    """The field names of a named tuple; None for any other annotation."""
    cls = namedtuple_of(annotation)
    return None if cls is None else cls._fields


def namedtuple_of(annotation: Any) -> Any:
    """The named tuple class that is annotated, perhaps a generic one; None if it is another."""
    kind = plain(annotation)
    cls = get_origin(kind) or kind
    return cls if is_namedtuple_class(cls) else None


def user_line() -> str:
    """``flow.py:12: `` of the nearest caller in the user's own code, or else outside Windlass."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None and frame.f_globals.get("__name__", "").startswith("windlass."):
        frame = frame.f_back
    found = nearest = frame
    while found is not None and not is_user_file(found.f_code.co_filename):
        found = found.f_back
    frame = found or nearest
    if frame is None:
        return ""
    return line_of(frame.f_code, frame.f_lineno)


def definition_line(function: Callable[..., Any]) -> str:
    """``file:line: `` of where a pipeline is defined, for what is wrong with it as a whole."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return "" if code is None else line_of(code, code.co_firstlineno)


def line_of(code: CodeType, line: int | None) -> str:
    """``file:line: `` of a line of a function."""
    return f"{place(code.co_filename, line).short()}: "
