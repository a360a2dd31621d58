"""Objects that workers posted, folded in any order, again and again, with losses in between."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass import each, pipeline, step
from windlass.artifacts.store import ArtifactStore
from windlass.execution.job import Job, Stores, open_job
from windlass.execution.relay.fold import Fold
from windlass.execution.relay.objects import RunObjects
from windlass.execution.relay.whole import whole
from windlass.records import Records
from windlass.records.model import Attempt, Outcome, Param, Posted
from windlass.records.points import Points
from windlass.records.tracked import Series

TABLES = (
    "attempts",
    "outcomes",
    "outputs",
    "inputs",
    "artifacts",
    "series",
    "summaries",
    "parameters",
)
NODE = "double[1]"


@step
def numbers() -> list[int]:
    return [1, 2, 3]


@step
def double(a: int) -> int:
    return 2 * a


@pipeline
def doubling() -> list[int]:
    return double.map(each(numbers()))


class Posts:
    """The objects of a run, and its record as it was before anything was known.

    Args:
        folder: An empty one.
    """

    def __init__(self, folder: Path) -> None:
        ended = doubling.options(in_process=True).run().job
        self.run, self.empty = ended.run, folder / "empty.db"
        store = ArtifactStore.open_store(f"memory://{uuid.uuid4()}")
        objects = RunObjects(store, ended.run)
        records = ended.stores.records
        for name in ("numbers", *(f"double[{at}]" for at in range(3))):
            found = records.outcome(self.run, name)
            assert found is not None
            objects.settle(Posted(whole(ended.stores, found), _attempt(found)))
        for attempt in (1, 2, 3):
            failed = _failed(self.run, attempt)
            objects.fail(Posted(failed, _attempt(failed), final=attempt == 3))
        objects.keep_log(NODE, 1, b"no luck")
        self.objects = {
            name: store.named.read(f"runs/{self.run}/{name}") for name in objects.names()
        }
        self._empty(records)

    def _empty(self, records: Records) -> None:
        with records.write():
            for table in (
                "attempts",
                "outcomes",
                "outputs",
                "inputs",
                "series",
                "summaries",
                "events",
            ):
                records.execute(f"DELETE FROM {table} WHERE run = :run", {"run": self.run})
            records.execute("DELETE FROM artifacts")
        assert records.path is not None
        records.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(records.path, self.empty)

    def folded(self, folder: Path, rounds: Sequence[Sequence[str]]) -> dict[str, Any]:
        """What the record holds when objects came in several rounds, and were folded after each."""
        folder = folder / uuid.uuid4().hex
        folder.mkdir()
        shutil.copy(self.empty, folder / "record.db")
        store = ArtifactStore.open_store(f"memory://{uuid.uuid4()}")
        job = open_job(self.run, Stores(Records.open(folder / "record.db"), store, folder / "logs"))
        for names in rounds:
            for name in names:
                store.named.create(f"runs/{self.run}/{name}", self.objects[name] or b"")
            Fold(job).everything()
        return self._record(job, folder)

    def _record(self, job: Job, folder: Path) -> dict[str, Any]:
        records = job.stores.records
        found: dict[str, Any] = {
            table: sorted(
                (_comparable(row) for row in records.execute(f"SELECT * FROM {table}")), key=str
            )
            for table in TABLES
        }
        found["logs"] = [path.read_bytes() for path in sorted((folder / "logs").rglob("*.log"))]
        return found


def _comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in dict(row).items() if name != "created"}


def _failed(run: str, attempt: int) -> Outcome:
    points = Points()
    points.add(float(attempt), None, float(attempt))
    series = (Series(run, NODE, attempt, "loss", points),)
    params = (Param(run, NODE, "depth", attempt), Param(run, NODE, f"only {attempt}", True))
    return Outcome(
        run=run,
        node=NODE,
        step=f"{__name__}:double",
        status="failed",
        attempt=attempt,
        attempts=attempt,
        ended=float(attempt),
        error={"kind": "ValueError", "message": f"no luck {attempt}"},
        series=series,
        params=params,
    )


def _attempt(outcome: Outcome) -> Attempt:
    told: dict[str, Any] = {
        "status": outcome.status,
        "ended": outcome.ended,
        "error": outcome.error,
    }
    return Attempt(outcome.run, outcome.node, outcome.attempt, worker={}, started=0.0, **told)


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("posts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINDLASS_HOME", str(folder / "home"))
        yield Posts(folder)


@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("succeeds", [True, False])
def test_every_order_comes_to_the_same_record(
    posts: Posts, tmp_path: Path, succeeds: bool, data: st.DataObject
) -> None:
    names = [name for name in posts.objects if succeeds or name != f"outcomes/{NODE}"]
    order = data.draw(st.permutations(names))
    again = data.draw(st.lists(st.sampled_from(names), max_size=4))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(names)), max_size=3)))
    rounds = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    straight = posts.folded(tmp_path, [names])
    assert posts.folded(tmp_path, [*rounds, again, []]) == straight
    status = {row["node"]: row["status"] for row in straight["outcomes"]}
    assert status[NODE] == ("succeeded" if succeeds else "failed")
    assert {row["name"]: row["value"] for row in straight["parameters"]}["only 2"] == "true"


def test_a_lost_object_is_only_missing(posts: Posts, tmp_path: Path) -> None:
    names = [name for name in posts.objects if name != "outcomes/double[0]"]
    found = posts.folded(tmp_path, [names])
    assert {row["node"] for row in found["outcomes"]} == {"numbers", "double[1]", "double[2]"}
