"""Values in and out: exact, content by value, safe to read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass import HTML, Markdown, artifacts
from windlass.artifacts import registry
from windlass.artifacts.artifact import Artifact
from windlass.artifacts.format import Format, Sink, Source
from windlass.artifacts.formats import FORMATS, reference_of
from windlass.errors import (
    CorruptError,
    DefinitionError,
    FormatError,
    NotFoundError,
    UntrustedError,
)
from windlass.plugins import load as load_reference

from .box import Box

T = TypeVar("T")


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


class Point(NamedTuple):
    x: int
    y: Any


@dataclasses.dataclass
class Holder:
    name: str
    part: Any


@dataclasses.dataclass
class Crate(Generic[T]):
    part: T


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    size: int
    table: Any = None


def deep(levels: int, inside: Any = None) -> list[Any]:
    made: list[Any] = [inside]
    for _ in range(levels):
        made = [made]
    return made


def endless() -> dict[str, Any]:
    made: dict[str, Any] = {"a": [1, "", {}]}
    made["a"][2]["me"] = made
    return made


class Opaque:
    """Nothing that a format takes."""


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.sampled_from(Colour)
    | st.complex_numbers(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.builds(Point, st.integers(), inner)
        | st.builds(Holder, st.text(), inner)
        | st.builds(lambda size, table: Model(size=size, table=table), st.integers(), inner)
    ),
    max_leaves=12,
)


def exactly(left: Any, right: Any) -> bool:
    """Equal, and of equal types all the way down; NaN equals NaN, -0.0 is not 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return repr(left) == repr(right)
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right)
    if isinstance(left, dict):
        same_keys = [(type(k), k) for k in left] == [(type(k), k) for k in right]
        return same_keys and all(exactly(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(exactly, left, right))
    if isinstance(left, Holder | Model):
        return exactly(vars(left), vars(right))
    return bool(left == right)


@given(VALUES)
def test_plain_values_come_back_exactly(box: Box, value: Any) -> None:
    assert exactly(box.there_and_back(value), value)


@given(VALUES, VALUES)
def test_contents_are_equal_where_values_are(box: Box, left: Any, right: Any) -> None:
    same = box.save(left).artifact.content == box.save(right).artifact.content
    assert same == exactly(left, right)


@given(st.lists(SCALARS | st.lists(st.integers()), max_size=6))
def test_a_list_is_the_list_of_its_items(box: Box, items: list[Any]) -> None:
    whole = box.save(items).artifact
    split = box.save(items, split=True)
    assert split.artifact == whole
    contents = [box.save(item).artifact.content for item in items]
    assert list(artifacts.items(whole, box.store)) == contents
    assert {*contents} <= {made.content for made in split.children}
    joined = artifacts.join([box.rows[content] for content in contents], box.store)
    assert joined.content == whole.content
    box.rows[joined.content] = joined
    assert exactly(box.load(joined.content), items)


@pytest.mark.parametrize(
    "value",
    [
        {"train": np.arange(3), "notes": ["a", {"b": np.float64(1.5)}]},
        (np.zeros((2, 2)), "x"),
        [np.arange(4), [np.arange(2)], b"bytes"],
        Holder("h", {"deep": (np.arange(2), None)}),
        Point(1, np.arange(2)),
        Model(size=2, table=np.arange(3)),
    ],
)
def test_collections_hold_what_json_does_not(box: Box, value: Any) -> None:
    saved = box.save(value)
    assert exactly(box.load(saved.artifact.content), value)
    assert saved.children
    assert {c.content for c in saved.children} >= set(saved.artifact.children)
    assert saved.artifact.bytes > sum(c.bytes for c in saved.children if c.format != "json") // 2


def test_documents_stay_what_they_are(box: Box) -> None:
    for value in (HTML("<b>x</b>"), Markdown("# x")):
        found = box.there_and_back(value)
        assert type(found) is type(value)
        assert found == value
    contents = {box.save(v).artifact.content for v in ("x", HTML("x"), Markdown("x"), b"x")}
    assert len(contents) == 4


def test_contents_agree_between_processes(box: Box, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from windlass import artifacts\n"
        "store = artifacts.ArtifactStore.open_store(sys.argv[1])\n"
        "value = {'a': {3, 1, 2}, 'b': [frozenset('xyz'), 1.5, None]}\n"
        "print(artifacts.save(value, store).artifact.content)"
    )
    value = {"a": {1, 2, 3}, "b": [frozenset("zyx"), 1.5, None]}
    expected = box.save(value).artifact.content
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == expected


NESTED = {"a": np.arange(2), "m": Holder("h", (1, Opaque()))}


@pytest.mark.parametrize(
    ("value", "where"),
    [(Opaque(), "Opaque"), ([1, Opaque()], "[1]"), (NESTED, "['m'].part[1]")],
)
def test_what_no_format_takes_is_refused_with_its_place(box: Box, value: Any, where: str) -> None:
    with pytest.raises(FormatError) as caught:
        box.save(value)
    assert where in caught.value.message
    assert "Opaque" in caught.value.message
    assert "allow_pickle=True" in (caught.value.hint or "")


def test_pickle_only_where_allowed_and_read_only_where_trusted(box: Box) -> None:
    saved = box.save({"a": [Opaque()]}, allow_pickle=True)
    assert saved.artifact.pickled
    assert not box.save({"a": [1]}, allow_pickle=True).artifact.pickled
    assert isinstance(box.load(saved.artifact.content)["a"][0], Opaque)
    with pytest.raises(UntrustedError, match="not trusted"):
        box.load(saved.artifact.content, trust_pickle=False)


def test_a_pickle_below_is_refused_even_if_its_parent_hides_it(box: Box) -> None:
    saved = box.save([Opaque()], allow_pickle=True)
    forged = dataclasses.replace(saved.artifact, pickled=False)
    box.rows[forged.content] = forged
    with pytest.raises(UntrustedError):
        box.load(forged.content, trust_pickle=False)


@pytest.mark.parametrize("part", [3, np.arange(3), [np.arange(3)]])
def test_a_generic_dataclass_that_was_made_with_its_type_said(box: Box, part: Any) -> None:
    value = Crate[Opaque](part)  # `__orig_class__` is no part of it
    assert exactly(box.there_and_back(value).part, part)
    assert box.save(value).artifact.content == box.save(Crate(part)).artifact.content
    assert exactly(box.there_and_back([value])[0].part, part)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"a": (item for item in [1])}, r"^\['a'\]: .* generator\n  Let the step yield its items"),
        (io.BytesIO(b"ab"), r"BytesIO\n  Return what it holds"),
        ([threading.Lock()], r"^\[0\]: .*lock\n  It cannot even be pickled"),
        (Opaque(), r"allow_pickle=True"),
        ({"good": [[]], "bad": deep(9_999)}, r"^\['bad'\](\[0\]){7}…: a value is nested too deep"),
        ({"good": 1, "bad": deep(9_999, np.arange(2))}, r"^\['bad'\](\[0\]){7}…: "),
        (endless(), r"^\['a'\]\[2\]\['me'\]: a value is nested too deep, or holds itself"),
    ],
)
def test_a_refusal_says_what_to_do_instead(box: Box, value: Any, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        box.save(value)


def test_a_value_that_holds_itself_is_refused(box: Box) -> None:
    endless: list[Any] = [np.arange(2)]
    endless.append(endless)
    with pytest.raises(FormatError, match="holds itself"):
        box.save(endless)


def test_inline_bytes_are_checked_too(box: Box) -> None:
    artifact = box.save({"a": 1}).artifact
    box.rows[artifact.content] = dataclasses.replace(artifact, inline=b'{"a":2}')
    with pytest.raises(CorruptError, match="altered in the record"):
        box.load(artifact.content)
    box.rows[artifact.content] = artifact


def test_an_unknown_artifact_and_an_unknown_format_are_told(box: Box) -> None:
    with pytest.raises(NotFoundError):
        box.load("0" * 64)
    artifact = box.save(3.25).artifact
    for change, words in (({"format": "nope"}, "'nope' is not known"), ({"version": 9}, "Upgrade")):
        box.rows["x"] = dataclasses.replace(artifact, **change)
        with pytest.raises(FormatError, match=words):
            box.load("x")


def test_reading_imports_and_runs_nothing_that_is_named_in_the_bytes(box: Box) -> None:
    from windlass.hashing import digest_bytes

    for cls in ("os:system", "subprocess:Popen", "antigravity:geohash", "builtins:eval"):
        for kind in ("dataclass", "enum", "namedtuple", "model"):
            document = f'{{"$type":"{kind}","cls":"{cls}","fields":{{}},"name":"x"}}'.encode()
            forged = Artifact("f", digest_bytes(document), "json", 1, "x", 1, document)
            box.rows["f"] = forged
            with pytest.raises(FormatError):
                box.load("f")
    assert "antigravity" not in sys.modules


class Temperature:
    def __init__(self, celsius: float) -> None:
        self.celsius = celsius


@pytest.fixture
def temperatures() -> Iterator[None]:
    @artifacts.register
    class TemperatureFormat(Format[Temperature]):
        name = "temperature"
        types: ClassVar = (f"{__name__}.Temperature",)

        def write(self, value: Temperature, sink: Sink) -> None:
            sink.write(str(value.celsius).encode())

        def read(self, source: Source) -> Temperature:
            return Temperature(float(source.bytes()))

        def summary(self, value: Temperature) -> dict[str, Any]:
            return {"celsius": value.celsius}

    yield
    registry._registered.clear()


@pytest.mark.usefixtures("temperatures")
def test_a_format_of_the_users_own(box: Box) -> None:
    saved = box.save({"now": Temperature(21.5)})
    assert saved.children[0].summary == {"celsius": 21.5}
    assert box.load(saved.artifact.content)["now"].celsius == 21.5
    with pytest.raises(DefinitionError, match="two formats"):

        @artifacts.register
        class Other(Format[Opaque]):
            name = "temperature"
            types: ClassVar = ("x.Y",)

            def write(self, value: Opaque, sink: Sink) -> None: ...

            def read(self, source: Source) -> Opaque:
                return Opaque()


def test_a_format_is_found_by_its_entry_point(tmp_path: Path) -> None:
    (tmp_path / "kelvin.py").write_text(
        "from windlass.artifacts import Format\n"
        "class Kelvin:\n"
        "    degrees = 0\n"
        "class KelvinFormat(Format):\n"
        "    name, types = 'kelvin', ('kelvin.Kelvin',)\n"
        "    def write(self, value, sink): sink.write(str(value.degrees).encode())\n"
        "    def read(self, source):\n"
        "        made = Kelvin(); made.degrees = int(source.bytes()); return made\n"
    )
    info = tmp_path / "kelvin-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[windlass.formats]\nkelvin = kelvin:KelvinFormat\n")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import kelvin\n"
        "from windlass import artifacts\n"
        "store = artifacts.ArtifactStore.open_store(sys.argv[1] + '/store')\n"
        "value = kelvin.Kelvin(); value.degrees = 7\n"
        "saved = artifacts.save(value, store)\n"
        "class Catalog:\n"
        "    def artifact(self, content): return saved.artifact\n"
        "found = artifacts.load(saved.artifact.content, store, Catalog())\n"
        "print(saved.artifact.format, found.degrees)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split() == ["kelvin", "7"]


def test_our_table_of_formats_says_what_the_classes_say() -> None:
    for name, (_, types) in FORMATS.items():
        cls = load_reference(str(reference_of(name)))
        assert cls.name == name
        assert tuple(cls.types) in (types, ())


def test_tables_and_arrays_pass_through_the_store(box: Box) -> None:
    frame = pd.DataFrame({"a": [1, None], "b": pd.Categorical(["x", "y"])})
    pd.testing.assert_frame_equal(box.there_and_back(frame), frame)
    array = np.random.default_rng(0).random((300, 70))
    found = box.there_and_back(array)
    assert np.array_equal(found, array)
    assert not found.flags.writeable or isinstance(found, np.ndarray)


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        ({"a": [1, 2]}, "application/json"),
        ("text", "text/plain"),
        (Markdown("# x"), "text/markdown"),
        (HTML("<b>"), "text/html"),
        (b"\x00\x01", "text/plain"),
        (list(range(100)), "text/plain"),
        ({"a": np.arange(3)}, "text/plain"),
    ],
)
def test_everything_can_be_shown(box: Box, value: Any, media_type: str) -> None:
    content = box.save(value).artifact.content
    shown = artifacts.preview(content, box.store, box)
    assert shown.media_type == media_type
    assert shown.data


def test_importing_artifacts_is_light() -> None:
    code = (
        "import sys, windlass.artifacts\n"
        "heavy = 'fsspec numpy pandas pyarrow pydantic asyncio cloudpickle sqlalchemy'\n"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
