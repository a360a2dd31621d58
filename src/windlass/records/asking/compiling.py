"""SQL of a question: no word of the asker's is in it, each is a bound parameter.

Every comparison is true or false, never unknown: with what a run does not have, it is false, and
so ``!=``, which is the opposite of ``=``, is true.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from windlass.records import rows
from windlass.records.asking.fields import Field, Value
from windlass.records.asking.grammar import AllOf, AnyOf, Comparison, Not, Question

_TABLES = {"tags": "tags", "params": "parameters", "metrics": "summaries"}
_KEYS = {"tags": "key", "params": "name", "metrics": "name"}
SECONDS = "(runs.ended - runs.created)"


@dataclass
class Dialect:
    """What the two databases say in different words.

    Args:
        contains: Whether a text holds another, the letters being the same.
        listed: The items of a list that is bound as JSON.
        facts: The runs, by way of an index that has all that is asked of them: rows are long.
        by_run: The summaries ``s`` in the order of the runs, not of their values: what is looked up
            for one run after the other then lies side by side.
        binary: How texts are ordered by their bytes.
    """

    contains: str
    listed: str
    facts: str
    by_run: str
    binary: str = ""


SQLITE = Dialect(
    "instr({0}, {1}) > 0",
    "SELECT value FROM json_each({0})",
    "runs INDEXED BY ix_runs_facts",
    "summaries s INDEXED BY sqlite_autoindex_summaries_1",
)
POSTGRESQL = Dialect(
    "strpos({0}, {1}) > 0",
    "SELECT json_array_elements_text(CAST({0} AS json))",
    "runs",
    "summaries s",
    ' COLLATE "C"',
)


@dataclass
class Compiler:
    """Makes conditions of questions.

    Args:
        dialect: Of which database.
        lost: The runs that are recorded as running, and are lost.
        is_rare: Whether few rows of a table fulfil conditions: then they are found first, and else
            each run is looked up by itself.

    Attributes:
        along: The metric whose summaries are walked along, as ``s``: it need not be looked up.
        bound: The parameters of what was compiled so far.
        needs_runs: Whether it asks for columns of the runs themselves.
    """

    dialect: Dialect
    lost: Collection[str] = ()
    is_rare: Callable[[str, dict[str, object]], bool] = lambda _sql, _bound: False
    along: str | None = None
    bound: dict[str, object] = field(default_factory=dict)
    needs_runs: bool = False

    def bind(self, value: object) -> str:
        """The name of a new parameter."""
        name = f"v{len(self.bound)}"
        self.bound[name] = rows.clean(value) if isinstance(value, str) else value
        return f":{name}"

    def condition(self, question: Question, run: str) -> str:
        """The condition that a question is.

        Args:
            question: Which.
            run: The expression of the run's id.
        """
        match question:
            case Comparison():
                return self._comparison(question, run)
            case Not(of):
                return f"NOT {self.condition(of, run)}"
            case AllOf(of):
                return self._joined(of, " AND ", "1 = 1", run)
            case AnyOf(of):
                return self._joined(of, " OR ", "1 = 0", run)

    def _joined(self, of: tuple[Question, ...], word: str, none: str, run: str) -> str:
        return f"({word.join(self.condition(each, run) for each in of) or none})"

    def _comparison(self, asked: Comparison, run: str) -> str:
        if asked.field.group != "run":
            return self._of_other(asked, run)
        self.needs_runs = True
        column = self.column(asked.field)
        if asked.sign == "null":
            return f"({column} IS NULL)"
        return f"({self._any(column, asked)} IS TRUE)"

    def column(self, asked: Field) -> str:
        """The expression of a field of the run itself."""
        if asked.name == "seconds":
            return SECONDS
        if asked.name == "status" and self.lost:
            lost = self.dialect.listed.format(self.bind(rows.dump([*self.lost])))
            return f"(CASE WHEN runs.id IN ({lost}) THEN 'lost' ELSE runs.status END)"
        return f"runs.{asked.name}"

    def _of_other(self, asked: Comparison, run: str) -> str:
        """A comparison with a tag, a parameter or a metric: whether there is such a row."""
        group = asked.field.group
        if group == "metrics" and asked.field.name == self.along:
            return f"({'NOT ' if asked.sign == 'null' else ''}({self._row(asked, 's')}) IS TRUE)"
        start = len(self.bound)
        wanted = f"t.{_KEYS[group]} = {self.bind(asked.field.name)} AND {self._row(asked, 't')}"
        table = f"FROM {_TABLES[group]} t WHERE {wanted}"
        own = dict(list(self.bound.items())[start:])
        not_ = "NOT " if asked.sign == "null" else ""
        if self.is_rare(table, own):
            return f"({run} {not_}IN (SELECT t.run {table}))"
        return f"({not_}EXISTS (SELECT 1 {table} AND t.run = {run}))"

    def _row(self, asked: Comparison, row: str) -> str:
        """What must be true of a row; for ``null``, of one that is there."""
        told = asked.field
        if told.group == "tags":
            return "t.value IS NOT NULL" if asked.sign == "null" else self._any("t.value", asked)
        if told.group == "metrics":
            column = f"{row}.{told.part}"
            return f"{column} IS NOT NULL" if asked.sign == "null" else self._any(column, asked)
        if asked.sign == "null":
            return "t.value <> 'null'"
        return f"({' OR '.join(self._parameter(asked.sign, value) for value in asked.values)})"

    def _parameter(self, sign: str, value: Value) -> str:
        if isinstance(value.first, str):
            return self._one("t.text", sign, Value(value.first[: rows.SOUGHT]))
        return self._one("t.number", sign, value)

    def _any(self, column: str, asked: Comparison) -> str:
        return f"({' OR '.join(self._one(column, asked.sign, value) for value in asked.values)})"

    def _one(self, column: str, sign: str, value: Value) -> str:
        sign = "=" if sign == "in" else sign
        if sign == "~":
            return self.dialect.contains.format(column, self.bind(value.first))
        if value.end is None or value.end == value.first:
            return f"{column} {sign} {self.bind(value.first)}"
        begins, ends = self.bind(value.first), self.bind(value.end)
        return {
            "=": f"({column} >= {begins} AND {column} < {ends})",
            "<": f"{column} < {begins}",
            "<=": f"{column} < {ends}",
            ">": f"{column} >= {ends}",
            ">=": f"{column} >= {begins}",
        }[sign]
