"""A process in the scratch place, in the environment of the proof: it runs nodes, and compares.

Started as ``python -P -m windlass.proofs.child DESCRIPTOR``: one request comes by that socket, what
happens goes, and last what came of it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import socket
import sys
from pathlib import Path
from typing import Any

from windlass import artifacts
from windlass.artifacts.gaps import OpaqueError, UnlikeError, gap_between
from windlass.errors import WindlassError
from windlass.execution.channel import Channel
from windlass.execution.execute import Result
from windlass.execution.failure import describe_failure
from windlass.execution.job import Job, Stores, open_job
from windlass.execution.observer import Observer
from windlass.execution.stores import open_stores, stack_from_json
from windlass.execution.watching import is_below
from windlass.words import with_article


class Relay(Observer):
    """Sends what happens in a run to the process that asked for it."""

    wants_output = True

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def map_expanded(self, node: str, items: int) -> None:
        """Tells of it."""
        self._channel.send({"event": "map_expanded", "given": [node, items]})

    def node_started(self, node: str, attempt: int) -> None:
        """Tells of it."""
        self._channel.send({"event": "node_started", "given": [node, attempt]})

    def output(self, node: str, text: str) -> None:
        """Tells of it."""
        self._channel.send({"event": "output", "given": [node, text]})

    def node_ended(self, result: Result) -> None:
        """Tells of it."""
        self._channel.send({"event": "node_ended", "result": dataclasses.asdict(result)})

    def told(self, line: str) -> None:
        """Tells of it."""
        self._channel.send({"event": "told", "given": [line]})

    def tick(self) -> None:
        """Tells of it."""
        self._channel.send({"event": "tick", "given": []})


def run_all(request: Any, channel: Channel) -> dict[str, Any]:
    """Runs every node of a recorded run."""
    from windlass.pipeline.settings import RunOptions
    from windlass.targets.local import LocalTarget

    stack = stack_from_json(request["stack"])
    target = LocalTarget(stack, RunOptions(keep_going=True, cache=False))
    try:
        job = open_job(request["run"], open_stores(stack))
        target.check(job.plan)
        status, error = target.run(job, Relay(channel))
    finally:
        target.close()
    return {"status": status, "error": error, **_surroundings(request["root"])}


def run_node(request: Any, _channel: Channel) -> dict[str, Any]:
    """Runs one node, or one item of a map, in several runs, each time in a worker of its own."""
    from windlass.execution.pool import Pool
    from windlass.execution.resources import this_machine
    from windlass.targets.worker_pools import own_pools

    job = open_job(request["runs"][0], open_stores(stack_from_json(request["stack"])))
    name, _, index = request["node"].partition("[")
    item = int(index.rstrip("]")) if index else None
    task = {"node": name, "index": item, "attempt": 1, "first": 1}
    share = this_machine().take(job.plan.settings(job.plan.graph.nodes[name]))
    assert share is not None  # all of the machine is free
    own = share.kind.environment
    pool = Pool() if own is None else own_pools(job, print)(own)
    try:
        for run in request["runs"]:
            worker = pool.start(share.kind, {"stack": request["stack"], "run": run})
            worker.channel.send(task)
            worker.channel.receive()  # how it ended, the record tells
    finally:
        pool.close()
    return {}


def compare(request: Any, _channel: Channel) -> dict[str, Any]:
    """Measures how far pairs of artifacts are apart."""
    then = open_stores(stack_from_json(request["then"]))
    stack = stack_from_json(request["stack"])
    now = open_stores(stack)
    _import_steps(open_job(request["run"], now))
    pairs = request["pairs"]
    return {"gaps": [_gap(then, old, now, new) for old, new in pairs]}


def _gap(then: Stores, old: str, now: Stores, new: str) -> dict[str, Any]:
    try:
        gap = gap_between(_load(then, old), _load(now, new))
    except UnlikeError as error:
        return {"unlike": str(error)}
    except OpaqueError as error:
        return {"opaque": f"by how much cannot be told of {with_article(str(error))}"}
    except WindlassError as error:
        return {"opaque": f"by how much cannot be told: {error.message}"}
    return gap._asdict()


def _load(stores: Stores, content: str) -> Any:
    return artifacts.load(
        content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
    )


def _import_steps(job: Job) -> None:
    """Imports the project's modules, whose classes values may be of."""
    modules = {node.step.partition(":")[0] for node in job.plan.graph.nodes.values()}
    for module in sorted(modules):
        with contextlib.suppress(Exception, SystemExit):  # what it lacks, reading will tell
            importlib.import_module(module)


def _surroundings(root: str) -> dict[str, Any]:
    """What is installed here, and what machine this is."""
    from windlass.provenance.environment import capture_environment
    from windlass.provenance.machine import machine_facts

    captured = capture_environment(Path(root))
    return {"environment": json.loads(captured.document()), "machine": machine_facts()}


_TASKS = {"run": run_all, "node": run_node, "compare": compare}


def _find_recorded_code(sources: list[str], root: str) -> None:
    """Lets modules be found in the bundle, and not in the project's folder as it is now."""
    others = [
        entry for entry in sys.path if not is_below(entry, root) or is_below(entry, sys.prefix)
    ]
    sys.path[:] = [*sources, *others]


def main() -> None:
    """Answers the one request that comes by the descriptor named as the first argument."""
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    request = channel.receive()
    if request is None:
        return
    _find_recorded_code(request["sources"], request["root"])
    try:
        channel.send({"done": _TASKS[request["task"]](request, channel)})
    except WindlassError as error:
        channel.send({"failed": describe_failure(error)})
    except OSError:  # whoever asked is gone
        return


if __name__ == "__main__":
    main()
