"""Kubeflow Pipelines: a pipeline as one file of KFP's IR, whose tasks call ``windlass execute``.

KFP orders and tries again; steps read and write the stack's artifact store. Maps are loops over
indices, choices are conditions. ``windlass compile`` writes the file; ``windlass run`` submits it
to an endpoint and follows.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError
from windlass.pipeline.settings import RunOptions
from windlass.provenance import secrets
from windlass.stacks.check import Check, attempt
from windlass.stacks.stack import Stack, is_local
from windlass.targets.compiling import how_begun
from windlass.targets.kubeflow.options import Options, read_options

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.pipeline.plan import Plan
    from windlass.targets.compiling import Compiled
    from windlass.targets.kubeflow.sdk import Sdk

_TASK = Path(__file__).with_name("task.txt")


class KubeflowTarget:
    """Makes KFP's files, and runs them.

    Args:
        stack: Where its artifacts are kept, and the options: see `read_options`.
        options: How it is to run.

    Raises:
        ConfigError: An option is unknown, or not of its type.
    """

    locked = True

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        self._stack = stack
        self._run = options
        self._options = read_options(stack)
        self._sdk: Sdk | None = None

    @staticmethod
    def look(stack: Stack) -> Iterator[Check]:
        """Whether kfp is there, and whether its server, if one is named, lets us in."""
        from windlass.targets.kubeflow.server import connected, look_at_sdk

        options = read_options(stack)
        yield attempt("kfp", lambda: look_at_sdk(options))
        if options.endpoint is not None:
            yield attempt("endpoint", lambda: _let_in(connected(stack, options), options))
        if is_local(stack.artifacts_url) and not options.shares_disk:
            told = "tasks on a cluster cannot reach artifacts that this machine's disk holds"
            yield Check("disk", "warn", told, "Name a bucket in windlass.toml.")

    @staticmethod
    def is_served(stack: Stack) -> bool:
        """Whether there is a server to submit to; else a run can only be tried here."""
        return read_options(stack).endpoint is not None

    def check_files(self, plan: Plan) -> None:
        """Refuses what KFP cannot be told, and a kfp that is missing; reaches no server."""
        from windlass.targets.kubeflow.sdk import Sdk

        _refuse(plan)
        Sdk(self._options.python).close()

    def check(self, plan: Plan) -> None:
        """Refuses what KFP cannot be told or its tasks cannot reach; connects to the server."""
        from windlass.targets.kubeflow.server import connected

        _refuse(plan)
        address = self._stack.artifacts_url
        if is_local(address) and not self._options.shares_disk:
            raise ConfigError(
                f"the stack '{self._stack.name}' keeps artifacts in {secrets.masked(address)}, "
                "which tasks on Kubeflow Pipelines cannot reach",
                hint="Name a bucket in windlass.toml; or, where tasks see this folder under the "
                "same path: shares_disk = true in the stack's options.",
            )
        self._sdk = connected(self._stack, self._options)

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        """Submits a run and follows it; returns its status, and why it failed."""
        from windlass.execution.relay.driving import Relay
        from windlass.targets.compiling import compiled_of
        from windlass.targets.kubeflow.follow import follow

        assert self._sdk is not None
        relay = Relay(job, hits=True)
        relay.post(job.stores.records.succeeded_nodes(job.run))
        compiled = compiled_of(job.plan, {}, self._stack, job.stores)
        submitted = self._sdk.ask(
            "submit",
            ir=self._sdk.ask("compile", **self._told(compiled)),
            run=job.run,
            run_name=job.name,
            experiment=self._options.experiment or job.plan.name,
            namespace=self._options.namespace,
        )
        endpoint = str(self._options.endpoint).rstrip("/")
        observer.told(f"submitted: {endpoint}/#/runs/details/{submitted}")
        return follow(job, relay, self._sdk, submitted, observer)

    def close(self) -> None:
        """Ends the process of kfp."""
        if self._sdk is not None:
            self._sdk.close()
            self._sdk = None

    def compile(self, compiled: Compiled) -> Mapping[str, str]:
        """The IR in YAML, by the file's name."""
        from windlass.targets.kubeflow.sdk import Sdk

        told = self._told(compiled)
        with Sdk(self._options.python) as sdk:
            return {f"{compiled.plan.name}.yaml": sdk.ask("compile", **told)}

    def trial(self, files: Path, parameters: Mapping[str, str]) -> None:
        """Runs what `compile` wrote once, by KFP's local runner.

        Args:
            files: The folder that it was written to.
            parameters: The pipeline's, as text.

        Raises:
            ConfigError: The runner cannot be started.
        """
        from windlass.provenance.uv import find_uv
        from windlass.targets.kubeflow.sdk import Sdk

        path = f"{Path(find_uv()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        variables = {**os.environ, "PATH": path}
        with Sdk(self._options.python, variables) as sdk:
            for file in sorted(files.glob("*.yaml")):
                sdk.ask("trial", _tell_ended, file=str(file), parameters=dict(parameters))

    def _told(self, compiled: Compiled) -> dict[str, Any]:
        """What kfp is asked to build."""
        from windlass.targets.kubeflow.body import body_of, task_name

        options, plan = self._options, compiled.plan
        return {
            "name": task_name(plan.name),
            "description": f"The pipeline {plan.pipeline}, by Windlass.",
            "parameters": list(compiled.parameters),
            "body": body_of(plan),
            "script": _TASK.read_text(encoding="utf-8"),
            "facts": json.dumps(self._facts(compiled), sort_keys=True),
            "image": options.image_for(compiled.lock.python),
            "accelerator": options.accelerator,
            "env": dict(options.env),
            "secrets": options.secrets_by_name(),
        }

    def _facts(self, compiled: Compiled) -> dict[str, Any]:
        """What every task must know; flat, since KFP reads two braces as something of its own."""
        return {
            "name": compiled.plan.name,
            "plan": compiled.plan.digest,
            "shared": compiled.shared,
            "begin": how_begun(self._run),
            "store": compiled.store,
            "store_needs": compiled.store_needs,
            "command": self._options.command,
            "python": compiled.lock.python,
            "lock": self._keep_lock(compiled),
            "environment": compiled.environment,
            "wheel": compiled.wheel,
            "wheel_name": compiled.wheel_name,
        }

    def _keep_lock(self, compiled: Compiled) -> str:
        """Keeps the lock in the artifact store: it is too long to stand in every task."""
        from windlass.execution.relay.objects import RunObjects
        from windlass.hashing import digest

        text = "".join(f"{line}\n" for line in compiled.lock.requirements)
        name = digest("requirements", text)
        RunObjects(self._stack.open_store(), "").keep(name, text)
        return name


def _refuse(plan: Plan) -> None:
    from windlass.targets.kubeflow.body import refuse_names

    parameters: Any = plan.parameters
    refuse_names(each["name"] for each in parameters)


def _tell_ended(told: Any) -> None:
    how = "succeeded" if told["status"] == "success" else told["status"]
    sys.stderr.write(f"kubeflow  {told['task']}  {how}\n")


def _let_in(sdk: Sdk, options: Options) -> Check:
    sdk.close()
    return Check("endpoint", "ok", f"{options.endpoint} lets us in")
