"""Streams through the store: the items, their contents, and bytes that someone altered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.artifacts import preview
from windlass.artifacts.formats.streamed import StreamFormat
from windlass.artifacts.reading import items
from windlass.artifacts.streams import Stream
from windlass.errors import ArtifactError, CorruptError

from .box import Box
from .hostile import altered
from .roundtrip import MemorySink, MemorySource

STREAMS = StreamFormat()
_ITEMS = st.lists(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=4,
    ),
    max_size=8,
)


def written(values: list[Any]) -> tuple[str, bytes]:
    sink = MemorySink()
    return STREAMS.write(Stream(iter(values)), sink), bytes(sink.data)


@given(_ITEMS)
def test_items_come_back(values: list[Any]) -> None:
    content, data = written(values)
    assert data.count(b"\n") == len(values)
    again = list(STREAMS.read(MemorySource(data)))
    assert repr(again) == repr(values)
    assert written(again)[0] == content


@given(_ITEMS, _ITEMS)
def test_contents_are_equal_only_where_items_are(one: list[Any], other: list[Any]) -> None:
    assert (written(one)[0] == written(other)[0]) == (repr(one) == repr(other))


def test_many_items_and_their_order_count() -> None:
    lengths = (0, 1, 999, 1000, 1001, 2000, 2001)
    contents = {written(list(range(length)))[0] for length in lengths}
    contents.add(written([1, 0, *range(2, 2001)])[0])
    assert len(contents) == len(lengths) + 1


def test_large_items_are_parts_and_all_are_for_a_map(tmp_path: Path) -> None:
    values = [np.arange(2000.0), 5, "x" * 9000, np.arange(2000.0)]
    box = Box(tmp_path)
    saved = box.save(Stream(iter(values)))
    assert [child.format for child in saved.children] == ["numpy.array", "text"]
    again = list(box.load(saved.artifact.content))
    assert (again[3] == values[0]).all()
    assert again[1:3] == values[1:3]
    assert saved.artifact.summary["length"] == 4
    assert saved.artifact.bytes > 16_000 * 2 + 9000
    split = box.save(Stream(iter(values)), split=True)
    assert split.artifact.content == saved.artifact.content
    contents = items(split.artifact, box.store)
    assert [box.load(content) for content in contents[1:3]] == values[1:3]
    assert contents[0] == contents[3]
    shown = preview(saved.artifact.content, box.store, box)
    assert "\n[1] 5\n[2] " in str(shown.data)


def test_altered_bytes_are_refused_or_give_items() -> None:
    _, data = written([{"a": [1, 2]}, "text", None, 7])
    for bad in altered(data, 300):
        try:
            list(STREAMS.read(MemorySource(bad)))
        except ArtifactError:
            continue
    for cut in (data[:-1], data[:5]):
        with pytest.raises(CorruptError):
            list(STREAMS.read(MemorySource(cut)))
