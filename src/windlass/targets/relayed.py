"""A run where only its artifact store can be reached: begun there, opened to execute its nodes."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from windlass import modules
from windlass.artifacts.store import ArtifactStore
from windlass.errors import ConfigError
from windlass.execution.job import Job, Stores, open_job
from windlass.execution.relay.begin import of_run
from windlass.execution.relay.objects import RunObjects
from windlass.execution.relay.private import PrivateRecord, read_begun, take_code
from windlass.execution.relay.worker import Relayed
from windlass.execution.shipment import shipment_in
from windlass.execution.shipping import ship_paths
from windlass.pipeline import parameters as params
from windlass.pipeline.graph import Node
from windlass.pipeline.plan import Plan, read_plan
from windlass.pipeline.settings import RunOptions
from windlass.provenance.environment import read_environment
from windlass.provenance.environments import cache_folder, place_wheel, ready_environment
from windlass.records import Records
from windlass.records.database import REVISION
from windlass.records.identity import uuid7
from windlass.targets.record import documents_of, new_job
from windlass.targets.recorded import look_in, unpacked_once
from windlass.values import Json


def open_relayed(store: ArtifactStore, run: str, plan: str, scratch: Path) -> Relayed:
    """Opens a run by what was posted when it began; its code is unpacked once for this machine.

    Args:
        store: The artifact store.
        run: The run's id.
        plan: The digest of its plan.
        scratch: A folder for logs, and for a record of this process's own.

    Raises:
        ConfigError: The store knows of no such run, or its code cannot be unpacked.
        CorruptError: What was posted is damaged.
        StoreError: The store cannot be read.
    """
    objects = RunObjects(store, run)
    document = read_begun(objects, plan)
    records = _private_record(scratch)
    records.take_run(document, objects)
    stores = _stores(records, document, store, scratch)
    job = open_job(run, stores)
    look_in(stores.project, job.plan)
    return Relayed(job, records, objects, document)


def begin_relayed(
    store: ArtifactStore,
    plan: str,
    key: str,
    given: Mapping[str, str],
    scratch: Path,
    options: RunOptions,
    *,
    shared_as: str | None = None,
) -> str:
    """Begins a run of a posted plan where no record can be reached; asked again, finds that run.

    Args:
        store: The artifact store.
        plan: The plan's digest.
        key: How the engine calls the run: of the same key there is one alone.
        given: Parameters as text.
        scratch: A folder of this process.
        options: Its seed, and whether earlier results may stand for its nodes.
        shared_as: The name under which what such runs share was posted; None if there is one.

    Returns:
        The run's id.

    Raises:
        ConfigError: The store knows of no such plan.
        ParameterError: A parameter is unknown, missing or of the wrong type.
    """
    shared = _shared(RunObjects(store, ""), plan, shared_as)
    arguments, stores, found = _bound(shared, store, scratch, given)
    environment = read_environment(json.loads(stores.records.environment(found.environment)))
    own = ship_paths(documents_of(arguments).values(), stores)
    shipment = shipment_in(shared["run"]["details"]).and_also(own)
    job = new_job(found, arguments, options, stores, environment, shipment)
    job = _with_defaults(job, shared)
    run = RunObjects(store, uuid7()).claim(plan, key)
    facts: dict[str, Json] = {
        "id": run,
        "number": 0,
        "name": f"{found.name} ({key})",
        "created": time.time(),
    }
    RunObjects(store, run).begin(plan, of_run(shared, job, facts, own.artifacts))
    return run


def _shared(objects: RunObjects, plan: str, name: str | None) -> Any:
    """What runs of a plan share."""
    names = objects.plan_names(plan) if name is None else [name]
    found = objects.plan(plan, names[0]) if len(names) == 1 else None
    if found is not None:
        return found
    if len(names) > 1:
        raise ConfigError(
            f"the plan {plan[:12]} was posted {len(names)} times, with other files or options",
            hint="Say which is meant, as its files for the engine do: --as NAME",
        )
    raise ConfigError(
        f"the artifact store knows of no plan {plan[:12]} of which runs can be begun here",
        hint="Check the store's address; the plan is posted when it is compiled.",
    )


def _with_defaults(job: Job, shared: Any) -> Job:
    """The run with the defaults whose files were posted with the plan."""
    left = {name: told for name, told in _defaults(shared).items() if name not in job.parameters}
    return replace(
        job,
        parameters={**{name: document for name, (document, _) in left.items()}, **job.parameters},
        digests={**{name: digest for name, (_, digest) in left.items()}, **job.digests},
    )


def _defaults(shared: Any) -> dict[str, Any]:
    found: dict[str, Any] = shared.get("defaults", {})
    return found


def own_interpreter(relayed: Relayed, node: Node) -> Path | None:
    """The interpreter of the environment that a node's step asks for, built where it is not there.

    Returns:
        None if it asks for none.

    Raises:
        LockError: It cannot be built.
    """
    job = relayed.job
    lock = job.lock_of(node)
    if lock is None:
        return None
    wheel = place_wheel(
        job.stores.artifacts, relayed.document["run"]["details"]["windlass"]["wheel"]
    )
    return ready_environment(lock, wheel, job.stores.project)


def _bound(
    shared: Any, store: ArtifactStore, scratch: Path, given: Mapping[str, str]
) -> tuple[Mapping[str, Any], Stores, Plan]:
    """The arguments of a run, checked by its pipeline itself."""
    records = _private_record(scratch)
    take_code(records, shared, RunObjects(store, ""))
    stores = _stores(records, shared, store, scratch)
    plan = read_plan(records.plan(shared["run"]["plan"]))
    look_in(stores.project, plan)
    pipeline: Any = modules.resolve(plan.pipeline)
    posted = _defaults(shared).keys() - given.keys()
    wanted = {name: each for name, each in pipeline.parameters.items() if name not in posted}
    return params.bind(pipeline.name, wanted, {}, text=given), stores, plan


def _private_record(scratch: Path) -> PrivateRecord:
    """An empty record. To make its tables takes longer than many a step: they are copied."""
    empty = cache_folder() / "records" / f"empty-{REVISION}.db"
    if not empty.exists():
        empty.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=empty.parent) as folder:
            made = Path(folder) / "record.db"
            Records(made).close()
            made.replace(empty)
    own = Path(tempfile.mkdtemp(dir=scratch)) / "record.db"
    shutil.copyfile(empty, own)
    return PrivateRecord(own)


def _stores(records: PrivateRecord, document: Any, store: ArtifactStore, scratch: Path) -> Stores:
    """The stores of a worker, with the run's code unpacked."""
    bundle = document["run"]["bundle"]
    shipment = shipment_in(document["run"]["details"])
    code = cache_folder() / "code" / shipment.code_name(bundle)
    stores = Stores(records, store, scratch / "logs", document["trust_pickle"], code)
    unpacked_once(bundle, stores, code, shipment)
    return stores
