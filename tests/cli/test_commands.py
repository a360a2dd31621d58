"""What every command tells a person, where all goes well."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

import windlass

from .program import OURS, Folder, wait_until


def test_init_makes_a_project_that_runs(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    done = folder.windlass("init")
    assert done.code == 0
    assert (tmp_path / "windlass.toml").is_file()
    assert "windlass run pipeline.py:training" in done.out
    ran = folder.windlass("run", "pipeline.py")
    assert ran.code == 0, ran
    assert "y = " in ran.out
    assert "training-1" in ran.err


def test_init_leaves_alone_what_is_there(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "windlass.toml").write_text("# mine\n")
    assert folder.windlass("init", "--no-example").code == 0
    assert (tmp_path / "windlass.toml").read_text() == "# mine\n"
    assert not (tmp_path / "pipeline.py").exists()


def test_run_tells_progress_on_standard_error_only(project: Folder) -> None:
    done = project.windlass("run", "sample.py:talk", "-p", "n=4")
    assert done.code == 0, done
    assert done.out.splitlines()[0] == "6"
    assert "windlass show talk-1" in done.out
    assert "speak | printed 4" in done.err
    assert "speak | from below Python" in done.err
    assert "speak_2" in done.err
    assert "\x1b" not in done.out + done.err


def test_a_failed_run_shows_the_users_own_lines(project: Folder) -> None:
    done = project.windlass("run", "sample.py:fails")
    assert done.code == 1
    assert "broken: ValueError: cannot work with 2" in done.err
    assert 'raise ValueError(f"cannot work with {n}")' in done.err
    assert "windlass logs fails-1 broken" in done.err
    assert OURS not in done.err


def test_runs_and_show(trained: Folder) -> None:
    listed = trained.windlass("runs")
    assert listed.code == 0
    for name in ("training-1", "talk-1", "fails-1", "tabular-1"):
        assert name in listed.out
    shown = trained.windlass("show", "training-1")
    assert shown.code == 0
    for told in ("fit[2]", "succeeded", "skipped", "count=200", "150 items"):
        assert told in shown.out
    assert trained.windlass("show", "latest").code == 0
    assert trained.windlass("show", "talk").code == 0


def test_logs(trained: Folder) -> None:
    both = trained.windlass("logs", "talk-1")
    assert both.code == 0
    assert "speak, attempt 1" in both.out
    one = trained.windlass("logs", "talk-1", "speak")
    assert trained.windlass("logs", "talk-1:speak").out == one.out
    explained = trained.windlass("explain", "talk-1", "speak")
    assert trained.windlass("explain", "talk-1:speak").out == explained.out != ""
    assert sorted(one.out.splitlines()) == sorted(
        ["printed 3", "complained 3", "from below Python"]
    )
    nothing = trained.windlass("logs", "training-1", "measure")
    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing" in nothing.err


def test_logs_of_what_the_cache_had(project: Folder) -> None:
    for _ in range(2):
        project.windlass("run", "sample.py:talk")
    done = project.windlass("logs", "talk-2", "speak")
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == [
        "speak is from the cache",
        "  what it wrote when it ran: windlass logs talk-1 speak",
    ]


def test_logs_follow_a_run_to_its_end(project: Folder) -> None:
    with project.started("run", "sample.py:slow", "-p", "n=40") as running:
        wait_until(project.recorded)
        with project.started("logs", "latest", "--follow") as following:
            out, err = following.communicate(timeout=60)
        running.communicate(timeout=60)
        assert running.returncode == 0
    assert following.returncode == 0, err
    ticks = [line for line in out.splitlines() if "tick[0] | tick " in line]
    assert ticks == [f"tick[0] | tick {i}" for i in range(40)]


def test_artifacts(trained: Folder, tmp_path: Path) -> None:
    listed = trained.windlass("artifacts", "list", "tabular-1")
    assert listed.code == 0
    assert "3 rows" in listed.out
    shown = trained.windlass("artifacts", "show", "tabular-1:table")
    assert shown.code == 0
    assert "n2" in shown.out
    file = tmp_path / "table.csv"
    assert trained.windlass("artifacts", "export", "tabular-1:table", "-o", str(file)).code == 0
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["name"] for row in rows] == ["n0", "n1", "n2"]
    assert [row["value"] for row in rows] == ["0", "1", "2"]


def test_an_export_never_overwrites(trained: Folder, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("mine")
    told = trained.refused("artifacts", "export", "tabular-1:table", "-o", str(file))
    assert str(file) in told
    assert file.read_text() == "mine"


def test_lineage(trained: Folder) -> None:
    done = trained.windlass("lineage", "training-1:accept")
    assert done.code == 0
    for node in ("accept", "pick", "fit", "score"):
        assert node in done.out


def test_doctor(trained: Folder) -> None:
    done = trained.windlass("doctor")
    assert done.code == 0, done
    for name in ("python", "settings", "records", "artifacts"):
        assert name in done.out


def test_doctor_fails_where_the_settings_do(project: Folder) -> None:
    (project.root / "windlass.toml").write_text("[stacks.default]\ntarge = 'local'\n")
    told = project.document("doctor", code=1)
    assert told["ok"] is False
    settings = next(check for check in told["checks"] if check["name"] == "settings")
    assert settings["status"] == "fail"
    assert "line 2" in settings["message"]


def _execute(project: Folder, run: dict[str, str], node: str, attempt: int = 1) -> list[str]:
    ids = ["--plan", run["plan"], "--run", run["id"]]
    return ["execute", *ids, "--node", node, "--attempt", str(attempt)]


def test_execute_does_nothing_where_the_outcome_stands(project: Folder) -> None:
    run = project.document("run", "sample.py:talk")
    done = project.windlass(*_execute(project, run, "speak", attempt=2))
    assert done.code == 0, done
    assert "printed" not in done.out + done.err
    assert project.document("show", "talk-1") == run


def test_execute_runs_a_node_of_a_run_whose_driver_died(project: Folder) -> None:
    gate = project.root / "gate"
    with project.started("run", "sample.py:guarded", "-p", f"file={gate}") as running:
        wait_until(gate.with_name("gate.waits").exists)
        running.kill()
    run = project.document("show", "guarded-1")
    assert run["status"] == "lost"
    assert run["nodes"] == []
    gate.touch()
    done = project.windlass(*_execute(project, run, "gate", attempt=2))
    assert done.code == 0, done
    (node,) = project.document("show", "guarded-1")["nodes"]
    assert (node["node"], node["status"]) == ("gate", "succeeded")


def test_execute_tells_a_failure_by_its_exit_code(project: Folder) -> None:
    run = project.document("run", "sample.py:fails", code=1)
    assert project.windlass(*_execute(project, run, "broken", attempt=2)).code == 1
    assert "no node 'brokn'" in project.refused(*_execute(project, run, "brokn"))


@pytest.mark.parametrize("words", [["windlass"], ["-m", "windlass"]])
def test_the_version(project: Folder, words: list[str]) -> None:
    program = Path(sys.executable)
    first = str(program.with_name("windlass")) if words == ["windlass"] else str(program)
    done = project.command(first, *words[1:] if words == ["windlass"] else words, "--version")
    assert (done.code, done.out) == (0, f"windlass {windlass.__version__}\n")


def test_help_names_every_command_and_loads_nothing_heavy(project: Folder) -> None:
    heavy = "('sqlalchemy', 'numpy', 'rich', 'pandas', 'alembic')"
    look = (
        "import sys, windlass.cli\n"
        "sys.argv = ['windlass', '--help']\n"
        "try:\n    windlass.cli.main()\n"
        "finally:\n"
        f"    print([m for m in {heavy} if m in sys.modules], file=sys.stderr)\n"
    )
    done = project.command(sys.executable, "-c", look)
    assert (done.code, done.err.strip()) == (0, "[]")
    for name in ("init", "run", "runs", "show", "logs", "artifacts", "lineage", "doctor"):
        assert f"\n  {name} " in done.out


@pytest.mark.parametrize(
    "command", ["init", "run", "runs", "show", "logs", "artifacts list", "lineage", "doctor"]
)
def test_every_command_has_help_and_json(project: Folder, command: str) -> None:
    done = project.windlass(*command.split(), "--help")
    assert done.code == 0
    assert "--json" in done.out
