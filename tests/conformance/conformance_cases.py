"""The graph shapes that every target must run alike, as plain pipelines with what must come out.

A target's test calls ``check(case, launch, folder)`` of `promises` for every case in ``CASES``;
``launch`` runs it there. Nothing here knows of any target; steps use the standard library alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from windlass import Holdout, Model, Reference, each, either, pipeline, step

T = TypeVar("T")


@step
def one() -> int:
    return 1


@step
def add(a: int, b: int = 1) -> int:
    return a + b


@step
def double(a: int) -> int:
    return 2 * a


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@step
def pair(a: int, b: str) -> str:
    return f"{a}{b}"


@step
def count(n: int) -> list[int]:
    return list(range(n))


@step
def is_even(a: int) -> bool:
    return a % 2 == 0


@step
def say(text: str) -> str:
    return text


@step
def concat(parts: list[str]) -> str:
    return "|".join(parts)


class Parts(NamedTuple):
    low: list[int]
    high: list[int]
    name: str


@step
def split(numbers: list[int]) -> Parts:
    middle = len(numbers) // 2
    return Parts(numbers[:middle], numbers[middle:], f"{len(numbers)} numbers")


class Ends(NamedTuple, Generic[T]):
    first: T
    rest: Sequence[T]


@step
def ends(numbers: list[int]) -> Ends[int]:
    return Ends(numbers[0], tuple(numbers[1:]))


@step
def width(parts: Parts) -> int:
    return len(parts.high) - len(parts.low)


@step
def touch(folder: str, name: str) -> str:
    (Path(folder) / name).touch()
    return name


@step
def seen(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


@step
def fail(a: int) -> int:
    raise ValueError(f"no luck with {a}")


@step
def fail_on_odd(a: int) -> int:
    if a % 2:
        raise ValueError(f"{a} is odd")
    return a


@step(retries=3, retry_delay=0.01)
def succeed_at_last(folder: str, tries: int) -> int:
    """Fails until it has been tried so many times; counts in files, which outlive the process.

    At last it leaves none, so that another run begins anew.
    """
    path = Path(folder) / "tries"
    number = len(path.read_text()) + 1 if path.exists() else 1
    path.write_text("x" * number)
    if number < tries:
        raise RuntimeError(f"try {number}")
    path.unlink()
    return number


def some(numbers: list[int]) -> bool:
    """There are numbers."""
    return len(numbers) > 0


def not_negative(numbers: list[int]) -> Iterator[str]:
    """No number is negative."""
    return (f"{number} is negative" for number in numbers if number < 0)


class Halves(NamedTuple):
    learnt: Annotated[list[int], some, Reference("level")]
    unseen: Annotated[list[int], Holdout("level")]


@step
def measure(lowest: int) -> Halves:
    numbers = [lowest + 10 * number for number in range(6)]
    return Halves(numbers[::2], numbers[1::2])


@step
def fit(
    numbers: Annotated[list[int], some, not_negative],
) -> Annotated[dict[str, float], Model("level")]:
    return {"level": sum(numbers) / len(numbers)}


@pipeline
def line(start: int = 0) -> int:
    return add(add(add(start), 10), 100)


@pipeline
def fan(start: int = 5) -> int:
    base = add(start)
    return total([double(base), add(base, 3), base])


@pipeline
def mapped(n: int = 4) -> int:
    return total(add.map(each(count(n)), 10))


@pipeline
def empty_map() -> int:
    return mapped(0)


@pipeline
def one_item_map() -> int:
    return mapped(1)


@pipeline
def map_of_constants() -> int:
    return total(double.map(each([3, 4, 5])))


@pipeline
def map_of_parameter(numbers: list[int]) -> list[int]:
    return double.map(each(numbers))


@pipeline
def chain_of_maps(n: int = 3) -> list[int]:
    return add.map(each(double.map(each(count(n)))), 1)


@pipeline
def product() -> str:
    return concat(pair.product(each([1, 2, 3]), each(["x", "y"])))


@pipeline
def zipped() -> str:
    return concat(pair.map(each(count(2)), each(["x", "y"])))


@pipeline
def zip_of_different_lengths(n: int = 3) -> str:
    return concat(pair.map(each(count(n)), each(["x", "y"])))


@pipeline
def choice(start: int = 2) -> str:
    even = is_even(start)
    told = either(even, lambda: say("even"), lambda: concat([say("odd"), say("indeed")]))
    return concat([told, say("end")])


@pipeline
def nested_choice(a: int = 2, b: int = 3) -> str:
    return either(
        is_even(a),
        lambda: either(is_even(b), lambda: say("both"), lambda: say("first")),
        lambda: say("not the first"),
    )


@pipeline
def choice_of_maps(flag: bool = True) -> int:
    return total(
        either(flag, lambda: double.map(each([1, 2])), lambda: add.map(each([1, 2, 3]), 1))
    )


@pipeline
def nested_group(n: int = 3) -> list[int]:
    return [mapped(n), line(n), mapped(n)]


@pipeline
def named_outputs(n: int = 6) -> str:
    parts = split(count(n))
    low, _, _ = parts
    return pair(total(low), concat([parts.name, parts[2]]))


@pipeline
def map_over_field(n: int = 6) -> int:
    return total(double.map(each(split(count(n)).high)))


@pipeline
def generic_outputs(n: int = 4) -> int:
    both = ends(count(n))
    return total(add.map(each(both.rest), both.first))


@pipeline
def map_of_named_outputs(n: int = 3) -> list[int]:
    return width.map(each(split.map(each([[1, 2], [3], []]))))


@pipeline
def order_without_data(folder: str) -> list[str]:
    first = touch(folder, "first")
    second = touch.after(first)(folder, "second")
    return seen.after(second)(folder)


@pipeline
def retried(folder: str, tries: int = 3) -> int:
    return double(succeed_at_last(folder, tries))


@pipeline
def retries_exhausted(folder: str, tries: int = 9) -> int:
    return double(succeed_at_last(folder, tries))


@pipeline
def partial_failure() -> int:
    lost = total(fail_on_odd.map(each([0, 1, 2])))
    other = double(one())
    return add(lost, other)


@pipeline
def failure() -> int:
    return double(fail(7))


@pipeline
def learning(lowest: int = 0) -> dict[str, float]:
    return fit(measure(lowest).learnt)


@pipeline
def long_list(n: int = 5000) -> int:
    return total(count(n))


@pipeline
def long_map(n: int = 300) -> int:
    return total(double.map(each(count(n))))


@dataclass(frozen=True)
class Case:
    """A pipeline, and what every target must make of it.

    Args:
        run: The pipeline's bound `run`-like: given options, it returns a run.
        pipeline: What is run.
        parameters: Its parameters; ``{folder}`` in a text is replaced by a new folder.
        options: How it is run.
        status: The run's status.
        result: What it returns, if it succeeds.
        nodes: The status of some nodes.
        values: The value of some nodes.
        attempts: How often some nodes were tried.
        error: What must be said of the failure.
        checks: What came of the checks of some nodes' data, as (border, at, check, verdict).
        versions: By model, the contents of its version 1, by role. A run mints it, the next none.
    """

    pipeline: Any
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    status: str = "succeeded"
    result: Any = None
    nodes: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    checks: Mapping[str, Sequence[tuple[str, str, str, str]]] = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


S, F, K, C = "succeeded", "failed", "skipped", "cancelled"

CASES: dict[str, Case] = {
    "line": Case(line, {"start": 4}, result=115, nodes={"add": S, "add_2": S, "add_3": S}),
    "fan": Case(fan, result=27, values={"add": 6, "double": 12, "add_2": 9}),
    "map": Case(
        mapped, result=46, nodes={"add[0]": S, "add[3]": S}, values={"add": [10, 11, 12, 13]}
    ),
    "empty map": Case(empty_map, result=0, values={"mapped.add": [], "mapped.total": 0}),
    "one-item map": Case(one_item_map, result=10, values={"mapped.add": [10]}),
    "map of constants": Case(map_of_constants, result=24, values={"double[1]": 8}),
    "map of a parameter": Case(map_of_parameter, {"numbers": [7, 8]}, result=[14, 16]),
    "chain of maps": Case(chain_of_maps, result=[1, 3, 5], values={"double": [0, 2, 4]}),
    "product": Case(product, result="1x|1y|2x|2y|3x|3y", values={"pair[3]": "2y"}),
    "zip": Case(zipped, result="0x|1y"),
    "zip of different lengths": Case(
        zip_of_different_lengths,
        status=F,
        nodes={"count": S, "pair": F, "concat": K},
        error="lengths differ: a has 3, b has 2",
    ),
    "choice, first way": Case(
        choice, result="even|end", nodes={"say": S, "say_2": K, "say_3": K, "concat": K}
    ),
    "choice, other way": Case(
        choice,
        {"start": 3},
        result="odd|indeed|end",
        nodes={"say": K, "say_2": S, "say_3": S, "concat": S},
    ),
    "choice in a choice": Case(
        nested_choice,
        result="first",
        nodes={"is_even": S, "is_even_2": S, "say": K, "say_2": S, "say_3": K},
    ),
    "choice in a choice not taken": Case(
        nested_choice,
        {"a": 1},
        result="not the first",
        nodes={"is_even_2": K, "say": K, "say_2": K, "say_3": S},
    ),
    "choice of maps, first way": Case(choice_of_maps, result=6, nodes={"double[1]": S, "add": K}),
    "choice of maps, other way": Case(
        choice_of_maps, {"flag": False}, result=9, nodes={"double": K, "add[2]": S}
    ),
    "nested group": Case(
        nested_group,
        result=[33, 114, 33],
        nodes={"mapped.add[2]": S, "line.add_3": S, "mapped_2.total": S},
    ),
    "named outputs": Case(named_outputs, result="36 numbers|6 numbers"),
    "map over a field": Case(map_over_field, result=24, values={"double": [6, 8, 10]}),
    "generic named outputs": Case(generic_outputs, result=6, values={"ends": (0, (1, 2, 3))}),
    "map of named outputs": Case(
        map_of_named_outputs, result=[0, 1, 0], values={"split[1]": ([], [3], "1 numbers")}
    ),
    "order without data": Case(
        order_without_data, {"folder": "{folder}"}, result=["first", "second"]
    ),
    "failure, then retry": Case(
        retried,
        {"folder": "{folder}"},
        result=6,
        attempts={"succeed_at_last": 3, "double": 1},
    ),
    "retries exhausted": Case(
        retries_exhausted,
        {"folder": "{folder}"},
        status=F,
        nodes={"succeed_at_last": F, "double": K},
        attempts={"succeed_at_last": 4},
        error="RuntimeError: try 4",
    ),
    "partial failure": Case(
        partial_failure,
        options={"keep_going": True},
        status=F,
        nodes={
            "fail_on_odd[0]": S,
            "fail_on_odd[1]": F,
            "fail_on_odd[2]": S,
            "total": K,
            "one": S,
            "double": S,
            "add": K,
        },
        error="'fail_on_odd[1]' failed: ValueError: 1 is odd",
    ),
    "failure": Case(failure, status=F, nodes={"fail": F, "double": K}, error="no luck with 7"),
    "model of checked data": Case(
        learning,
        options={"cache": True},  # also where other cases go without it
        result={"level": 20.0},
        values={"measure": ([0, 20, 40], [10, 30, 50])},
        checks={
            "measure": [("output", "learnt", "some", "pass")],
            "fit": [
                ("input", "numbers", "some", "pass"),
                ("input", "numbers", "not_negative", "pass"),
            ],
        },
        versions={
            "level": {
                "model": "64f785b510d51a9c42aa6b3788c7caa836fdd4c09b931679fb77934fe817be49",
                "reference": "f73f4e05d8a9d8b23a4cf6936a0d93418d3069e87ac1c3bd27d3b7cc6c7d8b0c",
                "holdout": "b0be1701c1cf380a6c3745d6b6efd18214f9708fa85bf4224dd25d75e28246a7",
            }
        },
    ),
    "data that break a check": Case(
        learning,
        {"lowest": -15},
        status=F,
        nodes={"measure": S, "fit": F},
        attempts={"fit": 1},
        error="fit ← numbers breaks not_negative",
        checks={
            "measure": [("output", "learnt", "some", "pass")],
            "fit": [
                ("input", "numbers", "some", "pass"),
                ("input", "numbers", "not_negative", "fail"),
            ],
        },
    ),
    "list of 5,000 items": Case(long_list, result=sum(range(5000))),
    "map of 300 items": Case(long_map, result=2 * sum(range(300)), values={"double[299]": 598}),
}

CHOSEN = (
    *("map", "empty map", "map of named outputs", "zip of different lengths"),
    *("choice in a choice", "choice of maps, other way", "order without data"),
    *("failure, then retry", "retries exhausted", "partial failure"),
    *("data that break a check", "model of checked data"),
)
"""Graphs in which each feature occurs at least once, for targets where every node begins cold:
there ``make matrix`` runs all. A group is in "empty map", a chain of maps in that of named outputs.
"""
