"""The checks of one attempt: each is made, counted, and told if it fails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from windlass.errors import DataCheckError
from windlass.execution.data_checks.breaches import MOST_BREACHES, Breach
from windlass.execution.data_checks.functions import asked
from windlass.execution.data_checks.rows import count_rows
from windlass.execution.data_checks.schemas import validated
from windlass.execution.data_checks.wording import Failure, report
from windlass.pipeline.data_checks import DataCheck
from windlass.pipeline.guards import Borders
from windlass.values import Json

_HINTS = {
    "input": "The step did not run. Mend what made it; or the check, if it asks too much.",
    "output": "Nothing was stored. Mend the step or its data; or the check, if it asks too much.",
}


@dataclass
class _Tally:
    """What came of a check at a place, of however many values.

    Args:
        check: Which one.
        border: ``input`` or ``output``.
        at: The parameter or output, and what in it.
        values: How many values it was made of.
        rows: How many rows they had.
        breaches: The rules that were broken, each with where.
    """

    check: DataCheck
    border: str
    at: str
    values: int = 0
    rows: int | None = None
    breaches: list[tuple[str, Breach]] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """``pass``, ``fail``, or ``error`` where the check is broken and nothing is known."""
        if not self.breaches:
            return "pass"
        return "error" if all(breach.is_error for _, breach in self.breaches) else "fail"

    def document(self) -> dict[str, Json]:
        """As JSON."""
        told = [{**breach.document(), "at": at} for at, breach in self.breaches[:MOST_BREACHES]]
        return {
            "check": self.check.name,
            "kind": self.check.kind,
            "library": self.check.library or None,
            "border": self.border,
            "at": self.at,
            "verdict": self.verdict,
            "values": self.values,
            "rows": self.rows,
            "breaches": [*told],
            "more": len(self.breaches) - len(told),
        }


class Inspection:
    """Makes the checks at the borders of a step, in one attempt at it.

    Args:
        step: The step's name.
        borders: Its checks.
    """

    def __init__(self, step: str, borders: Borders) -> None:
        self._step = step
        self._borders = borders
        self._border = "input"
        self._tallies: dict[tuple[str, str, int], _Tally] = {}
        self._failures: list[Failure] = []

    def entering(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What the step is to be given.

        Raises:
            DataCheckError: A value breaks a check.
        """
        guards = self._borders.inputs
        seen = {
            name: guards[name](value, name, self) if name in guards else value
            for name, value in values.items()
        }
        self.settle()
        return seen

    def leaving(self, returned: Any) -> Any:
        """What goes on of what the step has returned.

        Raises:
            DataCheckError: It breaks a check.
        """
        self._border = "output"
        if self._borders.output is not None:
            returned = self._borders.output(returned, "output", self)
        self.settle()
        return returned

    def see(self, check: DataCheck, value: Any, where: str) -> Any:
        """Makes a check of the value at a place; returns the value that goes on."""
        if check.kind == "schema":
            made, breaches = validated(check, value)
        else:
            made, breaches = value, asked(check, value)
        at = where.removeprefix("output.")
        tally = self._tally(check, re.sub(r"\[\d+\]", "", at))
        tally.values += 1
        rows = count_rows(value)
        tally.rows = tally.rows if rows is None else rows + (tally.rows or 0)
        if breaches:
            tally.breaches += [(at, breach) for breach in breaches]
            self._failures.append(Failure(check.name, at, rows, tuple(breaches)))
        return made

    def settle(self) -> None:
        """Raises if a check has failed.

        Raises:
            DataCheckError: One has; the message is the report.
        """
        if not self._failures:
            return
        told = report(self._step, self._border, self._failures)
        error = DataCheckError(told, hint=_HINTS[self._border])
        error.border, error.checks = self._border, (*self.documents(),)
        raise error

    def documents(self) -> list[Json]:
        """What came of every check so far."""
        return [tally.document() for tally in self._tallies.values()]

    def _tally(self, check: DataCheck, at: str) -> _Tally:
        key = (self._border, at, id(check))  # those of one name are told apart
        return self._tallies.setdefault(key, _Tally(check, self._border, at))
