"""A matrix of edits: after each, the steps that it reaches run, and no other does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provenance.mutations.edits import EDITS, Edit
from provenance.mutations.project import FILES, STEPS
from provenance.mutations.runner import Runner, write_files, write_old


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as started:
        yield started


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, runner: Runner) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write_files(folder, FILES)
    first = runner.run(folder)
    assert set(first) == STEPS
    assert not any(node["cached"] for node in first.values())
    assert {node["reason"] for node in first.values()} == {"never run before"}
    return folder


def test_there_are_enough_edits() -> None:
    assert len(EDITS) >= 60
    assert len({edit.name for edit in EDITS}) == len(EDITS)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_what_an_edit_reaches_runs_and_nothing_else(
    edit: Edit, project: Path, runner: Runner
) -> None:
    path = project / edit.file
    text = path.read_text()
    assert text.count(edit.old) == 1
    write_old(path, text.replace(edit.old, edit.new))
    try:
        nodes = runner.run(project)
    finally:
        write_old(path, text)
    ran = {name for name, node in nodes.items() if not node["cached"]}
    assert ran == edit.runs, {name: nodes[name]["reason"] for name in ran ^ edit.runs}
    if edit.tells:
        assert any(edit.tells in nodes[name]["reason"] for name in ran)
    back = runner.run(project)
    assert [name for name, node in back.items() if not node["cached"]] == []
