"""Runs a recorded run again, in a scratch place, and says whether it came out the same."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError, RecordError, WindlassError
from windlass.execution.job import Job, Stores, open_job
from windlass.execution.liveness import is_gone
from windlass.execution.observer import Observer
from windlass.execution.stores import stack_to_json
from windlass.execution.watching import read_events
from windlass.proofs.asking import Asker
from windlass.proofs.causes import Cause, Evidence, cause_of, chances_of, fingerprint_of
from windlass.proofs.comparing import DIFFERENT, NodeProof, compare_runs
from windlass.proofs.interpreter import Interpreter, recorded_interpreter
from windlass.proofs.outside import Outside, look_outside
from windlass.proofs.proof import INCONCLUSIVE, Proof, Seen, verdict_of
from windlass.proofs.scratch import Scratch, record_again, record_beside, scratch_of
from windlass.proofs.surroundings import Surroundings, differences
from windlass.provenance.environment import read_environment
from windlass.records.model import Outcome, Run
from windlass.stacks.stack import Stack
from windlass.version import __version__

TOLERANCE = 1e-9
PRESENT, RECORDED = "present", "recorded"
_TRIALS = 2
_MOST_CAUSES = 5
"""First steps that are looked into: each is run two more times."""


def reproduce(
    row: Run,
    stores: Stores,
    stack: Stack,
    *,
    here: bool = False,
    tolerance: float = TOLERANCE,
    observer: Observer | None = None,
) -> Proof:
    """Runs a recorded run again and compares everything that it makes; the proof is recorded.

    Args:
        row: The run.
        stores: Where it is recorded.
        stack: The stack of these.
        here: Whether it runs in the present environment, and not in the recorded one.
        tolerance: How far numbers may be apart, absolutely or in proportion.
        observer: Who watches.

    Raises:
        ConfigError: The run is still going on.
    """
    if row.status == "running" and not is_gone(row):
        raise ConfigError(
            f"{row.name} is still running",
            hint=f"Reproduce it when it has ended: windlass show {row.name}",
        )
    started = time.time()
    maker = _Maker(row, stores, stack, here=here, tolerance=tolerance, started=started)
    try:
        proof = maker.proof(observer or Observer())
    except (WindlassError, OSError) as error:
        proof = maker.inconclusive(error)
    with contextlib.suppress(RecordError):  # another's project may be read only
        stores.records.save_proof(row.id, started, proof.verdict, proof.document())
    return proof


@dataclass(frozen=True, slots=True)
class _Again:
    """A run that was run again in the scratch place."""

    asker: Asker
    notes: tuple[str, ...]
    row: Run
    outcomes: list[Outcome]
    surroundings: Surroundings


class _Maker:
    """Makes one proof."""

    def __init__(
        self,
        row: Run,
        stores: Stores,
        stack: Stack,
        *,
        here: bool,
        tolerance: float,
        started: float,
    ) -> None:
        self._row = row
        self._stores = stores
        self._stack = stack
        self._here = here
        self._tolerance = tolerance
        self._started = started

    def proof(self, observer: Observer) -> Proof:
        """The proof."""
        job = open_job(self._row.id, self._stores)
        then = self._stores.records.outcomes(self._row.id)
        with scratch_of(job, self._row) as scratch:
            outside = look_outside(job, then, scratch.folders)
            lost = [each for each in outside if not each.is_there]
            if lost:
                return self._fed_otherwise(outside, lost)
            again = self._run_again(job, scratch, observer)
            nodes = self._compare(job, then, again)
            return self._made(
                verdict=verdict_of(nodes),
                hint=_hint(nodes),
                notes=(
                    *scratch.notes,
                    *again.notes,
                    *(str(each) for each in outside if each.is_changed),
                ),
                surroundings=tuple(again.surroundings.lines),
                outside=tuple(outside),
                nodes=tuple(nodes),
                causes=tuple(self._causes(job, nodes, again)),
                seen=tuple(_seen(scratch, again)),
            )

    def inconclusive(self, error: WindlassError | OSError) -> Proof:
        """The proof that could not be made."""
        told = error.message if isinstance(error, WindlassError) else str(error)
        hint = error.hint if isinstance(error, WindlassError) else None
        return self._made(verdict=INCONCLUSIVE, reason=told, hint=hint)

    def _made(self, **facts: Any) -> Proof:
        return Proof(
            run=self._row.name,
            id=self._row.id,
            environment=PRESENT if self._here else RECORDED,
            tolerance=self._tolerance,
            created=self._started,
            seconds=time.time() - self._started,
            windlass=__version__,
            **facts,
        )

    def _fed_otherwise(self, outside: list[Outside], lost: list[Outside]) -> Proof:
        return self._made(
            verdict=DIFFERENT,
            reason="; ".join(str(each) for each in lost),
            hint="Nothing was run. Bring back what it was, and reproduce it again.",
            outside=tuple(outside),
        )

    def _run_again(self, job: Job, scratch: Scratch, observer: Observer) -> _Again:
        started = time.monotonic()
        row = record_again(scratch, job, self._row)
        again = open_job(row.id, scratch.stores)
        observer.run_started(replace(again, name=f"{self._row.name} again"))
        python = self._interpreter(job, scratch, observer)
        machine = self._row.details.get("machine", {})
        asker = Asker(scratch, python.path, machine.get("variables", {}), self._here)
        done = asker.ask("run", observer, run=row.id)
        observer.run_ended(done["status"], time.monotonic() - started)
        if done["status"] == "cancelled":
            raise KeyboardInterrupt
        now = read_environment(done["environment"])
        surroundings = differences(job.installed, now, machine, done["machine"])
        outcomes = scratch.stores.records.outcomes(row.id)
        return _Again(asker, python.notes, row, outcomes, surroundings)

    def _interpreter(self, job: Job, scratch: Scratch, observer: Observer) -> Interpreter:
        if self._here:
            return Interpreter(Path(sys.executable))
        return recorded_interpreter(job, scratch, observer.told)

    def _compare(self, job: Job, then: list[Outcome], again: _Again) -> list[NodeProof]:
        def measure(pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
            stack = stack_to_json(self._stack)
            answer = again.asker.ask("compare", run=again.row.id, then=stack, pairs=pairs)
            return list(answer["gaps"])

        return compare_runs(then, again.outcomes, job.plan.graph, self._tolerance, measure)

    def _causes(self, job: Job, nodes: list[NodeProof], again: _Again) -> Iterator[Cause]:
        first = [node for node in nodes if node.has_diverged and node.is_fed_alike]
        for node in first[:_MOST_CAUSES]:
            yield cause_of(self._evidence(job, node, again))

    def _evidence(self, job: Job, proof: NodeProof, again: _Again) -> Evidence:
        scratch = again.asker.scratch
        node = job.plan.graph.nodes[proof.node.partition("[")[0]]
        fingerprint = fingerprint_of(job, node)
        own = fingerprint.distributions if fingerprint else again.surroundings.packages
        is_locked = job.plan.settings(node).environment is not None  # in both the same
        watched = open_job(again.row.id, scratch.stores)
        return Evidence(
            node=proof.node,
            then={output.name: output.then or "" for output in proof.outputs},
            now={output.name: output.now or "" for output in proof.outputs},
            alone=_alone(job, self._row, proof, again),
            chances=chances_of(job, node, scratch.folders.code),
            events=read_events(watched.events_path(proof.node, 1)),
            own=() if is_locked else again.surroundings.of(own),
            machine=again.surroundings.lines,
            recorded=self._row.created,
        )


def _hint(nodes: list[NodeProof]) -> str | None:
    """What to do about a step that misses a file, which the bundle need not hold."""
    if not any("FileNotFoundError" in (node.told or "") for node in nodes):
        return None
    return (
        "The code that was recorded holds no files that git ignores, and none that are large. Give "
        "them to a step as parameters of type Path, or declare them: @step(files=[…])."
    )


def _alone(job: Job, row: Run, proof: NodeProof, again: _Again) -> list[dict[str, str]]:
    """What a node makes alone, each time in a fresh process; fewer where it fails."""
    scratch = again.asker.scratch
    beside = [record_beside(scratch, job, row, again.row, proof.node).id for _ in range(_TRIALS)]
    with contextlib.suppress(WindlassError):
        again.asker.ask("node", runs=beside, node=proof.node)
    outcomes = [scratch.stores.records.outcome(run, proof.node) for run in beside]
    return [
        {output.name: output.content for output in outcome.outputs}
        for outcome in outcomes
        if outcome is not None and outcome.status == "succeeded"
    ]


def _seen(scratch: Scratch, again: _Again) -> Iterator[Seen]:
    """What the nodes did that no record tells."""
    job = open_job(again.row.id, scratch.stores)
    for outcome in scratch.stores.records.run_outcomes(again.row.id):
        for event in read_events(job.events_path(outcome.node, outcome.attempts)):
            yield Seen(outcome.node, *event)
