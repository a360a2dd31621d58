"""The document of a run that begins: all that a worker must know of it, without the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windlass.artifacts.telling import artifact_document
from windlass.errors import ConfigError, NotFoundError
from windlass.execution.relay.objects import RunObjects
from windlass.execution.relay.posts import outcome_document
from windlass.execution.relay.whole import whole

if TYPE_CHECKING:
    from windlass.artifacts.artifact import Artifact
    from windlass.execution.job import Job
    from windlass.records.model import Outcome, Run
    from windlass.values import Json

VERSION = 1
_MOST_HITS = 200
"""Earlier results of a step that are put within the reach of workers."""
_NOT_TOLD = ("options", "left_out", "machine")


def post_run(job: Job, *, hits: bool = False) -> RunObjects:
    """Posts the document of a run, so that workers need nothing but the artifact store.

    Args:
        job: The run, as it is recorded.
        hits: Whether to tell of earlier results, too: where no driver asks the cache.

    Raises:
        ConfigError: The run was begun before in the same code, with other parameters.
        StoreError: The store cannot be written.
    """
    objects = RunObjects(job.stores.artifacts, job.run)
    row = job.stores.records.run_by_id(job.run)
    for digest, text in _documents(job):
        objects.keep(digest, text)
    document = _run_document(job, row)
    if hits:
        document["hits"] = {each.key: outcome_document(each) for each in _hits(job)}
    if objects.begun(job.plan.digest) is None:
        objects.begin(job.plan.digest, document)
    elif objects.begun(job.plan.digest)["digests"] != document["digests"]:
        raise ConfigError(
            f"{row.name} was begun with other files behind its parameters, and its workers, which "
            "cannot reach the record, know it so",
            hint="Begin a new run: the cache gives it all that is still the same.",
        )
    return objects


def post_plan(
    job: Job,
    *,
    target: str,
    stack: str,
    tags: Mapping[str, str],
    details: Mapping[str, Json],
) -> str:
    """Posts what runs of a plan share, so that an engine can begin runs of it where no record is.

    Args:
        job: A run of the plan, that need not be recorded. Its parameters are those that such runs
            have where they are given no others: the defaults whose files it has with it.
        target: Where such runs go.
        stack: The stack in whose record they are to be taken.
        tags: Those of every such run.
        details: As of `windlass.records.model.NewRun`.

    Returns:
        The name of what was posted: the same plan may be posted with other files.

    Raises:
        StoreError: The store cannot be written.
    """
    objects = RunObjects(job.stores.artifacts, "")
    for digest, text in _documents(job):
        objects.keep(digest, text)
    facts = {"pipeline": job.plan.name, "target": target, "stack": stack, "tags": dict(tags)}
    told = {**_told(details), **job.shipment.document()}
    shared = _shared(job, {**facts, "details": told}, job.shipment.artifacts)
    shared["defaults"] = {name: [doc, job.digests[name]] for name, doc in job.parameters.items()}
    return objects.keep_plan(job.plan.digest, shared)


def of_run(
    shared: Any, job: Job, facts: Mapping[str, Json], shipped: Iterable[Artifact] = ()
) -> Any:
    """The document of a run.

    Args:
        shared: What runs of its plan share.
        job: The run.
        facts: Its id, number, name and time.
        shipped: Artifacts that hold files that it has with it, and others of its plan do not.
    """
    run = {**shared["run"], **facts, "seed": job.seed}
    own = {"cache": job.cache, "refresh": job.refresh, "digests": dict(job.digests)}
    run["details"] = {**run["details"], **own, **job.shipment.document()}
    parameters = {"parameters": dict(job.parameters), "digests": dict(job.digests)}
    found = [*shared["artifacts"], *map(artifact_document, shipped)]
    return {**shared, "run": run, **parameters, "artifacts": found}


def _run_document(job: Job, row: Run) -> dict[str, Any]:
    names = ("pipeline", "target", "stack")
    facts = {**{name: getattr(row, name) for name in names}, "details": _told(row.details)}
    facts["tags"] = dict(row.tags)
    own = {name: getattr(row, name) for name in ("id", "number", "name", "created")}
    contents = [shipped.content for shipped in job.shipment.paths.values()]
    shared = _shared(job, facts, job.stores.records.artifacts(contents).values())
    document: dict[str, Any] = of_run(shared, job, own)
    return document


def _shared(job: Job, facts: Mapping[str, Any], shipped: Iterable[Artifact] = ()) -> dict[str, Any]:
    plan = job.plan
    digests = {"plan": plan.digest, "bundle": plan.bundle, "environment": plan.environment}
    return {
        "version": VERSION,
        "run": {**facts, **digests},
        "archive": job.stores.records.archive(plan.bundle),
        "locks": dict(plan.environments),
        "code": sorted(set(plan.code.values())),
        "trust_pickle": job.stores.trust_pickle,
        "artifacts": [artifact_document(each) for each in shipped],
    }


def _told(details: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in details.items() if key not in _NOT_TOLD}


def _documents(job: Job) -> Iterator[tuple[str, str]]:
    """What is named by its digest, and may be shared by runs."""
    plan, records = job.plan, job.stores.records
    yield plan.digest, plan.text
    yield plan.bundle, records.bundle(plan.bundle)
    yield plan.environment, records.environment(plan.environment)
    for digest in plan.code.values():
        yield digest, records.fingerprint(digest)
    for name, digest in plan.environments.items():
        found = records.lock(digest)
        if found is None:
            raise NotFoundError(f"the record has no lock of the environment '{name}'")
        yield digest, found


def _hits(job: Job) -> Iterator[Outcome]:
    """Earlier results of the run's steps whose code is still the same, the newest of each step."""
    records, plan = job.stores.records, job.plan
    if not job.cache or job.refresh:
        return
    for step, code in plan.code.items():
        lists = {name for maker, name in plan.mapped_over if plan.graph.nodes[maker].step in step}
        for found in records.cached_by_keys(records.keys_of(code, _MOST_HITS)).values():
            yield whole(job.stores, found, lists)
