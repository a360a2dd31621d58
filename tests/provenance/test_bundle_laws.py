"""What the digest of a bundle depends on, and what it does not."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from windlass.provenance.bundle import capture_bundle

NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: name not in (".", "..", ".git") and len(name.encode()) < 200)
FILES = st.tuples(st.binary(max_size=40), st.booleans())
TREES = st.dictionaries(
    st.tuples(st.sampled_from(["", "a/", "a/b c/", "ü/"]), NAMES.map(lambda name: f"f{name}.py")),
    FILES,
    min_size=1,
    max_size=6,
)
Tree = dict[tuple[str, str], tuple[bytes, bool]]


@contextmanager
def written(tree: Tree, *, shuffled: int = 0, umask: int = 0o022) -> Iterator[Path]:
    items = list(tree.items())
    random.Random(shuffled).shuffle(items)
    old = os.umask(umask)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for (parent, name), (content, runs) in items:
                file = Path(folder, parent, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                if runs:
                    file.chmod(0o755 & ~umask)
            yield Path(folder)
    finally:
        os.umask(old)


def digest_of(tree: Tree, *, shuffled: int = 0, umask: int = 0o022) -> str:
    with written(tree, shuffled=shuffled, umask=umask) as folder:
        return capture_bundle(folder).digest


@given(TREES, st.integers(1, 99), st.sampled_from([0o000, 0o077, 0o027]))
@settings(max_examples=40, deadline=None)
def test_place_order_and_umask_do_not_matter(tree: Tree, order: int, umask: int) -> None:
    assert digest_of(tree) == digest_of(tree, shuffled=order, umask=umask)


@given(TREES, st.data())
@settings(max_examples=40, deadline=None)
def test_times_do_not_matter(tree: Tree, data: st.DataObject) -> None:
    with written(tree) as folder:
        before = capture_bundle(folder)
        for file in before.files:
            when = data.draw(st.integers(0, 2_000_000_000))
            os.utime(folder / file.path, (when, when))
        assert capture_bundle(folder) == before


@given(TREES, st.data())
@settings(max_examples=40, deadline=None)
def test_any_byte_name_or_run_bit_matters(tree: Tree, data: st.DataObject) -> None:
    changed = dict(tree)
    key = data.draw(st.sampled_from(sorted(tree)))
    content, runs = changed.pop(key)
    match data.draw(st.sampled_from(["byte", "longer", "name", "folder", "run bit", "gone"])):
        case "byte" if content:
            at = data.draw(st.integers(0, len(content) - 1))
            flipped = bytes([content[at] ^ data.draw(st.integers(1, 255))])
            changed[key] = (content[:at] + flipped + content[at + 1 :], runs)
        case "byte" | "longer":
            changed[key] = (content + b"\0", runs)
        case "name":
            changed[key[0], f"x{key[1]}"] = (content, runs)
        case "folder":
            changed[f"{key[0]}z/", key[1]] = (content, runs)
        case "run bit":
            changed[key] = (content, not runs)
        case _:
            pass
    assert digest_of(changed) != digest_of(tree)


@given(TREES, TREES)
@settings(max_examples=40, deadline=None)
def test_equal_documents_mean_equal_digests(one: Tree, other: Tree) -> None:
    with written(one) as first, written(other) as second:
        a, b = capture_bundle(first), capture_bundle(second)
    assert (a.document() == b.document()) == (a.digest == b.digest) == (one == other)
