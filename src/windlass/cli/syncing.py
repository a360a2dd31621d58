"""``begin`` and ``sync``: for runs whose workers cannot reach the record."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    Json,
    StackName,
    command,
    console,
    kept_for_json,
    print_json,
)
from windlass.cli.place import stack_here

if TYPE_CHECKING:
    from windlass.targets.sync import Synced

_MOST_NAMED = 5
_PATIENCE = 40.0
"""Seconds: a process that died while it told the tracker is waited for no longer."""


@command
def sync(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Its name or id; else all.", show_default=False),
    ] = None,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Takes into the record what workers posted of runs; tells the tracker what waits for it."""
    from windlass.execution.delivering.rounds import deliver, round_text
    from windlass.targets.sync import sync as take_in
    from windlass.targets.sync import sync_all

    synced = sync_all(stack=stack) if run is None else [take_in(run, stack=stack)]
    told = deliver(stack_here(stack), again=True, patience=_PATIENCE)
    if json:
        documents = [_document(each) for each in synced]
        document = {"runs": documents} if run is None else documents[0]
        print_json({**document, "tracker": None if told is None else asdict(told)})
    else:
        if not synced:
            console().print("no run goes on of which workers have posted anything")
        for each in synced:
            _tell(each)
        if told is not None:
            console().print(round_text(told), markup=False, soft_wrap=True)
    if told is not None and (told.left or told.refused):
        return FAILED
    return FAILED if any(each.run.status == "failed" for each in synced) else DONE


@command
def begin(
    store: Annotated[str, typer.Option(help="The artifact store's address.")],
    plan: Annotated[str, typer.Option(help="The plan's digest.")],
    key: Annotated[str, typer.Option(help="How the engine calls the run: one run a key.")],
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter."),
    ] = None,
    seed: Annotated[int, typer.Option(help="What random generators are seeded from.")] = 0,
    shared_as: Annotated[
        str | None,
        typer.Option("--as", help="The name under which the plan was posted, if several are."),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Run every step, and keep no result for others.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Run every step, and keep the new results.")
    ] = False,
    json: Json = False,
) -> int:
    """Begins a run of a posted plan where no record can be reached; prints its id."""
    from windlass.cli.reaching import open_store
    from windlass.cli.running import pairs
    from windlass.execution.worker_state import become_worker
    from windlass.pipeline.settings import RunOptions
    from windlass.targets.relayed import begin_relayed

    given, options = (
        pairs(parameters, "-p"),
        RunOptions(seed=seed, cache=not no_cache, refresh=refresh),
    )
    become_worker()
    with tempfile.TemporaryDirectory(prefix="windlass-") as scratch, kept_for_json(True):
        found, folder = open_store(store), Path(scratch)
        run = begin_relayed(found, plan, key, given, folder, options, shared_as=shared_as)
    if json:
        print_json({"run": run, "plan": plan})
    else:
        typer.echo(run)
    return DONE


def _document(synced: Synced) -> dict[str, Any]:
    from windlass.execution.document import run_document

    records, folded = synced.run.job.stores.records, synced.folded
    return {
        **run_document(records, records.run_by_id(synced.run.id)),
        "new": {
            "succeeded": folded.succeeded,
            "failed": [{"node": node, "attempt": attempt} for node, attempt in folded.failed],
        },
        "aside": [{"object": name, "reason": why} for name, why in folded.aside],
        "waiting": list(synced.waiting),
    }


def _tell(synced: Synced) -> None:
    out, folded, name = console(), synced.folded, synced.run.name
    tries = [f"{node} (attempt {attempt})" for node, attempt in folded.failed]
    lines = [f"{name}  nothing is new"] if not (folded.succeeded or tries) else []
    lines += [f"{name}  new: {_listed(folded.succeeded)} succeeded"] if folded.succeeded else []
    lines += [f"{name}  new: {_listed(tries)} failed"] if tries else []
    lines += [f"{name}  left aside: {each}: {why}" for each, why in folded.aside[:_MOST_NAMED]]
    if len(folded.aside) > _MOST_NAMED:
        lines.append(f"{name}  left aside: {len(folded.aside) - _MOST_NAMED} more; all: --json")
    lines += [f"{name}  {_state(synced)}", *(f"{name}  {each}" for each in synced.made)]
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def _state(synced: Synced) -> str:
    status = synced.run.status
    if status in ("running", "lost") and synced.waiting:
        return f"{status}; not ended yet: {_listed(synced.waiting)}"
    return f"{status}: {synced.run.error}" if synced.run.error else status


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
