"""The order of what is found, and where the next page begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windlass.records.asking.compiling import Compiler
from windlass.records.asking.fields import Field
from windlass.records.asking.grammar import AllOf, Comparison, Order, Question


@dataclass(frozen=True, slots=True)
class Phase:
    """Some of the runs, in their order; one phase after the other is all of them.

    Args:
        source: The table that they come from.
        run: The expression of a run's id there.
        condition: Which they are.
        value: The expression that they are sorted by; None: by nothing but the time.
        metric: The metric whose summaries they are walked along by, if it is one's.
    """

    source: str
    run: str
    condition: str
    value: str | None
    metric: str | None = None


def phases_of(order: Order | None, question: Question, compiler: Compiler) -> list[Phase]:
    """The phases of an order: numbers, then texts, then the runs that have neither, newest first.

    A phase walks along the table that has what is sorted by: few runs may have a metric of that
    name, and those of one name lie side by side.
    """
    if order is None:
        return [_newest_first(question, compiler)]
    asked = order.field
    if asked.group == "run":
        value = compiler.column(asked) + (compiler.dialect.binary if asked.kind == "text" else "")
        return [
            Phase("runs", "runs.id", f"{value} IS NOT NULL", value),
            Phase("runs", "runs.id", f"{value} IS NULL", None),
        ]
    table, columns, own = _of_group(asked, compiler)
    metric = asked.name if asked.group == "metrics" else None
    found = []
    for place, column in enumerate(columns):
        wanted = " AND ".join([own, *_absent(columns[:place]), _present(column)])
        found.append(Phase(table, "s.run", wanted, column, metric))
    some = " OR ".join(map(_present, columns))
    none = f"NOT EXISTS (SELECT 1 FROM {table} WHERE s.run = runs.id AND {own} AND ({some}))"  # noqa: S608
    return [*found, Phase("runs", "runs.id", none, None)]


def _newest_first(question: Question, compiler: Compiler) -> Phase:
    """All runs; or, where a question asks for a metric, those that have it."""
    for each in _needed(question):
        if each.field.group == "metrics" and each.sign != "null":
            name = each.field.name
            return Phase("summaries s", "s.run", f"s.name = {compiler.bind(name)}", None, name)
    return Phase("runs", "runs.id", "1 = 1", None)


def _needed(question: Question) -> Iterator[Comparison]:
    """The comparisons that must be true of every run that is found."""
    if isinstance(question, Comparison):
        yield question
    elif isinstance(question, AllOf):
        for each in question.of:
            yield from _needed(each)


def _present(column: str) -> str:
    return f"{column} IS NOT NULL"


def _absent(columns: list[str]) -> list[str]:
    return [f"{column} IS NULL" for column in columns]


def _of_group(asked: Field, compiler: Compiler) -> tuple[str, list[str], str]:
    """The table of a tag, a parameter or a metric, what is sorted by, and which rows count."""
    name, binary = compiler.bind(asked.name), compiler.dialect.binary
    if asked.group == "metrics":
        return "summaries s", [f"s.{asked.part}"], f"s.name = {name}"
    if asked.group == "tags":
        return "tags s", [f"s.value{binary}"], f"s.key = {name}"
    # The run's own parameter, or else that of the first of its nodes by name.
    first = f"SELECT min(q.node) FROM parameters q WHERE q.name = {name} AND q.run = s.run"  # noqa: S608
    columns = ["s.number", f"s.text{binary}"]
    return "parameters s", columns, f"s.name = {name} AND (s.node = '' OR s.node = ({first}))"
