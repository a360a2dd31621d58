"""The local target: warm workers, fresh workers, and this very process, all alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.conformance_cases import CASES
from conformance.promises import check
from windlass import Run

MODES: dict[str, dict[str, Any]] = {
    "warm": {"workers": 2},
    "fresh": {"workers": 2, "fresh": True},
    "in process": {"in_process": True},
}
SLOW_WHEN_FRESH = {"map of 300 items"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CASES)
def test_a_graph_runs_as_promised(name: str, mode: str, tmp_path: Path) -> None:
    if mode == "fresh" and name in SLOW_WHEN_FRESH:
        name = "map"

    def launch(
        pipeline: Any, parameters: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Run[Any]:
        run: Run[Any] = pipeline.options(**MODES[mode], **options).run(**parameters)
        return run

    folder = tmp_path / "folder"
    folder.mkdir()
    check(CASES[name], launch, folder)
