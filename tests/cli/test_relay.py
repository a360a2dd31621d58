"""Nodes that are executed one by one, as an engine does, straight to the record and by the store.

What must hold is the same in both ways. By the store, commands are started in an empty folder, with
the store's address alone.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .program import Done, Folder, wait_until

FLOW = """
import os, signal, time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from windlass import Model, each, either, log_metric, log_params, pipeline, step

NOTES = Path(os.environ.get("NOTES", "."))

def note(what):
    with (NOTES / "notes").open("a") as file:
        file.write(what + "\\n")

def has(name):
    return (NOTES / name).exists()

@step
def load(n: int) -> list[int]:
    note("load")
    while has("wait"):
        time.sleep(0.02)
    return list(range(n))

@step(retries=1)
def work(x: int) -> int:
    note(f"work {x}")
    print(f"at {x}")
    log_metric("x", x)
    log_params({"fails": has("fail")})
    if has("fail"):
        raise ValueError("not yet")
    return x * 10

@step
def add(parts: list[int]) -> Annotated[int, Model("sum")]:
    return sum(parts)

@step
def is_small(n: int) -> bool:
    return n < 100

@step
def say(text: str) -> str:
    return text

@step(timeout=5)
def pour() -> Iterator[int]:
    note("pour")
    yield 1
    if has("die alone"):
        print("last words", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if has("die"):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    while has("linger"):
        time.sleep(0.02)
    yield 2

@pipeline
def flow(n: int = 2) -> str:
    pour()
    total = add(work.map(each(load(n))))
    return either(is_small(total), lambda: say("small"), lambda: say("large"))
"""
BEGIN = """
import json, os, signal, sys
from windlass.execution.relay.begin import post_plan, post_run
from windlass.targets import target
from flow import flow

class Left:
    "A target that leaves its runs to somebody else, or dies."
    def __init__(self, stack, options): pass
    def check(self, plan): pass
    def close(self): pass
    def run(self, job, observer):
        post_run(job, hits=True)
        print(json.dumps({"id": job.run, "name": job.name, "plan": job.plan.digest}), flush=True)
        if "plan" in sys.argv:
            details = job.stores.records.run_by_id(job.run).details
            post_plan(job, target="left", stack="default", tags={}, details=details)
            job.stores.records.finish_run(job.run, "cancelled", "it was only compiled")
            return "cancelled", None
        if "die" in sys.argv:
            os.kill(os.getpid(), signal.SIGKILL)
        job.stores.records.release_run(job.run, job.driver)
        return "running", None

target.TARGETS["left"] = "__main__:Left"
flow.options(target="left").run()
"""
OBJECTS = Path(".windlass/artifacts/named/runs")


@dataclass
class Way:
    """One of the two ways, and a run that somebody has begun.

    Args:
        project: Where the record is.
        elsewhere: A folder of another machine, if it goes by the store.
        notes: Where the steps leave their notes.
    """

    project: Folder
    elsewhere: Folder | None
    notes: Path
    run: dict[str, str] = field(default_factory=dict)

    def begin(self, *how: str) -> None:
        done = self.project.command(sys.executable, "begin.py", *how)
        assert done.code == (-signal.SIGKILL if "die" in how else 0), done
        self.run = json.loads(done.out)

    def words(self, node: str, *more: str) -> list[str]:
        words = ["execute", "--run", self.run["id"], "--plan", self.run["plan"], "--node", node]
        if self.elsewhere is not None:
            words += ["--store", str(self.project.root / ".windlass" / "artifacts")]
        return [*words, *more]

    @property
    def machine(self) -> Folder:
        return self.elsewhere or self.project

    def execute(self, node: str, *more: str, code: int = 0) -> Done:
        done = self.machine.windlass(*self.words(node, *more))
        assert done.code == code, done
        return done

    def sync(self, code: int = 0) -> dict[str, Any]:
        return self.project.document("sync", self.run["id"], code=code)

    def noted(self) -> list[str]:
        return (self.notes / "notes").read_text().splitlines()

    def objects(self, kind: str) -> list[Path]:
        folder = self.project.root / OBJECTS / self.run["id"] / kind
        return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture(params=["sqlite", "postgresql", "store"])
def way(request: pytest.FixtureRequest, project: Folder, tmp_path: Path) -> Iterator[Way]:
    """A run whose nodes are still to be executed."""
    notes, machine = tmp_path / "notes", tmp_path / "machine"
    (project.root / "flow.py").write_text(FLOW)
    (project.root / "begin.py").write_text(BEGIN)
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        (project.root / "windlass.toml").write_text(f'[stacks.default]\nrecords = "{url}"\n')
    for folder in (notes, machine):
        folder.mkdir()
    told = {"NOTES": str(notes), "WINDLASS_CACHE": str(tmp_path / "cache")}
    elsewhere = Folder(machine, told) if request.param == "store" else None
    found = Way(Folder(project.root, told), elsewhere, notes)
    found.begin()
    yield found
    assert list(machine.iterdir()) == []


by_the_store = pytest.mark.parametrize("way", ["store"], indirect=True)


def test_a_node_that_has_succeeded_is_not_run_again(way: Way) -> None:
    way.execute("load")
    way.execute("load", "--attempt", "2")
    assert way.noted() == ["load"]
    nodes = {node["node"]: node for node in way.sync()["nodes"]}
    assert nodes["load"]["status"] == "succeeded"
    assert nodes["load"]["attempts"] == 1


def test_a_failed_attempt_is_told_and_tried_again(way: Way) -> None:
    way.execute("load")
    (way.notes / "fail").touch()
    assert "not yet" in way.execute("work", "--index", "1", code=1).out
    way.sync()
    (way.notes / "fail").unlink()
    way.execute("work", "--index", "1", "--attempt", "2")
    way.sync()
    (node,) = [each for each in way.sync()["nodes"] if each["node"] == "work[1]"]
    assert (node["status"], node["attempts"], node["error"]) == ("succeeded", 2, None)
    first, second = (
        way.project.windlass("logs", way.run["id"], "work[1]", "--attempt", number).out
        for number in "12"
    )
    assert "at 1" in first
    assert "ValueError: not yet" in first
    assert second.splitlines() == ["at 1"]


def test_of_two_workers_at_one_node_one_counts(way: Way) -> None:
    (way.notes / "wait").touch()
    with (
        way.machine.started(*way.words("load", "--attempt", "1")) as one,
        way.machine.started(*way.words("load", "--attempt", "2")) as other,
    ):
        wait_until(lambda: (way.notes / "notes").exists() and way.noted() == ["load", "load"])
        (way.notes / "wait").unlink()
        assert (one.wait(60), other.wait(60)) == (0, 0)
    nodes = [node for node in way.sync()["nodes"] if node["node"] == "load"]
    assert [node["status"] for node in nodes] == ["succeeded"]
    told = way.project.document("artifacts", "show", f"{way.run['id']}:load")
    assert told["preview"]["text"] == "[0] 0\n[1] 1"


def test_one_that_is_killed_between_a_value_and_its_outcome_leaves_nothing(way: Way) -> None:
    (way.notes / "die").touch()
    way.execute("pour", code=-signal.SIGKILL)
    assert "pour" not in {node["node"] for node in way.sync()["nodes"] if node["outputs"]}
    assert "pour" in way.sync()["waiting"]
    (way.notes / "die").unlink()
    way.execute("pour")
    assert way.noted() == ["pour", "pour"]
    (node,) = [each for each in way.sync()["nodes"] if each["node"] == "pour"]
    assert node["status"] == "succeeded"


def test_a_step_that_dies_says_so(way: Way) -> None:
    (way.notes / "die alone").touch()
    told = json.loads(way.execute("pour", "--json", code=1).out)
    assert told["error"]["kind"] == "WorkerDiedError"
    assert "killed by SIGKILL" in told["error"]["message"]
    (node,) = [each for each in way.sync()["nodes"] if each["node"] == "pour"]
    assert (node["status"], node["error"]) == ("failed", told["error"])
    assert way.project.windlass("logs", way.run["id"], "pour").out == "last words\n"
    (way.notes / "die alone").unlink()
    assert "succeeded" in way.execute("pour", "--attempt", "2", "--json").out


@by_the_store
def test_a_step_that_takes_too_long_is_ended(way: Way) -> None:
    (way.notes / "linger").touch()
    assert "it ran past its timeout of 5 s" in way.execute("pour", code=1).err
    (node,) = [each for each in way.sync()["nodes"] if each["node"] == "pour"]
    assert node["error"]["kind"] == "StepTimeoutError"


@by_the_store
def test_an_engine_is_told_lengths_and_choices_and_no_values(way: Way) -> None:
    def told(node: str, *more: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(way.execute(node, *more, "--json").out)
        return document

    assert told("work", "--ask")["status"] == "waiting"
    loaded = told("load")
    assert (loaded["status"], loaded["lengths"]) == ("succeeded", {"work": 2})
    asked = told("work", "--ask")
    assert (asked["status"], asked["lengths"]) == ("ready", {"work": 2})
    for index in "01":
        told("work", "--index", index)
    for _ in range(2):  # the first one joins what the items returned
        asked = told("work", "--ask")
        assert (asked["status"], asked["lengths"]) == ("succeeded", {"work": 2})
    assert told("add")["lengths"] == {}
    assert told("say", "--ask")["choices"] == {}
    decided = told("is_small")
    assert list(decided["choices"].values()) == [True]
    for side in ("say", "say_2"):
        assert told(side, "--ask")["choices"] == decided["choices"]
    assert told("say")["status"] == "succeeded"
    skipped = way.execute("say_2")
    assert "skipped: not taken by" in skipped.err
    assert way.sync()["status"] == "running"
    told("pour")
    done = way.sync()
    assert (done["status"], done["waiting"]) == ("succeeded", [])
    assert done["new"] == {"succeeded": ["pour"], "failed": []}
    assert done["metrics"] == {"x": 1.0}
    again = way.project.windlass("sync", way.run["id"])
    assert again.out.splitlines() == ["flow-1  nothing is new", "flow-1  succeeded"]
    assert versions(way) == [("sum@1", "flow-1")]


@by_the_store
def test_what_comes_too_early_or_cannot_run_is_refused(way: Way) -> None:
    refused = way.execute("add", code=2)
    assert "'add' cannot run: 'load' has not run yet" in refused.err
    way.execute("load")
    assert "there is none at --index 2" in way.execute("work", "--index", "2", code=2).err
    (way.notes / "fail").touch()
    for attempt in "12":
        way.execute("work", "--index", "0", "--attempt", attempt, code=1)
    (way.notes / "fail").unlink()
    way.execute("work", "--index", "1")
    assert "'add' cannot run: 'work' failed" in way.execute("add", code=1).err
    way.execute("pour")
    done = way.project.windlass("sync", way.run["id"])
    assert done.code == 1
    assert "flow-1  failed: 'work[0]' failed: ValueError: not yet" in done.out
    way.execute("work", "--index", "0", "--attempt", "3")  # the engine tries it after all
    for node in ("add", "is_small", "say"):
        way.execute(node)
    assert way.sync()["status"] == "succeeded"


@by_the_store
def test_an_engine_that_counts_no_tries_has_them_counted(way: Way) -> None:
    way.execute("load")
    (way.notes / "fail").touch()
    for _ in range(2):
        way.execute("work", "--index", "0", "--attempt", "next", code=1)
    (way.notes / "fail").unlink()
    way.execute("work", "--index", "0", "--attempt", "next")
    assert [each["attempt"] for each in way.sync()["new"]["failed"]] == [1, 2]
    (node,) = [each for each in way.sync()["nodes"] if each["node"] == "work[0]"]
    assert (node["status"], node["attempts"]) == ("succeeded", 3)
    assert "no number of a try" in way.execute("load", "--attempt", "0", code=2).err


@by_the_store
def test_a_store_that_cannot_be_reached_is_told_from_a_step_that_fails(way: Way) -> None:
    store = way.project.root / ".windlass" / "artifacts"
    store.rename(store.with_name("away"))
    store.symlink_to(store)
    assert "cannot be read" in way.execute("load", code=75).err
    store.unlink()
    store.with_name("away").rename(store)
    unknown = [*way.words("load"), "--run", "0" * 8]
    done = way.machine.windlass(*unknown)
    assert (done.code, "knows of no run" in done.err) == (2, True)


@by_the_store
def test_damaged_and_unknown_objects_are_told_and_left_alone(way: Way) -> None:
    for node in ("load", "pour"):
        way.execute(node)
    folder = way.project.root / OBJECTS / way.run["id"]
    (folder / "outcomes" / "load").write_bytes(b"{}")
    for name in ("outcomes/nobody", "failures/load/x", "strange/thing"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"?")
    done = way.sync()
    assert done["new"]["succeeded"] == ["pour"]
    assert {each["object"]: each["reason"] for each in done["aside"]} == {
        "outcomes/load": "it is damaged",
        "outcomes/nobody": "the plan has no such node",
        "failures/load/x": "it is of no attempt",
        "strange/thing": "it is of no kind that is known",
    }


@by_the_store
def test_results_are_found_by_workers_of_later_runs(way: Way) -> None:
    way.execute("load")
    way.begin()  # nobody has folded the first one
    assert json.loads(way.execute("load", "--json").out)["cached"] is True
    assert way.noted() == ["load"]
    way.sync()
    way.project.windlass("run", "flow.py:flow")
    before = way.noted()
    way.begin()
    assert json.loads(way.execute("pour", "--json").out)["cached"] is True
    assert way.noted() == before
    (node,) = [each for each in way.sync()["nodes"] if each["node"] == "pour"]
    assert node["cached"] is True
    assert node["reason"] == "the same as in flow-3"


@by_the_store
def test_a_run_is_begun_where_no_record_is(way: Way) -> None:
    store = str(way.project.root / ".windlass" / "artifacts")
    way.begin("plan")
    words = ["begin", "--store", store, "--plan", way.run["plan"], "--key", "daily at 5"]
    run = way.machine.windlass(*words, "-p", "n=1").out.strip()
    assert way.machine.windlass(*words, "-p", "n=1").out.strip() == run
    assert "'m'" in way.machine.refused(*words[:-1], "other", "-p", "m=1")
    way.run["id"] = run
    for node in (["load"], ["work", "--index", "0"], ["add"], ["is_small"], ["say"]):
        way.execute(*node)
    synced = {each["id"]: each for each in way.project.document("sync")["runs"]}[run]
    assert (synced["name"], synced["parameters"]) == ("flow-3", {"n": 1})
    assert (synced["status"], synced["waiting"]) == ("running", ["pour"])
    assert versions(way) == []
    way.execute("pour")
    assert way.sync()["status"] == "succeeded"
    assert versions(way) == [("sum@1", "flow-3")]


def versions(way: Way) -> list[tuple[str, str]]:
    """The versions of the model that the flow marks, with the runs that made them."""
    if not way.project.document("models", "list")["models"]:
        return []
    found = way.project.document("models", "show", "sum")["versions"]
    return [(each["name"], each["run"]) for each in found]


@by_the_store
def test_values_that_nobody_has_folded_are_not_collected(way: Way) -> None:
    way.begin("die")
    way.execute("load")
    assert way.project.windlass("gc").code == 0
    assert way.project.document("sync", way.run["id"])["new"]["succeeded"] == []
    told = way.project.document("artifacts", "show", f"{way.run['id']}:load")
    assert told["preview"]["text"] == "[0] 0\n[1] 1"


@by_the_store
def test_a_run_whose_driver_has_died_is_ended_by_sync(way: Way) -> None:
    way.begin("die")
    for node in ("load", "pour"):
        way.execute(node)
    done = way.project.windlass("sync", way.run["id"])
    assert done.out.splitlines() == [
        "flow-2  new: pour, load succeeded",
        "flow-2  lost; not ended yet: work[0], work[1]",
    ]
    for words in (["work", "--index", "0"], ["work", "--index", "1"], ["add"], ["is_small"]):
        way.execute(*words)
    way.execute("say")
    assert way.sync()["status"] == "succeeded"
    assert way.project.document("show", way.run["id"])["status"] == "succeeded"
