"""How far a model's way to production is automated: level 0, 1 or 2.

After Google Cloud's architecture guide "MLOps: Continuous delivery and automation pipelines in
machine learning": 0 is by hand; 1 trains again by a pipeline that tests data and models by itself;
2 also builds and tests that pipeline by itself.
"""

from __future__ import annotations

from typing import NamedTuple

from windlass.models.scorecard.facts import Facts, data_tested, gated, locked
from windlass.models.version import Version


class Condition(NamedTuple):
    """What a level asks for.

    Args:
        level: The level.
        text: What must be so.
        met: Whether it is.
        how: What to do.
    """

    level: int
    text: str
    met: bool
    how: str


class Maturity(NamedTuple):
    """The level, and what each asks for."""

    level: int
    conditions: tuple[Condition, ...]

    @property
    def missing(self) -> list[Condition]:
        """What the next level lacks."""
        return [c for c in self.conditions if c.level == self.level + 1 and not c.met]


def maturity_of(version: Version, *, has_trigger: bool) -> Maturity:
    """How far the way of a model's versions to production is automated.

    Args:
        version: A version of the model.
        has_trigger: Whether something but a person begins runs, and has begun one.
    """
    facts = Facts(version)
    conditions = (
        Condition(
            1,
            "a pipeline makes it",
            facts.run is not None,
            "run the pipeline that trains it, with the model marked",
        ),
        Condition(
            1,
            "its data are tested before it is trained",
            data_tested(facts) is not None,
            "annotate the step's tables with a schema: docs/data_tests.md",
        ),
        Condition(
            1,
            "it is tested before it is promoted",
            gated(facts) is not None,
            f"windlass test {version.name}, then windlass promote",
        ),
        Condition(
            1,
            "the next one is trained without a person",
            has_trigger,
            "let a trigger begin its turns: docs/loop.md, windlass watch",
        ),
        Condition(
            2, "its environment is locked", locked(facts) is not None, "docs/environments.md"
        ),
        Condition(
            2,
            "its release tests are run by CI",
            facts.report is not None and bool(facts.report.document.get("ci")),
            f"let CI run: windlass test {version.row.model}",
        ),
        Condition(
            2,
            "its code is that of a commit",
            facts.run is not None and not (facts.run.git or {}).get("dirty", True),
            "let CI run the pipeline from the commit",
        ),
    )
    levels = {c.level for c in conditions if all(o.met for o in conditions if o.level <= c.level)}
    return Maturity(max(levels, default=0), conditions)
