"""Trackers of other packages, and what is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from windlass import log_metric, pipeline, plugins, step
from windlass.errors import ConfigError
from windlass.execution.delivering.rounds import deliver, round_text
from windlass.provenance.project import find_project
from windlass.stacks.stack import Stack, load_stack
from windlass.tracking.tracker import make_tracker
from windlass.tracking.trying import look_at_tracker, tracker_of

TRACKER = """
import json
from windlass.errors import TrackerAwayError, TrackerError


class Lines:
    def __init__(self, address):
        self.file = address

    def reach(self):
        if self.file.endswith("away"):
            raise TrackerAwayError("it is away")

    def tell_run(self, run):
        self._tell("run", run.name, run.status)

    def tell_node(self, node):
        if node.name == "refused":
            raise TrackerError("not that")
        self._tell("node", node.name, dict(node.params), {n: list(p.values) for n, p in
                   node.points.items() if not n.startswith("system/")})

    def _tell(self, *words):
        with open(self.file, "a") as file:
            file.write(json.dumps(words) + "\\n")
"""


@step
def squared(number: int) -> int:
    log_metric("square", number * number)
    return number


@step
def refused(number: int) -> int:
    return number


@pipeline
def counting(number: int) -> int:
    return squared(number)


@pipeline
def half(number: int) -> int:
    return refused(squared(number))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project beside which a package with a tracker is installed."""
    packages = tmp_path / "packages"
    (packages / "lines-1.0.dist-info").mkdir(parents=True)
    declared = "[windlass.trackers]\nlines = lines_tracker:Lines\n"
    (packages / "lines-1.0.dist-info" / "entry_points.txt").write_text(declared)
    (packages / "lines_tracker.py").write_text(TRACKER)
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setenv("WINDLASS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    plugins.entry_points.cache_clear()
    yield tmp_path
    plugins.entry_points.cache_clear()
    sys.modules.pop("lines_tracker", None)


def stack_of(project: Path, address: str) -> Stack:
    (project / "windlass.toml").write_text(f'[stacks.default]\ntracker = "lines:{address}"\n')
    return load_stack(None, find_project(project))


def ran(stack: Stack, chosen: object, number: int) -> str:
    """The id of a run that nobody told of: its stack got the tracker later."""
    run = chosen.options(workers=1, in_process=True).run(number)  # type: ignore[attr-defined]
    records = run.job.stores.records
    with records.write():
        records.put_waiting(run.id, stack.tracker_shown)
    return str(run.id)


def test_a_tracker_of_another_package_is_told(project: Path) -> None:
    stack = stack_of(project, str(project / "told"))
    ran(stack, counting, 3)
    found = deliver(stack)
    assert found is not None
    assert (found.told, found.left, found.refused) == ({"node": 1, "run": 1}, {}, {})
    lines = [json.loads(line) for line in (project / "told").read_text().splitlines()]
    assert [line[:3] for line in lines] == [
        ["node", "squared", {"number": 3}],
        ["run", "counting-1", "succeeded"],
    ]
    assert lines[0][3] == {"square": [9.0]}
    again = deliver(stack)
    assert again is not None
    assert round_text(again).endswith("nothing is new")


def test_what_one_node_is_refused_the_others_are_told_all_the_same(project: Path) -> None:
    stack = stack_of(project, str(project / "told"))
    run = ran(stack, half, 3)
    found = deliver(stack)
    assert found is not None
    assert found.refused == {f"{run}/refused": "not that"}
    assert (found.told, found.left) == ({"node": 1}, {"run": 1})
    assert "not that" in round_text(found)


def test_one_that_is_away_is_owed_everything(project: Path) -> None:
    stack = stack_of(project, str(project / "away"))
    ran(stack, counting, 3)
    found = deliver(stack)
    assert found is not None
    assert (found.away, found.told, found.left) == ("it is away", {}, {"run": 1})


def test_a_stack_without_a_tracker_tells_nobody(project: Path) -> None:
    (project / "windlass.toml").write_text("")
    assert deliver(load_stack(None, find_project(project))) is None


@pytest.mark.parametrize(
    ("tracker", "told"),
    [("odd:x", "names the tracker 'odd', which is not installed"), ("mlflow", "needs the address")],
)
def test_a_tracker_that_cannot_be_told_is_refused(project: Path, tracker: str, told: str) -> None:
    (project / "windlass.toml").write_text(f'[stacks.default]\ntracker = "{tracker}"\n')
    with pytest.raises(ConfigError, match=told):
        tracker_of(load_stack(None, find_project(project)))


def test_a_password_that_is_written_out_is_refused(project: Path) -> None:
    stack = stack_of(project, "http://ada:secret@host")
    with pytest.raises(ConfigError, match="names a password") as told:
        tracker_of(stack)
    assert "secret" not in str(told.value)


def test_the_record_alone_takes_no_address() -> None:
    make_tracker("none", "")
    with pytest.raises(ConfigError, match="no tracker"):
        make_tracker("none", "http://host")


def test_one_that_cannot_be_tried_out_is_reached(project: Path) -> None:
    (found,) = look_at_tracker(stack_of(project, str(project / "told")))
    assert (found.status, found.message) == ("ok", f"lines:{project / 'told'} answers")
    (found,) = look_at_tracker(stack_of(project, str(project / "away")))
    assert (found.status, found.message) == ("fail", "it is away")
    (project / "windlass.toml").write_text("")
    assert list(look_at_tracker(load_stack(None, find_project(project)))) == []
