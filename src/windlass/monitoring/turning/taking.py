"""One full round of a model: its pipeline is run, what it made tested, and promoted if it passes.

Everything that is done is found in the record afterwards, whatever happens to the process: why the
turn began, its run, version, report and move, and its state at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from windlass.errors import ConfigError, PromotionError
from windlass.execution.interrupt import Interrupts
from windlass.execution.job import Stores
from windlass.execution.observer import Observer
from windlass.execution.run import Run
from windlass.models.naming import CHAMPION
from windlass.models.promoting import promote, what_changed, who
from windlass.models.suites import present_suite, suite_of
from windlass.models.testing.gate import put_to_test
from windlass.models.version import Version
from windlass.monitoring.turning.files import Files
from windlass.monitoring.turning.progress import Progress
from windlass.monitoring.turning.triggers import BY_HAND, Why
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.settings import RunOptions
from windlass.records.models import Minted, Report, VersionRow
from windlass.records.production import Turn
from windlass.stacks.models import ModelSettings
from windlass.targets.launch import launch

Find = Callable[[str], Pipeline[Any, Any]]
"""Finds a pipeline by how it is named in ``windlass.toml``."""


@dataclass(frozen=True)
class Order:
    """What turn is to be taken.

    Args:
        model: The model's name.
        settings: What is said of it.
        why: Why it begins.
        after: The turn that was the last when this one was found to be due; None if it was not
            asked whether it is due.
        target: Where the pipeline runs; None for the stack's.
        stack: A stack of ``windlass.toml``; None for the default.
        text: Parameters as text, in the place of those of the settings.
    """

    model: str
    settings: ModelSettings
    why: Sequence[Why] = (Why(BY_HAND, "by hand"),)
    after: str | None = None
    target: str | None = None
    stack: str | None = None
    text: Mapping[str, str] | None = None


class _Ended(NamedTuple):
    state: str
    facts: dict[str, Any]


def check(order: Order, stores: Stores) -> str:
    """What can be told to be wrong before a turn begins; returns how its pipeline is named.

    Raises:
        ConfigError: The model has no pipeline, or no release tests.
    """
    named = order.settings.pipeline
    if named is None:
        raise ConfigError(
            f"windlass.toml names no pipeline of the model '{order.model}'",
            hint=f'Say what makes it: [models.{order.model}], pipeline = "pipeline.py:training".',
        )
    suite_of(stores.project, order.model)
    return named


def take(
    order: Order,
    stores: Stores,
    find: Find,
    *,
    observer: Observer | None = None,
    tell: Callable[[str], None] | None = None,
) -> Turn:
    """Takes a turn of a model.

    Args:
        order: Which.
        stores: Where the model is recorded.
        find: Finds its pipeline.
        observer: Who watches the run.
        tell: Takes a line for whoever watches the turn.

    Returns:
        The turn as it ended: ``promoted``, ``waiting`` for a person, ``kept`` the champion,
        ``unchanged``, or ``failed`` with its run.

    Raises:
        ConfigError: It cannot be taken as it is asked for; nothing was begun.
        TurnError: Another one is in progress; or this one was taken for lost.
        KeyboardInterrupt: It was interrupted, which is recorded.
        WindlassError: Something else went wrong, which is recorded, too.
    """
    named = check(order, stores)
    document = {
        "why": [each._asdict() for each in order.why],
        "who": who(),
        "pipeline": named,
        "promotion": order.settings.promotion,
    }
    if order.settings.triggers.data:
        seen = Files().look(stores.project, order.settings.triggers.data)
        document["seen"] = seen.digest
    begun = Progress.begin(stores.records, order.model, document, order.after)
    with Interrupts(raising=True), begun as progress:
        taking = _Taking(order, stores, progress, tell or _silently)
        state, facts = taking.run(find(named), observer or Observer())
        return progress.end(state, **facts)


def _silently(line: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class _Taking:
    order: Order
    stores: Stores
    progress: Progress
    tell: Callable[[str], None]

    def run(self, pipeline: Pipeline[Any, Any], observer: Observer) -> _Ended:
        """Runs the pipeline, and goes on with what it made."""
        _refuse_without_model(pipeline, self.order.model)
        done = self._launch(pipeline, observer)
        self.progress.note(run=done.name)
        if done.status == "cancelled":
            raise KeyboardInterrupt
        if done.status != "succeeded":
            return _Ended("failed", {"reason": f"{done.name}: {done.error}"})
        minted = [m for m in self.stores.records.minted_by(done.id) if m.model == self.order.model]
        if not minted:
            return _Ended("unchanged", {"reason": f"{done.name} chose to make no version"})
        return self._judge(minted[0])

    def _launch(self, pipeline: Pipeline[Any, Any], observer: Observer) -> Run[Any]:
        order, own = self.order, pipeline.settings
        text = order.text or {}
        given = {name: told for name, told in order.settings.parameters.items() if name not in text}
        options: RunOptions = own.but(
            target=order.target or own.target,
            stack=order.stack or own.stack,
            tags={**own.tags, "turn": self.progress.turn.id},
        )
        return launch(pipeline, given, options, observer=observer, text=text)

    def _judge(self, minted: Minted) -> _Ended:
        """Goes on with a version, from where an earlier turn may have left it."""
        version = self.stores.records.version(minted.model, minted.number)
        self.progress.note(version=version.number)
        report = self._standing(version)
        settled = None if minted.is_new else self._settled(version, report)
        if settled is not None:
            return _Ended("unchanged", {"reason": settled})
        if report is None:
            report = self._test(version)
        self.progress.note(report=report.id, verdict=report.verdict, against=_champion_of(report))
        if report.verdict != "pass":
            reason = _not_passed(report)
            return _Ended("kept", {"reason": reason, "failing": failing(report)})
        if self.order.settings.promotion == "person":
            return _Ended("waiting", {"reason": f"{version.name} passed, and waits for a person"})
        return self._promote(version)

    def _settled(self, version: VersionRow, report: Report | None) -> str | None:
        """Why there is nothing more to be done for a version that is not new; None if there is."""
        records, name = self.stores.records, version.name
        if records.aliases(version.model).get(CHAMPION) == version.number:
            return f"the model is that of {name}, the champion"
        moves = records.moves(version.model)
        if any((move.alias, move.new) == (CHAMPION, version.number) for move in moves):
            return f"the model is that of {name}, which was the champion before"
        if report is not None and report.verdict != "pass":
            return f"the model is that of {name}: {_not_passed(report)}"
        return None

    def _standing(self, version: VersionRow) -> Report | None:
        """The last report of a version, if it still holds."""
        records = self.stores.records
        reports = records.reports(version)
        champion = records.aliases(version.model).get(CHAMPION)
        suite = present_suite(self.stores.project, version.model)
        if not reports or what_changed(reports[0], version, champion, suite) is not None:
            return None
        return reports[0]

    def _test(self, version: VersionRow) -> Report:
        champion = self.stores.records.aliases(version.model).get(CHAMPION)
        against = f" against {version.model}@{champion}" if champion else ""
        self.tell(f"{version.name} is tested{against}")
        made = Version(version, self.stores)
        return put_to_test(made, self.stores.project, self.order.stack)

    def _promote(self, version: VersionRow) -> _Ended:
        """Makes a version the champion, if that is still the one which it was measured against."""
        self.progress.note()  # one that was taken for lost must not promote
        try:
            moved = promote(
                self.stores.records,
                version,
                reason=f"a turn: {', '.join(each.text for each in self.order.why)}",
                suite=present_suite(self.stores.project, version.model),
                details={"turn": self.progress.turn.id},
            )
        except PromotionError as error:  # somebody was quicker
            return _Ended("kept", {"reason": error.message})
        return _Ended("promoted", {"move": moved.id, "from": moved.old})


def failing(report: Report) -> list[dict[str, str]]:
    """The tests that keep a version from being promoted: their names, outcomes, and why."""
    return [
        {
            "name": test.get("name") or test["test"].rpartition("::")[2],
            "outcome": test["outcome"],
            "message": _why(test),
        }
        for test in report.document["tests"]
        if test["outcome"] in ("fail", "error", "inconclusive")
    ]


def _why(test: Mapping[str, Any]) -> str:
    found = [each["sentence"] for each in test.get("findings", ()) if each.get("sentence")]
    return "; ".join(found) or str(test.get("message") or "").partition("\n")[0]


def _not_passed(report: Report) -> str:
    name = f"{report.model}@{report.number}"
    told = ", ".join(each["name"] for each in failing(report)) or "no test has passed"
    how = "failed its release tests" if report.verdict == "fail" else "has no decided report"
    return f"{name} {how}: {told}"


def _champion_of(report: Report) -> int | None:
    found: int | None = report.document["champion"]
    return found


def _refuse_without_model(pipeline: Pipeline[Any, Any], model: str) -> None:
    """Refuses a pipeline that never makes the model, before it is run."""
    nodes = pipeline.graph().nodes.values()
    if not any(mark.role == "model" and mark.model == model for n in nodes for mark in n.marks):
        raise ConfigError(
            f"the pipeline '{pipeline.name}' makes no version of the model '{model}'",
            hint=f"Mark what a step returns: Annotated[…, Model({model!r})].",
        )
