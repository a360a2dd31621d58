"""What of a class's contents counts: what its author wrote, and not what a library made of it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from windlass.provenance.fingerprint.origin import origin_of_file

_SKIPPED = {
    *("__module__", "__doc__", "__dict__", "__weakref__", "__qualname__", "__firstlineno__"),
    *("__static_attributes__", "__abstractmethods__", "__parameters__"),
    *("__dataclass_params__", "__dataclass_fields__", "__hash__", "__slots__"),
    *("__classcell__", "__type_params__", "__annotate__", "__annotate_func__"),
    *("__annotations_cache__", "__protocol_attrs__", "__non_callable_proto_members__"),
    *("__callable_proto_members_only__", "__orig_class__", "__class_vars__"),
    *("_is_protocol", "_is_runtime_protocol", "__signature__", "__private_attributes__"),
    *("model_fields", "model_computed_fields", "__slotnames__", "_abc_impl"),
}
FIELDS = "<fields>"
"""A name that no class holds, for what its fields were made with."""
FUNCTION_OF = {
    "windlass.pipeline.step.Step": "function",
    "windlass.pipeline.pipeline.Pipeline": "function",
}
"""Classes of our own that stand for a function, and the attribute that has it."""
_SKIPPED_STARTS = ("__pydantic_", "__attrs_", "__sklearn_")
_GENERATED = {
    *(
        "__init__",
        "__new__",
        "__repr__",
        "__eq__",
        "__ne__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
    ),
    *("__hash__", "__setattr__", "__delattr__", "__getattr__", "__getstate__", "__setstate__"),
    *("__replace__", "__reduce__"),
}
"""What data classes, named tuples and attrs compile; else it is somebody's own `exec`."""


def class_entries(cls: type) -> Iterator[tuple[str, Any]]:
    """What a class holds, by name."""
    if issubclass(cls, enum.Enum):
        for member in cls.__members__.values():
            yield member.name, [member.value, _given_later(member)]
    for name, entry in vars(cls).items():
        if (name in _SKIPPED or name.startswith(_SKIPPED_STARTS)) and not _is_written(entry):
            continue
        if isinstance(entry, GetSetDescriptorType | MemberDescriptorType):
            continue
        if issubclass(cls, enum.Enum) and _is_of_enum(name, entry) and not _is_written(entry):
            continue
        if name in _GENERATED and _is_generated(entry):
            continue
        yield name, entry


def fields_of(cls: Any) -> Iterator[tuple[str, Any]]:
    """What the fields of a data class, of a model or of a class of attrs were made with."""
    if "__dataclass_fields__" in vars(cls):
        fields = cls.__dataclass_fields__.values()
        yield "options", repr(vars(cls).get("__dataclass_params__"))
        yield "fields", {each.name: _given(each, _OF_FIELD) for each in fields}
    if "__pydantic_fields__" in vars(cls):
        found = cls.__pydantic_fields__.items()
        yield "fields", {name: _given(each, _OF_MODEL_FIELD) for name, each in found}
    if "__attrs_attrs__" in vars(cls):
        yield "fields", {each.name: _given(each, _OF_ATTRIBUTE) for each in cls.__attrs_attrs__}


_OF_FIELD = (
    *("default", "default_factory", "metadata", "init", "repr", "hash", "compare", "kw_only"),
)
_OF_MODEL_FIELD = (
    *("default", "default_factory", "metadata", "alias", "discriminator", "frozen", "exclude"),
    *("validation_alias", "serialization_alias", "alias_priority", "title", "description"),
    *("examples", "json_schema_extra", "validate_default", "repr", "init", "init_var", "kw_only"),
    *("exclude_if", "union_mode", "fail_fast"),
)
_OF_ATTRIBUTE = ("default", "validator", "converter", "metadata", "eq", "order", "init", "kw_only")


def _given(field: Any, names: tuple[str, ...]) -> dict[str, Any]:
    found = {name: getattr(field, name, None) for name in names}
    found = {name: getattr(value, "factory", value) for name, value in found.items()}
    return {
        name: value
        for name, value in found.items()
        if value is not None and value is not dataclasses.MISSING
    }


def _is_written(entry: Any) -> bool:
    """Whether it is a function that somebody wrote, in the class or for it, by whatever name."""
    function = getattr(entry, "__func__", entry)
    if not isinstance(function, FunctionType) or _is_generated(entry):
        return False
    return origin_of_file(function.__code__.co_filename).owner == "project"


def _is_of_enum(name: str, entry: Any) -> bool:
    """Whether the machinery of `enum` keeps it: its members and their maps."""
    if isinstance(entry, enum.Enum) or name in _OF_ENUM:
        return True
    inner = getattr(entry, "fget", entry)
    return type(entry) is _ENUM_MEMBER and inner is None


_ENUM_MEMBER = getattr(enum, "property", property)
_OF_ENUM = {
    *(
        "_generate_next_value_",
        "_member_names_",
        "_member_map_",
        "_value2member_map_",
        "_member_type_",
    ),
    *("_unhashable_values_", "_unhashable_values_map_", "_hashable_values_", "_value_repr_"),
    *("_use_args_", "_new_member_", "_missing_", "__new__", "_singles_mask_", "_flag_mask_"),
    *("_all_bits_", "_inverted_", "_boundary_", "__reduce_ex__", "_numeric_repr_", "__format__"),
    *("_num_bits_", "_hash_", "_unpickled_", "__new_member__"),
}


def _given_later(member: enum.Enum) -> dict[str, Any]:
    """Attributes that a member was given besides those of its making."""
    own = {"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_"}
    return {name: value for name, value in vars(member).items() if name not in own}


def _is_generated(entry: Any) -> bool:
    """Whether it was compiled from a string, as dataclasses do: from what is in the source."""
    function = getattr(entry, "__func__", entry)
    function = getattr(function, "__wrapped__", function)  # as of a data class's `__repr__`
    return isinstance(function, FunctionType) and function.__code__.co_filename.startswith("<")


def held_by(value: Any) -> dict[str, Any]:
    """What an instance holds, in attributes and in slots."""
    names = [name for base in type(value).__mro__ for name in _slots(base)]
    slots = {name: getattr(value, name) for name in names if hasattr(value, name)}
    return {**getattr(value, "__dict__", {}), **slots}


def _slots(cls: type) -> tuple[str, ...]:
    slots = vars(cls).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    kept = [name for name in names if name not in ("__dict__", "__weakref__")]
    return tuple(f"_{cls.__name__.lstrip('_')}{n}" if _is_private(n) else n for n in kept)


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")
