"""SciPy's sparse matrices come back entry for entry, and forged ones never reach its C code."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from windlass.artifacts.formats.npy_parts import write_parts
from windlass.artifacts.formats.sparse import SparseFormat
from windlass.artifacts.formats.sparse_layouts import LAYOUTS, take_apart
from windlass.errors import CorruptError, FormatError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySink, MemorySource, back, content, outputs_elsewhere, written

SPARSE = SparseFormat()
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DENSE = np.array([[0, 1.5, 0, -2], [0, 0, 0, 0], [3, 0, 0, 4]])

_dtypes = st.sampled_from(["?", "i1", "u8", "f4", "f8", "c8", "c16"])
_dense = hnp.arrays(_dtypes, hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=5))


def _make(dense: Any, layout: str) -> Any:
    return getattr(sp, layout)(dense)


def _repeated(layout: str, flip: bool) -> Any:
    """Explicit zeros, several entries at one place, and nothing in order."""
    rows, columns, data = np.array([2, 0, 2, 0, 1]), np.array([3, 1, 3, 0, 2]), np.arange(5.0)
    turn = slice(None, None, -1 if flip else 1)
    index = np.int64 if flip else np.int32
    if layout[:3] in ("coo", "dok", "lil"):
        if layout[:3] != "coo":
            value = getattr(sp, layout)((3, 4))
            for row, column, number in list(zip(rows, columns, data, strict=True))[1:][turn]:
                value[int(row), int(column)] = number
            return value
        coords = (rows[turn].astype(index), columns[turn].astype(index))
        return getattr(sp, layout)((data[turn], coords), shape=(3, 4))
    indices = np.array([1, 0, 1, 3, 3] if flip else [0, 1, 1, 3, 3], index)
    pointers = np.array([0, 2, 2, 5], index)
    data = np.array([1.0, 0, 2, 3, 4] if flip else [0.0, 1, 2, 3, 4])
    if layout[:3] == "bsr":
        return getattr(sp, layout)((data.reshape(5, 1, 1), indices, pointers), shape=(3, 4))
    if layout[:3] == "dia":
        offsets, rest = np.array([1, -2])[turn], np.array([[9, 1, 2, 3.0], [4, 0, 0, 9]])[turn]
        return getattr(sp, layout)((rest, offsets), shape=(3, 4))
    shape = (4, 3) if layout[:3] == "csc" else (3, 4)
    return getattr(sp, layout)((data, indices, pointers), shape=shape)


def same(left: Any, right: Any) -> bool:
    one, other = take_apart(left), take_apart(right)
    arrays = zip([one.data, *one.places], [other.data, *other.places], strict=True)
    return (
        type(left) is type(right)
        and one.shape == other.shape
        and all(
            a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
            for a, b in arrays
        )
    )


@LAWS
@given(_dense, st.sampled_from(LAYOUTS))
def test_values_come_back_as_they_were(dense: Any, layout: str) -> None:
    value = _make(dense, layout)
    again = back(SPARSE, value)
    assert same(again, value)
    assert content(SPARSE, again) == content(SPARSE, value)
    assert np.array_equal(again.toarray(), value.toarray(), equal_nan=dense.dtype.kind in "fc")
    to_text(SPARSE.summary(value))
    assert SPARSE.preview(value).data


@LAWS
@given(_dense, _dense, st.sampled_from(LAYOUTS))
def test_contents_are_equal_only_where_values_are(one: Any, other: Any, layout: str) -> None:
    equal = content(SPARSE, _make(one, layout)) == content(SPARSE, _make(other, layout))
    stored = [_make(dense, layout).tocsr().sorted_indices() for dense in (one, other)]
    assert equal == same(*stored)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("flip", [False, True])
def test_zeros_repeats_order_and_index_dtype_are_kept(layout: str, flip: bool) -> None:
    value = _repeated(layout, flip)
    again = back(SPARSE, value)
    assert same(again, value)
    assert again.nnz == value.nnz
    assert np.array_equal((again @ again.T).toarray(), (value @ value.T).toarray())
    assert np.array_equal((again + again).toarray(), 2 * value.toarray())


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name[:3] != "coo"])
def test_the_order_of_places_is_no_part_of_the_content(layout: str) -> None:
    one, other = _repeated(layout, False), _repeated(layout, True)
    assert np.array_equal(one.toarray(), other.toarray())
    assert written(SPARSE, one) != written(SPARSE, other) or layout[:3] == "lil"
    assert content(SPARSE, one) == content(SPARSE, other)


def test_the_order_of_entries_at_one_place_is_a_part_of_the_content() -> None:
    one, other = _repeated("coo_array", False), _repeated("coo_array", True)
    assert content(SPARSE, one) != content(SPARSE, other)  # sums round in their order


def test_a_diagonal_outside_of_the_matrix_is_no_part_of_the_content() -> None:
    one, other = (sp.dia_array(([[out, 1.0, 2.0]], [1]), shape=(3, 3)) for out in (0, 9))
    assert content(SPARSE, one) == content(SPARSE, other)
    assert back(SPARSE, other).data[0, 0] == 9


def test_look_alikes_stay_apart() -> None:
    values = [_make(DENSE, layout) for layout in LAYOUTS]
    values += [_make(DENSE.astype("f4"), "csr_array"), _make(DENSE.T, "csr_array")]
    values += [sp.csr_array((3, 5)), sp.csr_array((3, 4)), sp.csr_array((3, 4), dtype="i4")]
    values += [sp.bsr_array(np.eye(4), blocksize=(size, size)) for size in (1, 2, 4)]
    zero = sp.csr_array(([0.0], ([0], [0])), shape=(3, 4))  # stored, unlike all others
    assert len({content(SPARSE, value) for value in [*values, zero]}) == len(values) + 1


def test_one_and_many_dimensions() -> None:
    values = [
        sp.csr_array([0, 1, 0, 2]),
        sp.coo_array([0, 1, 0, 2]),
        sp.dok_array(np.array([0, 1, 0, 2])),
        sp.coo_array(np.arange(24).reshape(2, 3, 4) % 3),
    ]
    for value in values:
        again = back(SPARSE, value)
        assert same(again, value)
        assert np.array_equal(again.toarray(), value.toarray())
        assert SPARSE.preview(again) == SPARSE.preview(value)


def test_values_are_found_and_lie_in_the_memory_of_their_files(tmp_path: Any) -> None:
    value = sp.random_array((4000, 400), density=0.2, format="csr", rng=np.random.default_rng(0))
    box = Box(tmp_path)
    saved = box.save({"matrix": value, "name": "x"})
    again = box.load(saved.artifact.content)["matrix"]
    assert same(again, value)
    assert again.data.ctypes.data % 64 == again.indices.ctypes.data % 64 == 0
    again.data *= 2  # in memory of its own: the file stays as it is
    assert same(box.load(saved.artifact.content)["matrix"], value)
    assert {child.format for child in saved.children} == {"scipy.sparse"}


def test_room_behind_the_entries_is_not_stored() -> None:
    value = _make(DENSE, "csr_array")
    roomy = value.copy()
    roomy.data, roomy.indices = (np.resize(part, 9) for part in (value.data, value.indices))
    assert written(SPARSE, roomy) == written(SPARSE, value)


def test_a_matrix_that_points_outside_itself_is_not_stored() -> None:
    value = _make(DENSE, "csr_matrix")
    value.indices[1] = 99
    with pytest.raises(FormatError, match="an index outside of 4 cannot be"):
        written(SPARSE, value)


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(FormatError, match="other machines"):
        written(SPARSE, sp.csr_array(np.eye(2, dtype=np.longdouble)))


class MyMatrix(sp.csr_array):  # type: ignore[misc]
    """More than a csr_array."""


def test_subclasses_are_left_to_other_formats() -> None:
    assert SPARSE.accepts(sp.csr_array((2, 2)))
    assert not SPARSE.accepts(MyMatrix((2, 2)))


def _forged(head: dict[str, Any], *arrays: Any) -> bytes:
    sink = MemorySink()
    write_parts(head, arrays, sink)
    return bytes(sink.data)


_CSR: dict[str, Any] = {"layout": "csr_array", "shape": [2, 3]}
_DATA = np.ones(2)
_INDICES = np.array([0, 2], "i4")


@pytest.mark.parametrize(
    ("head", "arrays"),
    [
        (_CSR, (_DATA, np.array([0, 3], "i4"), np.array([0, 1, 2], "i4"))),
        (_CSR, (_DATA, np.array([0, -1], "i4"), np.array([0, 1, 2], "i4"))),
        (_CSR, (_DATA, _INDICES, np.array([0, 9, 2], "i4"))),
        (_CSR, (_DATA, _INDICES, np.array([0, 1, 99], "i4"))),
        (_CSR, (_DATA, _INDICES, np.array([1, 1, 2], "i4"))),
        (_CSR, (_DATA, _INDICES, np.array([], "i4"))),
        (_CSR, (_DATA, _INDICES, np.array([0, 1, 2], "i8"))),
        (_CSR, (np.ones(1), _INDICES, np.array([0, 1, 2], "i4"))),
        (_CSR, (np.ones((2, 1)), _INDICES, np.array([0, 1, 2], "i4"))),
        (_CSR, (np.array(["a", "b"]), _INDICES, np.array([0, 1, 2], "i4"))),
        (_CSR, (_DATA, _INDICES.astype("f8"), np.array([0, 1, 2], "f8"))),
        (_CSR, (_DATA, _INDICES)),
        ({**_CSR, "layout": "os.system"}, (_DATA, _INDICES, np.array([0, 1, 2], "i4"))),
        ({**_CSR, "shape": [2, "3"]}, (_DATA, _INDICES, np.array([0, 1, 2], "i4"))),
        ({**_CSR, "shape": [2, 10**30]}, (_DATA, _INDICES, np.array([0, 1, 2], "i4"))),
        ({"layout": "csc_array", "shape": [3, -1]}, (_DATA, _INDICES, np.array([0], "i4"))),
        ({"layout": "coo_array", "shape": [2, 3]}, (_DATA, _INDICES, _INDICES)),
        ({"layout": "coo_matrix", "shape": [3]}, (_DATA, _INDICES)),
        ({"layout": "dok_array", "shape": [3, 3]}, (_DATA, _INDICES)),
        ({"layout": "dia_array", "shape": [3, 3]}, (np.ones((2, 3)), np.array([1, 1], "i4"))),
        (
            {"layout": "dia_array", "shape": [3, 3]},
            (np.ones((1, 3)), np.array([2**31 - 1], "i4")),
        ),
        (
            {"layout": "bsr_array", "shape": [3, 3]},
            (np.ones((2, 2, 2)), _INDICES, np.array([0, 2], "i4")),
        ),
        (
            {"layout": "lil_array", "shape": [10**12, 3]},
            (_DATA, _INDICES, np.array([0, 2], "i4")),
        ),
    ],
)
def test_forged_indexes_are_refused(head: dict[str, Any], arrays: Any) -> None:
    with pytest.raises(CorruptError):
        SPARSE.read(MemorySource(_forged(head, *arrays)))


def test_arrays_that_are_not_announced_are_refused() -> None:
    data = written(SPARSE, _make(DENSE, "csr_array"))
    line, _, body = data.partition(b"\n")
    head = {**json.loads(line), "arrays": 2}
    forged = json.dumps(head).encode().ljust(len(line)) + b"\n" + body
    for bad in (forged, data + bytes(64), data[:-64], b"", b"{}\n", b"[1]\n", b'{"arrays": "x"}\n'):
        with pytest.raises(CorruptError):
            SPARSE.read(MemorySource(bad))


def test_altered_bytes_do_not_end_the_process() -> None:
    make = (
        "import numpy as np, scipy.sparse as sp\n"
        "value = sp.random_array((40, 30), density=0.3, format='csr', rng=np.random.default_rng(0))"
    )
    told = survives("sparse", "SparseFormat", make)
    assert told.startswith("refused")
    assert int(told.split()[1]) > 50


def test_contents_agree_between_processes() -> None:
    code = (
        "import numpy as np, scipy.sparse as sp\n"
        "from artifacts.roundtrip import content\n"
        "from windlass.artifacts.formats.sparse import SparseFormat\n"
        "for kind in ('csr', 'lil', 'dok', 'dia', 'bsr', 'coo', 'csc'):\n"
        "    value = sp.coo_array(np.arange(12).reshape(3, 4) % 3).asformat(kind)\n"
        "    print(content(SparseFormat(), value))"
    )
    one, other = outputs_elsewhere(code)
    assert one == other
    assert len(set(one.split())) == 7
