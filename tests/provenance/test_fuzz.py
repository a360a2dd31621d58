"""Random edits of random projects: what the cache gives is what the code as it stands gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provenance.mutations.generated import Project
from provenance.mutations.runner import Runner

FUZZ = os.environ.get("WINDLASS_FUZZ")
SEEDS = range(int(FUZZ or 4))  # `make fuzz` has more, of more edits each
EDITS = 130 if FUZZ else 40


@pytest.mark.timeout(1200)  # a minute on two idle cores, by `make fuzz`
@pytest.mark.parametrize("seed", SEEDS)
def test_no_value_is_stale(seed: int, tmp_path: Path) -> None:
    project = Project(seed)
    project.write(tmp_path)
    cached = kept = 0
    with Runner() as runner:
        for _ in range(EDITS):
            answer = runner.ask(tmp_path, "everything", {}, plain=3)
            nodes = answer["nodes"]
            stale = {
                name: (node["value"], answer["called"][name], node["reason"])
                for name, node in nodes.items()
                if node["value"] != answer["called"][name]
            }
            assert not stale
            lost = [n["reason"] for n in nodes.values() if "not kept" in (n["reason"] or "")]
            assert not lost
            cached += sum(node["cached"] for node in nodes.values())
            kind = project.edit()
            if kind == "nothing":
                project.write(tmp_path)
                nodes = runner.ask(tmp_path, "everything", {}, plain=3)["nodes"]
                assert not [n["reason"] for n in nodes.values() if not n["cached"]]
                kept += 1
            project.write(tmp_path)
    assert kept > EDITS / 20
    assert cached > EDITS  # an edit leaves some steps alone: the cache is not just always missed
