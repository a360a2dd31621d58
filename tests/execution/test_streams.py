"""Steps that yield: items go to the store and come from it one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from execution import stream_pipelines as sp
from windlass.execution.run import Run


def ran(run: Run[Any]) -> list[str]:
    return [node.name for node in run.nodes if node.outcome and not node.outcome.cached]


def test_items_are_streamed_mapped_and_cached() -> None:
    run = sp.counting.run(rows=4)
    assert run.result() == [0, 2, 4, 6]
    assert run["total"].value == 6
    assert run["total_2"].value == 4
    assert [metric.value for metric in run.logged_metrics()] == [0, 1, 2, 3]
    assert "at 3" in run["count"].logs()
    assert ran(sp.counting.run(rows=4)) == []
    longer = sp.counting.run(rows=6)
    assert longer.result() == [0, 2, 4, 6, 8, 10]
    assert "double[3]" not in ran(longer)  # an item that was there before
    assert "double[5]" in ran(longer)


def test_each_reader_has_an_iterator_of_its_own() -> None:
    run = sp.counting.run(rows=3)
    one, other = run["count"].value, run["count"].value
    assert isinstance(one, Iterator)
    assert next(one) == 0
    assert list(other) == [0, 1, 2]
    assert list(one) == [1, 2]
    assert list(run["count"].value) == list(sp.count(3))


def test_large_items_are_never_all_in_memory() -> None:
    run = sp.large.options(workers=1).run(rows=40)  # 305 MiB in all
    result = run.result()
    assert result.total == sum(range(40))
    grown = re.search(r"grew by (\d+)", run["arrays"].logs())
    assert grown is not None
    assert int(grown[1]) < 100
    assert result.by < 100


def test_items_that_are_not_as_promised() -> None:
    run = sp.promising.run()
    assert run.status == "failed"
    assert "wrong promises Iterator[int]: item 1: it is a str, not an int" in str(run.error)


def test_what_a_generator_raises_is_the_step_s_own() -> None:
    run = sp.failing.run()
    outcome = run["ending"].outcome
    assert outcome is not None
    assert outcome.attempts == 2  # it was tried again
    assert "ValueError: no more of them" in str(run.error)


def test_items_that_cannot_be_stored() -> None:
    run = sp.storing.run()
    assert "item 1: no format takes a value of type function" in str(run.error)
    first, second = sp.pickling.run().result()
    assert first == 1
    assert second() == 1  # type: ignore[operator]


@pytest.mark.parametrize("name", ["", __file__])
def test_an_open_file_is_no_iterator_of_its_lines(name: str) -> None:
    assert "no format takes a value of type _io." in str(sp.opening.run(name=name).error)
