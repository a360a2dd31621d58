"""What differs in what two runs were given: packages, parameters, settings, machine, commit.

Every entry has a ``name``, and what it was ``before`` and is ``after``; None where it is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windlass.errors import NotFoundError
from windlass.execution.document import git_document
from windlass.execution.provenance_document import declared_document, provenance_document
from windlass.natural import natural
from windlass.pipeline.plan import read_plan
from windlass.provenance.environment import read_environment
from windlass.provenance.lock import read_lock

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records.model import Run

_Facts = Mapping[str, Any]
_ACCIDENTAL = ("host", "release", "python_build", "variables", "encoding")
"""Facts of a machine that are no news: others say the same, or each machine has its own."""
_GIT = ("commit", "branch", "remote")


def compare_packages(stores: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """Python and the distributions that came, went or changed.

    Behind stand those of the environments of single steps, with the environment's name.
    """
    old, new = (_packages(stores, run) for run in (before, after))
    locks = [declared_document(stores.records, run)["environments"] for run in (before, after)]
    entries = _differences(old, new)
    for name in [*locks[0], *(each for each in locks[1] if each not in locks[0])]:
        sides = [_locked(stores, found.get(name)) for found in locks]
        entries += _differences(sides[0], sides[1], f"{name}: ")
    return entries


def _locked(stores: Stores, digest: str | None) -> dict[str, str]:
    kept = stores.records.lock(digest) if digest is not None else None
    return dict(read_lock(json.loads(kept)).versions()) if kept is not None else {}


def _packages(stores: Stores, run: Run) -> dict[str, str]:
    try:
        found = read_environment(json.loads(stores.records.environment(run.environment)))
    except NotFoundError:
        return {}
    return {f"Python ({found.implementation})": found.python, **found.versions()}


def compare_parameters(stores: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """Parameters with another value; of a path, also those whose files were changed.

    Behind stand the parameters that steps logged, named with their node, and by their digests the
    files and environment variables that steps declare.
    """
    old, new = (_parameters(stores, run) for run in (before, after))
    entries = _differences(old, new)
    told = {entry["name"] for entry in entries}
    digests = [run.details.get("digests", {}) for run in (before, after)]
    for name in old:
        known = [each.get(name) for each in digests]
        if name not in told and name in new and known[0] != known[1]:
            entry = {"name": name, "before": old[name], "after": new[name]}
            entries.append({**entry, "note": "the files there are others"})
    declared = [declared_document(stores.records, run) for run in (before, after)]
    for kind in ("files", "variables"):
        entries += _differences(declared[0][kind], declared[1][kind], f"{kind[:-1]} ")
    return entries


def _parameters(stores: Stores, run: Run) -> dict[str, Any]:
    logged = {f"{each.node} {each.name}": each.value for each in stores.records.params(run.id)}
    return {**{name: natural(value) for name, value in run.parameters.items()}, **logged}


def compare_settings(stores: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """How the runs were started, and what their steps ask for."""
    return _differences(_settings(stores, before), _settings(stores, after))


def _settings(stores: Stores, run: Run) -> dict[str, Any]:
    of_run = {
        "pipeline": run.pipeline,
        "seed": run.seed,
        "target": run.target,
        "stack": run.stack,
        "cache": run.details.get("cache"),
        "refresh": run.details.get("refresh"),
    }
    return {**of_run, **dict(_step_settings(stores, run))}


def _step_settings(stores: Stores, run: Run) -> Iterator[tuple[str, Any]]:
    try:
        plan = read_plan(stores.records.plan(run.plan))
    except NotFoundError:
        return
    for node in plan.graph.nodes.values():
        yield from ((f"{node.name} {name}", value) for name, value in node.settings.items())


def compare_machines(stores: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """The facts of the machines that may change a result, variables and libraries among them."""
    return _differences(_machine(stores, before), _machine(stores, after))


def _machine(stores: Stores, run: Run) -> dict[str, Any]:
    told = provenance_document(stores.records, run)
    facts = told["machine"] or {}
    return {
        **{name: fact for name, fact in facts.items() if name not in _ACCIDENTAL},
        **facts.get("variables", {}),
        "blas": told["blas"] or None,  # a run whose steps were all cached loaded none
    }


def compare_git(_: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """The commits and branches."""
    old, new = (_git(run) for run in (before, after))
    return _differences(old, new)


def _git(run: Run) -> dict[str, Any]:
    told = git_document(run.git) or {}
    changed = {"changes": "uncommitted" if told["dirty"] else "none"} if told else {}
    return {**{name: told.get(name) for name in _GIT if told}, **changed}


def _differences(old: _Facts, new: _Facts, kind: str = "") -> list[dict[str, Any]]:
    return [
        {"name": f"{kind}{name}", "before": old.get(name), "after": new.get(name)}
        for name in [*old, *(name for name in new if name not in old)]
        if old.get(name) != new.get(name)
    ]
