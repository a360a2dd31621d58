"""What may go where in a graph: values and symbols against the annotations that take them."""

from __future__ import annotations

import inspect
from collections import abc
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from windlass.errors import EdgeTypeError, ParameterError
from windlass.pipeline import types
from windlass.pipeline.annotations import is_union, plain
from windlass.pipeline.graph import Constant, Gathered, Ref
from windlass.pipeline.symbols import Symbol, about, annotation_of, holds_symbol, user_line

UNEVEN_HINT = "Give lists of one length, or use product() for every combination."


def check_edge(
    where: str, value: Any, target: Any, verb: str = "takes", line: str | None = None
) -> None:
    """Refuses a value whose type does not fit; of what holds symbols, by their annotations."""
    if not holds_symbol(value):
        problem = types.check(value, target)
        if problem is not None:
            raise EdgeTypeError(
                f"{line or user_line()}{where} {verb} {types.describe(target)}: {problem}",
                hint=_mend(verb, _holds(value, target)),
            )
        return
    kind = annotation_of(value)
    if not types.assignable(kind, target):
        given = about(value).label if isinstance(value, Symbol) else "what is given"
        told, wanted = types.describe(kind), types.describe(target)
        if told == wanted:  # as with the data frames of two libraries
            told, wanted = types.full_name(kind), types.full_name(target)
        raise EdgeTypeError(
            f"{line or user_line()}{where} {verb} {wanted}, but {given} is {told}",
            hint=_mend(verb, _gives(plain(kind), target)),
        )


def _holds(value: Any, target: Any) -> bool:
    """Whether it is a list of what fits."""
    is_list = isinstance(value, list | tuple | range) and len(value) > 0
    return is_list and all(types.check(item, target) is None for item in value)


def _gives(kind: Any, target: Any) -> bool:
    """Whether it is surely a list of what fits."""
    item = _item_annotation(kind)
    return item is not Any and _may_be_list(kind) and types.assignable(item, target)


def _mend(verb: str, is_list: bool) -> str:
    if is_list and verb == "takes":
        return "To run it on each item, write: step.map(each(values))."
    return "Change the annotation, or what is " + ("returned." if verb == "promises" else "passed.")


def item_of(symbol: Symbol, where: str) -> Symbol:
    """The symbol of one item of a list; refuses what is surely no list."""
    ref, annotation, label, tracer = about(symbol)
    if not _may_be_list(plain(annotation)):
        raise EdgeTypeError(
            f"{user_line()}{where}: each() needs a list, but {label} is "
            f"{types.describe(annotation)}",
            hint="Annotate it as list[…].",
        )
    return Symbol(ref, _item_annotation(plain(annotation)), f"an item of {label}", tracer)


def _item_annotation(annotation: Any) -> Any:
    """The items' annotation of a list-like annotation; Any if it does not say."""
    if get_origin(annotation) is tuple:
        args = set(get_args(annotation)) - {Ellipsis}
        return args.pop() if len(args) == 1 else Any
    args_ = get_args(annotation)
    is_list_like = len(args_) == 1 or get_origin(annotation) is abc.Generator
    return args_[0] if args_ and is_list_like else Any


def _may_be_list(kind: Any) -> bool:
    """Whether a list, a tuple or an iterator may be annotated so; not if it may be None."""
    if is_union(kind):
        return all(_may_be_list(plain(member)) for member in get_args(kind))
    lists = list[Any] | tuple[Any, ...] | abc.Iterator[Any]
    return types.assignable(kind, lists) or types.assignable(list[Any], kind)


def bound(
    signature: inspect.Signature, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments by name, with their defaults.

    Raises:
        ParameterError: One is missing or unknown.
    """
    try:
        found = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ParameterError(
            f"{user_line()}{name}{_told(signature)}: {error}",
            hint="Give it the arguments it names.",
        ) from None
    found.apply_defaults()
    return found.arguments


class _Bare(str):
    """An annotation that is read late, shown as it was written: without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _told(signature: inspect.Signature) -> inspect.Signature:
    def bare(annotation: Any) -> Any:
        return _Bare(annotation) if isinstance(annotation, str) else annotation

    told = [it.replace(annotation=bare(it.annotation)) for it in signature.parameters.values()]
    return signature.replace(parameters=told, return_annotation=bare(signature.return_annotation))


def uneven(step: str, lengths: Mapping[str, int | None]) -> str:
    """What is said of a map over lists of different lengths."""
    told = ", ".join(f"{name} has {n}" for name, n in lengths.items() if n is not None)
    return f"{step}.map(…) goes through its lists side by side, but their lengths differ: {told}"


def known_length(ref: Ref) -> int | None:
    """How many items a list has, if that is known before the pipeline runs."""
    if isinstance(ref, Constant) and isinstance(ref.value, list):
        return len(ref.value)
    return len(ref.items) if isinstance(ref, Gathered) else None
