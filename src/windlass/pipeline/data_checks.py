"""Checks of data at the borders of steps: what in an annotation is one, and where it may stand.

    Annotated[pd.DataFrame, Flights]                   a pandera schema
    Annotated[pd.DataFrame, no_future]                 a function of one parameter
    Annotated[pd.DataFrame, partial(at_least, rows=10)]
    Annotated[pd.DataFrame, Check(Limits(rows=10))]    anything else that can be called

Nothing here imports pandera or a library of tables: classes are told by the modules that they are
of. What else stands in `Annotated` is somebody else's, and is left alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import FunctionType, MethodType
from typing import Any, Literal, get_args

from windlass.errors import DefinitionError
from windlass.pipeline.annotations import describe, is_union, plain
from windlass.places import place

_TABLES = {"pandas": ("DataFrame",), "polars": ("DataFrame", "LazyFrame")}
"""By library, the classes whose values its schemas of tables look at."""

_FUNCTIONS = (FunctionType, MethodType, partial)
"""What is a check as it stands. What else can be called may stand in `Annotated` for others."""
_MODELS = ("DataFrameModel", "SchemaModel")
_SCHEMAS = (*_MODELS, "DataFrameSchema", "SeriesSchema")


@dataclass(frozen=True, slots=True)
class Check:
    """Marks what can be called as a check of the value that it stands beside.

    A function of one parameter needs no such mark, nor does a method or a partial. A check passes
    if it returns None or True. It fails if it returns False, a text or texts that say what is
    wrong, or truth values of which one is not true, such as a column of them, one a row; or if it
    raises `AssertionError` or `ValueError`. Whatever else it does is an error of the check.

    Args:
        function: Called with the value alone.
        name: What it is called in reports; else its own name.

    Raises:
        DefinitionError: It cannot be called with one value.
    """

    function: Callable[[Any], Any]
    name: str = ""

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise DefinitionError(
                f"Check({self.function!r}) is given what cannot be called",
                hint="Give it a function of one parameter: the value.",
            )
        _refuse_arity(self.function, self.name or name_of(self.function))


@dataclass(frozen=True, slots=True)
class DataCheck:
    """A check that stands in an annotation.

    Args:
        name: What it is called in reports.
        kind: ``schema`` or ``function``.
        test: The schema, or the function.
        library: Whose tables a schema is for: ``pandas``, ``polars``.
        tables: The names of that library's classes that it looks at.
        is_optional: Whether None may stand for a table.
    """

    name: str
    kind: Literal["schema", "function"]
    test: Any
    library: str = ""
    tables: tuple[str, ...] = ()
    is_optional: bool = False

    def fits(self, cls: Any) -> bool:
        """Whether values of a class are what a schema looks at."""
        return isinstance(cls, type) and any(
            each.__name__ in self.tables and each.__module__.partition(".")[0] == self.library
            for each in cls.__mro__
        )


def is_check(added: Any) -> bool:
    """Whether what `Annotated` adds is a check, or is so much like one that it must be refused."""
    return isinstance(added, (Check, *_FUNCTIONS)) or _of_pandera(added) is not None


def check_of(added: Any, kind: Any, space: Mapping[str, Any]) -> DataCheck | None:
    """The check that `Annotated` adds; None if it is something else.

    Args:
        added: What stands beside the type.
        kind: The type, without its wrapping.
        space: The names of the module where it stands: a schema without one is called by them.

    Raises:
        DefinitionError: It is a check that could not be made of such a value.
    """
    if isinstance(added, Check):
        return DataCheck(added.name or name_of(added.function), "function", added.function)
    if isinstance(added, _FUNCTIONS):
        _refuse_arity(added, name_of(added))
        return DataCheck(name_of(added), "function", added)
    return None if _of_pandera(added) is None else _schema(added, kind, space)


def _schema(added: Any, kind: Any, space: Mapping[str, Any]) -> DataCheck:
    base = _of_pandera(added)
    assert base is not None
    is_whole = base.__name__ in _SCHEMAS and isinstance(added, type) == (base.__name__ in _MODELS)
    if not is_whole:
        raise DefinitionError(
            f"pandera's {base.__name__} is no schema of a table",
            hint="Put it into a DataFrameSchema, or write a DataFrameModel.",
        )
    library, name = _library_of(base), _schema_name(added, space)
    if library not in _TABLES:
        raise DefinitionError(
            f"the schema {name} is one of pandera's for {library}",
            hint=f"Schemas of tables of {' and '.join(_TABLES)} are checked.",
        )
    tables = ("Series",) if base.__name__ == "SeriesSchema" else _TABLES[library]
    members = _members(kind)
    found = DataCheck(name, "schema", added, library, tables, type(None) in members)
    for member in members:
        if member not in (Any, type(None)) and not found.fits(member):
            raise _unfit(found, member)
    return found


def _members(kind: Any) -> list[Any]:
    kind = plain(kind)
    return [plain(each) for each in get_args(kind)] if is_union(kind) else [kind]


def _unfit(check: DataCheck, member: Any) -> DefinitionError:
    """The refusal of a schema beside a type whose values it could not look at."""
    other = getattr(member, "__module__", "").partition(".")[0]
    is_table = other in _TABLES
    hint = "Write it beside the table itself, such as list[Annotated[pd.DataFrame, …]]."
    return DefinitionError(
        f"the schema {check.name} is for a {check.library}.{check.tables[0]}, and stands beside "
        f"{f'{other}.' if is_table else ''}{describe(member)}",
        hint=f"Make it of what pandera.{other} has for such a table." if is_table else hint,
    )


def _of_pandera(added: Any) -> type | None:
    """The class of pandera's that something is an instance of, or derives from."""
    cls = added if isinstance(added, type) else type(added)
    return next((c for c in cls.__mro__ if c.__module__.partition(".")[0] == "pandera"), None)


def _library_of(base: type) -> str:
    parts = base.__module__.split(".")  # pandera.api.pandas.container
    return parts[2] if parts[1:2] == ["api"] and len(parts) > 2 else base.__module__


def _schema_name(schema: Any, space: Mapping[str, Any]) -> str:
    if isinstance(schema, type):
        return schema.__name__
    bound = next((name for name, value in space.items() if value is schema), None)
    return str(getattr(schema, "name", None) or bound or type(schema).__name__)


def name_of(function: Any) -> str:
    """What a function is called in reports; a lambda, by its place."""
    while isinstance(function, partial):
        function = function.func
    name = str(getattr(function, "__name__", type(function).__name__))
    code = getattr(function, "__code__", None)
    if name != "<lambda>" or code is None:
        return name
    return f"lambda at {place(code.co_filename, code.co_firstlineno).short()}"


def _refuse_arity(function: Any, name: str) -> None:
    """Refuses what cannot be called with one value: a check that is not made must not seem made."""
    try:
        signature = inspect.signature(function)
        signature.bind(None)
    except TypeError as error:
        raise DefinitionError(
            f"{name}{signature} is no check, which is called with the value alone",
            hint="Give the rest beforehand: functools.partial(function, rows=10).",
        ) from error
    except ValueError:  # of one that is built in, and does not say
        return
