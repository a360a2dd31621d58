"""What is left to pydantic: its models, its constraints, and classes that nothing here knows.

It takes 50 ms to import, and is, only when one of these is met.
"""

from __future__ import annotations

from typing import Any

from windlass.pipeline.annotations import plain
from windlass.pipeline.mismatch import of_before
from windlass.pipeline.refusal import RefusedError, is_not, shown
from windlass.values import to_text


def is_model(kind: Any) -> bool:
    """Whether it is a pydantic model, or a dataclass of pydantic's."""
    return isinstance(kind, type) and hasattr(kind, "__pydantic_validator__")


def is_rule(extra: object) -> bool:
    """Whether something in an ``Annotated`` is a constraint."""
    return type(extra).__module__.split(".")[0] in ("pydantic", "annotated_types")


def comes_first(rule: object) -> bool:
    """Whether a constraint wants the value as it was given."""
    return type(rule).__name__ in ("BeforeValidator", "WrapValidator", "PlainValidator")


def validated(annotation: Any, value: Any, *, is_json: bool = False) -> Any:
    """What pydantic makes of a value.

    Args:
        annotation: Anything that pydantic knows.
        value: A Python value.
        is_json: Whether it comes from JSON, where text may stand for more than in Python.

    Raises:
        RefusedError: Pydantic refuses the value or does not know the type.
    """
    import pydantic

    try:
        adapter = pydantic.TypeAdapter(annotation)
        return adapter.validate_json(to_text(value)) if is_json else adapter.validate_python(value)
    except pydantic.ValidationError as error:
        raise _refusal(error) from None
    except (pydantic.PydanticUserError, pydantic.PydanticUndefinedAnnotation):
        raise is_not(value, plain(annotation)) from None


def _refusal(error: Any) -> RefusedError:
    """Pydantic's findings: the first as the refusal itself, the others told after it."""
    first, *others = [_finding(found) for found in error.errors()]
    told = [first.what, *(other.told_of("it") for other in others)]
    return RefusedError("; ".join(told), first.path)


def _finding(found: Any) -> RefusedError:
    path = tuple(f"item {at}" if isinstance(at, int) else f"field '{at}'" for at in found["loc"])
    if found["type"] == "missing":
        return RefusedError(f"lacks the {path[-1]}", path[:-1])
    cls = type(found["input"])
    if found.get("ctx", {}).get("class_name") == cls.__name__:
        return RefusedError(of_before(cls), path)
    text = found["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if text.startswith("Input should"):
        return RefusedError(f"is {shown(found['input'])}, which {text[6:]}", path)
    return RefusedError(f"is {shown(found['input'])}: {text[0].lower()}{text[1:]}", path)
