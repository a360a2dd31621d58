"""What the record costs: which libraries it loads, and that its questions go by an index."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from windlass.records import Records
from windlass.records.database import Row
from windlass.records.model import Attempt, Param, RunParameter

from .making import begin, digest, new_run, outcome, series


def loaded(path: Path) -> set[str]:
    """Which heavy libraries a process has after it opened a record and read and wrote there."""
    code = (
        "import sys; from windlass.records import Records\n"
        f"records = Records.open({str(path)!r})\n"
        "records.runs(pipeline='p', status='failed', tag=('a', 'b'))\n"
        "records.save_bundle('b', '{}'); records.run_outcomes('r'); records.lineage('c')\n"
        "print(*{'sqlalchemy', 'alembic', 'psycopg'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_libraries_are_loaded_only_to_make_or_migrate_a_database(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    assert loaded(path) == {"sqlalchemy"}  # made, and without Alembic
    assert loaded(path) == set()


class Explained(Records):
    """A record that keeps how SQLite answers each question."""

    def __init__(self, url: Path) -> None:
        self.ways: list[tuple[str, str]] = []
        super().__init__(url)

    def execute(self, sql: str, parameters: Row | None = None) -> list[Row]:
        self._explain(sql, parameters)
        return super().execute(sql, parameters)

    def change(self, sql: str, parameters: Row | list[Row]) -> int:  # type: ignore[override]
        self._explain(sql, parameters[0] if isinstance(parameters, list) else parameters)
        return super().change(sql, parameters)

    def _explain(self, sql: str, parameters: Row | None) -> None:
        if sql.split(maxsplit=1)[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            plan = super().execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
            self.ways += [(sql, row["detail"]) for row in plan]


@pytest.fixture
def explained(tmp_path: Path) -> Explained:
    records = Explained(tmp_path / "records.db")
    run = records.create_run(new_run(tags={"why": "test"}))
    done = outcome(run, "n", makes=("v",), reads=("v",), key="k")
    records.commit_outcome(done)
    records.ways.clear()
    return records


ONE = digest("v")
ASKED: dict[str, Callable[[Records], object]] = {
    "create_run": lambda r: r.create_run(
        new_run(tags={"a": "b"}, parameters=(RunParameter("rows", 1),))
    ),
    "begin_attempt": lambda r: begin(r, r.run("train-1"), "m"),
    "begin_attempt again": lambda r: r.begin_attempt(Attempt("r", "n", 1, "running", {}, 1.0)),
    "commit_outcome": lambda r: r.commit_outcome(
        outcome(
            r.run("train-1"),
            "m",
            attempt=1,
            makes=("w",),
            reads=("v",),
            key="k",
            series=(series("r", "m", "a", 1.0),),
            params=(Param("r", "m", "a", 1),),
        )
    ),
    "fail_attempt": lambda r: r.fail_attempt("r", "n", 1, "failed", {"message": "no"}),
    "finish_run": lambda r: r.finish_run("r", "failed", "no"),
    "untag_run": lambda r: r.untag_run("r", ["why"]),
    "node_outputs": lambda r: r.node_outputs("r", ["n", "m"]),
    "cached": lambda r: r.cached("k"),
    "outcome": lambda r: r.outcome("r", "n"),
    "artifact": lambda r: r.artifact(ONE),
    "artifacts": lambda r: r.artifacts([ONE, "x"]),
    "run_by_id": lambda r: r.run_by_id(r.run("train-1").id),
    "newest run": lambda r: r.run("latest"),
    "newest run of a pipeline": lambda r: r.run("train"),
    "run by the beginning of its id": lambda r: r.run(r.run("latest").id[:30]),
    "runs": lambda r: r.runs(),
    "runs of a pipeline": lambda r: r.runs(pipeline="train"),
    "runs by status": lambda r: r.runs(status="running"),
    "runs by tag": lambda r: r.runs(tag=("why", "test")),
    "find_artifact": lambda r: r.find_artifact(digest("v")[:9]),
    "find_artifact by blob": lambda r: r.find_artifact(digest("bv")[:9]),
    "metrics": lambda r: r.metrics("r"),
    "curves": lambda r: r.curves("r"),
    "last values": lambda r: r.last_values("r"),
    "summaries": lambda r: r.summaries(["r"]),
    "logged": lambda r: r.logged("r"),
    "params": lambda r: r.params("r"),
    "events": lambda r: r.events("r"),
}


@pytest.mark.parametrize("name", ASKED)
def test_questions_go_by_an_index(explained: Explained, name: str) -> None:
    """Nothing reads or sorts a whole table, so that a large record is as quick as a small."""
    with contextlib.closing(explained):
        ASKED[name](explained)
        slow = [
            (sql, way)
            for sql, way in explained.ways
            if ("TEMP B-TREE" in way and "LIMIT" in sql)  # a sort of all for the sake of a few
            or (way.startswith("SCAN") and "USING INDEX" not in way)
        ]
        assert slow == []
        assert explained.ways
