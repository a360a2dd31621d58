"""polars' dtypes as JSON, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windlass.errors import FormatError
from windlass.values import Json

if TYPE_CHECKING:
    import polars as pl

_PLAIN = {
    *("Int8", "Int16", "Int32", "Int64", "Int128", "UInt8", "UInt16", "UInt32", "UInt64"),
    *("UInt128", "Float16", "Float32", "Float64", "Boolean", "String", "Binary", "Date", "Time"),
    "Null",
}
_UNITED = {"Datetime": ("time_unit", "time_zone"), "Duration": ("time_unit",)}
_WITHOUT_ARROW = {"Int128", "UInt128"}  # written as text


def encode_dtype(dtype: pl.DataType) -> Json:
    """A dtype as JSON: its name, or its name and what it is made of.

    Raises:
        FormatError: It holds Python objects, or is another library's.
    """
    name = _name(dtype)
    if name in _PLAIN:
        return name
    facts: Any = dtype
    if name in _UNITED:
        return [name, *(getattr(facts, key) for key in _UNITED[name])]
    if name == "Decimal":
        return [name, facts.precision, facts.scale]
    if name == "Enum":
        return [name, facts.categories.to_list()]
    if name == "Categorical":
        return [name, *_encode_categories(facts)]
    return [name, *_encode_nested(name, facts)]


def decode_dtype(document: Any) -> pl.DataType:
    """The dtype of a document that `encode_dtype` made.

    Raises:
        FormatError: There is no such dtype here.
    """
    import polars as pl

    name, arguments = (document, []) if isinstance(document, str) else (document[0], document[1:])
    make: Any = getattr(pl, name, None) if name in _PLAIN | _MADE else None
    if make is None:
        raise FormatError(f"polars {pl.__version__} has no dtype '{name}'")
    if name == "Categorical":
        return _decode_categories(make, arguments)
    if name in {"List", "Map"}:
        arguments = [decode_dtype(inner) for inner in arguments]
    elif name == "Array":
        arguments = [decode_dtype(arguments[0]), arguments[1]]
    elif name == "Struct":
        arguments = [[pl.Field(key, decode_dtype(inner)) for key, inner in arguments[0]]]
    made: pl.DataType = make(*arguments)
    return made


def storable_dtype(dtype: Any) -> Any:
    """The dtype that Arrow can hold of the same values, in which text stands for huge integers."""
    import polars as pl

    match _name(dtype):
        case name if name in _WITHOUT_ARROW:
            return pl.String()
        case "List":
            return pl.List(storable_dtype(dtype.inner))
        case "Array":
            return pl.Array(storable_dtype(dtype.inner), dtype.size)
        case "Struct":
            return pl.Struct([pl.Field(f.name, storable_dtype(f.dtype)) for f in dtype.fields])
        case _:
            return dtype


_MADE = {*_UNITED, "Decimal", "Enum", "Categorical", "List", "Array", "Map", "Struct"}


def _name(dtype: Any) -> str:
    """The name of a dtype, whose class itself stands for it in older polars."""
    name: str = dtype.__name__ if isinstance(dtype, type) else type(dtype).__name__
    return name


def _encode_nested(name: str, dtype: Any) -> list[Json]:
    match name:
        case "List":
            return [encode_dtype(dtype.inner)]
        case "Array":
            return [encode_dtype(dtype.inner), dtype.size]
        case "Map":
            return [encode_dtype(dtype.key), encode_dtype(dtype.value)]
        case "Struct":
            return [[[field.name, encode_dtype(field.dtype)] for field in dtype.fields]]
    hint = "Convert it to a dtype of polars' own." if name != "Object" else "Keep data in it."
    raise FormatError(f"the dtype {dtype} cannot be stored", hint=hint)


def _encode_categories(dtype: Any) -> list[Json]:
    """Nothing for the common ones, else name, namespace and width; older polars has only common."""
    categories = getattr(dtype, "categories", None)
    if categories is None or not hasattr(categories, "is_global") or categories.is_global():
        return []
    return [categories.name(), categories.namespace(), str(categories.physical())]


def _decode_categories(make: Any, arguments: list[Any]) -> pl.DataType:
    import polars as pl

    if arguments:
        name, namespace, physical = arguments
        arguments = [pl.Categories(name, namespace, physical=decode_dtype(physical))]
    made: pl.DataType = make(*arguments)
    return made
