"""What runs in the interpreter that has kfp: lines of JSON in, one with the answer to each.

Before the answer, lines may tell how far it is.
Nothing of Windlass is imported here, and nothing but kfp is needed. What kfp prints goes to
standard error; only answers go to standard output.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import re
import sys
import tempfile
import urllib.request
import warnings
from pathlib import Path
from typing import Any, TextIO

_TEXT, _LIST = "STRING", "LIST"
_OUTPUTS = {"begin": _TEXT, "items": _LIST, "choose": _TEXT}
_RUN = "windlass_run"
_NO_LIMIT = f"{365 * 24 * 3600}s"
"""For all tries of a task together: KFP's own of an hour would cut off those of long ones."""
_PATIENCE = 10
"""Seconds for a server to answer."""


def compile_(told: Any) -> Any:
    """The pipeline as the IR that KFP takes, in YAML."""
    from kfp import compiler, dsl

    def body(*channels: Any) -> None:
        _Body(told).build(dict(zip(names, channels, strict=True)))

    names = [_RUN, *told["parameters"]]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    body.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, kind, annotation=str, default="") for name in names]
    )
    found = dsl.pipeline(name=told["name"], description=told["description"])(body)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        compiler.Compiler().compile(found, str(path))
        return path.read_text(encoding="utf-8")


class _Body:
    """Builds the tasks of a pipeline, loops and conditions, while kfp traces it."""

    def __init__(self, told: Any) -> None:
        self._told = told
        self._made: dict[str, Any] = {}
        self._run: Any = None

    def build(self, channels: Any) -> None:
        from kfp import dsl

        given = {f"p_{name}": channels[name] for name in self._told["parameters"]}
        key = dsl.PIPELINE_JOB_ID_PLACEHOLDER
        begun = self._task("windlass-begin", "begin", run=channels[_RUN], key=key, **given)
        self._run = begun.outputs["Output"]
        self._add(self._told["body"])

    def _add(self, body: Any) -> None:
        for each in body:
            if "choice" in each:
                self._choose(each)
            elif each["mapped"]:
                self._map(each)
            else:
                given = {"run": self._run, "node": each["node"]}
                task = self._task(each["task"], "execute", **given)
                self._made[each["node"]] = self._as_asked(task, each).after(*self._before(each))

    def _map(self, each: Any) -> None:
        from kfp import dsl

        asked = self._task(f"{each['task']}-items", "items", run=self._run, node=each["node"])
        asked.set_display_name(f"{each['node']}.items").after(*self._before(each))
        with dsl.ParallelFor(asked.outputs["Output"], name=each["node"]) as item:
            # An item names the run, too: in a loop, KFP's local runner takes every output of a
            # task for the item.
            task = self._task(each["task"], "execute", node=each["node"], item=item)
            self._made[each["node"]] = self._as_asked(task, each)

    def _choose(self, each: Any) -> None:
        """A choice always has two sides: others may wait for a pair of them, and for no single."""
        from kfp import dsl

        given = {"node": each["first"], "choice": each["choice"]}
        asked = self._task(each["task"], "choose", run=self._run, **given)
        asked.set_display_name(each["choice"]).after(*self._before(each))
        with dsl.If(asked.outputs["Output"] == "then", f"{each['choice']}.then"):
            self._side(each["then"])
        with dsl.Else(f"{each['choice']}.otherwise"):
            self._side(each["otherwise"])

    def _side(self, body: Any) -> None:
        self._add(body)
        if not body:  # KFP has no empty groups
            self._task("nothing", "nothing")

    def _before(self, each: Any) -> list[Any]:
        return [self._made[name] for name in each["after"]]

    def _as_asked(self, task: Any, each: Any) -> Any:
        task.set_display_name(each["node"])
        task.set_cpu_request(str(each["cpus"])).set_cpu_limit(str(each["cpus"]))
        if each["memory"]:
            task.set_memory_request(str(each["memory"])).set_memory_limit(str(each["memory"]))
        if each["gpus"]:
            task.set_accelerator_type(self._told["accelerator"])
            task.set_accelerator_limit(each["gpus"])
        if each["retries"]:
            task.set_retry(each["retries"], f"{each['retry_delay']}s", 1.0, _NO_LIMIT)
        return task

    def _task(self, name: str, verb: str, **given: Any) -> Any:
        from kfp import components

        component = components.load_component_from_text(self._component(name, verb, list(given)))
        task = component(**given)
        task.set_caching_options(False)
        for variable, text in self._told["env"].items():
            task.set_env_variable(variable, text)
        if self._told["secrets"]:
            task.platform_config["kubernetes"] = {"secretAsEnv": self._told["secrets"]}
        return task

    def _component(self, name: str, verb: str, inputs: list[str]) -> str:
        """A component as IR: names in it are kept, and KFP's local runner needs ``Output``."""
        given = {"parameters": {each: {"parameterType": _TEXT} for each in inputs}}
        component: dict[str, Any] = {"executorLabel": f"exec-{name}"}
        task: dict[str, Any] = {
            "componentRef": {"name": f"comp-{name}"},
            "taskInfo": {"name": name},
        }
        root: dict[str, Any] = {"dag": {"tasks": {name: task}}}
        if inputs:
            component["inputDefinitions"] = root["inputDefinitions"] = given
            passed = {each: {"componentInputParameter": each} for each in inputs}
            task["inputs"] = {"parameters": passed}
        if verb in _OUTPUTS:
            output = {"Output": {"parameterType": _OUTPUTS[verb]}}
            component["outputDefinitions"] = {"parameters": output}
        container = {
            "image": self._told["image"],
            "command": ["python3", "-u", "-c", self._told["script"]],
            "args": [verb, self._told["facts"], "{{$}}"],
        }
        document = {
            "components": {f"comp-{name}": component},
            "deploymentSpec": {"executors": {f"exec-{name}": {"container": container}}},
            "pipelineInfo": {"name": name},
            "root": root,
            "schemaVersion": "2.1.0",
            "sdkVersion": "kfp-2.13.0",
        }
        return json.dumps(document)


def version(_told: Any) -> Any:
    """That of kfp."""
    import kfp

    return str(kfp.__version__)


_ENDED = re.compile(r"Task '(.+)' finished with status (\w+)")
_COLORS = re.compile("\x1b\\[[0-9;]*m")


def _tell_ended(record: logging.LogRecord) -> bool:
    """Tells whoever asks of a task that ended. A filter, since KFP takes other handlers away."""
    ended = _ENDED.search(_COLORS.sub("", record.getMessage()))
    if ended is not None:
        _say({"told": {"task": ended[1], "status": ended[2].lower()}})
    return True


def trial(told: Any) -> Any:
    """Runs a compiled pipeline once by KFP's local runner; whether all of it succeeded."""
    from kfp import components, local

    logging.getLogger().addFilter(_tell_ended)
    with tempfile.TemporaryDirectory() as folder:
        runner = local.SubprocessRunner(use_venv=False)
        local.init(runner, pipeline_root=folder, raise_on_error=True)
        pipeline = components.load_component_from_file(told["file"])
        try:
            pipeline(**told["parameters"])
        except RuntimeError as error:
            return {"succeeded": False, "reason": str(error)}
    return {"succeeded": True, "reason": ""}


class _Unreachable(Exception):  # noqa: N818 - its name is told, and means what it says
    """KFP's server does not answer, or does not let us in."""


_clients: list[Any] = []
_REFUSED = {401: "who asks is not known", 403: "who asks may not"}


def connect(told: Any) -> Any:
    """Connects to a server, and asks it something that needs all that a run needs."""
    import kfp

    endpoint, token = told["endpoint"], told["token"]
    endpoint = endpoint if "://" in endpoint else f"https://{endpoint}"
    try:
        _look_for(endpoint, token)
        namespace = told["namespace"]
        client = kfp.Client(endpoint, existing_token=token, namespace=namespace or "kubeflow")
        client.list_experiments(page_size=1, namespace=namespace)
    except Exception as error:
        raise _Unreachable(_words(error)) from error
    _clients[:] = [client]


def _look_for(endpoint: str, token: str | None) -> None:
    """Asks plainly whether a server is there: the client itself would try for half a minute."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{endpoint.rstrip('/')}/apis/v2beta1/healthz"
    if not address.startswith(("http://", "https://")):
        raise ValueError("it is no address of the web")
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - it is of the web
    urllib.request.urlopen(request, timeout=_PATIENCE).close()  # noqa: S310


def _words(error: Exception) -> str:
    status = getattr(error, "status", None)
    if status is None:
        reason = getattr(error, "reason", error)
        return f"it does not answer ({reason})"
    told = _REFUSED.get(status, getattr(error, "reason", None) or "it is no KFP of version 2")
    return f"it answers {status}: {told}"


def submit(told: Any) -> Any:
    """Submits a compiled pipeline; the run's id there."""
    client = _clients[0]
    experiment = client.create_experiment(told["experiment"], namespace=told["namespace"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        path.write_text(told["ir"], encoding="utf-8")
        run = client.run_pipeline(
            experiment.experiment_id,
            told["run_name"],
            str(path),
            {_RUN: told["run"]},
            enable_caching=False,
        )
    return run.run_id


def state(told: Any) -> Any:
    """How a run stands, and why."""
    try:
        run = _clients[0].get_run(told["id"])
    except Exception as error:
        raise _Unreachable(_words(error)) from error
    return {"state": run.state, "reason": getattr(run.error, "message", None)}


def terminate(told: Any) -> Any:
    """Ends a run."""
    _clients[0].terminate_run(told["id"])


_VERBS = {
    each.__name__.rstrip("_"): each
    for each in (compile_, version, trial, connect, submit, state, terminate)
}


_answers: list[TextIO] = []


def _say(answer: Any) -> None:
    print(json.dumps(answer), file=_answers[0], flush=True)


def main() -> None:
    """Answers until there is nothing more to answer."""
    sys.path.pop(0)  # this file's folder, whose modules are not for kfp
    warnings.simplefilter("ignore")
    _answers.append(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    for line in sys.stdin:
        told = json.loads(line)
        try:
            answer = {"answer": _VERBS[told["do"]](told)}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            told_of = _words(error) if hasattr(error, "status") else str(error)
            answer = {"error": told_of, "kind": type(error).__name__}
        _say(answer)


if __name__ == "__main__":
    main()
