"""Nouns of the record, made with as few words as a test needs."""

from __future__ import annotations

import hashlib
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.records import Records
from windlass.records.model import Attempt, Input, NewRun, Outcome, Output, Run
from windlass.records.points import Points
from windlass.records.tracked import Series


def digest(told: str) -> str:
    return hashlib.sha256(told.encode()).hexdigest()


def artifact(told: str, **fields: Any) -> Artifact:
    given: dict[str, Any] = {"format": "json", "version": 1, "type": "builtins.int", "bytes": 3}
    return Artifact(**{"content": digest(told), "blob": digest("b" + told), **given, **fields})


def new_run(pipeline: str = "train", **fields: Any) -> NewRun:
    given: dict[str, Any] = {"plan": "p1", "bundle": "b1", "environment": "e1", "target": "local"}
    return NewRun(**{"pipeline": pipeline, **given, "stack": "default", "seed": 0, **fields})


def begin(records: Records, run: Run, node: str, attempt: int = 1) -> bool:
    return records.begin_attempt(Attempt(run.id, node, attempt, "running", {"pid": 1}, 1.0))


def outcome(
    run: Run,
    node: str,
    status: str = "succeeded",
    *,
    makes: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
    **fields: Any,
) -> Outcome:
    """An outcome whose outputs are `out0`, `out1`, … and whose inputs all came as `x`."""
    made = tuple(artifact(told) for told in makes)
    given: dict[str, Any] = {
        "outputs": tuple(Output(f"out{n}", n, a.content) for n, a in enumerate(made)),
        "inputs": tuple(Input("x", n, digest(told)) for n, told in enumerate(reads)),
        "artifacts": made,
    }
    return Outcome(
        **{"run": run.id, "node": node, "step": "s", "status": status, **given, **fields}
    )


def contents(found: Outcome | None) -> list[str]:
    assert found is not None
    return [output.content for output in found.outputs]


def points(*values: float, start: int = 0, time: float = 1.0) -> Points:
    """Points at the steps from `start`, each a second after the other."""
    made = Points()
    for number, value in enumerate(values, start):
        made.add(value, number, time + number)
    return made


def series(
    run: Run | str, node: str, name: str, *values: float, attempt: int = 1, **more: Any
) -> Series:
    """What an attempt logged under a name."""
    told = run if isinstance(run, str) else run.id
    return Series(told, node, attempt, name, points(*values, **more))
