"""What a model takes where that is arrays: names, dtypes and shapes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from windlass.errors import ModelError, SignatureError
from windlass.models.signature import Signature, signature_of
from windlass.models.tensors import numpy_datatype

from .tables import LAWS

_dtypes = st.sampled_from(["f2", "f4", "f8", "i1", "i4", "i8", "u1", "u8", "?"])
_shapes = arrays.array_shapes(min_dims=1, max_dims=3, max_side=3)
_arrays = _dtypes.flatmap(lambda dtype: arrays.arrays(dtype, _shapes))
IMAGES = np.random.default_rng(0).random((5, 4, 4), dtype=np.float32)


@LAWS
@given(_arrays)
def test_an_array_conforms_to_its_own_signature(array: Any) -> None:
    signature = signature_of(array)
    again = Signature.read(json.loads(json.dumps(signature.document(), allow_nan=False)))
    assert again == signature
    assert signature.check(array) == []
    found = signature.conform(array)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_rows_may_be_more_and_the_other_axes_not() -> None:
    signature = signature_of(IMAGES)
    assert signature.conform(np.repeat(IMAGES, 3, axis=0).astype("f8")).dtype == np.float32
    with pytest.raises(SignatureError, match=r"has the shape \[5, 4, 3\], not \[-1, 4, 4\]"):
        signature.conform(IMAGES[:, :, :3])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a * np.nan, "the tensor 'input' has NaNs, and had none in the reference"),
        (lambda a: a / 0, "the tensor 'input' has infinite values, and had none in the reference"),
        (lambda a: a > 1, None),
        (lambda a: a.astype(str), "the tensor 'input' is of object, and not of float32"),
    ],
)
def test_what_does_not_fit_is_told(change: Any, message: str | None) -> None:
    with np.errstate(divide="ignore"):
        array = change(IMAGES)
    told = [each.message for each in signature_of(IMAGES).check(array) if each.severity == "error"]
    assert told == ([] if message is None else [message])


def test_a_range_is_a_warning() -> None:
    (warning,) = signature_of(IMAGES).check(IMAGES - 1)
    assert warning.severity == "warning"
    assert "goes down to" in warning.message


def test_what_a_dtype_cannot_hold_is_an_error() -> None:
    with pytest.raises(SignatureError, match=r"has the value 1e\+300, which float32 cannot hold"):
        signature_of(IMAGES).conform(np.full((1, 4, 4), 1e300))
    with pytest.raises(SignatureError, match="has the value 300, which int8 cannot hold"):
        signature_of(np.array([1], "i1")).conform(np.array([300]))


def test_several_tensors_have_names() -> None:
    inputs = {"ids": np.array([[1, 2]]), "text": np.array(["ab"])}
    signature = signature_of(inputs)
    assert [tensor.datatype for tensor in signature.tensors()[0]] == ["INT64", "BYTES"]
    assert set(signature.conform(inputs)) == {"ids", "text"}
    with pytest.raises(SignatureError, match="the tensor 'text' is missing"):
        signature.conform({"ids": inputs["ids"]})


def test_a_table_of_numbers_is_an_array() -> None:
    signature = signature_of(np.array([[1.0, 2.0]]))
    found = signature.conform(pd.DataFrame({"a": [2], "b": [True]}))
    np.testing.assert_array_equal(found, [[2.0, 1.0]])


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.array(1.0), np.array([{}])])
def test_what_is_no_array_of_rows_is_refused(array: Any) -> None:
    with pytest.raises(ModelError):
        signature_of(array)


def test_datatypes_have_the_names_of_the_protocol() -> None:
    names = {"bool": "BOOL", "int64": "INT64", "uint8": "UINT8", "float16": "FP16", "str": "BYTES"}
    assert {dtype: numpy_datatype(dtype) for dtype in names} == names
