"""Digests: different inputs differ, equal inputs agree, whichever way they are fed."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from windlass.hashing import (
    PARALLEL,
    AsciiDigester,
    BlobHasher,
    Hasher,
    byte_view,
    digest,
    digest_bytes,
    digest_digests,
    digest_file,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.binary()
)
PARTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def shape(part: Any) -> Any:
    """A value that is equal where digests must be: types count, and NaN is one value."""
    if isinstance(part, float):
        return ("float", "nan" if math.isnan(part) else struct.pack("<d", part))
    if isinstance(part, list):
        return ("list", [shape(item) for item in part])
    if isinstance(part, dict):
        return ("dict", sorted((key, shape(item)) for key, item in part.items()))
    return (type(part).__name__, part)


@given(PARTS, PARTS)
def test_digests_are_equal_only_where_parts_are(left: Any, right: Any) -> None:
    assert (digest("t", left) == digest("t", right)) == (repr(shape(left)) == repr(shape(right)))


@given(st.lists(PARTS, max_size=4))
def test_feeding_in_pieces_is_feeding_at_once(parts: list[Any]) -> None:
    piecewise = Hasher("t")
    for part in parts:
        piecewise.add(part)
    assert piecewise.hexdigest() == digest("t", *parts)
    assert piecewise.hexdigest() == digest("t", *parts)  # asking changes nothing


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("ab", "c"), ("a", "bc")),
        (("ab", "c"), ("abc",)),
        ((1,), ("1",)),
        ((1,), (True,)),
        ((1,), (1.0,)),
        ((0.0,), (-0.0,)),
        ((None,), ()),
        (("x",), (b"x",)),
        (([1], [2]), ([1, 2],)),
        (([[]],), ([],)),
        (({"a": "b"},), (["a", "b"],)),
        (("\ud800\udc00",), ("\U00010000",)),
    ],
)
def test_look_alikes_differ(left: tuple[Any, ...], right: tuple[Any, ...]) -> None:
    assert digest("t", *left) != digest("t", *right)


def test_the_tag_counts_and_the_order_of_keys_does_not() -> None:
    assert digest("a", "x") != digest("b", "x")
    assert digest("t", {"a": 1, "b": 2}) == digest("t", {"b": 2, "a": 1})


def test_numbers_of_any_size() -> None:
    assert digest("t", 10**10_000) != digest("t", 10**10_000 + 1)
    assert digest("t", -(10**10_000)) != digest("t", 10**10_000)


def test_digests_do_not_change_from_one_release_to_the_next() -> None:
    parts: dict[str, Any] = {"a": [1, -2.5, None, True], "b": "é", "c": b"\0"}
    assert digest("golden", parts) == (
        "777dd6bed044113109aee33a40c317fda7f53fb83a150de452d751dcbe870703"
    )


@given(st.lists(st.binary().map(digest_bytes), max_size=5))
def test_many_digests_hash_as_a_list(digests: list[str]) -> None:
    assert digest_digests("t", digests) == digest("t", digests)


@given(st.text(st.characters(codec="ascii")))
def test_ascii_texts_hash_as_texts(text: str) -> None:
    assert AsciiDigester("tag")(text) == digest("tag", text)


def test_a_text_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        AsciiDigester("tag")("é")


@pytest.mark.parametrize("size", [0, 1, PARALLEL - 1, PARALLEL, 5 * PARALLEL + 3])
def test_bytes_are_named_by_plain_blake3(size: int, tmp_path: Path) -> None:
    data = os.urandom(size)
    assert digest_bytes(data) == blake3(data).hexdigest()
    hasher = BlobHasher(size)
    hasher.update(data[: size // 3])
    hasher.update(memoryview(data)[size // 3 :])
    assert hasher.hexdigest() == digest_bytes(data)
    (tmp_path / "file").write_bytes(data)
    assert digest_file(tmp_path / "file") == digest_bytes(data)
    assert digest("t", data) == digest("t", bytearray(data)) == digest("t", memoryview(data))


def test_buffers_of_any_shape_are_seen_as_bytes() -> None:
    doubles = memoryview(struct.pack("<6d", *range(6))).cast("d", (2, 3))
    assert bytes(byte_view(doubles)) == doubles.tobytes()
    assert byte_view(memoryview(b"").cast("d")).nbytes == 0
    for scattered in (
        memoryview(b"abcdef")[::2],
        memoryview(struct.pack("<4d", 1, 2, 3, 4)).cast("d")[::2],
    ):
        with pytest.raises(TypeError):
            byte_view(scattered)


_AFTER_A_FORK = """
import os
from windlass.hashing import digest_bytes
data = bytes(8 << 20)
first = digest_bytes(data)
child = os.fork()
if child == 0:
    os._exit(0 if digest_bytes(data) == first else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_hashes_large_buffers_too() -> None:
    # Its parent's threads are not there: asking them for work would wait for ever.
    command = [sys.executable, "-W", "ignore", "-c", _AFTER_A_FORK]
    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert told.stdout.strip() == "0"
