"""Rows and names: what goes into a column comes out again."""

from __future__ import annotations

import json
import time
import uuid

from hypothesis import given
from hypothesis import strategies as st

from windlass.artifacts.artifact import Artifact
from windlass.records import rows
from windlass.records.identity import uuid7
from windlass.records.model import Attempt, NewRun, Outcome, Output, RunParameter

TEXT = st.text(max_size=8)
FLOAT = st.floats(allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOAT | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=3)
MAYBE = st.none() | OBJECT
INT64 = st.integers(-(2**63), 2**63 - 1)


@given(JSON)
def test_the_text_of_a_column_gives_its_value_again(value: object) -> None:
    assert rows.load(rows.dump(value)) == value
    assert json.loads(rows.dump(value)) == value
    rows.dump(value).encode("ascii")  # so that no text is beyond a database


@given(
    st.builds(
        NewRun,
        **dict.fromkeys(("pipeline", "plan", "bundle", "environment", "target", "stack"), TEXT),
        seed=INT64,
        tags=st.dictionaries(TEXT, TEXT, max_size=3),
        parameters=st.lists(st.builds(RunParameter, TEXT, JSON), max_size=3).map(tuple),
        host=MAYBE,
        git=MAYBE,
        details=OBJECT,
    ),
    st.integers(1),
    FLOAT,
)
def test_runs(new: NewRun, number: int, created: float) -> None:
    row = rows.run_row(new, "id", number, created)
    run = rows.run_of({**row, "ended": None, "error": None}, {"p": 1}, new.tags)
    for name in ("pipeline", "plan", "bundle", "environment", "target", "stack", "seed"):
        assert getattr(run, name) == getattr(new, name)
    assert (run.host, run.git, run.details, run.tags) == (new.host, new.git, new.details, new.tags)
    assert (run.number, run.name) == (number, f"{new.pipeline}-{number}")
    assert (run.created, run.ended, run.parameters) == (created, None, {"p": 1})


@given(
    st.builds(
        Attempt, TEXT, TEXT, st.integers(), TEXT, OBJECT, FLOAT, st.none() | FLOAT, error=MAYBE
    )
)
def test_attempts(attempt: Attempt) -> None:
    assert rows.attempt_of(rows.attempt_row(attempt)) == attempt


@given(
    st.builds(
        Outcome,
        **dict.fromkeys(("run", "node", "step", "status"), TEXT),
        attempt=INT64,
        attempts=INT64,
        cached=st.booleans(),
        reason=st.none() | TEXT.filter(lambda text: "\0" not in text),
        seconds=st.none() | FLOAT,
        started=st.none() | FLOAT,
        ended=st.none() | FLOAT,
        error=MAYBE,
        key=st.none() | TEXT,
        seed=st.none() | INT64,
        outputs=st.lists(st.builds(Output, TEXT, INT64, TEXT), max_size=3).map(tuple),
        run_name=TEXT,
    )
)
def test_outcomes(outcome: Outcome) -> None:
    row = rows.outcome_row(outcome)
    row["cached"] = int(row["cached"])  # as SQLite keeps it
    assert rows.outcome_of(row, outcome.outputs, outcome.run_name) == outcome
    told = rows.output_rows(outcome)
    assert [Output(r["name"], r["position"], r["content"]) for r in told] == list(outcome.outputs)


def test_a_reason_that_no_database_holds_is_told_all_the_same() -> None:
    row = rows.outcome_row(Outcome("run", "node", "step", "failed", reason="a\0b\ud800"))
    assert row["reason"] == "a\\x00b\\ud800"


@given(
    st.builds(
        Artifact,
        **dict.fromkeys(("content", "blob", "format", "type"), TEXT),
        version=INT64,
        bytes=INT64,
        inline=st.none() | st.binary(max_size=8),
        summary=OBJECT,
        children=st.lists(TEXT, max_size=3).map(tuple),
        pickled=st.booleans(),
    )
)
def test_artifacts(artifact: Artifact) -> None:
    row = rows.artifact_row(artifact, 1.0)
    row["pickled"] = int(row["pickled"])
    row["inline"] = None if row["inline"] is None else memoryview(row["inline"])
    assert rows.artifact_of(row) == artifact


def test_uuid7_is_of_its_version_and_sorts_by_time() -> None:
    made = []
    for _ in range(20):
        before = time.time_ns() // 1_000_000
        name = uuid7()
        after = time.time_ns() // 1_000_000
        known = uuid.UUID(name)
        assert str(known) == name
        assert (known.int >> 76) & 0xF == 7
        assert known.variant == uuid.RFC_4122
        assert before <= known.int >> 80 <= after
        made.append(name)
        while time.time_ns() // 1_000_000 == after:  # the next millisecond
            pass
    assert made == sorted(made)
    assert len({uuid7() for _ in range(20_000)}) == 20_000
