"""Plain values: back in their own type to the last bit, or refused; safe to read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import json
import math
import os
import subprocess
import sys
import zoneinfo
from collections import Counter, OrderedDict, UserDict, defaultdict, deque, namedtuple
from fractions import Fraction
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

import pydantic
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from windlass import HTML, values
from windlass.errors import FormatError

T = TypeVar("T")


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"
    AZURE = BLUE  # another name of it


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mode(enum.StrEnum):
    FAST = "fast"


class Access(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()
    RUN = enum.auto()


class Bits(enum.IntFlag, boundary=enum.KEEP):
    ONE = 1
    FOUR = 4


class Point(NamedTuple):
    x: Any
    y: Any = 0


class Named(Point):
    """A named tuple with room for more."""


Old = namedtuple("Old", "left right")


@dataclasses.dataclass
class Holder:
    name: str
    part: Any = None
    kind: ClassVar[str] = "not a field"


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    part: Any


@dataclasses.dataclass
class Computed:
    size: int
    total: int = dataclasses.field(init=False)
    runs: ClassVar[int] = 0

    def __post_init__(self) -> None:
        type(self).runs += 1
        self.total = self.size * 2
        self.note = f"made of {self.size}"

    @functools.cached_property
    def costly(self) -> int:
        return self.size**2


class Slotted:
    __slots__ = ("more",)
    more: list[int]


@dataclasses.dataclass
class Below(Slotted):
    size: int


@dataclasses.dataclass
class AlsoDict(dict[str, int]):
    size: int = 0


@dataclasses.dataclass
class Unset:
    later: int = dataclasses.field(init=False)


@dataclasses.dataclass
class Box(Generic[T]):
    inside: T


class Model(pydantic.BaseModel):
    size: int
    part: Any = None
    _secret: int = pydantic.PrivateAttr(default=3)

    @functools.cached_property
    def costly(self) -> int:
        return self.size**2


class Open(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", frozen=True)
    known: int = pydantic.Field(default=1, alias="Known")


class Numbers(pydantic.RootModel[list[int]]):
    """A model that is a list."""


class Crate(pydantic.BaseModel, Generic[T]):
    inside: T


class Text(str):
    """Text, and what its class adds."""

    __slots__ = ()


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]).map(zoneinfo.ZoneInfo)
OFFSETS = st.builds(
    dt.timezone,
    st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)),
) | st.builds(
    dt.timezone, st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)), st.text(max_size=3)
)
ANY_ZONE = st.none() | ZONES | OFFSETS | st.just(dt.UTC)
ANY_TEXT = st.text(st.characters(codec=None))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    ANY_TEXT,
    st.binary(),
    st.binary().map(bytearray),
    st.complex_numbers(),
    st.fractions(),
    st.builds(range, st.integers(), st.integers(), st.integers(1)),
    ZONES,
    OFFSETS,
    st.decimals(),
    st.uuids(),
    st.dates(),
    st.times(timezones=ANY_ZONE),
    st.datetimes(timezones=ANY_ZONE),
    st.builds(
        lambda moment, fold: moment.replace(fold=fold),
        st.datetimes(timezones=ANY_ZONE),
        st.sampled_from([0, 1]),
    ),
    st.timedeltas(),
    st.sampled_from([*Colour, *Level, *Mode]),
    st.sampled_from([Access(0), Access.READ, Access.READ | Access.RUN, ~Access.READ]),
    st.integers(0, 64).map(Bits),
    st.sampled_from([Path("a/b"), Path("/x"), PurePosixPath("a"), PureWindowsPath("c:\\x")]),
)
FACTORIES = st.sampled_from([None, list, int, float, dict, set, str, tuple])
HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.binary(),
    st.sampled_from(Colour),
    st.tuples(st.integers(), st.text()),
    st.frozensets(st.integers(), max_size=3),
    st.builds(Frozen, st.integers()),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(ANY_TEXT | st.just("$type"), inner, max_size=4),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.sets(HASHABLE, max_size=4),
        st.frozensets(HASHABLE, max_size=4),
        st.dictionaries(HASHABLE, inner, max_size=3).map(Counter),
        st.dictionaries(HASHABLE, inner, max_size=3).map(OrderedDict),
        st.builds(defaultdict, FACTORIES, st.dictionaries(HASHABLE, inner, max_size=3)),
        st.builds(deque, st.lists(inner, max_size=3), st.none() | st.integers(3, 5)),
        st.dictionaries(ANY_TEXT | st.just("$type"), inner, max_size=3).map(namespace),
        st.builds(slice, inner, inner, inner),
        st.builds(Point, inner, inner),
        st.builds(Named, inner, inner),
        st.builds(Old, inner, inner),
        st.builds(Holder, st.text(), inner),
        st.builds(Frozen, inner),
        st.builds(Box, inner),
        st.builds(Computed, st.integers()),
        st.builds(lambda size, part: Model(size=size, part=part), st.integers(), inner),
        st.builds(lambda more: Open.model_validate({"Known": 2, "more": more}), inner),
        st.lists(st.integers(), max_size=3).map(Numbers),
    )


def namespace(parts: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(**parts)


VALUES = st.recursive(SCALARS, containers, max_leaves=12)


def shape(value: Any) -> Any:  # noqa: C901 (one case for each kind)
    """What is equal where two values are the same in every respect, types and order included."""
    cls = type(value).__qualname__
    match value:
        case int() if cls == "int":
            return (cls, hex(value))
        case float() | complex() | decimal.Decimal():
            return (cls, repr(value))
        case list() | tuple():
            return (cls, [shape(item) for item in value])
        case dict():
            items = [(shape(key), shape(item)) for key, item in value.items()]
            return (cls, getattr(value, "default_factory", None), items)
        case set() | frozenset():
            return (cls, sorted((shape(item) for item in value), key=repr))
        case dt.datetime() | dt.time():
            return (cls, value.isoformat(), value.fold, repr(value.tzinfo))
        case Frozen():
            return (cls, shape(value.part))
        case Model() | Open() | Numbers():
            extra, private = value.__pydantic_extra__, value.__pydantic_private__
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            return (cls, shape(fields), shape(extra), shape(private), value.model_fields_set)
        case Holder() | Computed() | Box() | SimpleNamespace():
            return (cls, shape(vars(value)))
        case deque() | range() | slice():
            return (cls, shape(_taken(value)))
    return (cls, repr(value), value)


def _taken(value: Any) -> list[Any]:
    if isinstance(value, deque):
        return [value.maxlen, *value]
    return [value.start, value.stop, value.step]


def back(value: Any) -> Any:
    return values.loads(values.dumps(value))


@given(VALUES)
@example(dt.datetime(2000, 1, 1, tzinfo=dt.timezone(dt.timedelta(microseconds=1))))
@example(dt.time(1, 2, 3, 4, tzinfo=dt.timezone(dt.timedelta(microseconds=-7), "odd")))
def test_values_come_back_exactly(value: Any) -> None:
    assert shape(back(value)) == shape(value)


@given(VALUES, VALUES)
def test_digests_are_equal_only_where_values_are(left: Any, right: Any) -> None:
    same = values.digest_value(left) == values.digest_value(right)
    assert same == (repr(shape(left)) == repr(shape(right)))


@given(VALUES)
def test_encoding_what_was_read_gives_the_same_text(value: Any) -> None:
    text = values.dumps(value)
    assert values.dumps(values.loads(text)) == text
    assert text.isascii()
    assert values.to_text(json.loads(text)) == text


@pytest.mark.parametrize(
    "look_alikes",
    [
        [1, True, 1.0, "1", b"1", decimal.Decimal(1), complex(1), Level.LOW, Bits.ONE],
        [0.0, -0.0, 0, False, None, math.nan, math.inf, -math.inf],
        [[], (), {}, set(), frozenset(), Point((), ()), ""],
        [{"a": 1, "b": 2}, {"b": 2, "a": 1}, [["a", 1], ["b", 2]]],
        ["\ud800\udc00", "\U00010000", "\ud800", "\udc00\ud800"],
        [{"$type": "int", "value": "0x1"}, 1, 10**300, -(10**300), 10**5000],
        ["fast", Mode.FAST, b"fast", Path("fast"), PurePosixPath("fast"), PureWindowsPath("fast")],
        [dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)],
        [
            dt.datetime(2020, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=fold)
            for fold in (0, 1)
        ],
        [
            dt.time(1, tzinfo=zone)
            for zone in (None, dt.UTC, zoneinfo.ZoneInfo("UTC"), dt.timezone(dt.timedelta(0), "Z"))
        ],
        [{"a": 1}, Counter("a"), OrderedDict(a=1), defaultdict(None, a=1), defaultdict(int, a=1)],
        [Counter("ab"), Counter("ba"), Counter("abb")],
        [[1], deque([1]), deque([1], 1), deque([1], 2), (1,)],
        [
            range(3),
            range(1, 3),
            range(0, 3, 2),
            range(0, 4, 2),
            slice(3),
            slice(0, 3),
            slice(0, 3, 1),
        ],
        [Fraction(1, 2), Fraction(1), Fraction(10**400, 3), 0.5, "1/2", Fraction(-1, 2)],
        [SimpleNamespace(), SimpleNamespace(a=1), {"a": 1}, SimpleNamespace(**{"$type": 1})],
        [zoneinfo.ZoneInfo("UTC"), zoneinfo.ZoneInfo("Europe/Berlin"), "UTC", bytearray(b"UTC")],
        [Point(1, 2), Named(1, 2), Old(1, 2), (1, 2), Frozen(1), Box(1), Holder("1")],
        [Model(size=1), Model(size=1, part=None), Open(), Open(Known=1)],
    ],
)
def test_look_alikes_stay_apart(look_alikes: list[Any]) -> None:
    assert len({values.digest_value(value) for value in look_alikes}) == len(look_alikes)
    for value in look_alikes:
        assert shape(back(value)) == shape(value)


def test_a_dataclass_comes_back_as_it_was_and_not_as_it_would_be_made() -> None:
    value = Computed(3)
    value.total = 7
    assert value.costly == 9
    runs = Computed.runs
    found = back(value)
    assert Computed.runs == runs
    assert (found.size, found.total, found.note) == (3, 7, "made of 3")
    assert "costly" not in vars(found)  # it is computed again
    assert found.costly == 9


def test_a_generic_dataclass_is_the_same_with_its_type_said_and_without() -> None:
    value = Box[int](1)
    assert value == Box(1)
    assert back(value) == value
    assert values.digest_value(value) == values.digest_value(Box(1))
    assert values.digest_value(Box(Box[str]("a"))) != values.digest_value(Box(Box[str]("b")))


@pytest.mark.parametrize(
    "value",
    [
        Crate[int](inside=1),
        Crate(inside=1),
        Crate[Colour](inside=Colour.RED),
        Crate[list[int] | None](inside=[1]),
        Crate[dict[str, tuple[int, ...]]](inside={"a": (1,)}),
        Crate[Crate[str]](inside=Crate[str](inside="a")),
        Crate[Any](inside=1),
    ],
    ids=repr,
)
def test_a_generic_model_is_of_its_own_class_again(value: Any) -> None:
    again = back(value)
    assert type(again) is type(value)
    assert again == value
    assert again.model_fields_set == value.model_fields_set
    assert values.digest_value(again) == values.digest_value(value)


def test_generic_models_are_told_apart_and_their_arguments_are_plain() -> None:
    kinds: list[Any] = [Crate, Crate[int], Crate[Any], Crate[int | None], Crate[list[int]]]
    inside: list[Any] = [1, 1, 1, 1, [1]]
    made = [kind(inside=part) for kind, part in zip(kinds, inside, strict=True)]
    assert len({values.digest_value(value) for value in made}) == len(made)
    with pytest.raises(FormatError, match=r"the type .*Literal.* cannot be stored"):
        values.dumps(Crate[Literal[1]](inside=1))


def test_attributes_in_slots_of_a_parent_are_kept() -> None:
    value = Below(1)
    value.more = [2]
    assert back(value).more == [2]


def test_a_model_keeps_what_was_given_and_what_is_private() -> None:
    value = Model(size=1)
    value._secret = 9
    found = back(value)
    assert found == value
    assert found._secret == 9
    assert found.model_fields_set == {"size"}
    opened = Open(Known=5, more=[1])  # type: ignore[call-arg]
    assert back(opened) == opened
    assert back(opened).model_extra == {"more": [1]}
    assert hash(back(Open())) == hash(Open())


def local_class() -> Any:
    @dataclasses.dataclass
    class Local:
        x: int = 1

    return Local()


def holding_itself() -> Any:
    endless: dict[str, Any] = {}
    endless["again"] = [endless]
    return endless


def named_with_more() -> Any:
    value = Named(1, 2)
    value.more = 3  # type: ignore[attr-defined]
    return value


class MyCounter(Counter[str]):
    """More than a Counter."""


def counter_with_more() -> Any:
    value = Counter("a")
    value.more = 3  # type: ignore[attr-defined]
    return value


def namespace_of_numbers() -> Any:
    value = SimpleNamespace()
    vars(value)[1] = 2  # type: ignore[index]
    return value


def zone_without_a_name() -> dt.datetime:
    path = Path(next(p for p in zoneinfo.TZPATH if Path(p, "UTC").exists()), "UTC")
    with path.open("rb") as file:
        return dt.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo.from_file(file))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (object, "object"),
        (lambda: print, "builtin_function"),
        (lambda: Holder, "type"),
        (lambda: Text("x"), "Text"),
        (lambda: {Text("x"): 1}, "Text"),
        (lambda: HTML("<b>"), "HTML"),
        (lambda: UserDict(a=1), "UserDict"),
        (lambda: MyCounter("a"), "MyCounter"),
        (lambda: deque([object()]), "object"),
        (lambda: SimpleNamespace(a=object()), "object"),
        (lambda: slice(object()), "object"),
        (lambda: defaultdict(lambda: 1), "(?s)filled by .*<lambda>.*dict.value."),
        (lambda: defaultdict(bool), "filled by bool"),
        (counter_with_more, "holds more than its items"),
        (namespace_of_numbers, "no text"),
        (lambda: AlsoDict(1), "also derives from a built-in"),
        (lambda: Holder("x", object()), "object"),
        (Unset, "'later' of a Unset was never set"),
        (named_with_more, "holds more than its fields"),
        (local_class, "cannot be found by that name"),
        (holding_itself, "holds itself"),
    ],
)
def test_what_would_not_come_back_is_refused(make: Any, words: str) -> None:
    value = make()
    with pytest.raises(FormatError, match=words):
        values.dumps(value)
    assert not values.is_plain(value)


@pytest.mark.skipif(not any(Path(p, "UTC").exists() for p in zoneinfo.TZPATH), reason="no zones")
def test_a_zone_without_a_name_is_refused() -> None:
    for value in (zone_without_a_name(), zone_without_a_name().tzinfo):
        with pytest.raises(FormatError, match="time zone"):
            values.dumps(value)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"$type": "nope"}, "unknown type 'nope'"),
        ({"$type": "int", "value": "zz"}, "cannot be read"),
        ({"$type": "decimal", "value": "zz"}, "cannot be read"),
        ({"$type": "tuple"}, "cannot be read"),
        ({"$type": "set", "items": [[]]}, "cannot be read"),
        ({"$type": "enum", "cls": f"{__name__}:Colour", "name": "PINK"}, "cannot be read"),
        ({"$type": "enum", "cls": f"{__name__}:Holder", "name": "RED"}, "which is none"),
        ({"$type": "flag", "cls": f"{__name__}:Colour", "value": 1}, "which is none"),
        ({"$type": "dataclass", "cls": f"{__name__}:Colour", "fields": {}}, "no dataclass"),
        ({"$type": "model", "cls": f"{__name__}:Holder", "fields": {}}, "no model"),
        ({"$type": "namedtuple", "cls": f"{__name__}:Holder", "fields": {}}, "no namedtuple"),
        ({"$type": "dataclass", "cls": f"{__name__}:Holder", "fields": {"a": 1}}, "has changed"),
        ({"$type": "dataclass", "cls": f"{__name__}:T", "fields": {}}, "not loaded"),
        ({"$type": "dataclass", "cls": "never.loaded:X", "fields": {}}, "Import never.loaded"),
        ({"$type": "model", "cls": [f"{__name__}:Model", "int"], "fields": {}}, "cannot be read"),
        ({"$type": "model", "cls": [f"{__name__}:Crate", "eval"], "fields": {}}, "not loaded"),
        ({"$type": "model", "cls": [f"{__name__}:Holder", "int"], "fields": {}}, "which is none"),
        ({"$type": "model", "cls": [], "fields": {}}, "cannot be read"),
        ({"$type": "counter", "items": [[1]]}, "cannot be read"),
        ({"$type": "counter", "items": [[[], 1]]}, "cannot be read"),
        ({"$type": "defaultdict", "factory": "eval", "items": []}, "cannot be read"),
        ({"$type": "deque", "maxlen": 1, "items": [1, 2]}, "cannot be read"),
        ({"$type": "deque", "maxlen": -1, "items": []}, "cannot be read"),
        ({"$type": "range", "ends": [0, 1, 0]}, "cannot be read"),
        ({"$type": "range", "ends": [0, 1.5, 1]}, "cannot be read"),
        ({"$type": "slice", "ends": []}, "cannot be read"),
        ({"$type": "fraction", "over": [1, 0]}, "cannot be read"),
        ({"$type": "fraction", "over": ["1/2", 1]}, "cannot be read"),
        ({"$type": "namespace", "fields": [1]}, "cannot be read"),
        ({"$type": "zone", "value": "../../etc/passwd"}, "cannot be read"),
        ({"$type": "zone", "value": "Nowhere/At_All"}, "cannot be read"),
        ({"$type": "datetime", "value": "2020-01-01", "zone": "../../etc", "fold": 0}, "be read"),
    ],
)
def test_documents_that_are_not_ours_are_refused(document: Any, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        values.decode(document)


def test_a_text_that_is_not_json_is_refused() -> None:
    for text in ("", "{", "[" * 100_000):
        with pytest.raises(FormatError):
            values.loads(text)


def test_reading_does_not_even_make_a_module_load_a_name() -> None:
    # windlass loads its public names when they are asked for: a document must not ask.
    code = (
        "import sys, windlass\n"
        "from windlass import values, errors\n"
        "try:\n"
        "    values.decode({'$type': 'dataclass', 'cls': 'windlass:Graph', 'fields': {}})\n"
        "except errors.FormatError as error:\n"
        "    print('refused', 'windlass.pipeline.graph' in sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["refused", "False"]


class Stamp:
    """Nothing that is plain."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_instances_of_other_classes_can_be_given_documents() -> None:
    def write(value: object) -> dict[str, values.Json] | None:
        return {"$type": "stamp", "name": value.name} if isinstance(value, Stamp) else None

    def read(document: dict[str, values.Json]) -> Stamp:
        return Stamp(str(document["name"]))

    value = {"a": [Stamp("x"), Frozen((Stamp("y"), 1))]}
    document = values.encode(value, write)
    found = values.decode(document, other=read)
    assert (found["a"][0].name, found["a"][1].part[0].name) == ("x", "y")
    with pytest.raises(FormatError, match="unknown type 'stamp'"):
        values.decode(document)
    with pytest.raises(FormatError, match="Stamp"):
        values.encode(value)


_ELSEWHERE = """
import enum
from windlass import values
print(values.digest_value({"a": {"x", "y", "z", 1, None}, "b": frozenset("abc"), "c": [1.5, ()]}))
"""


def test_digests_agree_between_processes_whatever_strings_hash_to() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", _ELSEWHERE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(told) == 1


def test_digests_do_not_change_from_one_release_to_the_next() -> None:
    value = {"a": [1, 2.5, None, "é"], "b": (dt.date(2020, 1, 2), {3}), "c": PurePath("x").name}
    assert values.digest_value(value) == (
        "9fa6ee6f530fa7e8154586af2747d3556e02e9c424102207742d7f3dfdec3818"
    )
