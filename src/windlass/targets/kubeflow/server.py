"""The server that runs are submitted to, reached through kfp's client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windlass.errors import ConfigError, UnreachableError
from windlass.provenance import secrets
from windlass.stacks.check import Check
from windlass.targets.kubeflow.sdk import Sdk

if TYPE_CHECKING:
    from windlass.stacks.stack import Stack
    from windlass.targets.kubeflow.options import Options


def connected(stack: Stack, options: Options) -> Sdk:
    """kfp, connected to the server that a stack names.

    Raises:
        ConfigError: It names none, or that cannot be reached, or does not let us in.
    """
    endpoint, where = options.endpoint, f"the stack '{stack.name}'"
    if endpoint is None:
        raise ConfigError(
            f"{where} names no server of Kubeflow Pipelines",
            hint='Say where: [stacks.NAME.options] endpoint = "https://…"; or write a file for '
            "it: windlass compile FILE.py:PIPELINE --target kubeflow -o FOLDER",
        )
    token = options.token
    if token is not None:
        token = secrets.resolve(token, root=stack.project.root, where=where)
    sdk = Sdk(options.python)
    try:
        sdk.ask("connect", endpoint=endpoint, token=token, namespace=options.namespace)
    except UnreachableError as error:
        sdk.close()
        raise ConfigError(
            f"Kubeflow Pipelines on {endpoint} cannot be used: {error.message}",
            hint="Is it up, and reached from here? Do token and namespace of the stack's options "
            "fit?",
        ) from error
    except BaseException:
        sdk.close()
        raise
    return sdk


def look_at_sdk(options: Options) -> Check:
    """Whether kfp is there, and new enough."""
    with Sdk(options.python) as sdk:
        return Check("kfp", "ok", f"kfp {sdk.version}")
