"""Whether a pipeline is the same wherever it runs: on several targets, compared node by node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from windlass.errors import ConfigError, WindlassError
from windlass.execution.liveness import this_process
from windlass.execution.observer import Observer
from windlass.execution.run import Run, shown
from windlass.execution.stores import open_stores
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.settings import RunOptions
from windlass.proofs.engines import is_tried, try_engine
from windlass.provenance.environment import capture_environment
from windlass.records.model import Attempt, Outcome
from windlass.targets.launch import launch, place_run
from windlass.targets.locked import drift_from_lock
from windlass.targets.sync import Synced
from windlass.targets.target import find_target, is_locked

EQUAL, DIFFERENT, INCONCLUSIVE = "equal", "different", "inconclusive"
EXECUTED = "executed"
"""By the system's own engine. Others are ``interpreted`` (by us) and ``checked`` (a schema alone):
what the class of a target says as its `proof`. They are never mixed: only executed ones count."""
_ENDED = ("succeeded", "failed")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a node gave on a target.

    Args:
        status: ``succeeded``, ``failed``, ``skipped`` or ``cancelled``.
        contents: The digest of each output.
        doubt: Why it does not look as if the target had executed it; None if it does.
    """

    status: str
    contents: Mapping[str, str]
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """The pipeline on one target.

    Args:
        target: As it was asked for: ``ray``, or ``ray@cluster`` with a stack.
        kind: ``executed``, ``interpreted`` or ``checked``.
        run: The run's name; None if there was none.
        status: How it ended; ``refused`` if it did not begin, ``stopped`` if its engine gave up.
        problem: What went wrong.
        cells: What each node gave.
    """

    target: str
    kind: str
    run: str | None
    status: str
    problem: str | None
    cells: Mapping[str, Cell]

    @property
    def is_whole(self) -> bool:
        """Whether it can be compared: it ended, and the target did all of it."""
        return self.status == "succeeded" and not any(cell.doubt for cell in self.cells.values())


@dataclass(frozen=True, slots=True)
class Matrix:
    """The trials of one pipeline."""

    pipeline: str
    trials: tuple[Trial, ...]

    @property
    def nodes(self) -> list[str]:
        """Every node of any trial, in order."""
        return list(dict.fromkeys(name for trial in self.trials for name in trial.cells))

    def agree(self, node: str) -> bool:
        """Whether all targets that executed a node gave the same."""
        found = [trial.cells.get(node) for trial in self._executed()]
        told = {(cell.status, *cell.contents.items()) if cell else None for cell in found}
        return len(told) <= 1

    @property
    def verdict(self) -> str:
        """``equal``; ``different``; ``inconclusive`` where fewer than two could be compared."""
        executed = self._executed()
        if not all(map(self.agree, self.nodes)):
            return DIFFERENT
        is_whole = len(executed) > 1 and all(trial.is_whole for trial in executed)
        stopped = [trial for trial in self.trials if trial.status not in _ENDED]
        return EQUAL if is_whole and not stopped else INCONCLUSIVE

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "pipeline": self.pipeline,
            "verdict": self.verdict,
            "targets": [
                {
                    "target": trial.target,
                    "kind": trial.kind,
                    "run": trial.run,
                    "status": trial.status,
                    "problem": trial.problem,
                }
                for trial in self.trials
            ],
            "nodes": [
                {
                    "node": node,
                    "equal": self.agree(node),
                    "targets": {
                        trial.target: {
                            "status": cell.status,
                            "outputs": dict(cell.contents),
                            "doubt": cell.doubt,
                        }
                        for trial in self.trials
                        if (cell := trial.cells.get(node)) is not None
                    },
                }
                for node in self.nodes
            ],
        }

    def _executed(self) -> list[Trial]:
        """The trials that are compared; what was refused or stopped has nothing to compare."""
        return [trial for trial in self.trials if trial.kind == EXECUTED and trial.status in _ENDED]


def try_targets(
    pipeline: Pipeline[Any, Any],
    text: Mapping[str, str],
    targets: Sequence[str],
    options: RunOptions,
    observer: Observer | None = None,
) -> Matrix:
    """Runs a pipeline on several targets, one after another, with the cache off.

    Where one of them runs the project's locked environment, those that run this interpreter are
    refused if it is not as the lock says: what differed would say nothing of the targets. Where an
    engine orders the nodes, the files are compiled that it takes, and it is started here.

    Args:
        pipeline: What to run.
        text: Its parameters, as text.
        targets: Names of targets, each perhaps with the stack that it takes: ``ray@cluster``.
        options: How to run it besides.
        observer: Who watches.
    """
    locked = {target for target in targets if _is_locked(pipeline, target, options)}
    drift = _drift(pipeline, options) if locked else None
    trials = tuple(
        _refused(target, drift)
        if drift is not None and target not in locked
        else _try(pipeline, text, target, options, observer)
        for target in targets
    )
    return Matrix(pipeline.name, trials)


def _is_locked(pipeline: Pipeline[Any, Any], named: str, options: RunOptions) -> bool:
    target, _, stack = named.partition("@")
    try:
        _, found, _ = place_run(pipeline, options.but(stack=stack or options.stack))
        return is_locked(target, found)
    except ConfigError:  # there is none of that name: it will be told
        return False


def _drift(pipeline: Pipeline[Any, Any], options: RunOptions) -> str | None:
    """How this interpreter differs from the lock that other targets build, in words."""
    project, stack, _ = place_run(pipeline, options)
    installed = capture_environment(project.root, project.cache)
    found = drift_from_lock(project, installed, open_stores(stack), pipeline.file)
    return found.line if found is not None and found.differences else None


def _refused(named: str, problem: str) -> Trial:
    return Trial(named, EXECUTED, None, "refused", problem, {})


def _try(
    pipeline: Pipeline[Any, Any],
    text: Mapping[str, str],
    named: str,
    options: RunOptions,
    observer: Observer | None,
) -> Trial:
    target, _, stack = named.partition("@")
    options = options.but(target=target, stack=stack or options.stack, cache=False)
    try:
        kind = getattr(find_target(target), "proof", EXECUTED)
        _, place, _ = place_run(pipeline, options)
        if is_tried(target, place):
            return _by_engine(named, kind, try_engine(pipeline, text, target, options))
        run = launch(pipeline, {}, options, observer=observer, text=text)
    except WindlassError as error:
        return _refused(named, str(error))
    return Trial(named, kind, run.name, run.status, run.error, dict(_cells(run)))


def _by_engine(named: str, kind: str, synced: Synced) -> Trial:
    """What an engine did that has ended; nothing more will come of what it has not done."""
    run, status, problem = synced.run, synced.run.status, synced.run.error
    if synced.waiting or status == "running":
        status, waiting = "stopped", ", ".join(synced.waiting)
        problem = f"it ended, and not all had run: {waiting}"
    return Trial(named, kind, run.name, status, problem, dict(_cells(run)))


def _cells(run: Run[Any]) -> Iterator[tuple[str, Cell]]:
    records = run.job.stores.records
    attempts = {(each.node, each.attempt): each for each in records.attempts(run.id)}
    for outcome in shown(records.run_outcomes(run.id)):
        contents = {output.name: output.content for output in outcome.outputs}
        doubt = _doubt(run, outcome, attempts.get((outcome.node, outcome.attempt)))
        yield outcome.node, Cell(outcome.status, contents, doubt)


def _doubt(run: Run[Any], outcome: Outcome, attempt: Attempt | None) -> str | None:
    """Why an outcome does not look as if it had been worked out in a run."""
    node = run.graph.nodes.get(outcome.node)
    if outcome.status != "succeeded" or (node is not None and node.mapped):  # a map of no items
        return None
    if outcome.cached or outcome.origin_run is not None:
        return "it was taken from an earlier run"
    if attempt is None or attempt.status != "succeeded":
        return "no attempt at it was recorded"
    if attempt.started < run.row.created:
        return "its attempt is older than the run"
    if attempt.worker.items() >= this_process().items():
        return "the process that ordered it did it, and not the target"
    return None
