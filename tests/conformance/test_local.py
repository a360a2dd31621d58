"""The local target: warm workers, fresh workers, and this very process, all alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.conformance_cases import CASES, CHOSEN
from conformance.promises import check
from windlass import Run

MODES: dict[str, dict[str, Any]] = {
    "warm": {"workers": 2},
    "fresh": {"workers": 2, "fresh": True},
    "in process": {"in_process": True},
}
# All where it is quick. Of a worker for each attempt, the pool alone is another.
TRIED = [(name, mode) for mode in MODES for name in CASES if mode != "fresh" or name in CHOSEN]


@pytest.mark.parametrize(("name", "mode"), TRIED)
def test_a_graph_runs_as_promised(name: str, mode: str, graphs: Any, folder: Path) -> None:
    def launch(
        pipeline: Any, parameters: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Run[Any]:
        run: Run[Any] = pipeline.options(**MODES[mode], **options).run(**parameters)
        return run

    check(graphs.CASES[name], launch, folder)
