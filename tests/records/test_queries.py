"""What is asked of the record, on every database."""

from __future__ import annotations

import math
import time

import pytest

from windlass.errors import NotFoundError
from windlass.records import Records
from windlass.records.model import Event, Metric, Output, Param, PlanNode, RunParameter

from .making import artifact, begin, contents, digest, new_run, outcome, series


def test_a_run_is_read_as_it_was_written(records: Records) -> None:
    new = new_run(
        seed=2**63 - 1,
        tags={"owner": "ada", "ünï": "日本"},
        parameters=(RunParameter("lr", 0.1), RunParameter("deep", {"a": [1, None, "x"]})),
        host={"name": "h"},
        git={"commit": "c", "dirty": True},
        details={"retry": 3},
    )
    run = records.create_run(new)
    assert records.run_by_id(run.id) == run == records.run("train-1")
    assert run.parameters == {"lr": 0.1, "deep": {"a": [1, None, "x"]}}
    assert run.tags == {"owner": "ada", "ünï": "日本"}
    records.finish_run(run.id, "failed", "it broke")
    ended = records.run(run.id)
    assert (ended.status, ended.error) == ("failed", "it broke")
    assert ended.ended is not None
    assert ended.ended >= run.created
    assert [event.kind for event in records.events(run.id)] == ["created", "failed"]
    assert records.events(run.id)[-1].data == {"error": "it broke"}


def test_a_run_is_found_by_name_id_prefix_pipeline_and_latest(records: Records) -> None:
    first = records.create_run(new_run("train"))
    second = records.create_run(new_run("train"))
    score = records.create_run(new_run("score"))
    assert [first.name, second.name, score.name] == ["train-1", "train-2", "score-1"]
    for ref, run in {
        "train-1": first,
        first.id: first,
        second.id[:-1]: second,
        "train": second,
        "latest": score,
        "-1": score,
        "score": score,
    }.items():
        assert records.run(ref) == run


def test_a_prefix_of_several_runs_is_refused(records: Records) -> None:
    ids = [records.create_run(new_run()).id for _ in range(2)]
    shared = ids[0][:6]
    assert all(found.startswith(shared) for found in ids)
    with pytest.raises(NotFoundError, match="more than one run"):
        records.run(shared)
    with pytest.raises(NotFoundError, match="there is no run"):
        records.run(ids[0][:5])  # too short to be meant as an id


def test_what_is_not_there_is_told_with_names_that_are_near(records: Records) -> None:
    with pytest.raises(NotFoundError, match=r"none is recorded in .*\s+Begin one: windlass run"):
        records.run("train-1")
    for pipeline in ("train", "score"):
        records.create_run(new_run(pipeline))
    with pytest.raises(NotFoundError) as caught:
        records.run("trian-1")
    assert caught.value.hint is not None
    assert "train-1" in caught.value.hint
    with pytest.raises(NotFoundError, match=r"(train|score)-1"):
        records.run("zzzzzzzzzzzzzz")
    for ask in (records.run_by_id, records.plan, records.bundle, records.environment):
        with pytest.raises(NotFoundError):
            ask("nope")


def test_runs_are_filtered_and_the_newest_come_first(records: Records) -> None:
    made = [records.create_run(new_run(p)) for p in ("a", "b", "a", "b", "a")]
    for run in made[:2]:
        records.finish_run(run.id, "succeeded", None)
    records.tag_run(made[0].id, {"owner": "ada"})
    records.tag_run(made[3].id, {"owner": "eve", "team": "x"})
    records.tag_run(made[3].id, {"owner": "ada"})
    assert [r.id for r in records.runs()] == [r.id for r in reversed(made)]
    assert [r.name for r in records.runs(pipeline="a")] == ["a-3", "a-2", "a-1"]
    assert [r.name for r in records.runs(status="succeeded")] == ["b-1", "a-1"]
    assert [r.name for r in records.runs(tag=("owner", "ada"))] == ["b-2", "a-1"]
    assert records.runs(tag=("owner", "eve")) == []
    assert [r.name for r in records.runs(pipeline="a", tag=("owner", "ada"))] == ["a-1"]
    assert [r.name for r in records.runs(limit=2)] == ["a-3", "b-2"]
    assert records.runs(limit=1, tag=("team", "x"))[0].tags == {"owner": "ada", "team": "x"}


def test_documents_are_kept_once(records: Records) -> None:
    nodes = [PlanNode("load", "load", "single", 0), PlanNode("fit", "fit", "zip", 1)]
    for _ in range(2):
        records.save_plan("p1", "train", "{}", nodes)
        records.save_bundle("b1", "bundle")
        records.save_environment("e1", "environment")
    assert records.plan("p1") == "{}"
    assert records.bundle("b1") == "bundle"
    assert records.environment("e1") == "environment"
    assert len(records.execute("SELECT * FROM nodes")) == 2


def test_outcomes_come_in_the_order_of_the_graph_and_of_the_items(records: Records) -> None:
    nodes = [PlanNode(n, n, "zip", p) for p, n in enumerate(["zeta", "map", "alpha"])]
    records.save_plan("p1", "train", "{}", nodes)
    run = records.create_run(new_run())
    names = ["alpha", "map[10]", "map[2]", "map", "unknown", "map[0]", "zeta"]
    records.commit_outcomes([outcome(run, name) for name in names])
    wanted = ["zeta", "map", "map[0]", "map[2]", "map[10]", "alpha", "unknown"]
    assert [found.node for found in records.run_outcomes(run.id)] == wanted
    assert records.succeeded_nodes(run.id) == set(names)


def test_an_outcome_is_read_with_all_that_belongs_to_it(records: Records) -> None:
    run = records.create_run(new_run())
    big = artifact("big", bytes=2**40, inline=bytes(range(256)), summary={"rows": 3}, pickled=True)
    whole = artifact("whole", children=(big.content, big.content))
    told = outcome(
        run,
        "fit",
        attempt=1,
        attempts=2,
        cached=True,
        reason="why",
        seconds=0.5,
        started=1.5,
        ended=2.0,
        key="k",
        seed=2**62,
        outputs=(Output("z", 0, whole.content), Output("a", 1, big.content)),
        artifacts=(whole, big),
        series=(series(run, "fit", "loss", 1.0),),
        params=(Param(run.id, "fit", "depth", 3),),
    )
    assert begin(records, run, "fit")
    assert records.commit_outcome(told)
    found = records.outcome(run.id, "fit")
    assert found is not None
    assert [(o.name, o.position, o.artifact) for o in found.outputs] == [
        ("z", 0, whole),
        ("a", 1, big),
    ]
    assert (found.cached, found.seed, found.key, found.reason) == (True, 2**62, "k", "why")
    assert (found.seconds, found.started, found.ended) == (0.5, 1.5, 2.0)
    assert records.artifact(big.content) == big
    assert records.artifact("nope") is None
    assert records.metrics(run.id) == [Metric(run.id, "fit", 1, 0, "loss", 0, 1.0, 1.0)]
    assert records.params(run.id) == list(told.params)
    (attempt,) = records.attempts(run.id, "fit")
    assert attempt.status == "succeeded"
    assert attempt.ended is not None
    assert records.outcome(run.id, "nope") is None
    assert records.counts() == {"runs": 1, "outcomes": 1, "artifacts": 2}


def test_thousands_of_names_are_asked_for_at_once(records: Records) -> None:
    run = records.create_run(new_run())
    made = {n: artifact(f"v{n}") for n in range(0, 6000, 10)}
    records.commit_outcomes([outcome(run, f"map[{n}]", makes=(f"v{n}",)) for n in made])
    found = records.node_outputs(run.id, [f"map[{n}]" for n in range(6000)])
    assert found == {f"map[{n}]": {"out0": a.content} for n, a in made.items()}
    asked = [digest(f"v{n}") for n in range(6000)]
    assert records.artifacts(asked * 2) == {a.content: a for a in made.values()}
    assert len(records.run_outcomes(run.id)) == 600
    assert records.node_outputs(run.id, []) == {} == records.artifacts([])


def test_the_cache_gives_the_newest_success(records: Records) -> None:
    runs = [records.create_run(new_run()) for _ in range(4)]
    assert records.cached("k") is None
    records.commit_outcome(outcome(runs[0], "n", key="k", ended=1.0, makes=("old",)))
    records.commit_outcome(outcome(runs[2], "n", key="k", ended=3.0, makes=("new",)))
    records.commit_outcome(outcome(runs[1], "n", key="k", ended=2.0, makes=("between",)))
    records.commit_outcome(outcome(runs[3], "n", "failed", key="k", ended=4.0))
    records.commit_outcome(outcome(runs[3], "other", key="k2", ended=5.0, makes=("other",)))
    found = records.cached("k")
    assert contents(found) == [digest("new")]
    assert found is not None
    assert found.run_name == runs[2].name


def test_cached_outputs_keep_their_places(records: Records) -> None:
    run = records.create_run(new_run())
    made = (artifact("1"), artifact("2"), artifact("3"))
    names = ("z", "a", "m")
    outputs = tuple(Output(n, p, made[p].content) for p, n in enumerate(names))
    records.commit_outcome(outcome(run, "n", key="k", outputs=outputs, artifacts=made))
    found = records.cached("k")
    assert found is not None
    assert found.outputs == outputs


def test_metrics_may_be_no_number_or_infinite(records: Records) -> None:
    run = records.create_run(new_run())
    told = [1.0, math.nan, math.inf, -math.inf, -0.0, 5e-324]
    records.add_series([series(run, "n", "m", *told, start=2**40)])
    found = records.metrics(run.id)
    assert [m.value for m in found] == [1.0, None, math.inf, -math.inf, 0.0, 5e-324]
    assert [m.step for m in found] == [2**40 + number for number in range(6)]
    (summary,) = records.summaries([run.id])[run.id].values()
    assert (summary.low, summary.high, summary.count) == (-math.inf, math.inf, 6)


def test_an_artifact_is_found_by_the_beginning_of_a_digest(records: Records) -> None:
    one = artifact("1", content="aabb11" + "0" * 58, blob="cc" * 32)
    two = artifact("2", content="aabb22" + "0" * 58, blob="dd" * 32)
    records.save_artifacts([one, two])
    records.save_artifacts([one])
    assert records.find_artifact("aabb1") == one
    assert records.find_artifact("aabb2") == two
    assert records.find_artifact("dd") == two
    assert records.find_artifact(one.content) == one
    with pytest.raises(NotFoundError, match="more than one"):
        records.find_artifact("aab")
    with pytest.raises(NotFoundError, match="there is no artifact"):
        records.find_artifact("f0")


def test_a_whole_content_is_never_ambiguous(records: Records) -> None:
    """Two types may have the same bytes; the content of one may be the blob of both."""
    one = artifact("1", content="aa" * 32, blob="aa" * 32)
    two = artifact("2", content="bb" * 32, blob="aa" * 32)
    records.save_artifacts([one, two])
    assert records.find_artifact("aa" * 32) == one


def test_lineage_goes_both_ways_over_runs_and_the_cache(records: Records) -> None:
    first, second = (records.create_run(new_run()) for _ in range(2))
    told = [
        ("load", (), ("raw",)),
        ("clean", ("raw",), ("table",)),
        ("fit", ("table",), ("model",)),
    ]
    for run in (first, second):  # the second run took everything from the cache
        for node, reads, makes in told:
            cached = run is second
            records.commit_outcome(outcome(run, node, reads=reads, makes=makes, cached=cached))
    records.commit_outcome(outcome(second, "score", reads=("model", "raw"), makes=("report",)))
    records.commit_outcome(outcome(second, "aside", makes=("aside",)))
    found = records.lineage(digest("table"))
    assert {(e.run_name, e.node, e.name) for e in found.made} == {
        ("train-1", "clean", "out0"),
        ("train-2", "clean", "out0"),
        ("train-1", "load", "out0"),  # what had it from the cache is not followed
    }
    assert {e.content for e in found.read} == {digest("raw")}
    assert {(e.run_name, e.node) for e in found.used} == {
        ("train-1", "fit"),
        ("train-2", "fit"),
        ("train-2", "score"),
    }
    assert [e.node for e in found.made[:2]] == ["clean", "clean"]  # nearest first
    report = records.lineage(digest("report"))
    assert {e.node for e in report.made} == {"score", "fit", "clean", "load"}
    assert report.used == ()
    nothing = records.lineage("nope")
    assert (nothing.made, nothing.read, nothing.used) == ((), (), ())


def test_lineage_leaves_nothing_out_of_a_wide_map(records: Records) -> None:
    run = records.create_run(new_run())
    names = [f"v{n}" for n in range(1200)]
    told = [outcome(run, f"map[{n}]", makes=(v,)) for n, v in enumerate(names)]
    read = [outcome(run, f"use[{n}]", reads=(v,)) for n, v in enumerate(names)]
    joined = [outcome(run, "split", makes=(*names[:600], "all")), *told, *read]
    records.commit_outcomes([*joined, outcome(run, "join", reads=tuple(names), makes=("end",))])
    made = records.lineage(digest("end")).made
    assert {e.content for e in made} >= {digest(v) for v in names}


def test_attempts_and_history_come_in_order(records: Records) -> None:
    run = records.create_run(new_run())
    for number in (1, 2):
        assert begin(records, run, "fit", number)
        records.fail_attempt(run.id, "fit", number, "failed", {"message": f"no {number}"})
    assert begin(records, run, "fit", 2)  # begun before, by one that was lost
    records.add_event(Event(run.id, "fit", time.time(), "told", {"n": 1}))
    assert [(a.attempt, a.status) for a in records.attempts(run.id)] == [
        (1, "failed"),
        (2, "running"),
    ]
    assert records.attempts(run.id)[0].error == {"message": "no 1"}
    kinds = [(e.kind, e.data.get("message")) for e in records.events(run.id)]
    assert kinds == [
        ("created", None),
        ("attempt failed", "no 1"),
        ("attempt failed", "no 2"),
        ("told", None),
    ]
