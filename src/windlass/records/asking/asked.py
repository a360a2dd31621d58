"""One question, put to the record page by page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from windlass.errors import NotFoundError
from windlass.records.asking.compiling import POSTGRESQL, SQLITE, Compiler
from windlass.records.asking.fields import Field
from windlass.records.asking.grammar import (
    AllOf,
    Order,
    Question,
    comparisons,
    read_order,
    read_question,
)
from windlass.records.asking.ordering import Phase, phases_of

if TYPE_CHECKING:
    from windlass.records.looking import Looking

_RARE = 1000
"""Rows that are found first, and not looked up run by run. See docs/decisions/0023."""


def find_ids(
    records: Looking,
    where: str | Question | None,
    sort: str | Order | None,
    limit: int,
    after: str | None,
    lost: Collection[str] | Callable[[], Collection[str]],
) -> list[str]:
    """The ids of the runs that fulfil a question, in order: see `Finding.find_runs`."""
    question = read_question(where) if isinstance(where, str) else where or AllOf(())
    order = read_order(sort) if isinstance(sort, str) else sort
    asks = _asks_status(question, order)
    known = () if not asks else lost() if callable(lost) else lost
    return _Asked(records, question, order, known).ids(limit, after)


def _asks_status(question: Question, order: Order | None) -> bool:
    fields: list[Field] = [each.field for each in comparisons(question)]
    return any(field.name == "status" for field in [*fields, *([order.field] if order else [])])


class _Asked:
    """One question, with its order."""

    def __init__(
        self,
        records: Looking,
        question: Question,
        order: Order | None,
        lost: Collection[str],
    ) -> None:
        self._records = records
        self._question = question
        self._order = order
        self._lost = lost
        self._way = "DESC" if order is None or order.descending else "ASC"

    def ids(self, limit: int, after: str | None) -> list[str]:
        """The ids of the runs that fulfil it, after one."""
        found: list[str] = []
        begun = after is None
        for number in range(len(self._phases(self._compiler()))):
            compiler = self._compiler()
            phase = self._phases(compiler)[number]
            wanted = ["1 = 1"]
            if not begun:
                rest = self._after(phase, compiler, str(after))
                if rest is None:
                    continue  # the run is in a later phase
                wanted, begun = [rest], True
            found += self._phase(phase, compiler, wanted, limit - len(found))
            if len(found) >= limit:
                break
        if not begun:
            raise NotFoundError(f"there is no run {after}, after which the page would begin")
        return found

    def _phases(self, compiler: Compiler) -> list[Phase]:
        return phases_of(self._order, self._question, compiler)

    def _compiler(self) -> Compiler:
        dialect = SQLITE if self._records.path is not None else POSTGRESQL
        return Compiler(dialect, self._lost, self._is_rare)

    def _is_rare(self, table: str, bound: dict[str, object]) -> bool:
        """SQLite keeps no counts of its own to choose a way by."""
        if self._records.path is None:
            return False
        query = f"SELECT count(*) AS n FROM (SELECT 1 {table} LIMIT {_RARE})"  # noqa: S608
        return bool(self._records.execute(query, bound)[0]["n"] < _RARE)

    def _phase(self, phase: Phase, compiler: Compiler, wanted: list[str], limit: int) -> list[str]:
        compiler.along = phase.metric
        condition = compiler.condition(self._question, phase.run)
        conditions = [phase.condition, *wanted, condition]
        is_all = not list(comparisons(self._question))
        source = phase.source
        if phase.metric is not None and not is_all:
            source = compiler.dialect.by_run
        if phase.source != "runs" and compiler.needs_runs:
            source = f"{source} CROSS JOIN {compiler.dialect.facts}"
            conditions.insert(0, "runs.id = s.run")
        order = f"{phase.value} {self._way}, " if phase.value else ""
        query = (
            f"SELECT {phase.run} AS id FROM {source} WHERE {' AND '.join(conditions)} "  # noqa: S608
            f"ORDER BY {order}{phase.run} DESC LIMIT :most"
        )
        found = self._records.execute(query, {**compiler.bound, "most": limit})
        return [row["id"] for row in found]

    def _after(self, phase: Phase, compiler: Compiler, after: str) -> str | None:
        """The condition of what comes after a run of a phase; None if it is not in it."""
        value = phase.value or "NULL"
        source, run, condition = phase.source, phase.run, phase.condition
        if self._order is None:  # by the time alone: any run will do
            source, run, condition = "runs", "runs.id", "1 = 1"
        query = (
            f"SELECT {value} AS value FROM {source} "  # noqa: S608
            f"WHERE {run} = {compiler.bind(after)} AND {condition}"
        )
        found = self._records.execute(query, compiler.bound)
        if not found:
            return None
        older = f"{phase.run} < {compiler.bind(after)}"
        if phase.value is None:
            return older
        last = compiler.bind(found[0]["value"])
        beyond = "<" if self._way == "DESC" else ">"
        return f"({value} {beyond} {last} OR ({value} = {last} AND {older}))"
