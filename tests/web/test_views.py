"""What pages tell: each document is what its type says, and is right."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from web import web_pipelines as wp
from web.conftest import World
from windlass.errors import NotFoundError, ParameterError, QueryError
from windlass.provenance.project import find_project
from windlass.records.points import extremes
from windlass.records.tracked import Curve as Drawn
from windlass.stacks.stack import load_stack
from windlass.web.app import as_json
from windlass.web.drawn import lineage_drawings
from windlass.web.page import Ask, Query
from windlass.web.pages import PAGES
from windlass.web.site import Site
from windlass.web.views import listing
from windlass.web.views.artifact import ArtifactQuery, artifact, artifact_bytes
from windlass.web.views.compare import CompareQuery, compare
from windlass.web.views.lineage import lineage
from windlass.web.views.logs import LogQuery, _Growing, all_text, logs, new_lines, plain
from windlass.web.views.node import NodeQuery, node
from windlass.web.views.run import RunQuery, curves, run
from windlass.web.views.runs import RunsQuery, runs

PLACES: dict[str, list[dict[str, str]]] = {
    "run": [{"run": name} for name in ("first", "failed", "showing", "wide", "grouped")],
    "node": [
        {"run": "first", "node": "load"},
        {"run": "first", "node": "train"},
        {"run": "second", "node": "train[1]"},
        {"run": "failed", "node": "score[1]"},
        {"run": "failed", "node": "publish"},
        {"run": "showing", "node": "loud"},
        {"run": "wide", "node": "small"},
    ],
    "logs": [{"run": "showing"}],
    "lineage": [{"digest": "load"}, {"digest": "pick"}],
    "artifact": [{"digest": each} for each in ("array", "picture", "page", "table", "pickled")],
}
"""Where pages are looked at, by the names of their views."""


def _whole(document: Any, page: Any) -> Any:
    """A document as a reader of JSON gets it, checked against its type, nothing besides."""
    read = json.loads(as_json(document))
    adapter = TypeAdapter(page.document, config=None)
    adapter.validate_python(read, strict=False)
    assert set(read) == set(page.document.__annotations__)
    return read


@pytest.mark.parametrize("page", [p for p in PAGES if p.name in PLACES], ids=lambda it: it.name)
def test_documents_are_of_their_type(page: Any, world: World) -> None:
    for place in PLACES[page.name]:
        path = {k: world.runs[v].name if k == "run" else v for k, v in place.items()}
        if "digest" in path:
            source = "first" if page.name == "lineage" else "showing"
            path["digest"] = world.digest(path["digest"], source)
        _whole(page.view(world.ask(page.query(), **path)), page)


def test_runs_are_filtered_sorted_and_paged(world: World) -> None:
    def names(**asked: Any) -> list[str]:
        return [line["name"] for line in runs(world.ask(RunsQuery(**asked)))["runs"]]

    every = names()
    assert every == names(sort="oldest")[::-1]
    assert names(pipeline="training", status="failed") == [world.runs["failed"].name]
    assert names(tag="why") == names(tag="why=sweep") == [world.runs["second"].name]
    assert names(tag="why=other") == []
    assert names(tag=f"key {wp.SCRIPT}") == [world.runs["showing"].name]
    assert names(limit=2) + names(limit=2, page=2) == every[:4]
    took = [line["seconds"] for line in runs(world.ask(RunsQuery(sort="longest")))["runs"]]
    assert took == sorted(took, key=lambda it: -(it or math.inf))
    told = runs(world.ask(RunsQuery(limit=3)))
    assert told["portion"] == {"page": 1, "pages": math.ceil(len(every) / 3), "total": len(every)}
    assert names(page=99) == []


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"page": -1}, {"status": "fine"}, {"sql": ""}])
def test_runs_are_asked_for_in_known_ways_only(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RunsQuery(**wrong)


def test_runs_answer_questions(world: World) -> None:
    def told(**asked: Any) -> Any:
        return runs(world.ask(RunsQuery(**asked)))

    def names(**asked: Any) -> list[str]:
        return [line["name"] for line in told(**asked)["runs"]]

    first, second, cached = (world.runs[each].name for each in ("first", "second", "cached"))
    assert names(where="params.rows = 500 and metrics.best > 0") == [cached, second]
    assert names(where="params.rows = 500", tag="why") == [second]
    assert names(where="params.rows = 500", tag="why=other") == []
    every = names(where="metrics.best > 0")
    assert names(where="metrics.best > 0", sort="oldest") == every[::-1]
    assert {first, second, cached} <= set(every)
    by_best = told(sort="metrics.best asc", limit=3)
    best = [line["metrics"]["best"] for line in by_best["runs"]]
    assert best == sorted(best)
    assert next(iter(by_best["runs"][0]["metrics"])) == "best"  # what is asked for stands first
    page = told(where="metrics.best > 0", limit=2)
    assert (page["portion"], page["after"]) == (None, every[1])
    assert names(where="metrics.best > 0", limit=2, after=page["after"]) == every[2:4]
    assert told(where="metrics.best > 0", after=every[-2])["after"] is None
    (unknown,) = told(where="metrics.besst > 0")["unknown"]
    assert "there is best" in unknown
    with pytest.raises(NotFoundError):
        told(where="metrics.best > 0", after="training-999")


@pytest.mark.parametrize(
    "wrong", [{"sort": "id; DROP TABLE runs"}, {"where": "metrics.best >"}, {"where": "a' OR 1=1"}]
)
def test_questions_that_are_written_wrong_are_told(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        runs(world.ask(RunsQuery(**wrong)))


def test_what_steps_logged_is_shown(world: World) -> None:
    name = world.runs["showing"].name
    told = node(world.ask(NodeQuery(), run=name, node="loud"))["made"]
    assert [(each["kind"], each["step"], each["count"]) for each in told] == [
        ("text", None, 1),
        ("figure", 2, 3),
        ("table", None, 1),
    ]
    assert [each["preview"] and each["preview"]["kind"] for each in told] == [
        *("text", "picture", "table"),
    ]
    listed = run(world.ask(RunQuery(), run=name))["made"]
    assert [each["name"] for each in listed] == [each["name"] for each in told]
    assert {each["preview"] for each in listed} == {None}


def test_long_curves_keep_their_peaks_and_their_width() -> None:
    values = [0.0] * 10_000
    values[7_003] = 5.0
    known = extremes(values, 150)
    thin = [values[place] for place in known]
    drawn = Drawn("n", 1, "loss", len(values), [None] * len(thin), [*thin], [0.0] * len(thin))
    (curve,) = curves(SimpleNamespace(curves=lambda *_, **__: [drawn]), "r")  # type: ignore[arg-type]
    (peak,) = [x for x, y in curve["points"] if y == 5.0]
    assert abs(peak - 7_003) < 100
    assert curve["points"][-1][0] == len(values) - 1


def test_a_tag_with_quotes_is_only_a_tag(world: World) -> None:
    assert runs(world.ask(RunsQuery(tag="why' OR '1'='1")))["runs"] == []
    assert runs(world.ask(RunsQuery(pipeline="training' --")))["runs"] == []


def test_progress_counts_a_map_as_one(world: World) -> None:
    row = world.runs["first"].row
    told = listing.progress(world.site.stores().records, [row])[row.id]
    assert told.done == told.nodes == len(world.runs["first"].graph.nodes)


def test_a_run_tells_what_failed_and_what_it_made(world: World) -> None:
    failed = run(world.ask(RunQuery(), run=world.runs["failed"].name))
    assert [error["node"] for error in failed["errors"]] == ["score[1]"]
    assert failed["errors"][0]["others"] >= 0
    assert failed["states"]["failed"] == 1
    assert any(event["kind"] == "attempt failed" for event in failed["events"])
    made = run(world.ask(RunQuery(), run=world.runs["first"].name))
    assert [(v["model"], v["number"]) for v in made["versions"]] == [("delay", 1)]
    assert made["origin"]["python"]
    assert "numpy" in made["origin"]["packages"]
    assert made["logged"]["train[0] leaves"] == 16
    assert ("load", "split") in made["edges"]


def test_groups_of_a_large_run_stand_as_one_until_they_are_opened(world: World) -> None:
    name = world.runs["grouped"].name
    told = run(world.ask(RunQuery(), run=name))
    kinds = [line["kind"] for line in told["nodes"]]
    assert kinds.count("group") == 12
    assert kinds.count("node") == 2
    assert sum(told["states"].values()) == len(world.runs["grouped"].graph.nodes)
    opened = run(world.ask(RunQuery(expand="group_2"), run=name))
    assert sum(line["node"].startswith("group_2.") for line in opened["nodes"]) == 8
    assert "group_2" not in [line["node"] for line in opened["nodes"]]
    none = run(world.ask(RunQuery(state="failed"), run=name))
    assert none["nodes"] == []


def test_items_of_a_map_are_paged_and_those_that_failed_come_first(world: World) -> None:
    name = world.runs["wide"].name
    told = node(world.ask(NodeQuery(), run=name, node="small"))
    assert told["node"]["kind"] == "map"
    assert told["items"][0]["node"] == "small[77]"
    assert told["items"][0]["state"] == "failed"
    assert len(told["items"]) == 100
    assert told["portion"]["pages"] == 2
    only = node(world.ask(NodeQuery(state="failed"), run=name, node="small"))
    assert [each["node"] for each in only["items"]] == ["small[77]"]


def test_a_node_tells_why_it_ran_and_from_what(world: World) -> None:
    told = node(world.ask(NodeQuery(), run=world.runs["second"].name, node="train[1]"))
    assert told["why"] is not None
    assert told["why"]["compared_with"] == world.runs["first"].name
    assert any("rate" in change["text"] for change in told["why"]["changes"])
    assert [(each["parameter"], each["source"]) for each in told["inputs"]] == [("train", "split")]
    assert told["before"] == ["split"]
    assert set(told["after"]) == {"score", "pick"}
    assert {curve["name"] for curve in told["curves"]} == {"loss", "auc"}
    cached = node(world.ask(NodeQuery(), run=world.runs["cached"].name, node="load"))
    assert cached["node"]["state"] == "cached"
    assert world.runs["second"].name in (cached["why"] or {})["reason"]
    checked = node(world.ask(NodeQuery(), run=world.runs["first"].name, node="load"))
    assert [(each["check"], each["verdict"]) for each in checked["checks"]] == [
        ("has_rows", "pass")
    ]


def test_tables_are_shown_with_histograms_of_their_columns(world: World) -> None:
    told = artifact(world.ask(ArtifactQuery(), digest=world.digest("load", "first")))["preview"]
    assert told["kind"] == "table"
    columns = {column["name"]: column for column in told["columns"]}
    assert list(columns) == ["distance", "delay", "hour", "carrier", "day", "late"]
    assert columns["delay"]["nulls"] + sum(b["count"] for b in columns["delay"]["bars"]) == 400
    assert [bar["label"] for bar in columns["hour"]["bars"]] == [str(it) for it in range(5, 23)]
    assert sum(bar["count"] for bar in columns["carrier"]["bars"]) == 400
    assert columns["carrier"]["distinct"] == 5
    assert columns["day"]["kind"] == "moments"
    assert columns["day"]["low"].startswith("2025-")
    assert len(told["rows"]) == 10
    assert len(told["rows"][0]) == 6


def test_what_is_pickled_is_read_only_from_a_store_that_is_trusted(world: World) -> None:
    careful = replace(world, site=Site("careful", replace(world.site.stack, trust_pickle=False)))
    told = artifact(careful.ask(ArtifactQuery(), digest=world.digest("pickled")))
    assert told["pickled"]
    assert told["preview"]["kind"] == "nothing"
    assert "not trusted" in told["preview"]["note"]
    careful.site.stores().records.close()


def test_an_artifact_tells_who_made_and_read_it(world: World) -> None:
    told = artifact(world.ask(ArtifactQuery(), digest=world.digest("load", "second")[:12]))
    assert [(use["run"], use["cached"]) for use in told["made"]] == [
        (world.runs["second"].name, False),
        (world.runs["cached"].name, True),
    ]
    assert {use["node"] for use in told["read"]} == {"split"}
    model = artifact(world.ask(ArtifactQuery(), digest=world.digest("pick", "first")))
    assert [(v["model"], v["number"], v["role"]) for v in model["versions"]] == [
        ("delay", 1, "model")
    ]


def test_bytes_are_given_as_they_are_stored(world: World) -> None:
    body = artifact_bytes(world.ask(Query(), digest=world.digest("page")))
    assert body.media_type == "application/octet-stream"
    assert body.headers["Content-Disposition"].startswith("attachment")
    data = body.data if isinstance(body.data, bytes) else b"".join(body.data)
    assert data.decode() == wp.PAGE


def test_the_lineage_of_what_was_picked_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDLASS_HOME", str(tmp_path))
    chosen = wp.choosing.options(in_process=True).run()
    outcome = chosen["best_of"].outcome
    assert outcome is not None
    (output,) = outcome.outputs
    site = Site("project", load_stack(None, find_project(Path(__file__).parent)))
    ask = Ask(site, {"digest": output.content}, Query())
    told = lineage(ask)
    names = [f"{chosen.name}/{node}" for node in ("measured", "measured_2", "best_of")]
    way = [*pairwise(names), (names[2], "artifact")]
    assert set(way) <= set(told["links"])
    assert ("artifact", names[1]) not in told["links"]
    assert "<svg" in lineage_drawings(ask, told)["graph"]
    site.stores().records.close()


def test_lineage_goes_up_to_the_data_and_down_to_versions(world: World) -> None:
    told = lineage(world.ask(Query(), digest=world.digest("pick", "first")))
    assert [each["node"] for each in told["data"]] == ["load"]
    assert [(v["model"], v["number"]) for v in told["versions"]] == [("delay", 1)]
    name = world.runs["first"].name
    assert (f"{name}/pick", "artifact") in told["links"]
    assert ("artifact", "delay@1") in told["links"]
    boxes = {box["name"]: box for box in told["boxes"]}
    assert boxes[f"{name}/train"]["items"] == 3
    down = lineage(world.ask(Query(), digest=world.digest("load", "first")))
    assert ("artifact", f"{name}/split") in down["links"]
    assert (f"{name}/pick", "delay@1") in down["links"]
    assert {v["role"] for v in down["versions"]} == {"model", "reference"}


def test_compared_runs_tell_what_differs(world: World) -> None:
    names = [world.runs[each].name for each in ("first", "second", "cached")]
    told = compare(world.ask(CompareQuery(run=names)))
    parameters = {row["name"]: row for row in told["parameters"]}
    assert parameters["rows"] == {"name": "rows", "values": [400, 500, 500], "differs": True}
    assert not parameters["worst"]["differs"]
    assert list(parameters)[-1] == "worst"  # what differs comes first
    loss = next(row for row in told["metrics"] if row["name"] == "loss")
    assert loss["differences"][0] == 0
    (shown,) = [each for each in told["curves"] if each["name"] == "loss"]
    assert {line["run"] for line in shown["lines"]} == set(names)  # what is cached has it too
    assert told["differences"] is not None
    assert told["differences"]["before"] == names[0]
    assert set(told["differences"]["differ"]) == {"parameters", "metrics", "outputs"}
    load = next(each for each in told["differences"]["outputs"] if each["node"] == "load")
    assert load["kind"] == "table"
    assert load["rows"] == [400, 500]
    other = compare(world.ask(CompareQuery(run=names, before=names[1], after=names[2])))
    assert other["differences"] is not None
    assert "outputs" in other["differences"]["equal"]


def test_comparing_needs_runs_that_are_there(world: World) -> None:
    name = world.runs["first"].name
    with pytest.raises(ParameterError, match="no run is named"):
        compare(world.ask(CompareQuery()))
    with pytest.raises(ParameterError, match="21 runs"):
        compare(world.ask(CompareQuery(run=[f"training-{n}" for n in range(21)])))
    with pytest.raises(NotFoundError, match="no run 'nope'"):
        compare(world.ask(CompareQuery(run=[name, "nope"])))
    other = world.runs["second"].name
    with pytest.raises(NotFoundError, match="not among"):
        compare(world.ask(CompareQuery(run=[name, other], before="training-9")))
    one = compare(world.ask(CompareQuery(run=[name, name])))
    assert one["differences"] is None
    assert world.runs["second"].name in [each["name"] for each in one["others"]]


def test_logs_have_no_colours_and_their_whole_text_has(world: World) -> None:
    name = world.runs["showing"].name
    (part,) = logs(world.ask(LogQuery(node="loud"), run=name))["parts"]
    assert "\x1b" not in part["text"]
    assert part["text"].rstrip().endswith(f"line 299 {'x' * 80}")
    body = all_text(world.ask(LogQuery(node="loud"), run=name))
    whole = b"".join(body.data if not isinstance(body.data, bytes) else [body.data])
    assert b"\x1b[1;31mline 0" in whole
    assert whole.count(b"\n") >= 301
    with pytest.raises(NotFoundError, match="no node 'lou'"):
        logs(world.ask(LogQuery(node="lou"), run=name))
    with pytest.raises(NotFoundError, match="no attempt 7"):
        logs(world.ask(LogQuery(node="loud", attempt=7), run=name))


def test_following_the_logs_of_a_run_that_is_over_ends_at_once(world: World) -> None:
    look = new_lines(world.ask(LogQuery(), run=world.runs["first"].name))
    new, over = look()
    assert over
    assert {each["node"] for each in new} >= {"load", "train[0]"}
    assert look() == ([], True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("1 %\r50 %\r100 %\n", "100 %\n"),
        ("done\r\n", "done\n"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x08c\ttab", "abc\ttab"),
    ],
)
def test_plain_text_is_what_a_terminal_would_show_in_the_end(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_growing_log_is_read_in_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    growing = _Growing(path)
    assert growing.read(ended=False) == ""
    path.write_bytes(b"one\ntw")
    assert growing.read(ended=False) == "one\n"
    with path.open("ab") as file:
        file.write(b"o \x1b[3")
    assert growing.read(ended=False) == ""
    with path.open("ab") as file:
        file.write("1mü".encode()[:-1])
    assert growing.read(ended=False) == ""
    with path.open("ab") as file:
        file.write("ü".encode()[1:] + b"\nlast")
    assert growing.read(ended=False) == "two ü\n"
    assert growing.read(ended=True) == "last"


def test_a_growing_log_takes_no_more_memory_than_it_may(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 79 + b"\n")
    growing = _Growing(path)
    with path.open("ab") as file:
        file.write((b"y" * 79 + b"\n") * 100_000)
    found = growing.read(ended=False)
    assert len(found) < 70_000
    assert "left out" in found
    assert found.endswith("y\n")


@pytest.mark.parametrize(
    "bad", ["nope", "training-99", "../../etc/passwd", "' OR 1=1 --", "%00", "a" * 5000]
)
def test_what_is_not_there_is_not_found(bad: str, world: World) -> None:
    name = world.runs["first"].name
    asked: list[tuple[Any, Any]] = [
        (world.ask(RunQuery(), run=bad), run),
        (world.ask(NodeQuery(), run=name, node=bad), node),
        (world.ask(NodeQuery(), run=name, node=f"train[{bad}]"), node),
        (world.ask(ArtifactQuery(), digest=bad), artifact),
        (world.ask(Query(), digest=bad), lineage),
        (world.ask(LogQuery(), run=bad), logs),
    ]
    for ask, view in asked:
        with pytest.raises(NotFoundError):
            view(ask)


def test_layouts_and_plans_are_kept(world: World) -> None:
    """The database is asked for a plan once, however many pages show it."""
    asked: list[str] = []
    records = world.site.stores().records
    connection: sqlite3.Connection = records.connection()
    run(world.ask(RunQuery(), run=world.runs["grouped"].name))
    connection.set_trace_callback(asked.append)
    try:
        run(world.ask(RunQuery(), run=world.runs["grouped"].name))
    finally:
        connection.set_trace_callback(None)
    assert asked
    assert not [query for query in asked if "FROM plans" in query]
