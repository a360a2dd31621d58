"""Whether a target keeps what a case promises: how its run ended, what it left in the record."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console

from conformance.conformance_cases import Case
from windlass import Run
from windlass.cli.showing import nodes_tree
from windlass.execution.document import run_document
from windlass.models.version import Version
from windlass.records.models import Minted

Launch: TypeAlias = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], Run[Any]]
"""Runs a pipeline with parameters and options on the target under test."""


def one_after_another(runs: Iterable[Run[Any]]) -> Launch:
    """Gives runs that were made before."""
    waiting = iter(runs)
    return lambda *_: next(waiting)


def check(case: Case, launch: Launch, folder: Path) -> Run[Any]:
    """Runs a case on a target and compares everything that is promised; returns the run."""
    parameters = {
        name: value.format(folder=folder) if isinstance(value, str) else value
        for name, value in case.parameters.items()
    }
    run = launch(case.pipeline, parameters, case.options)
    _check_end(case, run)
    _check_evidence(case, run)
    if case.versions:
        _check_versions(case, run, is_new=True)
        again = launch(case.pipeline, parameters, case.options)
        assert again.id != run.id
        _check_end(case, again)
        _check_evidence(case, again)
        _check_versions(case, again, is_new=False)
        worked_out = [node.name for node in again.nodes if node.outcome and not node.outcome.cached]
        assert worked_out == []
    return run


def _check_end(case: Case, run: Run[Any]) -> None:
    assert run.status == case.status, run.error
    statuses = {node.name: node.status for node in run.nodes}
    for name, status in case.nodes.items():
        assert statuses.get(name) == status, f"{name}: {statuses}"
    for name, value in case.values.items():
        assert run[name].value == value, name
    for name, attempts in case.attempts.items():
        outcome = run[name].outcome
        assert outcome is not None
        assert outcome.attempts == attempts, name
    if case.status == "succeeded":
        assert run.result() == case.result
    assert case.error in (run.error or "")


def _check_evidence(case: Case, run: Run[Any]) -> None:
    """Every check that was made left its verdict, and ``windlass show`` tells of it."""
    told = run_document(run.job.stores.records, run.row)
    found = {node["node"]: node["checks"] for node in told["nodes"] if node["checks"]}
    keys = ("border", "at", "check", "verdict")
    verdicts = {node: [tuple(c[key] for key in keys) for c in found[node]] for node in found}
    assert verdicts == case.checks
    if not found:
        return
    out = io.StringIO()
    Console(file=out, width=200).print(nodes_tree(told["nodes"], [], every=True))
    assert "checks passed: " in out.getvalue()
    for checks in found.values():
        for breach in (breach for each in checks for breach in each["breaches"]):
            assert breach["rule"] in out.getvalue()


def _check_versions(case: Case, run: Run[Any], *, is_new: bool) -> None:
    """Of each model there is one version, with its data, and the first run has minted it."""
    records = run.job.stores.records
    minted = sorted(records.minted_by(run.id))
    assert minted == [Minted(model, 1, is_new=is_new) for model in sorted(case.versions)]
    for model, artifacts in case.versions.items():
        (row,) = records.versions(model)
        assert (row.number, row.artifacts) == (1, artifacts)
        for role in artifacts:
            assert Version(row, run.job.stores).value(role)
