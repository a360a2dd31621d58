"""The record of a worker that cannot reach the run's own: private, filled from what was posted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from windlass.artifacts.telling import read_artifact
from windlass.errors import ConfigError
from windlass.execution.plan_nodes import plan_nodes
from windlass.execution.relay.begin import VERSION
from windlass.execution.relay.posts import read_outcome
from windlass.pipeline.plan import read_plan
from windlass.records import Records, rows
from windlass.records.model import Attempt, NewRun, Outcome, RunParameter

if TYPE_CHECKING:
    from windlass.execution.relay.objects import RunObjects


class Mail(NamedTuple):
    """What the worker does with what would be recorded, and asks of others.

    Args:
        settle: Posts an outcome; False if another success stands.
        fail: Posts an attempt that will be tried again.
        offered: Gives a result of another run by its cache key.
    """

    settle: Callable[[Outcome, Attempt], bool]
    fail: Callable[[Attempt], None]
    offered: Callable[[str], Outcome | None]


class PrivateRecord(Records):
    """A record of one process, by which `execute` runs as it does everywhere.

    What is recorded as the end of an attempt is posted first: once others can see it, and not
    sooner, it has happened.
    """

    is_private = True
    mail: Mail | None = None
    _begun: Attempt | None = None

    def begin_attempt(self, attempt: Attempt) -> bool:
        """As of `Records`."""
        self._begun = attempt
        return super().begin_attempt(attempt)

    def commit_outcome(self, outcome: Outcome) -> bool:
        """As of `Records`; False also if another worker was first."""
        ended = self._ended(outcome.status, outcome.error, outcome.ended)
        if self.mail is not None and not self.mail.settle(outcome, ended):
            return False
        return super().commit_outcome(outcome)

    def fail_attempt(
        self, run: str, node: str, attempt: int, status: str, error: Mapping[str, Any]
    ) -> None:
        """As of `Records`."""
        if self.mail is not None:
            self.mail.fail(self._ended(status, error, time.time()))
        super().fail_attempt(run, node, attempt, status, error)

    def cached_by_keys(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """As of `Records`, of what other runs posted."""
        found = super().cached_by_keys(keys)
        for key in keys if self.mail is not None else ():
            earlier = self.mail.offered(key) if self.mail is not None else None
            if earlier is not None and key not in found:
                self.save_artifacts(earlier.artifacts)
                found[key] = earlier
        return found

    def take_run(self, document: Any, objects: RunObjects) -> None:
        """Takes in a run's document and what that names."""
        take_code(self, document, objects)
        told = document["run"]
        row = rows.run_row(new_run(document), told["id"], told["number"], told["created"])
        with self.write():
            self._add("runs", [row])
            self.put_parameters(told["id"], new_run(document).parameters)
        take_shipped(self, document)

    def _ended(self, status: str, error: Mapping[str, Any] | None, when: float | None) -> Attempt:
        begun = self._begun
        assert begun is not None
        return replace(begun, status=status, ended=when, error=error)


def read_begun(objects: RunObjects, plan: str) -> Any:
    """The document of a run.

    Raises:
        ConfigError: There is none, or it is of another version of Windlass.
        CorruptError: It is damaged.
    """
    found = objects.begun(plan)
    if found is None:
        raise ConfigError(
            f"the artifact store knows of no run {objects.run} of the plan {plan[:12]}",
            hint="Check the store's address and the run's id; it is posted when the run begins.",
        )
    if found["version"] != VERSION:
        raise ConfigError(
            f"the run {found['run']['name']} was begun by another version of Windlass",
            hint="Execute it with the Windlass that began it.",
        )
    return found


def told_hit(document: Any, key: str) -> Outcome | None:
    """The earlier result that the run's document has for a cache key."""
    found = document.get("hits", {}).get(key)
    return None if found is None else read_outcome("hits", found)


def take_code(records: Records, document: Any, objects: RunObjects) -> None:
    """Takes into a record what a document names: plan, code, environment, locks."""
    told, kept = document["run"], objects.kept
    plan = read_plan(kept(told["plan"]))
    records.save_environment(told["environment"], kept(told["environment"]))
    records.save_bundle(told["bundle"], kept(told["bundle"]), document["archive"])
    records.save_plan(told["plan"], told["pipeline"], plan.text, plan_nodes(plan.graph))
    for digest in document["code"]:
        records.save_fingerprint(digest, kept(digest), {})
    for digest in document["locks"].values():
        records.save_lock([digest], kept(digest))


def take_shipped(records: Records, document: Any) -> None:
    """Takes into a record the artifacts that hold what a recorded run has with it."""
    found = [read_artifact(each) for each in document.get("artifacts", ())]
    if found:
        records.save_artifacts(found)


def new_run(document: Any) -> NewRun:
    """The run of a document, to be recorded: nobody drives it."""
    told = document["run"]
    names = ("pipeline", "plan", "bundle", "environment", "target", "stack", "seed", "details")
    return NewRun(
        **{name: told[name] for name in names},
        tags=told.get("tags", {}),  # runs that an older Windlass posted tell of none
        parameters=tuple(RunParameter(*each) for each in document["parameters"].items()),
        id=told["id"],
        created=told["created"],
    )
