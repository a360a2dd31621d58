"""The locked environment of a whole pipeline, for targets that don't run in this interpreter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import ConfigError
from windlass.hashing import digest
from windlass.provenance import wheel
from windlass.provenance.declaration import find_declaration
from windlass.provenance.drift import Drift
from windlass.provenance.environment import Environment, environment_of, read_environment
from windlass.provenance.fingerprint import read_fingerprint
from windlass.provenance.lock import Lock, differences, read_lock
from windlass.provenance.locks import declared_lock, recorded_lock
from windlass.stacks.settings import load_settings
from windlass.targets.locks import running_wheel

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.pipeline.plan import Plan
    from windlass.provenance.project import Project
    from windlass.records import Records
    from windlass.stacks.stack import Stack


def locked_environment(
    project: Project, installed: Environment, stores: Stores, script: Path | None = None
) -> Environment:
    """What steps of a pipeline can import where its locked environment is built.

    The lock is of what the project declares, or else of what is installed here; it is solved when
    it is first needed, and `locks_of_plan` gives it again.

    Args:
        project: Whose.
        installed: What is installed here.
        stores: Where locks are kept.
        script: The pipeline's file, which may say what it needs itself.

    Raises:
        LockError: It cannot be solved, or something in it cannot be had.
    """
    lock = _declared(project, stores, script)
    if lock is None:
        system = load_settings(project).environment.system
        lock = replace(recorded_lock(stores.records, installed, project.root), system=system)
    lock.refuse_missing()
    return _kept(lock, installed, stores.records)


def drift_from_lock(
    project: Project, installed: Environment, stores: Stores, script: Path | None = None
) -> Drift | None:
    """How an interpreter differs from the project's lock, which is solved where it is not known.

    None where the project declares nothing: then the lock is of what is installed.

    Args:
        project: Whose.
        installed: What is installed there.
        stores: Where locks are kept.
        script: The pipeline's file, which may say what it needs itself.

    Raises:
        LockError: It cannot be solved.
    """
    declaration = find_declaration(project.root, load_settings(project).environment, script)
    lock = _declared(project, stores, script)
    if declaration is None or lock is None:
        return None
    return Drift(declaration.source, tuple(differences(lock, installed)))


def locks_of_plan(plan: Plan, project: Project, stores: Stores) -> dict[str | None, Lock]:
    """The locks of the environments that a plan's nodes run in; None for the pipeline's own.

    Of a run that was begun in an interpreter and goes on elsewhere, it is that of the project if
    all that the steps use is the same in it, or else one of what was installed there.

    Args:
        plan: The plan.
        project: Whose.
        stores: Where locks are kept.

    Raises:
        LockError: One cannot be solved, or something in it cannot be had.
    """
    wanted = {plan.settings(node).environment for node in plan.graph.nodes.values()}
    found = {name: _lock(name, plan, project, stores) for name in sorted(wanted, key=str)}
    for lock in found.values():
        lock.refuse_missing()
    return found


def lock_of_pipeline(plan: Plan, project: Project, stores: Stores) -> Lock:
    """The lock of a plan's own environment, also where all its steps ask for another one.

    Raises:
        LockError: As of `locks_of_plan`.
    """
    lock = _lock(None, plan, project, stores)
    lock.refuse_missing()
    return lock


def clients_of(stack: Stack) -> dict[str, tuple[str, str]]:
    """Our extra and the package by which each store of a stack is reached, where it needs one."""
    from windlass.artifacts.reaching import package_for

    wanted = {"artifacts": package_for(stack.artifacts_url)}
    if stack.records_url.startswith("postgres"):
        wanted["records"] = ("postgresql", "psycopg")
    return {what: each for what, each in wanted.items() if each[1]}


def refuse_without_clients(lock: Lock, stack: Stack) -> None:
    """Refuses an environment in which the stores of a stack could not be reached.

    Raises:
        ConfigError: It lacks the package for one of them.
    """
    wanted = clients_of(stack)
    there = lock.versions()
    for what, (extra, package) in wanted.items():
        if package not in there:
            raise ConfigError(
                f"the locked environment has no {package}, by which workers reach the stack's "
                f"{what}",
                hint=f"Let the project require it: windlass[{extra}]",
            )


def _lock(name: str | None, plan: Plan, project: Project, stores: Stores) -> Lock:
    records = stores.records
    kept = records.lock(_asked(plan.environment) if name is None else plan.environments[name])
    if kept is not None:
        return read_lock(json.loads(kept))
    installed = read_environment(json.loads(records.environment(plan.environment)))
    lock = _declared(project, stores, None)
    if lock is not None and _has_the_same(lock, installed, plan, records):
        return lock
    return recorded_lock(records, installed, project.root)


def _declared(project: Project, stores: Stores, script: Path | None) -> Lock | None:
    """The lock of what a project declares; None if it declares nothing."""
    declaration = find_declaration(project.root, load_settings(project).environment, script)
    if declaration is None:
        return None
    return declared_lock(stores.records, declaration, lambda: running_wheel(stores, project))


def _has_the_same(lock: Lock, installed: Environment, plan: Plan, records: Records) -> bool:
    """Whether a lock has what a plan's steps use as it was installed, and nothing more."""
    there = _environment(lock, installed).versions()
    documents = (json.loads(records.fingerprint(code)) for code in plan.code.values())
    used = [each for doc in documents if (each := read_fingerprint(doc).distributions)]
    has_more = bool(there.keys() - installed.versions().keys())  # which a library may find
    return not used or (all(each.items() <= there.items() for each in used) and not has_more)


def _kept(lock: Lock, installed: Environment, records: Records) -> Environment:
    found = _environment(lock, installed)
    records.save_lock([_asked(found.digest), lock.digest], lock.document())
    return found


def _environment(lock: Lock, installed: Environment) -> Environment:
    """That of a lock, with what is there besides: Windlass, and the packages of the project."""
    there = lock.environment()
    own = [each for each in installed.packages if each.name == wheel.NAME]
    own += [each for each in installed.packages if each.source == {"kind": "editable"}]
    packages = {each.name: each for each in (*own, *there.packages)}
    return environment_of(sorted(packages.values()), there.python, there.implementation)


def _asked(environment: str) -> str:
    return digest("locked", environment)
