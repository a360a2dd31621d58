"""What in an annotation is a check of data, where it may stand, and what goes through its guard."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, Optional, TypedDict

import annotated_types
import pandas as pd
import pandera.pandas as pa
import pandera.polars as pp
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from windlass import Check, pipeline, step
from windlass.errors import DefinitionError
from windlass.pipeline.data_checks import DataCheck
from windlass.pipeline.guarding import Guard
from windlass.pipeline.guards import borders_of, holds_check

SOME = pa.DataFrameSchema({"x": pa.Column(int)})
NAMED = pa.DataFrameSchema({"x": pa.Column(int)}, name="its own name")


class Rows(pa.DataFrameModel):
    x: int


class PolarsRows(pp.DataFrameModel):
    x: int


def fine(value: object) -> bool:
    return True


def at_least(value: int, least: int) -> bool:
    return value >= least


class Limits:
    def __call__(self, value: object) -> bool:
        return True

    def method(self, value: object) -> bool:
        return True


class Seer:
    """Notes what it sees; changes what it is told to."""

    def __init__(self, changes: Mapping[Any, Any] | None = None) -> None:
        self.seen: list[tuple[str, str, Any]] = []
        self.settled = 0
        self._changes = changes or {}

    def see(self, check: DataCheck, value: Any, where: str) -> Any:
        self.seen.append((check.name, where, value))
        return self._changes.get(value, value) if self._changes else value

    def settle(self) -> None:
        self.settled += 1


def taking(annotation: Any) -> Any:
    """A function whose parameter is annotated so."""

    def take(value: Any) -> None: ...

    take.__annotations__ = {"value": annotation}
    return take


def guard_of(annotation: Any) -> Guard:
    return borders_of(taking(annotation)).inputs["value"]


def names_in(annotation: Any) -> list[str]:
    """The names of the checks that are made of a value that is annotated so."""
    seer = Seer()
    guard_of(annotation)(None, "value", seer)
    return [name for name, _, _ in seer.seen]


def test_schemas_and_functions_are_checks_in_the_order_written() -> None:
    kind = Annotated[pd.DataFrame, SOME, NAMED, Rows, fine, Check(fine, name="own")]
    assert names_in(kind) == ["SOME", "its own name", "Rows", "fine", "own"]
    assert names_in(Annotated[Annotated[int, fine], Check(Limits())]) == ["fine", "Limits"]
    partial = functools.partial(at_least, least=3)
    assert names_in(Annotated[int, partial, Limits().method]) == ["at_least", "method"]
    assert names_in(Annotated[int, lambda value: value > 0])[0].startswith("lambda at test_data")
    assert names_in(Annotated[pl.DataFrame, PolarsRows]) == ["PolarsRows"]
    assert names_in(Annotated[pl.LazyFrame, PolarsRows]) == ["PolarsRows"]
    assert names_in(Annotated[pd.Series, pa.SeriesSchema(int, name="s")]) == ["s"]


@pytest.mark.parametrize(
    "added",
    [
        *("a text", 3, int, len, None, pd.DataFrame, Limits(), Limits, ...),
        *(Field(gt=3), annotated_types.Gt(3), annotated_types.Predicate(fine)),
        AfterValidator(fine),
    ],
)
def test_what_others_put_beside_a_type_is_left_alone(added: Any) -> None:
    assert not borders_of(taking(Annotated[int, added]))


def test_a_step_without_checks_has_no_borders() -> None:
    def plain(a: int, b: pd.DataFrame | None = None) -> None: ...

    assert not borders_of(plain)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Annotated[pl.DataFrame, SOME], ["SOME is for a pandas.DataFrame", "polars.DataFrame"]),
        (Annotated[pl.DataFrame, SOME], ["pandera.polars"]),
        (Annotated[pd.DataFrame, PolarsRows], ["polars.DataFrame", "beside pandas.DataFrame"]),
        (Annotated[int, SOME], ["beside int"]),
        (Annotated[pd.DataFrame | int, SOME], ["beside int"]),
        (Annotated[list[pd.DataFrame], SOME], ["list[DataFrame]", "list[Annotated["]),
        (Annotated[pd.Series, SOME], ["is for a pandas.DataFrame"]),
        (Annotated[pd.DataFrame, pa.SeriesSchema(int)], ["is for a pandas.Series"]),
        (Annotated[pd.DataFrame, pa.Check.ge(0)], ["Check is no schema", "DataFrameSchema"]),
        (Annotated[pd.DataFrame, pa.Column(int)], ["Column is no schema"]),
        (Annotated[pd.DataFrame, pa.DataFrameSchema], ["DataFrameSchema is no schema"]),
        (Annotated[int, at_least], ["at_least(value", "no check", "partial"]),
        (Annotated[int, lambda: True], ["lambda at test_data_checks.py", "no check"]),
        (dict[Annotated[str, fine], int], ["dict[str, int]", "could not be made"]),
        (set[Annotated[int, fine]], ["set[int]"]),
        (type[Annotated[int, fine]], ["type[int]"]),
    ],
)
def test_what_could_not_be_checked_is_refused(annotation: Any, words: Sequence[str]) -> None:
    with pytest.raises(DefinitionError) as caught:
        borders_of(taking(annotation))
    assert all(word in str(caught.value) for word in ["take(value=…)", *words]), caught.value


def test_schemas_of_other_libraries_are_refused() -> None:
    schema = type("Schema", (), {})
    base = type("DataFrameSchema", (), {"__module__": "pandera.api.pyspark.container"})
    other = type("Other", (base, schema), {"name": "Clicks"})()
    with pytest.raises(DefinitionError, match=r"Clicks is one of pandera's for pyspark"):
        borders_of(taking(Annotated[Any, other]))


def test_only_what_can_be_called_with_one_value_is_a_check() -> None:
    with pytest.raises(DefinitionError, match="cannot be called"):
        Check("a name")  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="no check"):
        Check(at_least)  # type: ignore[arg-type]
    assert Check(len).name == ""  # what is built in may not say what it takes


def test_a_check_behind_names_for_type_checkers_alone_is_refused() -> None:
    def load() -> Annotated[Unknown, fine]: ...  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(DefinitionError, match=r"(?s)load returns.*name 'Unknown'.*type checkers"):
        borders_of(load)

    def load_more() -> Annotated[pd.DataFrame, SOME] | None: ...

    with pytest.raises(DefinitionError, match=r"(?s)unhashable.*pd\.DataFrame \| None, schema"):
        borders_of(load_more)


class Halves(NamedTuple):
    left: Annotated[int, fine]
    right: str


class Unknown_(NamedTuple):
    left: Annotated[Nowhere, fine]  # type: ignore[name-defined] # noqa: F821


def test_a_field_behind_such_names_is_refused_where_another_is_checked() -> None:
    with pytest.raises(DefinitionError, match=r"Unknown_\.left"):
        borders_of(taking(tuple[Unknown_, Annotated[int, fine]]))


class Keyed(TypedDict, total=False):
    here: Annotated[int, fine]
    there: Annotated[int, fine]


class Tree(NamedTuple):
    value: Annotated[int, fine]
    inner: Optional[Tree]  # noqa: UP045


def test_an_annotation_that_holds_itself_and_a_check_is_refused() -> None:
    with pytest.raises(DefinitionError, match="holds itself"):
        borders_of(taking(Tree))


PLACES: list[tuple[Any, Any, list[tuple[str, Any]]]] = [
    (list[Annotated[int, fine]], [3, 4], [("v[0]", 3), ("v[1]", 4)]),
    (Sequence[Annotated[int, fine]], (3,), [("v[0]", 3)]),
    (
        tuple[Annotated[int, fine], str, Annotated[int, fine]],
        (3, "", 4),
        [("v[0]", 3), ("v[2]", 4)],
    ),
    (tuple[Annotated[int, fine], ...], (3, 4), [("v[0]", 3), ("v[1]", 4)]),
    (dict[str, Annotated[int, fine]], {"a": 3}, [("v['a']", 3)]),
    (Mapping[str, list[Annotated[int, fine]]], {"a": [3]}, [("v['a'][0]", 3)]),
    (Halves, Halves(3, ""), [("v.left", 3)]),
    (Annotated[Halves, fine], Halves(3, ""), [("v.left", 3), ("v", Halves(3, ""))]),
    (Keyed, {"there": 4}, [("v['there']", 4)]),
    (Annotated[int, fine] | str, "three", []),
    (Annotated[int, fine] | str, 3, [("v", 3)]),
    (Annotated[int | None, fine], None, [("v", None)]),
]


@pytest.mark.parametrize(("annotation", "value", "seen"), PLACES)
def test_each_place_is_seen_once_and_by_its_name(annotation: Any, value: Any, seen: Any) -> None:
    seer = Seer()
    after = guard_of(annotation)(value, "v", seer)
    assert [(where, each) for _, where, each in seer.seen] == seen
    assert after == value
    assert type(after) is type(value)


@pytest.mark.parametrize(
    ("annotation", "value", "after"),
    [
        (list[Annotated[int, fine]], [3, 4], [30, 4]),
        (tuple[Annotated[int, fine], ...], (3,), (30,)),
        (tuple[Annotated[int, fine], int], (3, 3), (30, 3)),
        (dict[str, Annotated[int, fine]], {"a": 3, "b": 4}, {"a": 30, "b": 4}),
        (Halves, Halves(3, ""), Halves(30, "")),
        (Keyed, {"here": 3}, {"here": 30}),
    ],
)
def test_what_a_check_makes_of_a_value_goes_on(annotation: Any, value: Any, after: Any) -> None:
    made = guard_of(annotation)(value, "v", Seer({3: 30}))
    assert made == after
    assert type(made) is type(after)


def test_a_collection_of_another_class_stays_itself_where_nothing_changes() -> None:
    value = OrderedDict(a=3)
    assert guard_of(Mapping[str, Annotated[int, fine]])(value, "v", Seer()) is value
    made = guard_of(Mapping[str, Annotated[int, fine]])(value, "v", Seer({3: 30}))
    assert made == {"a": 30}


@pytest.mark.parametrize("kind", [Iterator[Annotated[int, fine]], Generator[Annotated[int, fine]]])
def test_what_an_iterator_gives_is_seen_as_it_comes(kind: Any) -> None:
    seer = Seer({3: 30})
    items = guard_of(kind)(iter([3, 4]), "v", seer)
    assert seer.seen == []
    assert next(items) == 30
    assert seer.settled == len(seer.seen) == 1
    assert list(items) == [4]


def test_a_default_of_none_lets_none_through_beside_what_cannot_be_hashed() -> None:
    def take(table: Annotated[pd.DataFrame, SOME] = None) -> None: ...  # type: ignore[assignment]

    assert list(borders_of(take).inputs) == ["table"]


GENERIC: Any = {"list": list, "dict": dict, "tuple": tuple}
NESTED: st.SearchStrategy[Any] = st.recursive(
    st.just(Annotated[int, fine]),
    lambda inner: st.one_of(
        inner.map(lambda kind: GENERIC["list"][kind]),
        inner.map(lambda kind: GENERIC["dict"][str, kind]),
        inner.map(lambda kind: GENERIC["tuple"][kind, ...]),
        st.tuples(inner, inner).map(lambda kinds: GENERIC["tuple"][kinds]),
    ),
    max_leaves=5,
)


@st.composite
def values_of(draw: Any, annotation: Any) -> tuple[Any, int]:
    """A value of such a type, and how many places of it are checked."""
    origin: Any = annotation.__origin__
    args: tuple[Any, ...] = getattr(annotation, "__args__", ())
    if origin is int:
        return draw(st.integers()), 1
    is_fixed = origin is tuple and ... not in args
    held = args[-1] if origin is dict else args[0]
    kinds = args if is_fixed else [held] * draw(st.integers(0, 3))
    parts = [draw(values_of(kind)) for kind in kinds]
    items, count = [item for item, _ in parts], sum(count for _, count in parts)
    if origin is dict:
        return {str(place): item for place, item in enumerate(items)}, count
    return origin(items), count


@settings(deadline=None)
@given(st.data())
def test_every_place_that_an_annotation_names_is_seen_and_nothing_changed(data: Any) -> None:
    annotation = data.draw(NESTED)
    value, count = data.draw(values_of(annotation))
    seer = Seer()
    assert guard_of(annotation)(value, "v", seer) == value
    assert len(seer.seen) == count
    assert len({where for _, where, _ in seer.seen}) == count
    assert holds_check(annotation)


@step
def wrong() -> Annotated[pl.DataFrame, Rows]:
    return pl.DataFrame({"x": [1]})


@step
def right(table: Annotated[pd.DataFrame, Rows]) -> int:
    return len(table)


@pipeline
def with_wrong() -> pl.DataFrame:
    return wrong()


@pipeline
def outside(n: Annotated[int, fine]) -> int:
    return n


@pipeline
def returning() -> Annotated[int, fine]:
    return 1


@pipeline
def around() -> int:
    return outside(1)


def test_a_graph_with_a_check_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(DefinitionError, match="wrong returns: the schema Rows is for a pandas"):
        with_wrong.graph()


def test_no_check_stands_at_the_border_of_a_pipeline() -> None:
    for flow in (outside, around):
        with pytest.raises(DefinitionError, match=r"(?s)'outside'.*parameter 'n'.*at the step"):
            flow.graph()
    with pytest.raises(DefinitionError, match="what it returns"):
        returning.graph()


def test_a_step_that_is_called_plainly_is_just_its_function() -> None:
    assert right(pd.DataFrame({"x": ["no number"]})) == 1
    assert len(wrong()) == 1
