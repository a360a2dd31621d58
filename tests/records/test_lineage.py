"""Lineage through lists and maps, within a run and from one to another."""

from __future__ import annotations

from dataclasses import replace

from windlass.artifacts.artifact import Artifact
from windlass.records import Records
from windlass.records.model import Edge, Input, Lineage, Outcome, Output, Place, Run

from .making import artifact, digest, new_run, outcome


def a_list(told: str, *items: Artifact) -> Artifact:
    return artifact(told, format="list", children=tuple(item.content for item in items))


def told(edges: tuple[Edge, ...]) -> set[tuple[str, str]]:
    return {(edge.node, edge.label) for edge in edges}


def a_map(records: Records, *, seed: int = 0, cached: bool = False) -> str:
    """`split` returns a list, `fit` maps over it and is joined, `pick` reads the joined list."""
    run = records.create_run(new_run(seed=seed))
    parts = [artifact(f"part{n}") for n in range(3)]
    models = [artifact(f"model{n}") for n in range(3)]
    whole, joined = a_list("parts", *parts), a_list("models", *models)

    def one(node: str, made: Artifact, *read: Artifact, attempt: int = 1) -> None:
        records.commit_outcome(
            outcome(
                run,
                node,
                attempt=attempt,
                cached=cached,
                outputs=(Output("output", 0, made.content),),
                inputs=tuple(Input("x", n, a.content) for n, a in enumerate(read)),
                artifacts=(made, *(parts if made is whole else ())),
            )
        )

    one("load", artifact("raw"))
    one("split", whole, artifact("raw"))
    for n in range(3):
        one(f"fit[{n}]", models[n], parts[n])
    one("fit", joined, attempt=0)
    one("pick", artifact("best"), joined)
    return run.name


def test_upstream_goes_through_a_joined_map_and_the_list_that_it_came_from(
    records: Records,
) -> None:
    a_map(records)
    found = records.lineage(digest("best"))
    assert told(found.made) == {
        ("pick", "output"),
        ("fit", "output"),
        *((f"fit[{n}]", "output") for n in range(3)),
        *(("split", f"output[{n}]") for n in range(3)),
        ("load", "output"),
    }
    assert ("fit", "output[2]") in told(found.read)
    assert ("split", "x") in told(found.read)
    assert [edge.node for edge in found.made[:2]] == ["pick", "fit"]


def test_an_item_comes_from_its_list_alone(records: Records) -> None:
    a_map(records)
    found = records.lineage(digest("model1"))
    assert told(found.made) == {("fit[1]", "output"), ("split", "output[1]"), ("load", "output")}
    item = records.lineage(digest("part1"))
    assert item.made[0].content == digest("part1")
    assert told(item.made) == {("split", "output[1]"), ("load", "output")}


def test_downstream_goes_through_lists_without_touching_their_other_items(
    records: Records,
) -> None:
    a_map(records)
    assert told(records.lineage(digest("part1")).used) == {("fit[1]", "x"), ("pick", "x")}
    assert told(records.lineage(digest("model1")).used) == {("pick", "x")}
    raw = records.lineage(digest("raw")).used
    assert told(raw) == {("split", "x"), *((f"fit[{n}]", "x") for n in range(3)), ("pick", "x")}
    assert told(records.lineage(digest("parts")).used) == {
        *((f"fit[{n}]", "x") for n in range(3)),
        ("pick", "x"),
    }


def test_those_that_computed_come_first_and_are_followed(records: Records) -> None:
    first = a_map(records)
    others = [a_map(records, cached=True) for _ in range(3)]
    found = records.lineage(digest("best"))
    assert [(e.run_name, e.cached) for e in found.made[:4]] == [
        (first, False),
        *((name, True) for name in others),
    ]
    assert {e.run_name for e in found.made if e.node != "pick"} == {first}
    used = records.lineage(digest("raw")).used
    assert {e.run_name for e in used} == {first, *others}
    assert [e.cached for e in used if e.node == "split"] == [False, True, True, True]


def test_equal_values_of_strangers_are_no_kin(records: Records) -> None:
    """Two pipelines that return the same small number have nothing to do with one another."""
    for name in ("a", "b"):
        run = records.create_run(new_run(name))
        records.commit_outcome(outcome(run, f"load_{name}", makes=(f"data {name}",)))
        reads = (f"data {name}",)
        records.commit_outcome(outcome(run, f"check_{name}", reads=reads, makes=("True",)))
        records.commit_outcome(outcome(run, f"end_{name}", reads=("True",), makes=(f"end {name}",)))
    upstream = records.lineage(digest("end a")).made
    assert {edge.node for edge in upstream} == {"end_a", "check_a", "load_a"}
    downstream = records.lineage(digest("data a")).used
    assert {edge.node for edge in downstream} == {"check_a", "end_a"}


def from_node(node: str, told: str, item: int | None = None, output: str = "output") -> Input:
    return Input("x", 0, digest(told), node, output, item)


def test_equal_values_within_a_run_are_no_kin_either(records: Records) -> None:
    """`end` read what `one` made; `other` made the same number, of other data."""
    run = records.create_run(new_run())
    made = {"one": "True", "other": "True", "data": "data", "noise": "noise"}
    reads = {"one": "data", "other": "noise"}
    for node in ("data", "noise", "one", "other"):
        inputs = (from_node(reads[node], reads[node]),) if node in reads else ()
        records.commit_outcome(a_node(run, node, made[node], inputs))
    records.commit_outcome(a_node(run, "end", "end", (from_node("one", "True"),)))
    assert {edge.node for edge in records.lineage(digest("end")).made} == {"end", "one", "data"}
    place = Place(run.id, "one", "output")
    assert {edge.node for edge in records.lineage(digest("True"), place).made} == {"one", "data"}
    assert {edge.node for edge in records.lineage(digest("data")).used} == {"one", "end"}
    assert {edge.node for edge in records.lineage(digest("noise")).used} == {"other"}
    other = Place(run.id, "other", "output")
    assert records.lineage(digest("True"), other).used == ()


def test_what_the_cache_gave_leads_to_who_computed_it(records: Records) -> None:
    first, second = (records.create_run(new_run(seed=seed)) for seed in (0, 1))
    records.commit_outcome(a_node(first, "data", "data"))
    records.commit_outcome(a_node(first, "fit", "model", (from_node("data", "data"),)))
    cached = a_node(second, "fit_again", "model", (from_node("data", "data"),))
    told = replace(cached, cached=True, origin_run=first.id, origin_node="fit")
    records.commit_outcome(told)
    records.commit_outcome(a_node(second, "end", "end", (from_node("fit_again", "model"),)))
    made = records.lineage(digest("end")).made
    assert [(edge.run_name, edge.node) for edge in made] == [
        (second.name, "end"),
        (second.name, "fit_again"),
        (first.name, "fit"),
        (first.name, "data"),
    ]
    used = records.lineage(digest("data"), Place(first.id, "data")).used
    assert {(edge.run_name, edge.node) for edge in used} == {
        (first.name, "fit"),
        (second.name, "end"),
    }


def test_one_of_many_equal_items_is_told_by_its_place(records: Records) -> None:
    run = records.create_run(new_run())
    item = artifact("same")
    whole = a_list("items", item, item)
    records.commit_outcome(
        outcome(run, "make", outputs=(Output("output", 0, whole.content),), artifacts=(item, whole))
    )
    for n in range(2):
        inputs = (from_node("make", "same", item=n),)
        records.commit_outcome(a_node(run, f"use[{n}]", f"used{n}", inputs))
    read = records.lineage(digest("used1")).made
    assert [(edge.node, edge.label) for edge in read] == [
        ("use[1]", "output"),
        ("make", "output[1]"),
    ]
    used = records.lineage(digest("same"), Place(run.id, "make", "output", (1,))).used
    assert {edge.node for edge in used} == {"use[1]"}


def a_node(run: Run, node: str, made: str, inputs: tuple[Input, ...] = ()) -> Outcome:
    """The outcome of a node with one output, which read outputs of others."""
    value = artifact(made)
    output = Output("output", 0, value.content)
    return outcome(run, node, outputs=(output,), artifacts=(value,), inputs=inputs)


def test_what_a_run_read_and_did_not_make_is_followed_into_the_run_that_did(
    records: Records,
) -> None:
    first, second = (records.create_run(new_run(name)) for name in ("train", "score"))
    records.commit_outcome(outcome(first, "fit", makes=("model",)))
    records.commit_outcome(outcome(second, "predict", reads=("model",), makes=("scores",)))
    assert [edge.node for edge in records.lineage(digest("scores")).made] == ["predict", "fit"]
    assert [edge.node for edge in records.lineage(digest("model")).used] == ["predict"]


def test_a_list_of_lists_is_seen_through(records: Records) -> None:
    run = records.create_run(new_run())
    leaf = artifact("leaf")
    inner = a_list("inner", leaf)
    outer = a_list("outer", inner)
    output = (Output("output", 0, outer.content),)
    records.commit_outcome(
        outcome(run, "make", attempt=1, outputs=output, artifacts=(leaf, inner, outer))
    )
    records.commit_outcome(outcome(run, "use", reads=("leaf",), makes=("end",)))
    assert [(e.node, e.label) for e in records.lineage(digest("end")).made] == [
        ("use", "out0"),
        ("make", "output[0][0]"),
    ]
    assert told(records.lineage(digest("outer")).used) == {("use", "x")}
    assert told(records.lineage(digest("leaf")).made) == {("make", "output[0][0]")}


def test_nothing_is_known_of_what_was_never_recorded(records: Records) -> None:
    assert records.lineage("nope") == Lineage("nope", (), (), ())
