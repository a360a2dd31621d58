"""Every graph, ordered by an engine whose workers cannot reach the record; then folded into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.conformance_cases import CASES
from conformance.promises import check
from windlass import Run
from windlass.provenance.environments import CACHE_VARIABLE
from windlass.targets import target
from windlass.targets.sync import sync


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this machine keeps the code that it has unpacked."""
    return tmp_path_factory.mktemp("machine")


@pytest.fixture(autouse=True)
def targets(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(machine))
    monkeypatch.setitem(target.TARGETS, "engine", "conformance.engine:Engine")
    monkeypatch.setitem(target.TARGETS, "posting", "conformance.posting:Posting")


@pytest.mark.parametrize("name", CASES)
def test_a_graph_that_an_engine_orders_runs_as_promised(
    name: str, graphs: Any, folder: Path
) -> None:
    def run(pipeline: Any, parameters: Mapping[str, Any], options: Mapping[str, Any]) -> Run[Any]:
        begun = pipeline.options(target="engine", **options).run(**parameters)
        assert begun.status == "running"
        synced = sync(begun.id)
        assert not synced.folded.aside
        assert not synced.waiting
        return synced.run

    check(graphs.CASES[name], run, folder)


@pytest.mark.parametrize("name", CASES)
def test_a_graph_that_is_driven_from_here_runs_as_promised(
    name: str, graphs: Any, folder: Path
) -> None:
    def run(pipeline: Any, parameters: Mapping[str, Any], options: Mapping[str, Any]) -> Run[Any]:
        found: Run[Any] = pipeline.options(target="posting", **options).run(**parameters)
        return found

    check(graphs.CASES[name], run, folder)


def test_who_syncs_a_run_is_told_of_the_versions_that_it_has_made(graphs: Any) -> None:
    begun = graphs.learning.options(target="engine").run()
    synced = sync(begun.id)
    candidate, lacking = synced.made
    assert candidate == "level@1 is a candidate now: windlass test level@1"
    assert lacking.startswith("level@1 has no facts, ")  # it was looked for
    assert sync(begun.id).made == ()
    again = graphs.learning.options(target="engine").run()
    assert sync(again.id).made == ("the model 'level' is that of level@1: no new version",)


def test_what_the_cache_gave_the_driver_is_read_by_workers(graphs: Any) -> None:
    assert graphs.map_over_field.options(target="local", workers=1).run().status == "succeeded"
    run = graphs.named_outputs.options(target="posting").run()
    assert run.result() == "36 numbers|6 numbers"
    cached = {name: outcome.cached for name in ("count", "split") if (outcome := run[name].outcome)}
    assert cached == {"count": True, "split": False}
