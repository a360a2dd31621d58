"""Tracing: what a pipeline's graph is, and what is refused in words."""

from __future__ import annotations

import copy
import json
from typing import Any, NamedTuple

import numpy as np
import pytest

import windlass
from windlass import each, either, pipeline, step
from windlass.errors import DefinitionError, EdgeTypeError, ParameterError, SymbolicError
from windlass.pipeline.graph import (
    Branch,
    Constant,
    Each,
    FromChoice,
    FromNode,
    FromParameter,
    Gathered,
    Graph,
    Node,
)
from windlass.pipeline.graph_json import graph_from_json, graph_to_json


class Split(NamedTuple):
    train: list[int]
    test: list[int]


@step
def load(rows: int) -> list[int]:
    return list(range(rows))


@step
def split(data: list[int]) -> Split:
    return Split(data[:2], data[2:])


@step(retries=2, cpus=2)
def train(data: list[int], depth: int = 6) -> float:
    return float(sum(data) * depth)


@step
def score(model: float, data: list[int]) -> float:
    return model + len(data)


@step
def pick(models: list[float], scores: list[float]) -> float:
    return max(zip(scores, models, strict=True))[1]


@step
def good(model: float) -> bool:
    return model > 10


@step
def tell(model: float) -> str:
    return f"{model}"


@step
def note(rows: int) -> None:
    del rows


@pipeline
def training(rows: int = 10) -> str:
    parts = split(load(rows))
    models = train.map(parts.train, depth=each([4, 6, 8]))
    scores = score.map(each(models), parts.test)
    best = pick(models, scores)
    note.after(best)(rows)
    return either(good(best), lambda: tell(best), lambda: tell.options(retries=1)(best))


def test_plain_calls_just_run() -> None:
    assert training(4) == "8.0"
    assert load(3) == [0, 1, 2]
    assert train.map([1, 2], depth=each([1, 2])) == [3.0, 6.0]
    assert train.product(each([[1], [2]]), each([1, 10])) == [1.0, 10.0, 2.0, 20.0]
    assert load.name == "load"
    assert windlass.pipeline is pipeline


def test_the_graph_of_the_design_example() -> None:
    graph = training.graph()
    assert list(graph.nodes) == [
        *("load", "split", "train", "score", "pick", "note", "good", "tell", "tell_2"),
    ]
    train_node = graph.nodes["train"]
    assert train_node.mode == "zip"
    assert train_node.inputs == {
        "data": FromNode("split", "train"),
        "depth": Each(Constant([4, 6, 8])),
    }
    assert train_node.settings == {"retries": 2, "cpus": 2}
    assert graph.nodes["split"].outputs == ("train", "test")
    assert graph.nodes["load"].inputs == {"rows": FromParameter("rows")}
    assert graph.nodes["note"].after == ("pick",)
    assert graph.nodes["tell"].when == (Branch("either", True),)
    assert graph.nodes["tell_2"].when == (Branch("either", False),)
    assert graph.nodes["tell_2"].settings == {"retries": 1}
    assert graph.result == FromChoice("either")
    assert graph.upstream(graph.nodes["tell"]) == {"pick", "good"}
    assert graph.mapped_over() == {("train", "output")}


def test_a_graph_survives_json() -> None:
    graph = training.graph()
    assert graph_from_json(json.loads(json.dumps(graph_to_json(graph)))) == graph


def test_nested_pipelines_become_groups() -> None:
    @pipeline
    def outer(rows: int) -> list[str]:
        return [training(rows), training(3), tell(1.0)]

    graph = outer.graph()
    assert graph.nodes["training.train"].group == "training"
    assert "training_2.train" in graph.nodes
    assert "tell" in graph.nodes
    assert graph.nodes["training_2.load"].inputs == {"rows": Constant(3)}
    assert graph.choices.keys() == {"training.either", "training_2.either"}


def test_defaults_stand_in_the_graph() -> None:
    @pipeline
    def with_default(rows: int) -> float:
        return train(load(rows))

    assert with_default.graph().nodes["train"].inputs["depth"] == Constant(6)


def test_lists_of_outputs_are_gathered() -> None:
    @pipeline
    def gathering() -> float:
        a, b = train([1]), train([2])
        return pick([a, b], [1.0, 2.0])

    graph = gathering.graph()
    assert graph.nodes["pick"].inputs["models"] == Gathered(
        "list", (FromNode("train"), FromNode("train_2"))
    )


def _trace(body: Any) -> Graph:
    return pipeline(body).graph()


def refused(body: Any, kind: type[Exception], *words: str) -> None:
    with pytest.raises(kind) as caught:
        _trace(body)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda s: 1 if s else 2, ("not true or false", "either(")),
        (lambda s: s > 0.9, ("compared", "Compare inside a step")),
        (lambda s: s == 0.9, ("compared",)),
        (lambda s: s + 1, ("calculated", "inside a step")),
        (lambda s: 1 - s, ("calculated",)),
        (lambda s: -s, ("calculated",)),
        (lambda s: f"{s}", ("text", "inside a step")),
        (str, ("text",)),
        (list, ("looped over", "step.map(each(")),
        (len, ("length",)),
        (lambda s: s[0], ("item 0",)),
        (range, ("not a number",)),
        (float, ("not a number",)),
        (lambda s: s.mean, ("attribute 'mean'", "NamedTuple")),
        (lambda s: s(), ("called",)),
        (lambda s: 3 in s, ("what is in it",)),
        (lambda s: {s: 1}, ("looked up",)),
        ({"a": 1}.get, ("looked up",)),
        (lambda s: isinstance(s, float), ("type", "either(")),
        (lambda s: np.asarray([s, s]), ("array",)),
        (copy.copy, ("copied",)),
        (lambda s: setattr(s, "x", 1), ("changed",)),
        (next, ("what is in it",)),
    ],
)
def test_a_symbol_is_no_plain_value(use: Any, words: tuple[str, ...]) -> None:
    def body() -> None:
        use(train([1]))

    refused(body, SymbolicError, "test_trace.py:", "the output of 'train'", *words)


def test_a_parameter_is_no_plain_value_either() -> None:
    def body(rows: int) -> None:
        for _ in range(rows):
            load(1)

    refused(body, SymbolicError, "the parameter 'rows'", "not a number")


def test_an_unknown_field_names_the_known_ones() -> None:
    def body() -> None:
        split([1]).validation  # type: ignore[attr-defined]  # noqa: B018

    refused(body, SymbolicError, "'validation'", "train, test")


def test_named_outputs_unpack() -> None:
    @pipeline
    def unpacking() -> float:
        _, test = split([1, 2, 3])
        return train(test)

    assert unpacking.graph().nodes["train"].inputs["data"] == FromNode("split", "test")


def test_edges_are_checked() -> None:
    def wrong_edge() -> None:
        train(tell(1.0))  # type: ignore[arg-type]

    def wrong_constant() -> None:
        train([1], depth="deep")  # type: ignore[arg-type]

    def wrong_item() -> None:
        train.map([1], depth=each([1, "two"]))  # type: ignore[arg-type]

    def no_list() -> None:
        tell.map(each(train([1])))  # type: ignore[arg-type]

    def no_bool() -> None:
        either(train([1]), lambda: 1, lambda: 2)  # type: ignore[arg-type]

    refused(wrong_edge, EdgeTypeError, "train(data=…) takes list[int]", "output of 'tell' is str")
    refused(wrong_constant, EdgeTypeError, "train(depth=…) takes int")
    refused(wrong_item, EdgeTypeError, "train(depth=…), item 1")
    refused(no_list, EdgeTypeError, "each() needs a list", "float")
    refused(no_bool, EdgeTypeError, "condition of either()", "float")


def test_wrong_calls_are_refused() -> None:
    def unknown() -> None:
        train([1], width=3)  # type: ignore[call-arg]

    def each_without_map() -> None:
        train([1], depth=each([1]))

    def map_without_each() -> None:
        train.map([1])

    def uneven() -> None:
        score.map(each([1.0]), each([[1], [2]]))

    def not_plain() -> None:
        load(object())  # type: ignore[arg-type]

    def each_returned() -> Any:
        return each([1])

    refused(unknown, ParameterError, "width")
    refused(each_without_map, DefinitionError, "train.map(")
    refused(map_without_each, DefinitionError, "each(values)")
    refused(uneven, DefinitionError, "model has 1, data has 2", "product()")
    refused(not_plain, EdgeTypeError, "load(rows=…) takes int")
    refused(each_returned, DefinitionError, "map() or product()")


def test_a_constant_must_be_plain() -> None:
    @step
    def anything(value: Any) -> None:
        del value

    def body() -> None:
        anything(object())

    refused(body, DefinitionError, "plan cannot hold", "Return it from a step")


def test_what_cannot_be_a_step() -> None:
    async def later() -> None: ...

    def starred(*args: int) -> None: ...

    for function, word in ((later, "async"), (starred, "names no argument")):
        with pytest.raises(DefinitionError, match=word):
            step(function)
    with pytest.raises(DefinitionError, match="cannot be a step"):
        step(int)
    with pytest.raises(DefinitionError, match="already"):
        step(load)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *(
            ("retries", -1),
            ("retries", True),
            ("timeout", 0),
            ("timeout", "1"),
            ("timeout", float("nan")),
            ("timeout", float("inf")),
            ("environment", 3),
            ("cpus", 0),
        ),
        *(("memory", "4 potatoes"), ("memory", "0"), ("gpus", 0.5), ("cache", 1), ("speed", 9)),
    ],
)
def test_settings_are_checked(setting: str, value: Any) -> None:
    with pytest.raises(DefinitionError, match=setting):
        load.options(**{setting: value})


def test_a_pipeline_that_calls_itself_is_refused() -> None:
    @pipeline
    def endless(rows: int) -> Any:
        return endless(rows)

    with pytest.raises(DefinitionError, match="calls itself"):
        endless.graph()


def test_a_cycle_is_refused() -> None:
    nodes = {
        "a": Node("a", "m:a", {"x": FromNode("b")}),
        "b": Node("b", "m:b", {}, after=("c",)),
        "c": Node("c", "m:c", {"x": FromNode("a")}),
    }
    with pytest.raises(DefinitionError, match=r"cycle: [abc] → [abc] → [abc] → [abc]\n"):
        Graph("g", nodes, {}, Constant(None)).check()
    with pytest.raises(DefinitionError, match="needs 'z'"):
        Graph("g", {"a": Node("a", "m:a", {"x": FromNode("z")})}, {}, Constant(None)).check()


def test_after_needs_an_output() -> None:
    def body(rows: int) -> None:
        note.after(3)(rows)

    refused(body, DefinitionError, "cannot come after 3")


def test_importing_windlass_stays_light() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from windlass import each, either, pipeline, step\n"
        "@step\ndef f(a: int) -> int: return a\n"
        "@pipeline\ndef p(a: int = 1) -> int: return f(a)\n"
        "p.graph()\n"
        "heavy = 'sqlalchemy alembic numpy pandas pyarrow fsspec pydantic typer rich asyncio'\n"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
