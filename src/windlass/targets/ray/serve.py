"""The locked environment's process on a node of Ray: it tries nodes, as lines of JSON ask.

It ends when its input does, and with it the workers.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import sys
import threading
from typing import Any

from windlass.errors import WindlassError, WorkerDiedError
from windlass.execution.crew import Death
from windlass.execution.schedule import instance_name
from windlass.targets.ray.on_node import Answer, Request
from windlass.targets.ray.workers import NodeWorkers


def main() -> None:
    """Answers what comes on standard input."""
    out = os.dup(1)
    os.set_inheritable(out, False)
    os.dup2(2, 1)  # whatever a library prints is no answer
    asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    request = Request(**asked.get())
    workers: NodeWorkers | None = None
    while True:
        task = asked.get()
        try:
            workers = workers or NodeWorkers(request)
            _say(out, _answer(workers, task))
        except WindlassError as error:
            _say(out, {"broken": {"message": error.message, "hint": error.hint}})


def _listen(asked: queue.SimpleQueue[Any]) -> None:
    for line in sys.stdin.buffer:
        asked.put(json.loads(line))
    os._exit(0)  # also in the midst of a task: nobody waits for it any more


def _answer(workers: NodeWorkers, task: Any) -> dict[str, Any]:
    words = (task["node"], task["index"], task["attempt"])
    try:
        answer = workers.try_task(*words, task["first"], tuple(task["gpus"]))
    except WorkerDiedError as error:
        workers.renew()
        death = Death(error.message, error.hint)
        answer = Answer(instance_name(*words[:2]), task["attempt"], tuple(death), None)
    log = None if answer.log is None else base64.b64encode(answer.log).decode()
    return {**answer._asdict(), "log": log}


def _say(out: int, message: Any) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(out, data) :]


if __name__ == "__main__":
    main()
