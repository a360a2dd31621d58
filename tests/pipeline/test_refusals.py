"""What a pipeline's function may and may not do while it is traced."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, cast

import numpy as np
import pytest

from windlass import each, either, pipeline, step
from windlass.errors import DefinitionError, EdgeTypeError, ParameterError, SymbolicError
from windlass.pipeline.graph import Constant, Each, FromNode


class Split(NamedTuple):
    train: list[int]
    test: list[int]


@step
def load(rows: int) -> list[int]:
    return list(range(rows))


@step
def split(data: list[int]) -> Split:
    return Split(data[:2], data[2:])


@step
def train(data: list[int]) -> float:
    return float(sum(data))


def refused(body: Any, kind: type[Exception], *words: str) -> None:
    traced = pipeline(_named(body) if body.__name__ == "<lambda>" else body)
    with pytest.raises(kind) as caught:
        traced.graph()
    for word in words:
        assert word in str(caught.value)


def _named(body: Any) -> Any:
    def called() -> Any:
        return body()

    return called


def test_whether_a_parameter_is_none_cannot_be_asked() -> None:
    def asking(rows: int | None) -> None:
        if rows is None:
            load(1)

    def telling(rows: int | None) -> None:
        load(int(rows is not None))

    def kept_by_a_branch(rows: int | None) -> None:
        either(True, lambda: load(rows or 1), lambda: load(2))
        if rows is not None:
            load(3)

    for body, after in ((asking, 1), (telling, 1), (kept_by_a_branch, 2)):
        place = f"test_refusals.py:{body.__code__.co_firstlineno + after}: "
        refused(body, SymbolicError, place, "'rows'", "None")


def test_what_is_known_may_be_none() -> None:
    @pipeline
    def inner(rows: int | None) -> list[int]:
        return load(1) if rows is None else load(rows)

    @pipeline
    def outer(rows: int, other: int | None = None) -> list[list[int]]:
        other = 3
        return [inner(None), load(other if other is not None else rows)]

    assert outer.graph().nodes["inner.load"].inputs["rows"] == Constant(1)


def test_fields_may_have_any_name() -> None:
    class Data(NamedTuple):
        label: int
        ref: int
        annotation: int

    @step
    def told() -> Data:
        return Data(1, 2, 3)

    @pipeline
    def telling() -> list[list[int]]:
        data = told()
        return [load(data.label), load(data.ref), load(data.annotation)]

    inputs = [node.inputs["rows"] for node in telling.graph().nodes.values() if node.inputs]
    assert inputs == [FromNode("told", name) for name in ("label", "ref", "annotation")]


def test_a_named_tuple_is_unpacked_into_arguments() -> None:
    @step
    def both(train: list[int], test: list[int]) -> int:
        return len(train) + len(test)

    @pipeline
    def unpacking() -> int:
        return both(*split([1, 2, 3]))

    assert unpacking.graph().nodes["both"].inputs["test"] == FromNode("split", "test")


def test_what_was_traced_elsewhere_is_refused() -> None:
    kept: list[Any] = []

    def first() -> None:
        kept.append(load(1))

    pipeline(first).graph()
    refused(lambda: train(kept[0]), DefinitionError, "of another pipeline", "Call the step")
    refused(lambda: train.after(kept[0])([1]), DefinitionError, "of another pipeline")


def test_text_made_of_symbols_is_refused() -> None:
    @step
    def say(text: str) -> str:
        return text

    refused(lambda: say(f"{load(1)!r}"), DefinitionError, "text made of", "inside a step")


def test_a_users_own_error_is_told_with_its_line() -> None:
    def body() -> None:
        raise KeyError("mine")

    line = body.__code__.co_firstlineno + 1
    refused(body, DefinitionError, f"test_refusals.py:{line}", "KeyError: 'mine'", "traced")


def test_a_set_has_no_order_to_map_over() -> None:
    refused(lambda: load.map(each({1, 2})), DefinitionError, "order", "sorted")
    for wrong in (None, 3, each([1])):
        with pytest.raises(DefinitionError, match=r"each\(\)"):
            each(cast("Any", wrong))


def test_the_numbers_of_an_array_are_mapped_over_as_pythons_own() -> None:
    @step
    def double(x: float) -> float:
        return 2 * x

    @pipeline
    def doubling() -> list[float]:
        return double.map(each(np.linspace(0, 1, 3)))

    (ref,) = doubling.graph().nodes["double"].inputs.values()
    assert ref == Each(Constant([0.0, 0.5, 1.0]))
    assert doubling() == [0.0, 1.0, 2.0]
    assert load.map(each(np.arange(2))) == [[], [0]]  # type: ignore[arg-type]


def test_branches_that_were_called_already_are_refused() -> None:
    def body(flag: bool) -> None:
        either(flag, load(1), load(2))  # type: ignore[arg-type]

    refused(body, DefinitionError, "test_refusals.py:", "called already", "lambda: publish(best)")


def test_nothing_is_run_and_no_option_given_inside_a_pipeline() -> None:
    @pipeline
    def inner(rows: int = 1) -> list[int]:
        return load(rows)

    refused(lambda: cast("Any", inner).run(), DefinitionError, "is run in a pipeline", "inner(…)")
    refused(lambda: inner.options(seed=7)(1), DefinitionError, "options for its runs")


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        (lambda: {"a": load(1)}, "dict[Literal['a'], list[int]]"),
        (lambda: [load(1)], "list[list[int]]"),
        (lambda: (load(1), 2), "tuple[list[int], Literal[2]]"),
        (lambda: load(1), "list[int]"),
    ],
)
def test_edges_are_checked_through_containers(argument: Any, told: str) -> None:
    @step
    def typed(
        a: dict[str, int] | None = None,
        b: tuple[int, int] = (1, 2),
        c: int = 1,
        d: set[int] | None = None,
    ) -> int:
        return 1

    for name in "abcd":
        refused(
            lambda name=name: typed(**{name: argument()}), EdgeTypeError, f"typed({name}=…)", told
        )


def test_edges_that_fit_through_containers_are_taken() -> None:
    @step
    def typed(
        a: Mapping[str, Sequence[int]],
        b: tuple[list[int], str],
        c: Annotated[list[list[int]], "rows"],
        d: Any,
        e: Sequence[Sequence[float] | None],
        f: tuple[object, ...] = (),
    ) -> int:
        return 1

    @pipeline
    def fitting() -> int:
        rows = load(1)
        return typed({"x": rows}, (rows, "y"), [rows], [rows], [rows, None], (rows, 1))

    assert set(fitting.graph().nodes) == {"load", "typed"}


def test_what_pipelines_take_and_return_is_checked_too() -> None:
    @pipeline
    def inner(rows: str) -> list[int]:
        return load(1)

    @pipeline
    def wrong() -> str:
        return load(1)  # type: ignore[return-value]

    refused(lambda: inner(load(1)), EdgeTypeError, "inner(rows=…) takes str")  # type: ignore[arg-type]
    refused(lambda: inner(3), EdgeTypeError, "inner(rows=…) takes str")  # type: ignore[arg-type]
    line = wrong.function.__code__.co_firstlineno
    told = f"test_refusals.py:{line}: the result of 'wrong' promises str"
    with pytest.raises(EdgeTypeError, match=re.escape(told)):
        wrong.graph()


def test_what_a_plan_cannot_hold_is_told_of_the_pipeline_that_returns_it() -> None:
    @pipeline
    def holding() -> object:
        return object()

    line = holding.function.__code__.co_firstlineno
    told = f"test_refusals.py:{line}: the pipeline's result is given what a plan cannot hold"
    with pytest.raises(DefinitionError, match=re.escape(told)):
        holding.graph()


def test_a_name_that_is_another_steps_by_now_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "named_twice.py"
    file.write_text(
        "from windlass import pipeline, step\n"
        "@step\ndef load() -> int: return 1\n"
        "old = load\n"
        "@step\ndef load() -> int: return 2\n"
        "@pipeline\ndef first() -> int: return old()\n"
        "@pipeline\ndef second() -> int: return load()\n"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        module = importlib.import_module("named_twice")
    finally:
        sys.path.remove(str(tmp_path))
    assert list(module.second.graph().nodes) == ["load"]
    with pytest.raises(DefinitionError, match="'named_twice:load' is not that of this step"):
        module.first.graph()


def test_steps_that_one_function_makes_are_each_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDLASS_HOME", str(tmp_path))

    def scaler(by: int) -> Any:
        @step
        def scale(x: int) -> int:
            return by * x

        return scale

    double, triple = scaler(2), scaler(3)

    @pipeline
    def doubling() -> int:
        return cast("int", double.options(retries=1)(10))

    @pipeline
    def tripling() -> int:
        return cast("int", triple(10))

    assert doubling.run().result() == 20
    assert tripling.run().result() == 30
    assert doubling.run().result() == 20


class Holder:
    def method(self, x: int) -> int:
        return x


@pytest.mark.parametrize("wrong", [Holder.method, Holder().method, Holder(), len, 3, "text"])
def test_what_is_no_plain_function_is_no_step(wrong: Any) -> None:
    with pytest.raises(DefinitionError):
        step(wrong)


def test_a_pipeline_is_neither_async_nor_a_generator() -> None:
    async def waiting() -> int:
        return 1

    def yielding() -> Iterator[int]:
        yield 1

    for wrong in (waiting, yielding):
        with pytest.raises(DefinitionError, match=wrong.__name__):
            pipeline(wrong)


@step
def halve(number: float) -> float:
    return number / 2


@step
def numbers() -> list[float]:
    return [1.0]


@pytest.mark.parametrize("given", [[1.0, 2], (3.0,), numbers])
def test_a_list_for_what_takes_an_item_is_told_of_each(given: Any) -> None:
    @pipeline
    def halving() -> float:
        return halve(given() if given is numbers else given)  # type: ignore[arg-type]

    with pytest.raises(EdgeTypeError, match=r"To run it on each item, write: step\.map"):
        halving.graph()


@pytest.mark.parametrize("given", [[1.0, "a"], [], "abc", {"a": 1.0}])
def test_what_is_no_list_of_items_is_not(given: Any) -> None:
    @pipeline
    def halving() -> float:
        return halve(given)

    with pytest.raises(EdgeTypeError, match=r"Change the annotation, or what is passed"):
        halving.graph()


def test_an_option_of_the_run_is_no_parameter() -> None:
    @pipeline
    def halving(number: float = 1.0) -> float:
        return halve(number)

    with pytest.raises(ParameterError, match=r"Write halving\.options\(seed=…\)\.run\(…\)"):
        halving.run(2.0, seed=4)  # type: ignore[call-arg]


def test_annotations_that_are_read_late_are_told_without_quotes() -> None:
    with pytest.raises(
        ParameterError, match=r"\(items: list\[int\], by: str = 'a'\) -> int: missing"
    ):
        late.map(by="b")  # type: ignore[call-arg]


@step
def late(items: list[int], by: str = "a") -> int:
    return len(items)
