"""Runs whose data are checked: what is stored, what is told, and what is kept of it."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from data_checks import flows
from windlass import Run
from windlass.cli.showing import nodes_tree
from windlass.errors import RunError
from windlass.execution.data_checks.evidence import checks_of
from windlass.execution.document import run_document
from windlass.execution.relay.posts import packed, post_document, read_post, unpacked
from windlass.execution.seeding import derive, seed_all
from windlass.records.model import Posted


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What the steps have noted."""
    path = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(path))
    return lambda: path.read_text().split() if path.exists() else []


def run_of(flow: Any, *args: Any, **options: Any) -> Run[Any]:
    found: Run[Any] = flow.options(**{"in_process": True, **options}).run(*args)
    return found


def checks_in(run: Run[Any]) -> dict[str, list[dict[str, Any]]]:
    return checks_of(run.job.stores.records, run.id)


def error_of(run: Run[Any], node: str) -> Any:
    outcome = run[node].outcome
    assert outcome is not None
    return outcome.error


def test_an_input_that_breaks_a_check_stops_the_step_before_it_runs(notes: Any) -> None:
    run = run_of(flows.entering, -4.0)
    assert run.status == "failed"
    assert notes() == []
    error = error_of(run, "prepare")
    assert error["kind"] == "DataCheckError"
    assert error["message"] == (
        "prepare ← table breaks Flights:\n"
        "  departure  greater_than_or_equal_to(0)  1 of 2 rows: 0: -4.0"
    )
    assert "did not run" in error["hint"]
    assert error["checks"] == checks_in(run)["prepare"]
    attempts = run.job.stores.records.attempts(run.id, "prepare")
    assert len(attempts) == 1  # trying again would be given the same
    assert "prepare ← table breaks Flights" in run["prepare"].logs()


def test_an_output_that_breaks_a_check_is_never_stored() -> None:
    run = run_of(flows.cutting, 9)
    error = error_of(run, "cut")
    assert error["message"] == "cut → head breaks not_empty:\n  There are rows."
    outcome = run["cut"].outcome
    assert outcome is not None
    assert outcome.outputs == ()
    with pytest.raises(RunError):
        assert run["cut"].value
    (good, bad) = error["checks"]
    assert (good["at"], good["check"], good["verdict"]) == ("head", "Flights", "pass")
    assert (bad["at"], bad["check"], bad["verdict"]) == ("head", "not_empty", "fail")


def test_the_document_of_a_run_has_the_report_and_its_evidence() -> None:
    run = run_of(flows.entering, -4.0)
    told = json.loads(json.dumps(run_document(run.job.stores.records, run.row)))
    (error,) = [node["error"] for node in told["nodes"] if node["error"]]
    assert error["checks"][0]["breaches"][0]["examples"] == [["0", "-4.0"]]
    assert "breaks Flights" in told["error"]


def test_checks_that_pass_leave_evidence_that_the_cache_finds_again() -> None:
    first = run_of(flows.entering, 1.0)
    assert first.status == "succeeded"
    found = checks_in(first)["prepare"]
    told = [(c["border"], c["at"], c["check"], c["verdict"], c["rows"]) for c in found]
    assert told == [
        ("input", "table", "Flights", "pass", 2),
        ("output", "head", "Flights", "pass", 1),
        ("output", "head", "not_empty", "pass", 1),
    ]
    assert set(checks_in(first)) == {"prepare"}  # the others have none
    assert (first["prepare"].checks, first["load"].checks) == (found, [])
    again = run_of(flows.entering, 1.0)
    outcome = again["prepare"].outcome
    assert outcome is not None
    assert outcome.cached
    assert checks_in(again)["prepare"] == found
    (event,) = [e for e in first.job.stores.records.events(first.id) if e.kind == "data checks"]
    assert event.data["code"] == first.job.plan.code_of(first.graph.nodes["prepare"])


def test_checks_that_passed_before_a_step_failed_are_kept() -> None:
    run = run_of(flows.sinking, 1.0)
    assert error_of(run, "sink")["kind"] == "OSError"
    (entered,) = checks_in(run)["sink"]
    assert (entered["check"], entered["border"], entered["verdict"]) == ("Flights", "input", "pass")
    assert run["sink"].checks == [entered]


def shown(run: Run[Any]) -> list[str]:
    """What ``windlass show`` tells of a run, a line each."""
    told = json.loads(json.dumps(run_document(run.job.stores.records, run.row)))
    out = Console(file=io.StringIO(), width=120)
    out.print(nodes_tree(told["nodes"], [], every=False))
    assert isinstance(out.file, io.StringIO)
    return [line.strip(" │") for line in out.file.getvalue().splitlines()]


def test_show_tells_which_checks_passed_of_how_many_rows_and_at_which_border() -> None:
    passed = "checks passed: ← table: Flights (2 rows); → head: Flights, not_empty (1 row)"
    assert passed in shown(run_of(flows.entering, 1.0))
    assert passed in shown(run_of(flows.entering, 1.0))  # also of a result from the cache
    each = shown(run_of(flows.mapping, (1, 2, 3)))
    assert each.count("checks passed: → output: Flights (1 row)") == 3
    assert "checks passed: ← tables: Flights (3 values, 3 rows)" in each


def test_show_tells_of_a_node_whose_checks_failed_which_of_them_passed() -> None:
    told = shown(run_of(flows.cutting, 9))
    assert "DataCheckError: cut → head breaks not_empty:" in told
    assert "checks passed: → head: Flights (0 rows)" in told
    assert not any("checks passed" in line for line in shown(run_of(flows.entering, -4.0)))


def test_the_document_of_a_run_has_the_checks_that_passed() -> None:
    run = run_of(flows.entering, 1.0)
    told = json.loads(json.dumps(run_document(run.job.stores.records, run.row)))
    assert {node["node"]: node["checks"] for node in told["nodes"]} == {
        "load": [],
        "prepare": checks_in(run)["prepare"],
    }


def test_an_output_may_be_better_the_next_time(notes: Any) -> None:
    run = run_of(flows.fetching, -1.0)
    assert run.status == "succeeded"
    assert notes() == ["fetch", "fetch"]
    first, second = run.job.stores.records.attempts(run.id, "fetch")
    assert first.error is not None
    assert first.error["checks"][0]["verdict"] == "fail"
    assert second.error is None
    assert [check["verdict"] for check in checks_in(run)["fetch"]] == ["pass"]


def test_what_a_schema_coerces_goes_on_at_inputs_and_outputs() -> None:
    run = run_of(flows.coercing, 1.0)
    assert run["whole"].value == "int64"
    assert str(run["made_whole"].value["departure"].dtype) == "int64"
    assert str(run["load"].value["departure"].dtype) == "float64"
    assert flows.whole(flows.flights(1.0)) == "float64"  # a plain call is just the function


def test_each_item_of_a_map_is_checked_and_code_stays_what_it_was() -> None:
    run = run_of(flows.mapping, (1, -2, 3), keep_going=True)
    assert [run[f"one[{place}]"].status for place in range(3)] == [
        *("succeeded", "failed", "succeeded"),
    ]
    assert set(checks_in(run)) == {"one[0]", "one[1]", "one[2]"}
    good = run_of(flows.mapping, (1, 2, 3))
    reasons = [outcome.reason for outcome in good.job.stores.records.outcomes(good.id)]
    assert not [reason for reason in reasons if reason and "not kept" in reason]
    (together,) = checks_in(good)["together"]
    assert (together["at"], together["values"], together["rows"]) == ("tables", 3, 3)
    again = run_of(flows.mapping, (1, 2, 3))
    assert {
        node.name for node in again.nodes if not (node.outcome and node.outcome.cached)
    } == set()


def test_items_are_checked_as_they_come(notes: Any) -> None:
    run = run_of(flows.streaming, 9)
    assert run["drained"].value == ["int64"] * 4
    assert {node: c[0]["values"] for node, c in checks_in(run).items()} == {
        "yielding": 4,
        "drained": 4,
    }
    noted = len(notes())
    bad = run_of(flows.streaming, 1)
    assert error_of(bad, "yielding")["message"].startswith("yielding → output[1] breaks Coerced:")
    assert len(notes()) - noted == 2


def test_what_a_check_draws_shifts_no_draw_of_the_step() -> None:
    seed_all(derive(0, "drawing"))
    expected = random.random()
    assert run_of(flows.drawn).result() == expected


def test_workers_check_and_report_as_this_process_does() -> None:
    run = run_of(flows.entering, -4.0, in_process=False)
    assert error_of(run, "prepare")["message"].startswith("prepare ← table breaks Flights:")
    assert checks_in(run)["prepare"][0]["verdict"] == "fail"


def test_evidence_goes_by_post_where_the_record_is_out_of_reach() -> None:
    run = run_of(flows.entering, 1.0)
    job = run.job
    outcome = run["prepare"].outcome
    assert outcome is not None
    events = tuple(e for e in job.stores.records.events(run.id) if e.node == "prepare")
    posted = Posted(dataclasses.replace(outcome, outputs=(), events=events))
    data = packed(post_document(posted))
    assert read_post("it", unpacked("it", data)) == posted
    older = post_document(posted)
    del older["outcome"]["events"]  # as an older Windlass told
    assert read_post("it", older).outcome.events == ()


PROBE = """
import sys
from windlass import pipeline, step
@step
def one(n: int) -> list[int]:
    return [n]
@pipeline
def flow(n: int = 1) -> list[int]:
    return one(n)
assert flow.options(in_process=True).run().result() == [1]
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"pandera", "pandas", "polars"}, loaded
assert "windlass.execution.data_checks.inspection" not in sys.modules
"""


def test_what_is_not_checked_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(PROBE)
    (tmp_path / "windlass.toml").touch()
    done = subprocess.run(
        [sys.executable, "flow.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
