"""The watcher: what is due is begun once, whoever else watches, and whatever a turn does."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.program import PROGRAM, Folder, wait_until
from windlass.cli.app import run_app
from windlass.errors import ConfigError, UnreachableError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.monitoring.turning import watching
from windlass.monitoring.turning.watching import Due, Monitor, Process, Watcher
from windlass.records import Records
from windlass.stacks.models import ModelSettings

from .conftest import Windlass
from .project import SETTINGS

SCHEDULE = '\n[models.mean.triggers]\nschedule = "1h"\n'
ALERTS = "\n[models.mean.triggers]\ndrift = true\nquality = true\n"


class FakeTurn:
    """A turn that goes on until it is told to end."""

    def __init__(self, due: Due) -> None:
        self.due, self.code = due, None

    code: int | None

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.code = 130

    def wait(self) -> int:
        assert self.code is not None
        return self.code


class Scene:
    """A watcher whose turns are not taken, and what it told."""

    def __init__(self, root: Path, *models: str) -> None:
        self.turns: list[FakeTurn] = []
        self.lines: list[str] = []
        self.looked = 0
        self.monitor: Monitor = lambda *_: None
        self.watcher = Watcher(root, None, models, self._look, self._begin, self.lines.append)

    def _look(self, stores: Stores, model: str, told: ModelSettings, now: float) -> object:
        return self.monitor(stores, model, told, now)

    def _begin(self, due: Due) -> FakeTurn:
        self.turns.append(FakeTurn(due))
        return self.turns[-1]

    def run(self, looks: int, at: Callable[[int], object] = lambda n: None) -> None:
        """Runs the watcher until it was to begin turns after so many looks."""
        look, seen = self.watcher.look, iter(range(looks + 1))

        def counting() -> list[Due]:
            self.looked = next(seen)
            at(self.looked)
            return look()

        self.watcher.look = counting  # type: ignore[method-assign]
        self.watcher.run(0.0, lambda: "enough" if self.looked == looks else None)


@pytest.fixture
def scene(project: Path) -> Iterator[Scene]:
    found = Scene(project)
    with found.watcher:
        yield found


def settings(root: Path, more: str) -> None:
    (root / "windlass.toml").write_text(SETTINGS + more)


def test_nothing_is_due_where_nothing_triggers(
    project: Path, capfd: pytest.CaptureFixture[str], windlass: Windlass
) -> None:
    assert run_app(["watch", "--once"]) == 0
    assert "nothing is due" in capfd.readouterr().err
    settings(project, SCHEDULE)  # the first turn was just taken
    assert windlass("watch", "--once")["turns"] == []


def test_an_alert_begins_a_turn_in_a_process_of_its_own(
    project: Path, records: Records, windlass: Windlass
) -> None:
    settings(project, ALERTS)
    records.save_alert("mean", 2, "drift", {"column": "a"})  # of another version
    assert windlass("watch", "--once")["turns"] == []
    alert = records.save_alert("mean", 1, "drift", {"column": "a"})
    (taken,) = windlass("watch", "--once")["turns"]
    assert (taken["exit_code"], taken["turn"]["state"]) == (0, "unchanged")
    assert [each["alerts"] for each in taken["turn"]["why"]] == [[alert.id]]
    assert windlass("watch", "--once")["turns"] == []


def test_once_has_the_exit_code_of_its_turn(
    project: Path, windlass: Windlass, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(project, '\n[models.mean.triggers]\ndata = ["flow.py"]\n')
    (project / "windlass.toml").write_text(
        (project / "windlass.toml").read_text().replace("n = 4", "n = 0")
    )
    monkeypatch.setattr("windlass.monitoring.turning.triggers.SETTLING", 0.0)
    (taken,) = windlass("watch", "--once", code=1)["turns"]
    assert (taken["exit_code"], taken["turn"]["state"]) == (1, "failed")
    assert windlass("watch", "--once")["turns"] == []  # the same data are not tried again at once


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["meen", "--once"], "describes no model 'meen'"),
        (["--once", "--interval", "soon"], "--interval soon"),
        (["--json"], "--json tells of one look"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    words: list[str], message: str, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_app(["watch", *words]) == 2
    told = capfd.readouterr()
    assert message in told.err + told.out


def test_one_turn_goes_on_at_a_time_and_is_asked_to_end_with_the_watcher(
    project: Path, scene: Scene
) -> None:
    other = SETTINGS.replace("models.mean", "models.other")
    settings(project, ALERTS + other + "\n[models.other.triggers]\nschedule = '1h'\n")

    def at(look: int) -> None:
        if look == 2:
            scene.turns[0].code = 1

    scene.run(4, at)
    assert [turn.due.model for turn in scene.turns] == ["other", "other"]
    assert "other: a turn begins: there has been no turn yet" in scene.lines
    assert "other: no turn was begun, with exit code 1" in scene.lines
    assert scene.turns[1].code == 130
    assert "other: its turn is asked to end" in scene.lines


def test_a_turn_that_cannot_be_begun_keeps_no_other_back_and_is_no_storm(
    project: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SETTINGS.replace("models.mean", "models.other")
    third = SETTINGS.replace("models.mean", "models.third")
    hourly = "\n[models.{}.triggers]\nschedule = '1h'\n"
    settings(project, other + hourly.format("other") + third + hourly.format("third"))
    begin = scene.watcher._begin

    def begun(due: Due) -> Process:
        if len(scene.turns) == 3:
            raise OSError("Cannot allocate memory")
        return begin(due)

    monkeypatch.setattr(scene.watcher, "_begin", begun)

    def ended(_: int) -> None:
        for turn in scene.turns:
            turn.code = 2

    scene.run(8, ended)
    assert [turn.due.model for turn in scene.turns] == ["other", "other", "third"]
    assert scene.lines.count("third: a turn cannot be begun: Cannot allocate memory") == 1


def test_stores_that_are_gone_are_waited_for(
    project: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(project, ALERTS)

    def gone(*_: object) -> Stores:
        raise UnreachableError("the server is gone")

    def at(look: int) -> None:
        monkeypatch.setattr(watching, "open_stores", open_stores if look else gone)

    with contextlib.closing(Records.open(project / ".windlass" / "windlass.db")) as records:
        records.save_alert("mean", 1, "quality", {})
    scene.run(2, at)
    assert scene.lines[0] == "nothing can be watched now, it is tried again: the server is gone"
    assert [turn.due.why[0].kind for turn in scene.turns] == ["quality"]


def test_a_server_that_is_not_there_fails_one_look_and_no_daemon(
    project: Path, windlass: Windlass
) -> None:
    away = "postgresql+psycopg://windlass@127.0.0.1:1/records"
    settings(project, f'{ALERTS}\n[stacks.default]\nrecords = "{away}"\n')
    assert "127.0.0.1:1" in windlass("watch", "--once", code=1)["error"]["message"]
    with Folder(project).started("watch", "--interval", "0.2s") as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        for _ in range(2):
            assert any("nothing can be watched now, it is tried again" in line for line in lines)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_what_goes_wrong_with_one_model_keeps_nobody_from_the_others(
    project: Path, scene: Scene, records: Records
) -> None:
    """A monitor that fails keeps back no trigger; nor does a model that lacks its pipeline."""
    more = '[models.none.triggers]\nschedule = "1h"\n'
    third = SETTINGS.replace("models.mean", "models.third")
    settings(project, f'{ALERTS}{more}{third}[models.third.triggers]\nschedule = "1h"\n')
    records.save_alert("mean", 1, "drift", {})
    looked = []

    def monitor(stores: Stores, model: str, told: ModelSettings, now: float) -> None:
        looked.append(model)
        raise ZeroDivisionError

    scene.monitor = monitor
    assert [due.model for due in scene.watcher.look()] == ["mean", "third"]
    assert looked == ["mean"]  # of the others there is nothing to be seen yet
    assert "mean: a look failed" in scene.lines[0]
    assert "ZeroDivisionError" in scene.lines[0]
    assert scene.lines[1].startswith("none: windlass.toml names no pipeline")
    assert scene.watcher.has_failed


def test_what_goes_on_being_wrong_with_a_model_is_told_once(project: Path, scene: Scene) -> None:
    settings(project, '[models.none.triggers]\nschedule = "1h"\n')
    for _ in range(3):
        scene.watcher.look()
    (line,) = scene.lines
    assert line.startswith("none: windlass.toml names no pipeline")
    scene.watcher._failed = set()  # it went well in between
    scene.watcher.look()
    assert scene.lines == [line, line]


def test_settings_are_read_anew(project: Path, scene: Scene) -> None:
    with contextlib.closing(Records.open(project / ".windlass" / "windlass.db")) as records:
        records.save_alert("mean", 1, "drift", {})
    assert scene.watcher.look() == []
    settings(project, ALERTS)
    assert [due.model for due in scene.watcher.look()] == ["mean"]
    settings(project, ALERTS.replace("true", "1"))
    with pytest.raises(ConfigError, match=r"windlass\.toml"):
        scene.watcher.look()


def test_what_another_has_dealt_with_meanwhile_begins_nothing(
    project: Path, scene: Scene, records: Records, capfd: pytest.CaptureFixture[str]
) -> None:
    """Between its look and its turn another watcher has taken one, to the end."""
    settings(project, ALERTS)
    records.save_alert("mean", 1, "drift", {})
    (due,) = scene.watcher.look()
    assert run_app(["turn", "mean"]) == 0
    capfd.readouterr()
    from windlass.cli.watching import _begin

    assert _begin(project, None, due).wait() == 0
    assert "another turn of 'mean' was quicker" in capfd.readouterr().err
    assert len(records.turns("mean")) == 2


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_of_two_watchers_one_takes_the_turn(
    database: str, empty: Path, request: pytest.FixtureRequest, windlass: Windlass
) -> None:
    settings(empty, SCHEDULE)
    if database == "postgres":
        url = request.getfixturevalue("postgres_url")
        with (empty / "windlass.toml").open("a") as file:
            file.write(f'\n[stacks.default]\nrecords = "{url}"\n')
    words = [str(PROGRAM), "watch", "--once"]
    started = [
        subprocess.Popen(words, cwd=empty, env=Folder(empty).variables({}), stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [each.communicate(timeout=120)[1].decode() for each in started]
    assert [each.returncode for each in started] == [0, 0], told
    (turn,) = windlass("history", "mean", "--turns")["turns"]
    assert (turn["state"], turn["why"][0]["kind"]) == ("promoted", "schedule")
    assert [run["name"] for run in windlass("runs")["runs"]] == ["training-1"]


def test_the_daemon_survives_a_turn_that_dies_and_ends_when_it_is_asked_to(
    project: Path, records: Records
) -> None:
    settings(project, ALERTS)
    (project / "crash").touch()
    records.save_alert("mean", 1, "drift", {})
    words = ("watch", "mean", "--interval", "0.2s")
    with Folder(project).started(*words) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any("the process of its turn died, with exit code 7" in line for line in lines)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert any("ended: asked to end (SIGTERM)" in line for line in lines)
        assert process.wait(30) == 0
    assert [turn.state for turn in records.turns("mean")] == ["running", "promoted"]


def test_the_daemon_ends_its_turn_with_itself(project: Path, records: Records) -> None:
    settings(project, ALERTS)
    records.save_alert("mean", 1, "drift", {})
    text = (project / "windlass.toml").read_text()
    (project / "windlass.toml").write_text(text.replace("n = 4", "n = 5"))
    words = ("watch", "--interval", "0.2s")
    with Folder(project, {"WISH": "wait"}).started(*words) as process:
        wait_until(lambda: records.turns("mean")[0].document.get("version") == 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    turn = records.turns("mean")[0]
    assert (turn.state, turn.document["reason"]) == ("failed", "interrupted")


def test_a_turn_begun_by_a_trigger_shows_on_the_scorecard(
    project: Path, records: Records, windlass: Windlass
) -> None:
    missing = "the next one is trained without a person"

    def conditions() -> dict[str, bool]:
        told = windlass("scorecard", "mean")["maturity"]["conditions"]
        return {each["text"]: each["met"] for each in told}

    assert not conditions()[missing]
    settings(project, ALERTS)
    assert not conditions()[missing]  # it is set up, and has never been
    records.save_alert("mean", 1, "drift", {})
    windlass("watch", "--once")
    assert conditions()[missing]
    settings(project, "")
    assert not conditions()[missing]
