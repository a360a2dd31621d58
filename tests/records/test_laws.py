"""Laws: what stands is whole, and a success is final, whatever came before and comes after."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from windlass.records import Records
from windlass.records.model import Outcome, Param

from .making import begin, digest, new_run, outcome, series

NODES = st.sampled_from(["a", "b", "map[0]"])
STATUS = st.sampled_from(["succeeded", "failed", "skipped", "cancelled"])
VALUES = st.lists(st.sampled_from("uvwxyz"), max_size=3, unique=True).map(tuple)


class Finality(RuleBasedStateMachine):
    """A record of one run beside a dict that says what should stand."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.records = Records.open(Path(self.folder.name) / "records.db")
        self.stands: dict[str, Outcome] = {}
        self.tried: dict[tuple[str, int], str] = {}
        self.entries = 0

    @initialize()
    def start(self) -> None:
        self.run_ = self.records.create_run(new_run())

    def teardown(self) -> None:
        self.records.close()
        self.folder.cleanup()

    def final(self, node: str) -> bool:
        return node in self.stands and self.stands[node].status == "succeeded"

    @rule(node=NODES, attempt=st.integers(1, 3))
    def begin_attempt(self, node: str, attempt: int) -> None:
        assert begin(self.records, self.run_, node, attempt) is not self.final(node)
        if not self.final(node):
            self.tried[node, attempt] = "running"

    @rule(node=NODES, attempt=st.integers(1, 3))
    def fail_attempt(self, node: str, attempt: int) -> None:
        if self.final(node):
            return
        self.records.fail_attempt(self.run_.id, node, attempt, "failed", {"message": "no"})
        if (node, attempt) in self.tried:
            self.tried[node, attempt] = "failed"

    @rule(told=st.lists(st.tuples(NODES, STATUS, VALUES, VALUES, st.integers(0, 3)), max_size=3))
    def commit(self, told: list[tuple[Any, ...]]) -> None:
        made = {node: self._outcome(node, *rest) for node, *rest in told}  # one of a node at a time
        free = [o for o in made.values() if not self.final(o.node)]
        if len(made) == 1:
            (one,) = made.values()
            assert self.records.commit_outcome(one) is bool(free)
        else:
            assert self.records.commit_outcomes(list(made.values())) == len(free)
        for one in free:
            self.stands[one.node] = one
            if (one.node, one.attempt) in self.tried:
                self.tried[one.node, one.attempt] = one.status

    def _outcome(
        self, node: str, status: str, makes: tuple[str, ...], reads: tuple[str, ...], attempt: int
    ) -> Outcome:
        self.entries += 1
        run = self.run_.id
        metric = series(run, node, "m", 1.0, attempt=attempt)
        param = Param(run, node, "chosen", self.entries)
        more: dict[str, Any] = {"series": (metric,), "params": (param,)}
        if status != "succeeded":
            makes = ()
        return outcome(self.run_, node, status, makes=makes, reads=reads, attempt=attempt, **more)

    @invariant()
    def what_stands_is_what_was_told_last_or_the_success(self) -> None:
        if not hasattr(self, "run_"):
            return
        found = {o.node: o for o in self.records.run_outcomes(self.run_.id)}
        assert found.keys() == self.stands.keys()
        for node, wanted in self.stands.items():
            got = found[node]
            assert (got.status, got.attempt) == (wanted.status, wanted.attempt)
            assert [(o.name, o.content) for o in got.outputs] == [
                (o.name, o.content) for o in wanted.outputs
            ]
            read = self.records.execute(
                "SELECT content FROM inputs WHERE run = :run AND node = :node ORDER BY position",
                {"run": self.run_.id, "node": node},
            )
            assert [row["content"] for row in read] == [i.content for i in wanted.inputs]
        params = {p.node: p.value for p in self.records.params(self.run_.id)}
        assert params == {n: o.params[0].value for n, o in self.stands.items()}
        assert self.records.succeeded_nodes(self.run_.id) == {n for n in found if self.final(n)}

    @invariant()
    def attempts_end_as_they_were_told(self) -> None:
        if hasattr(self, "run_"):
            found = {(a.node, a.attempt): a.status for a in self.records.attempts(self.run_.id)}
            assert found == self.tried

    @invariant()
    def no_row_belongs_to_nothing(self) -> None:
        for table in ("outputs", "inputs"):
            stray = (
                f"SELECT count(*) AS n FROM {table} t LEFT JOIN outcomes o "
                "ON o.run = t.run AND o.node = t.node WHERE o.run IS NULL"
            )
            assert self.records.execute(stray)[0]["n"] == 0
        lost = (
            "SELECT count(*) AS n FROM outputs t LEFT JOIN artifacts a "
            "ON a.content = t.content WHERE a.content IS NULL"
        )
        assert self.records.execute(lost)[0]["n"] == 0


TestFinality = Finality.TestCase
TestFinality.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)


def test_a_success_stands_on_every_database(records: Records) -> None:
    run = records.create_run(new_run())
    assert records.commit_outcome(outcome(run, "n", "failed", reads=("a",)))
    assert records.commit_outcome(outcome(run, "n", makes=("first",), reads=("b",)))
    for status in ("succeeded", "failed", "skipped", "cancelled"):
        assert not records.commit_outcome(outcome(run, "n", status, makes=("second",)))
    assert not begin(records, run, "n")
    found = records.outcome(run.id, "n")
    assert found is not None
    assert [o.content for o in found.outputs] == [digest("first")]
    with contextlib.closing(Records.open(records.url)) as again:
        assert again.outcome(run.id, "n") == found
    assert len(records.execute("SELECT * FROM inputs")) == 1
    assert records.artifact(digest("second")) is None


def test_of_two_outcomes_of_a_node_at_once_only_one_leaves_its_outputs(records: Records) -> None:
    """What stands is whole, though a worker told of a failure and of the success that followed."""
    run = records.create_run(new_run())
    told = [
        outcome(run, "n", "failed", makes=("first",), reads=("a", "b")),
        outcome(run, "n", makes=("second",), reads=("c",)),
        outcome(run, "n", "failed", makes=("third",)),
    ]
    assert records.commit_outcomes(told) >= 1
    found = records.outcome(run.id, "n")
    assert found is not None
    assert found.status == "succeeded"
    assert [o.content for o in found.outputs] == [digest("second")]
    read = records.execute("SELECT content FROM inputs")
    assert [row["content"] for row in read] == [digest("c")]
