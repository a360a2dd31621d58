"""What of a class's contents counts: what its author wrote, and not what a library made of it."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

_SKIPPED = {
    *("__module__", "__doc__", "__dict__", "__weakref__", "__qualname__", "__firstlineno__"),
    *("__static_attributes__", "__abstractmethods__", "__parameters__", "__orig_bases__"),
    *("__dataclass_params__", "__dataclass_fields__", "__match_args__", "__hash__", "__slots__"),
    *("__classcell__", "__type_params__", "__annotate__", "__annotate_func__"),
    *("__annotations_cache__", "__protocol_attrs__", "__non_callable_proto_members__"),
    *("__callable_proto_members_only__", "__orig_class__", "__class_vars__"),
    *("_is_protocol", "_is_runtime_protocol", "__signature__", "__private_attributes__"),
    *("model_fields", "model_computed_fields", "__slotnames__"),
}
_SKIPPED_STARTS = ("_abc_", "__pydantic_", "__attrs_", "__sklearn_")


def class_entries(cls: type, *, has_source: bool) -> Iterator[tuple[str, Any]]:
    """What a class holds, by name.

    Args:
        cls: The class.
        has_source: Whether its source is looked at, too; its annotations are then told by that.
    """
    if issubclass(cls, enum.Enum):
        for member in cls.__members__.values():
            yield member.name, member.value
    for name, entry in vars(cls).items():
        if name in _SKIPPED or name.startswith(_SKIPPED_STARTS):
            continue
        if isinstance(entry, GetSetDescriptorType | MemberDescriptorType):
            continue
        if name == "__annotations__" and has_source:
            continue
        if issubclass(cls, enum.Enum) and not _is_written(entry):
            continue
        if _is_generated(entry):
            continue
        yield name, entry


def _is_written(entry: Any) -> bool:
    return isinstance(entry, FunctionType | staticmethod | classmethod | property)


def _is_generated(entry: Any) -> bool:
    """Whether it was compiled from a string, as dataclasses do: from what is in the source."""
    function = getattr(entry, "__func__", entry)
    return isinstance(function, FunctionType) and function.__code__.co_filename.startswith("<")
