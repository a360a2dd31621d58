"""What the record itself says for lines of the ML Test Score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from windlass.execution.data_checks.evidence import checks_of
from windlass.execution.job import Job, open_job
from windlass.models.naming import CHAMPION
from windlass.models.promoting import champions
from windlass.models.version import Version
from windlass.provenance.locks import solved_lock
from windlass.records.model import Run
from windlass.records.models import Move, Report


@dataclass(frozen=True)
class Facts:
    """What is recorded about a version.

    Args:
        version: The version.
    """

    version: Version

    @cached_property
    def run(self) -> Run | None:
        """The run that made it."""
        run = self.version.row.run
        return None if run is None else self.version.stores.records.run_by_id(run)

    @cached_property
    def job(self) -> Job | None:
        """That run's plan and parameters."""
        run = self.version.row.run
        return None if run is None else open_job(run, self.version.stores)

    @cached_property
    def report(self) -> Report | None:
        """Its last report."""
        return next(iter(self.version.reports), None)

    @cached_property
    def moves(self) -> list[Move]:
        """Where the aliases of its model have been."""
        return self.version.stores.records.moves(self.version.row.model)


def data_tested(facts: Facts) -> str | None:
    """Tables were held against schemas or checks before the model was trained."""
    if facts.run is None:
        return None
    found = checks_of(facts.version.stores.records, facts.run.id)
    checks = [check for told in found.values() for check in told]
    passed = dict.fromkeys(check["check"] for check in checks if check["verdict"] == "pass")
    return f"checked in {facts.run.name}: {', '.join(passed)}" if passed else None


def committed(facts: Facts) -> str | None:
    """The code was that of a commit."""
    git = (facts.run.git or {}) if facts.run else {}
    if git.get("commit") and not git.get("dirty"):
        return f"made from the commit {git['commit'][:10]}, without changes"
    return None


def tuned(facts: Facts) -> str | None:
    """Maps of which something was picked come before the model."""
    if facts.job is None or facts.run is None:
        return None
    graph = facts.job.plan.graph
    waiting, before = [facts.version.row.node or ""], set[str]()
    while waiting:
        found = graph.upstream(graph.nodes[waiting.pop()]) - before
        before |= found
        waiting += found
    mapped = [name for name, node in graph.nodes.items() if name in before and node.mapped]
    return f"picked from {', '.join(mapped)}, mapped in {facts.run.name}" if mapped else None


def reproduced(facts: Facts) -> str | None:
    """A proof says that the run came out the same."""
    if facts.run is None:
        return None
    proofs = facts.version.stores.records.proofs(facts.run.id)
    equal = [proof for proof in proofs if proof.get("verdict") == "equal"]
    return f"{facts.run.name} was run again, and all was equal" if equal else None


def gated(facts: Facts) -> str | None:
    """The champion was promoted on a report, or this version has one that passed."""
    by = [m for m in facts.moves if m.alias == CHAMPION and m.new == facts.version.number]
    if by and by[-1].kind == "promoted":
        return f"promoted on the report {(by[-1].report or '')[-8:]}"
    if facts.report is not None and facts.report.verdict == "pass":
        return f"its release tests passed: report {facts.report.id[-8:]}"
    return None


def golden(facts: Facts) -> str | None:
    """It has golden examples."""
    found = facts.version.evidence.get("golden")
    return f"{len(found['reasons'])} golden examples are kept" if found else None


def way_back(facts: Facts) -> str | None:
    """Rolled back before, or ready to be."""
    rolled = [move for move in facts.moves if move.kind == "rolled back"]
    if rolled:
        return f"rolled back before, to version {rolled[-1].new}"
    before = champions(facts.moves)
    return f"version {before[-2]} stands ready" if len(before) > 1 else None


def locked(facts: Facts) -> str | None:
    """The environment of its run was locked."""
    if facts.run is None:
        return None
    lock = solved_lock(facts.version.stores.records, facts.run.environment)
    return f"its environment is locked: {lock.digest[:10]}" if lock else None


def profiled(facts: Facts) -> str | None:
    """Its signature and the profile of its inputs are kept."""
    evidence = facts.version.evidence
    if "signature" in evidence and "profile" in evidence:
        return "its signature and the profile of its inputs are kept"
    return None


FACTS: Mapping[str, Callable[[Facts], str | None]] = {
    "data.1": data_tested,
    "model.1": committed,
    "model.3": tuned,
    "infra.1": reproduced,
    "infra.4": gated,
    "infra.5": golden,
    "infra.7": way_back,
    "monitor.1": locked,
    "monitor.2": profiled,
}
"""By line, what finds its evidence in the record; None where there is none."""
