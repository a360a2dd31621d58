"""Steps with environments of their own: built by uv, run in their interpreter, told of."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from provenance.package_index import PASSWORD, serving
from windlass.provenance import uv

from .program import Folder, web_variables

PYTHON = next(each for each in ("3.12", "3.13", "3.11") if each != uv.PYTHON)

SETTINGS = f"""
[environments.old]
python = "{PYTHON}"
requirements = ["toolz==0.12.0"]

[environments.new]
requirements = ["toolz==1.0.0"]
"""

HELPER = """
RATE = 1


def rate():
    return RATE


def double(n):
    return 2 * n
"""

FLOW = """
import os, signal, sys
from dataclasses import dataclass
from pathlib import Path
from windlass import each, pipeline, step
import helper


@dataclass
class Told:
    text: str

    def loud(self) -> str:
        return self.text.upper()


@step(environment="old")
def with_old(n: int) -> Told:
    import toolz
    return Told(f"toolz {toolz.__version__} in {sys.version_info[1]}, {helper.double(n)}")


@step(environment="new")
def with_new(n: int) -> Told:
    import toolz
    return Told(f"toolz {toolz.__version__} in {sys.version_info[1]}, {helper.double(n)}")


@step
def join(a: Told, b: Told) -> str:
    return f"{a.loud()}; {b.loud()}"


@pipeline
def both(n: int = 2) -> str:
    return join(with_old(n), with_new(n))


@step
def version(n: int) -> str:
    import toolz
    return str(toolz.__version__) + str(n)


@pipeline
def one_step_in_two() -> list[str]:
    return collect([version.options(environment=name)(1) for name in ("old", "new")])


@step(environment="old")
def collect(versions: list[str]) -> list[str]:
    return versions


@step(environment="old", retries=1, retry_delay=0)
def dies_once(mark: str) -> int:
    if not os.path.exists(mark):
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


@step(environment="old")
def fails(mark: str) -> str:
    import toolz
    if os.path.exists(mark):
        return toolz.__version__ + "!"
    raise RuntimeError("not yet")


@pipeline
def failing(mark: str) -> str:
    return fails(mark)


@step(environment="old")
def lacks(n: int) -> int:
    import numpy
    return n


@pipeline
def dying(mark: str) -> int:
    return dies_once(mark)


@pipeline
def lacking() -> int:
    return lacks(1)


@step(environment="olt")
def misspelt() -> int:
    return 1


@pipeline
def nowhere() -> int:
    return misspelt()


COUNT = 0


@step(environment="old")
def counts(n: int) -> int:
    global COUNT
    COUNT += 1
    return COUNT


@step(environment="old", cache=False)
def sets(n: int) -> int:
    helper.RATE = n
    return n


@step(environment="old")
def reads() -> int:
    return helper.rate()


@pipeline
def setting() -> int:
    return reads.after(sets(5))()


@pipeline
def counting() -> list[int]:
    return counts.map(each([1, 2, 3]))
"""


BEGIN = """
import json
from windlass.execution.relay.begin import post_run
from windlass.targets import target
from flow import both

class Left:
    "A target that leaves its runs to somebody else."
    def __init__(self, stack, options): pass
    def check(self, plan): pass
    def close(self): pass
    def run(self, job, observer):
        post_run(job)
        print(json.dumps(["--run", job.run, "--plan", job.plan.digest]))
        job.stores.records.release_run(job.run, job.driver)
        return "running", None

target.TARGETS["left"] = "__main__:Left"
both.options(target="left", cache=False).run()
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project whose environments are built, with one run."""
    if uv.find_python(PYTHON) == PYTHON:
        pytest.skip(f"there is no Python {PYTHON} here")
    root = tmp_path_factory.mktemp("own")
    variables = {"WINDLASS_CACHE": str(root / "cache"), "UV_PYTHON_DOWNLOADS": "never"}
    variables |= web_variables()
    folder = Folder(root / "project", variables)
    folder.root.mkdir()
    (folder.root / "windlass.toml").write_text(SETTINGS)
    (folder.root / "flow.py").write_text(FLOW)
    (folder.root / "helper.py").write_text(HELPER)
    done = folder.windlass("run", "flow.py:both")
    assert done.code == 0, done
    assert "making the environment 'old': Python" in done.err
    own = uv.PYTHON.partition(".")[2], PYTHON.partition(".")[2]
    assert f"TOOLZ 0.12.0 IN {own[1]}, 4; TOOLZ 1.0.0 IN {own[0]}, 4" in done.out
    return folder


@pytest.fixture
def project(template: Folder, tmp_path: Path) -> Folder:
    return Folder(shutil.copytree(template.root, tmp_path / "project"), template.environment)


def would(project: Folder, pipeline: str = "both") -> dict[str, str]:
    told = project.document("run", f"flow.py:{pipeline}", "--dry-run")
    return {each["node"]: each["would"] for each in told["nodes"]}


def edit(project: Folder, file: str, before: str, after: str) -> None:
    path = project.root / file
    text = path.read_text()
    assert before in text
    later = path.stat().st_mtime + 2
    path.write_text(text.replace(before, after))
    # Else Python would take the old bytecode for a text of the same length in the same second.
    os.utime(path, (later, later))


def test_a_second_run_takes_all_from_the_cache(project: Folder) -> None:
    assert set(would(project).values()) == {"cached"}
    done = project.windlass("run", "flow.py:both")
    assert "making" not in done.err
    assert done.err.count("cached") == 3


def test_another_version_in_an_environment_runs_its_steps_alone(project: Folder) -> None:
    edit(project, "windlass.toml", "toolz==1.0.0", "toolz==0.12.1")
    assert would(project) == {"with_old": "cached", "with_new": "run", "join": "unknown"}
    told = project.document("run", "flow.py:both")
    reasons = {each["node"]: each["reason"] for each in told["nodes"]}
    assert reasons["with_new"] == "toolz 1.0.0 → 0.12.1"
    found = project.document("diff", "both-1", told["name"], "--only", "packages")["packages"]
    assert found == [{"name": "new: toolz", "before": "1.0.0", "after": "0.12.1"}]
    shown = project.document("show", told["name"], "--provenance")
    assert list(shown["environments"]) == ["new", "old"]


def test_the_explanation_names_the_environment_and_what_is_in_it(project: Folder) -> None:
    text = project.windlass("explain", "latest", "with_old").out
    assert "environment   old" in text
    assert "toolz 0.12.0" in text
    assert PYTHON in text
    told = project.document("explain", "latest", "with_old")["depends_on"]
    assert told["environment"] == "old"
    assert told["python"] == PYTHON
    assert told["distributions"]["toolz"] == "0.12.0"
    other = project.document("explain", "latest", "join")["depends_on"]
    assert "environment" not in other
    assert "toolz" not in other["distributions"]


def test_an_edit_to_a_helper_counts_in_every_environment(project: Folder) -> None:
    edit(project, "helper.py", "2 * n", "n + n + 0")
    done = project.windlass("run", "flow.py:both")
    assert done.err.count("cached") == 1  # what comes out is equal
    assert "not kept" not in done.err
    assert set(would(project).values()) == {"cached"}


def test_the_environment_of_a_step_may_change(project: Folder) -> None:
    edit(project, "flow.py", '@step(environment="new")', '@step(environment="old")')
    told = project.document("run", "flow.py:both")
    reasons = {each["node"]: each["reason"] for each in told["nodes"]}
    assert reasons["with_new"].startswith("it runs in the environment 'old' now, and ")


def test_one_step_may_run_in_two_environments(project: Folder) -> None:
    done = project.windlass("run", "flow.py:one_step_in_two")
    assert "['0.12.01', '1.0.01']" in done.out
    assert set(would(project, "one_step_in_two").values()) == {"cached"}


def test_what_an_earlier_step_changed_is_not_kept(project: Folder) -> None:
    told = project.document("run", "flow.py:counting", "--workers", "1")
    reasons = [each["reason"] for each in told["nodes"]]
    assert sum("an earlier step in this process changed it" in each for each in reasons) == 2


def test_what_a_step_set_in_another_module_is_not_kept(project: Folder) -> None:
    told = project.document("run", "flow.py:setting", "--workers", "1")
    reason = {each["node"]: each["reason"] for each in told["nodes"]}["reads"]
    assert "not kept for the cache" in reason
    assert would(project, "setting")["reads"] != "cached"


def test_a_death_in_an_environment_is_told_and_tried_again(project: Folder, tmp_path: Path) -> None:
    done = project.windlass("run", "flow.py:dying", "-p", f"mark={tmp_path / 'mark'}")
    assert done.code == 0, done
    assert "killed by SIGKILL" in done.err


@pytest.mark.parametrize("options", [[], ["--with-changes"]])
def test_a_run_is_resumed_in_its_environments(
    project: Folder, tmp_path: Path, options: list[str]
) -> None:
    mark = tmp_path / "ready"
    mark.touch()
    edit(project, "flow.py", "if os.path.exists(mark)", "if os.path.getsize(mark)")
    assert project.windlass("run", "flow.py:failing", "-p", f"mark={mark}").code == 1
    edit(project, "flow.py", '"!"', '"?"')
    mark.write_text("now")
    done = project.windlass("resume", "latest", *options)
    assert done.code == 0, done
    assert done.out.startswith("0.12.0?" if options else "0.12.0!")


def test_what_an_environment_lacks_is_named(project: Folder) -> None:
    done = project.windlass("run", "flow.py:lacking")
    assert done.code == 1
    assert "No module named 'numpy'" in done.err
    assert "[environments.old]" in done.err


def test_an_environment_that_is_nowhere_is_refused_before_anything_runs(project: Folder) -> None:
    before = project.recorded()
    told = project.refused("run", "flow.py:nowhere")
    assert "'misspelt' asks for the environment 'olt'" in told
    assert "Did you mean 'old'?" in told
    assert "[environments.olt]" in told
    assert project.recorded() == before


def test_one_process_is_in_one_environment(project: Folder) -> None:
    told = project.refused("run", "flow.py:both", "--in-process")
    assert "'with_old' runs in an environment of its own" in told


def test_a_python_that_is_gone_is_told(project: Folder) -> None:
    edit(project, "windlass.toml", f'python = "{PYTHON}"', 'python = "3.99"')
    done = project.windlass("run", "flow.py:both")
    assert done.code == 2
    assert "Python 3.99" in done.err
    assert "uv python install 3.99" in done.err


def test_each_run_names_the_wheel_of_its_windlass(project: Folder) -> None:
    with closing(sqlite3.connect(project.root / ".windlass" / "windlass.db")) as database:
        query = "SELECT json_extract(details, '$.windlass.wheel') FROM runs"
        (wheel,) = database.execute(query).fetchone()
    blob = project.root / ".windlass" / "artifacts" / wheel[:2] / wheel
    assert blob.read_bytes()[:2] == b"PK"


PRIVATE = """
from windlass import pipeline, step


@step(environment="ours")
def sounds() -> str:
    import fathom
    return fathom.__version__


@pipeline
def private() -> str:
    return sounds()
"""


def test_a_private_index_leaves_no_trace(template: Folder, tmp_path: Path) -> None:
    with serving() as index:
        index.add("fathom", "1.0")
        project = Folder(tmp_path, {**template.environment, "UV_INDEX": index.url})
        (tmp_path / "windlass.toml").write_text('[environments.ours]\nrequirements = ["fathom"]\n')
        (tmp_path / "flow.py").write_text(PRIVATE)
        done = project.windlass("run", "flow.py:private")
        assert done.out.startswith("1.0"), done
        told = [done.out, done.err]
        for asked in ("fathom==7", "nothing-of-that-name-is-there"):
            text = f'[environments.ours]\nrequirements = ["{asked}"]\n'
            (tmp_path / "windlass.toml").write_text(text)
            told.append(project.refused("run", "flow.py:private"))
            assert asked in told[-1]
        place = index.place
    told.append(project.refused("run", "flow.py:private"))  # nobody answers
    kept = [file.read_bytes() for file in (tmp_path / ".windlass").rglob("*") if file.is_file()]
    assert any(b"fathom" in data for data in kept)
    for data in [*kept, *(text.encode() for text in told)]:
        assert PASSWORD.encode() not in data
        assert place.encode() not in data


def test_a_worker_without_project_or_record_enters_it(project: Folder, tmp_path: Path) -> None:
    (project.root / "begin.py").write_text(BEGIN)
    begun = project.command(sys.executable, "begin.py")
    assert begun.code == 0, begun
    (tmp_path / "elsewhere").mkdir()
    machine = Folder(tmp_path / "elsewhere", project.environment)
    store = str(project.root / ".windlass" / "artifacts")
    for node in ("with_old", "with_new", "join"):
        words = [*json.loads(begun.out), "--store", store, "--node", node]
        done = machine.windlass("execute", *words)
        assert done.code == 0, done
    assert project.document("sync", "both-2")["status"] == "succeeded"
    told = project.document("artifacts", "show", "both-2:join")["preview"]["text"]
    assert "TOOLZ 0.12.0" in told
    assert "TOOLZ 1.0.0" in told
