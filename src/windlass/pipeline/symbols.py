"""Values that do not exist yet: what parameters and outputs are while a pipeline is traced."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, Generic, NoReturn, TypeVar, cast, get_origin

from windlass.errors import SymbolicError
from windlass.pipeline.annotations import annotations_of, plain
from windlass.pipeline.graph import FromNode, Ref
from windlass.values import is_namedtuple_class

T = TypeVar("T")

_BRANCH = "To choose, write: either(condition, lambda: …, lambda: …)."
_EACH = "To run a step on each item, write: step.map(each(values))."
_INSIDE = "Do it inside a step."
_FIELDS = "Do it inside a step, or let the step return a NamedTuple and pass one of its fields."


class Symbol:
    """A parameter, an output, or a choice's value, before the run.

    It can be passed to steps, returned, and, where the step returns a named tuple, taken apart
    into its fields. All else raises `SymbolicError`, which says what to do instead.
    """

    __slots__ = ("annotation", "label", "ref")

    def __init__(self, ref: Ref, annotation: Any, label: str) -> None:
        self.ref = ref
        self.annotation = annotation
        self.label = label

    def __repr__(self) -> str:
        return f"<{self.label}, known when the pipeline runs>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        fields = self._fields_or_none()
        if fields is None or name not in fields:
            known = f" It has {', '.join(fields)}." if fields else ""
            self._refuse(f"its attribute '{name}' is not known", _FIELDS + known)
        return self._field(name)

    def __iter__(self) -> Iterator[Any]:
        fields = self._fields_or_none()
        if fields is None:
            self._refuse("it cannot be looped over or unpacked", _EACH)
        return iter([self._field(name) for name in fields])

    def __getitem__(self, index: Any) -> Any:
        fields = self._fields_or_none()
        if fields is None or type(index) is not int or not -len(fields) <= index < len(fields):
            self._refuse(f"its item {index!r} is not known", _FIELDS)
        return self._field(fields[index])

    def _fields_or_none(self) -> tuple[str, ...] | None:
        whole = isinstance(self.ref, FromNode) and self.ref.field is None
        return fields_of(self.annotation) if whole else None

    def _field(self, name: str) -> Symbol:
        node = cast("FromNode", self.ref).node
        kind = annotations_of(namedtuple_of(self.annotation)).get(name, Any)
        return Symbol(FromNode(node, name), kind, f"{self.label}'s '{name}'")

    def _refuse(self, why: str, hint: str) -> NoReturn:
        raise SymbolicError(
            f"{user_line()}{self.label} has no value yet, while the pipeline is traced: {why}",
            hint=hint,
        )

    __hash__ = object.__hash__


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
    ("its length is not known", _EACH): "len contains reversed",
    ("it cannot be changed", _INSIDE): "setitem delitem",
    ("it cannot be called", _INSIDE): "call",
    ("it cannot be opened or entered", _INSIDE): "enter fspath",
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
        values: A list; in a pipeline, also a list that is known only when it runs.

    Returns:
        To a type checker, one item, since that is what the step sees.
    """
    marked = values if isinstance(values, Symbol) else list(values)
    return cast("T", EachItem(marked))


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
    """``file:line: `` of the nearest caller outside Windlass, or nothing."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None and frame.f_globals.get("__name__", "").startswith("windlass."):
        frame = frame.f_back
    if frame is None:
        return ""
    file = frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{file}:{frame.f_lineno}: "
