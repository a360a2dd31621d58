"""Annotations as objects: evaluated one by one, and stripped to what a value's type depends on."""

from __future__ import annotations

import collections
import enum
import functools
import inspect
import sys
import types
import typing
from collections import abc
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Union, get_args, get_origin

MAPPINGS = (
    *(dict, collections.OrderedDict, collections.defaultdict),
    *(abc.Mapping, abc.MutableMapping),
)
"""Generic classes whose two arguments are the types of their keys and values."""

ITERABLES = (
    *(list, set, frozenset, tuple, collections.deque, collections.Counter),
    *(abc.Iterable, abc.Iterator, abc.Reversible, abc.Container, abc.Collection, abc.Generator),
    *(abc.Sequence, abc.MutableSequence, abc.Set, abc.MutableSet, abc.KeysView, abc.ValuesView),
)
"""Generic classes whose first argument is the type of what one finds in them."""

_QUALIFIERS = (ClassVar, Final, typing.Required, typing.NotRequired)
_SPECIAL = {
    None: type(None),
    typing.LiteralString: str,
    typing.NoReturn: typing.Never,
    typing.Tuple: tuple,  # noqa: UP006 (bare, it has no arguments either, as has tuple[()])
}


@functools.cache
def annotations_of(owner: Any) -> Mapping[str, Any]:
    """The evaluated annotations of a function's parameters and return, or of a class's fields.

    Each is evaluated by itself: one that cannot be, such as a name imported only for type
    checkers, is `Any` and leaves the others as they are. A parameter whose default is None is
    optional, said or not. What `Annotated` adds is kept.
    """
    if isinstance(owner, type):
        parts: tuple[Any, ...] = tuple(reversed(owner.__mro__))
    else:
        parts = (owner,)
    found = {
        name: _evaluate(part, annotation)
        for part in parts
        for name, annotation in inspect.get_annotations(part).items()
    }
    if inspect.isfunction(owner):
        found |= {name: _optional(found[name]) for name in _none_by_default(owner) & found.keys()}
    return types.MappingProxyType(found)


def why_unknown(owner: Any, name: str) -> str | None:
    """Why the annotation of a parameter or field cannot be evaluated; None if it can be."""
    written = inspect.get_annotations(owner).get(name)
    if written is None or annotations_of(owner).get(name, Any) is not Any:
        return None
    try:
        _evaluated(written, _globals(owner), _enclosing_names(owner))
    except Exception as error:  # noqa: BLE001 (an annotation may be any expression)
        return f"{type(error).__name__}: {error}"
    return None


def plain(annotation: Any) -> Any:
    """An annotation without its wrapping: `Annotated`, aliases, ``NotRequired`` and the like.

    Returns:
        A class, a union, a literal, a generic, a ``NewType``, or `Any` for all that says nothing
        that can be checked here: type variables, protocols, names that could not be evaluated.
    """
    while (inner := unwrapped(annotation)) is not annotation:
        annotation = inner
    if isinstance(annotation, type):
        return Any if _says_nothing(annotation) else annotation
    origin = get_origin(annotation)
    if is_union(annotation) or origin is Literal or is_newtype(annotation):
        return annotation
    if annotation is typing.Never or (isinstance(origin, type) and not _says_nothing(origin)):
        return annotation
    return Any


def unwrapped(annotation: Any) -> Any:
    """An annotation without its outermost wrapping; the same if it has none."""
    origin = get_origin(annotation)
    if origin is Annotated or origin in _QUALIFIERS or getattr(origin, "_name", None) == "ReadOnly":
        return get_args(annotation)[0]
    if is_alias(origin):
        return _substituted(origin, get_args(annotation))
    if is_alias(annotation):
        return _alias_value(annotation)
    if isinstance(annotation, types.GenericAlias | type):
        return annotation  # the common case, and always hashable
    return _SPECIAL.get(annotation, annotation) if _hashable(annotation) else annotation


def is_union(annotation: Any) -> bool:
    """Whether it is ``A | B``, ``Union[A, B]`` or ``Optional[A]``."""
    return get_origin(annotation) in (Union, types.UnionType)


def is_newtype(annotation: Any) -> bool:
    """Whether ``NewType`` made it."""
    return hasattr(annotation, "__supertype__")


def is_alias(annotation: Any) -> bool:
    """Whether it is ``type A = …``, or the same made by ``typing_extensions``."""
    return type(annotation).__name__ == "TypeAliasType"


def is_enum(annotation: Any) -> bool:
    """Whether it is an enum class."""
    return isinstance(annotation, enum.EnumMeta)


def is_typeddict(annotation: Any) -> bool:
    """Whether it is a ``TypedDict`` class, of `typing` or ``typing_extensions``."""
    return isinstance(annotation, type) and hasattr(annotation, "__required_keys__")


def required_keys(typeddict: Any) -> frozenset[str]:
    """The keys that a value of a ``TypedDict`` class must have."""
    # Where annotations are text, the class itself does not know about ``NotRequired``.
    kinds = {name: get_origin(kind) for name, kind in annotations_of(typeddict).items()}
    required: frozenset[str] = typeddict.__required_keys__
    return frozenset(
        name
        for name, kind in kinds.items()
        if kind is typing.Required or (name in required and kind is not typing.NotRequired)
    )


def is_unpacked(annotation: Any) -> bool:
    """Whether it stands for any number of types: ``*Ts`` or ``Unpack[Ts]``."""
    return get_origin(annotation) is typing.Unpack or isinstance(annotation, typing.TypeVarTuple)


def type_name(cls: type) -> str:
    """A class's name for a person: without its module, unless it is one of numpy's scalars."""
    name = cls.__qualname__.rpartition("<locals>.")[2]
    return f"numpy.{name}" if cls.__module__ == "numpy" and not _is_array(cls) else name


def _is_array(cls: type) -> bool:
    return hasattr(cls, "__array_finalize__")


def _says_nothing(cls: type) -> bool:
    return cls in (Any, inspect.Parameter.empty) or getattr(cls, "_is_protocol", False) is True


def _hashable(annotation: Any) -> bool:
    try:
        hash(annotation)
    except TypeError:
        return False
    return True


@functools.cache
def _alias_value(alias: Any) -> Any:
    # Before Python 3.12 an alias that names itself can only be written as text.
    return _evaluate(alias, alias.__value__)


def _substituted(alias: Any, arguments: tuple[Any, ...]) -> Any:
    """The value of a generic alias with its type parameters replaced."""
    given = dict(zip(alias.__type_params__, arguments, strict=False))
    value = _alias_value(alias)
    return value[tuple(given.get(name, Any) for name in value.__parameters__)]


def _evaluate(owner: Any, annotation: Any) -> Any:
    names = _globals(owner)
    try:
        return _evaluated(annotation, names, _inner_names(owner))
    except NameError:
        pass
    except Exception:  # noqa: BLE001 (an annotation may be any expression and raise anything)
        return Any
    try:
        return _evaluated(annotation, names, _enclosing_names(owner))
    except Exception:  # noqa: BLE001 (the same)
        return Any


def _evaluated(annotation: Any, names: dict[str, Any], local: dict[str, Any]) -> Any:
    holder: Any = types.SimpleNamespace(__annotations__={"it": annotation})
    return typing.get_type_hints(holder, names, local, include_extras=True)["it"]


def _globals(owner: Any) -> dict[str, Any]:
    if isinstance(owner, type) or is_alias(owner):
        return vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
    found: dict[str, Any] = getattr(inspect.unwrap(owner), "__globals__", {})
    return found


def _inner_names(owner: Any) -> dict[str, Any]:
    """Names that a class or a function's closure holds."""
    if isinstance(owner, type):
        return dict(vars(owner))
    function = inspect.unwrap(owner)
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    cells = zip(names, getattr(function, "__closure__", None) or (), strict=False)
    return {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 (it raises if the cell is empty)
    except ValueError:
        return False
    return True


def _enclosing_names(owner: Any) -> dict[str, Any]:
    """Names of the functions that are defining `owner` at this moment.

    A class that is local to a test or a notebook's function is known nowhere else.
    """
    names = _globals(owner)
    around = set(_enclosing_functions(getattr(inspect.unwrap(owner), "__qualname__", "")))
    found: dict[str, Any] = {}
    frame: types.FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None:
        if frame.f_globals is names and frame.f_code.co_qualname in around:
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return {**found, **_inner_names(owner)}


def _enclosing_functions(qualname: str) -> Iterator[str]:
    while "<locals>" in qualname:
        qualname = qualname.rpartition(".<locals>.")[0]
        yield qualname


def _none_by_default(function: types.FunctionType) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {parameter.name for parameter in parameters if parameter.default is None}


def _optional(annotation: Any) -> Any:
    inner = plain(annotation)
    members = get_args(inner) if is_union(inner) else (inner,)
    if inner is Any or type(None) in members:
        return annotation
    if get_origin(annotation) is Annotated:  # what it adds need not be hashable, as unions ask
        return Annotated[(Union[inner, None], *get_args(annotation)[1:])]  # noqa: UP007
    return Union[annotation, None]  # noqa: UP007 (a value, not syntax)


def full_name(annotation: Any) -> str:
    """An annotation with the module of its class, where a name alone does not tell it."""
    cls = get_origin(annotation) or annotation
    return f"{cls.__module__}.{cls.__qualname__}" if isinstance(cls, type) else describe(annotation)


def describe(annotation: Any) -> str:
    """An annotation as a person would write it: ``list[Forest]``, ``int | None``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if origin is Annotated or origin in _QUALIFIERS:
        return describe(arguments[0])
    if is_union(annotation):
        members = sorted(arguments, key=lambda member: member is type(None))
        return " | ".join(describe(member) for member in members)
    if origin is Literal:
        return f"Literal[{', '.join(_literal_text(value) for value in arguments)}]"
    if origin is not None:
        return _generic_text(annotation, origin, arguments)
    return _name(annotation)


def _literal_text(value: object) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)


def _generic_text(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> str:
    if isinstance(origin, type) and _is_array(origin):
        dtype = get_args(arguments[-1])
        return f"NDArray[{describe(dtype[0])}]" if dtype else _name(origin)
    if origin is tuple and not arguments:
        return "tuple" if annotation is typing.Tuple else "tuple[()]"  # noqa: UP006
    inner = ", ".join(_argument_text(argument) for argument in arguments)
    return f"{_name(origin)}[{inner}]" if inner else _name(origin)


def _argument_text(argument: Any) -> str:
    if isinstance(argument, list):
        return f"[{', '.join(_argument_text(item) for item in argument)}]"
    return "..." if argument is ... else describe(argument)


def _name(annotation: Any) -> str:
    if isinstance(annotation, type):
        return type_name(annotation)
    if isinstance(annotation, str | typing.ForwardRef):
        return getattr(annotation, "__forward_arg__", str(annotation))
    name = getattr(annotation, "__name__", None) or getattr(annotation, "_name", None)
    return str(name or "Any")
