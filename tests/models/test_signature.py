"""A signature tells what a model takes, finds what does not fit, and makes the rest fit exactly."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import ModelError, SignatureError
from windlass.models.fields import CATEGORIES
from windlass.models.signature import Output, Signature, signature_of
from windlass.models.table_inputs import TableInputs

from .tables import LAWS, pandas_tables, same, tables

REFERENCE = pd.DataFrame(
    {
        "distance": [94.0, 4983.0, 100.0],
        "delay": [1.5, np.nan, 3.0],
        "seats": [2, 300, 55],
        "small": np.array([1, 2, 3], "i1"),
        "weekend": [True, False, True],
        "carrier": pd.Categorical(["AA", "UA", "AA"], ["UA", "AA", "DL"]),
        "origin": ["JFK", "LGA", "EWR"],
        "day": pd.to_datetime(["2013-01-01", "2013-06-01", "2013-12-31"]),
    }
)
SIGNATURE = signature_of(REFERENCE)


def _read_again(signature: Signature) -> Signature:
    return Signature.read(json.loads(json.dumps(signature.document(), allow_nan=False)))


@LAWS
@given(tables)
def test_a_signature_comes_back_from_its_document(table: Any) -> None:
    signature = signature_of(table, {"predict": [1] * len(table)})
    assert _read_again(signature) == signature
    assert _read_again(signature).document() == signature.document()


@LAWS
@given(tables)
def test_no_rows_keep_the_dtypes(table: Any) -> None:
    none = table.slice(0, 0) if isinstance(table, pa.Table) else table[:0]
    same(signature_of(table).conform(none), none)


@LAWS
@given(tables)
def test_the_reference_conforms_as_it_is(table: Any) -> None:
    signature = _read_again(signature_of(table))
    assert signature.check(table) == []
    same(signature.conform(table), table)


@LAWS
@given(pandas_tables, st.sampled_from(["pandas", "polars", "arrow"]))
def test_to_conform_is_idempotent_and_crosses_libraries(table: pd.DataFrame, library: str) -> None:
    # Of objects other libraries say None for all that is missing; polars knows zones by name alone.
    kept = [name for name in table.columns if table[name].dtype != object and name != "offset"]
    table = table[kept]
    if table.empty:
        return
    other: Any = pa.Table.from_pandas(table, preserve_index=False)
    if library != "arrow":
        other = pl.from_arrow(other) if library == "polars" else table
    signature = signature_of(table)
    once = signature.conform(other)
    same(once, table)
    same(signature.conform(once), once)


def test_columns_come_in_order_and_others_are_left_out() -> None:
    shuffled = REFERENCE[REFERENCE.columns[::-1]].assign(late=1).set_index(pd.Index([7, 8, 9]))
    same(SIGNATURE.conform(shuffled), REFERENCE.set_index(pd.Index([7, 8, 9])))
    (note,) = SIGNATURE.check(shuffled)
    assert (note.severity, note.part, note.rule) == ("note", "late", "extra column")
    assert SIGNATURE.conform(REFERENCE.iloc[:0]).dtypes.equals(REFERENCE.dtypes)


def test_a_plain_array_gets_the_names_and_dtypes() -> None:
    signature = signature_of(REFERENCE[["distance", "seats"]])
    found = signature.conform(np.array([[100.0, 7.0]]))
    same(found, pd.DataFrame({"distance": [100.0], "seats": [7]}))
    with pytest.raises(ModelError, match="the model takes the columns distance, seats"):
        signature.conform(np.zeros((1, 3)))


def test_only_the_named_columns_are_of_the_signature() -> None:
    signature = signature_of(REFERENCE, columns=["seats", "distance"])
    assert isinstance(signature.inputs, TableInputs)
    assert signature.inputs.names == ["seats", "distance"]
    with pytest.raises(ModelError, match="no column 'speed'"):
        signature_of(REFERENCE, columns=["speed"])


def _day(year: int) -> str:
    return f"{year}-12-31T00:00:00.000000"


PROBLEMS: dict[str, tuple[dict[str, Any], str, str]] = {
    "new category": (
        {"carrier": ["AA", "ZZ", "ZZ"]},
        "error",
        "the column 'carrier' has the category 'ZZ', which was not in the reference (2 rows)",
    ),
    "new text": (
        {"origin": ["JFK", "SFO", "LAX"]},
        "warning",
        "the column 'origin' has the texts 'SFO', 'LAX', which were not in the reference (2 rows)",
    ),
    "missing value": (
        {"distance": [94.0, np.nan, 100.0]},
        "error",
        "the column 'distance' has a missing value, and had none in the reference",
    ),
    "infinite": (
        {"distance": [np.inf, 100.0, -np.inf]},
        "error",
        "the column 'distance' has 2 infinite values, and had none in the reference",
    ),
    "below": (
        {"distance": [1.0, 100.0, 100.0]},
        "warning",
        "the column 'distance' goes down to 1.0, below 94.0 in the reference",
    ),
    "after": (
        {"day": pd.to_datetime(["2014-12-31"] * 3)},
        "warning",
        f"the column 'day' goes up to {_day(2014)}, above {_day(2013)} in the reference",
    ),
    "kind": (
        {"weekend": ["yes", "no", "no"]},
        "error",
        "the column 'weekend' holds text, and not booleans",
    ),
    "text of numbers": (
        {"distance": ["1", "2", "3"]},
        "error",
        "the column 'distance' holds text, and not numbers",
    ),
    "not whole": (
        {"seats": [1.5, 2.0, 3.0]},
        "error",
        "the column 'seats' holds numbers, and not whole numbers",
    ),
    "too large": (
        {"small": [1, 2, 300]},
        "error",
        "the column 'small' has the value 300, which int8 cannot hold",
    ),
    "zone": (
        {"day": REFERENCE["day"].dt.tz_localize("UTC")},
        "error",
        "the column 'day' has times with a time zone, and with none in the reference",
    ),
    "nested": (
        {"distance": [[1], [2], [3]]},
        "error",
        "the column 'distance' holds objects of the type list, which no model takes",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_does_not_fit_is_told_in_words(name: str) -> None:
    change, severity, message = PROBLEMS[name]
    table = REFERENCE.assign(**change)
    told = {problem.message: problem.severity for problem in SIGNATURE.check(table)}
    assert told[message] == severity
    if severity == "error":
        with pytest.raises(SignatureError) as caught:
            SIGNATURE.conform(table)
        assert message in caught.value.problems
    else:
        assert len(SIGNATURE.conform(table)) == 3


def test_a_refusal_names_all_that_is_wrong() -> None:
    table = REFERENCE.drop(columns="seats").assign(weekend="?", distance=np.inf)
    with pytest.raises(SignatureError) as caught:
        SIGNATURE.conform(table)
    assert caught.value.problems == (
        "the column 'seats' is missing",
        "the column 'distance' has 3 infinite values, and had none in the reference",
        "the column 'weekend' holds text, and not booleans",
    )
    assert all(problem in caught.value.message for problem in caught.value.problems)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("seats", [2.0, 300.0, 55.0]),
        ("seats", [True, False, True]),
        ("distance", [100, 200, 300]),
        ("carrier", ["AA", "DL", "UA"]),
        ("carrier", pd.Categorical(["AA", "DL", "UA"])),
        ("origin", pd.Categorical(["JFK", "LGA", "EWR"])),
        ("delay", [None, None, None]),
    ],
)
def test_what_can_be_turned_without_a_loss_is(column: str, cells: Any) -> None:
    given = REFERENCE.assign(**{column: cells})
    found = SIGNATURE.conform(given)
    assert found.dtypes.equals(REFERENCE.dtypes)
    assert found[column].isna().equals(pd.isna(given[column]))
    known = found[column].dropna().tolist()
    assert known == given[column].dropna().tolist()


def test_categories_keep_their_codes() -> None:
    found = SIGNATURE.conform(REFERENCE.assign(carrier=["DL", "UA", "AA"]))
    assert found["carrier"].cat.codes.tolist() == [2, 0, 1]
    assert found["carrier"].cat.categories.tolist() == ["UA", "AA", "DL"]


def test_missing_values_may_come_where_there_were_some() -> None:
    table = REFERENCE.assign(delay=[np.nan, 2.0, np.nan])
    assert SIGNATURE.check(table) == []


def test_many_categories_are_counted_and_not_listed() -> None:
    names = [f"n{number}" for number in range(1_000_000)]
    table = pd.DataFrame({"text": names, "kind": pd.Categorical(names)})
    signature = signature_of(table)
    assert isinstance(signature.inputs, TableInputs)
    assert [field.distinct for field in signature.inputs.fields] == [1_000_000] * 2
    assert [field.categories for field in signature.inputs.fields] == [None, None]
    assert signature.check(table.iloc[:3]) == []
    assert CATEGORIES < 1_000_000


@pytest.mark.parametrize("table", [pl.DataFrame({"a": [None]}), pa.table({"a": pa.nulls(1)})])
def test_a_dtype_without_values_holds_none(table: Any) -> None:
    signature = signature_of(table)
    with pytest.raises(SignatureError, match=r"the column 'a' has values, which [Nn]ull cannot"):
        signature.conform(pd.DataFrame({"a": ["x"]}))


@pytest.mark.parametrize("categories", [[True, False], [1.5, 2.5], ["a", 1], [2**40, 1]])
def test_categories_may_be_of_any_plain_type(categories: list[Any]) -> None:
    cells: Any = pd.Series([*categories, None], dtype=object)
    table = pd.DataFrame({"a": pd.Categorical(cells, pd.Index(categories, dtype=object))})
    same(_read_again(signature_of(table)).conform(table), table)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_signature_needs_a_row(rows: int) -> None:
    table = REFERENCE.iloc[:rows]
    if rows:
        assert signature_of(table).check(table) == []
        return
    with pytest.raises(ModelError, match="the reference table has no rows"):
        signature_of(table)


def test_a_column_without_values_has_no_range() -> None:
    table = pd.DataFrame({"a": [np.nan, np.nan], "b": [None, None], "c": [5.0, 5.0]})
    signature = signature_of(table)
    assert signature.check(table) == []
    (warning,) = signature.check(table.assign(a=1.0))[:1]
    assert warning.message.endswith("where the reference had none")


@LAWS
@given(tables)
def test_every_column_is_a_tensor(table: Any) -> None:
    inputs, _ = signature_of(table).tensors()
    assert len(inputs) == table.shape[1]
    for tensor in inputs:
        assert tensor.shape == (-1,)
        assert tensor.datatype in _DATATYPES


_SIZES = ("8", "16", "32", "64")
_DATATYPES = {"BOOL", "FP32", "FP64", "BYTES", *(f"{k}INT{n}" for k in ("", "U") for n in _SIZES)}


def test_tensors_are_those_of_the_open_inference_protocol() -> None:
    signature = signature_of(
        REFERENCE,
        {"predict": ["late", "ok", "ok"], "predict_proba": np.full((3, 2), 0.5, "f4")},
        classes=["late", "ok"],
    )
    inputs, outputs = signature.tensors()
    assert {tensor.name: tensor.datatype for tensor in inputs} == {
        "distance": "FP64",
        "delay": "FP64",
        "seats": "INT64",
        "small": "INT8",
        "weekend": "BOOL",
        "carrier": "BYTES",
        "origin": "BYTES",
        "day": "BYTES",
    }
    assert [tensor.document() for tensor in outputs] == [
        {"name": "predict", "datatype": "BYTES", "shape": [-1]},
        {"name": "predict_proba", "datatype": "FP32", "shape": [-1, 2]},
    ]
    assert signature.classes == ("late", "ok")
    proba = signature.output("predict_proba")
    assert proba is not None
    assert proba.kind == "probability"
    assert signature.output("predict_log_proba") is None


def test_there_is_a_column_of_probabilities_a_class() -> None:
    with pytest.raises(ModelError, match="gives 3 columns, and there are 2 classes"):
        Output.of("predict_proba", np.zeros((1, 3)), ["a", "b"])


def test_a_newer_kind_of_input_is_told() -> None:
    document = {"inputs": {"kind": "smells"}, "outputs": []}
    with pytest.raises(ModelError, match="of the kind 'smells', which is not known here"):
        Signature.read(document)
