"""What a step returned: its outputs by their names, and iterators to be gone through."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from windlass.artifacts.registry import format_for
from windlass.artifacts.streams import Stream
from windlass.errors import OutputTypeError
from windlass.pipeline import types
from windlass.pipeline.annotations import annotations_of, plain
from windlass.pipeline.graph import Node
from windlass.pipeline.step import Step
from windlass.provenance.cells.file import notebook_of


def checked(step: Step[..., Any], returned: Any) -> Any:
    """What a step returned, if it is what it promises.

    Raises:
        OutputTypeError: It is not.
    """
    problem = types.check(returned, step.returns)
    if problem is not None:
        raise _broken(step, step.returns, problem)
    return returned


def named_outputs(node: Node, step: Step[..., Any], returned: Any) -> Mapping[str, Any]:
    """The outputs by their names; an iterator as a `Stream` that checks its items."""
    if node.outputs == ("output",):
        return {"output": _streamed(step, returned, step.returns)}
    fields: Any = type(returned)
    annotations = annotations_of(fields)
    return {
        name: _streamed(step, getattr(returned, name), annotations.get(name, Any))
        for name in node.outputs
    }


def _streamed(step: Step[..., Any], value: Any, annotation: Any) -> Any:
    is_file = isinstance(value, io.IOBase)  # it gives lines, and only from where it stands
    if is_file or not isinstance(value, Iterator) or format_for(value) is not None:
        return value
    return Stream(value, _checker(step, annotation))


def _checker(step: Step[..., Any], annotation: Any) -> Callable[[int, Any], None] | None:
    """What refuses an item that is not what the annotation promises."""
    promised = get_args(plain(annotation))[:1]

    def check(place: int, item: Any) -> None:
        problem = types.check(item, promised[0])
        if problem is not None:
            raise _broken(step, annotation, f"item {place:,}: {problem}")

    return check if promised else None


def _broken(step: Step[..., Any], annotation: Any, problem: str) -> OutputTypeError:
    file = notebook_of(step.function)
    made = "return statement" if file is None else f"cell of {file.name} that sets it"
    return OutputTypeError(
        f"{step.name} promises {types.describe(annotation)}: {problem}",
        hint=f"Mend the {made}, or the annotation.",
    )
