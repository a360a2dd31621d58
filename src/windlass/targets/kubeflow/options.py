"""What ``[stacks.NAME.options]`` says for the target ``kubeflow``.

python = "/opt/kfp/bin/python"         # the interpreter that has kfp; this one if not given
image = "registry.example/models:7"    # what tasks run in; Python's own, slim, if not given
command = ["/opt/models/bin/windlass"] # how it is started there; if not given, the lock is built
accelerator = "nvidia.com/gpu"         # the resource that a step's gpus are of
endpoint = "https://kfp.example"       # where `windlass run` submits
token = "${env:KFP_TOKEN}"             # what it shows there
namespace = "team"                     # where KFP has several users
experiment = "training"                # under which runs are listed; the pipeline's if not given
shares_disk = false                    # whether tasks see this machine's files under their paths

[stacks.NAME.options.env]              # variables of every task: no secrets
AWS_ENDPOINT_URL = "http://minio:9000"
[stacks.NAME.options.secrets]          # variables from Kubernetes secrets: SECRET/KEY
AWS_SECRET_ACCESS_KEY = "storage/secret-key"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError
from windlass.provenance import secrets
from windlass.stacks.toml import did_you_mean

if TYPE_CHECKING:
    from windlass.stacks.stack import Stack

_IMAGE = "docker.io/library/python:{python}-slim"


@dataclass(frozen=True, slots=True)
class Options:
    """How pipelines go to Kubeflow Pipelines.

    Args:
        python: The interpreter that has kfp; None for this one.
        image: What tasks run in; None for Python's own.
        command: How Windlass is started there; None where the lock is to be built.
        accelerator: The resource that GPUs are asked for as.
        endpoint: The address of KFP's API; None where runs are not submitted.
        token: What is shown there.
        namespace: Where KFP has several users.
        experiment: Under which runs are listed; None for the pipeline's name.
        shares_disk: Whether tasks see this machine's files.
        env: Variables of every task.
        secrets: Variables of every task, each from ``SECRET/KEY``.
    """

    python: str | None = None
    image: str | None = None
    command: tuple[str, ...] | None = None
    accelerator: str = "nvidia.com/gpu"
    endpoint: str | None = None
    token: str | None = field(default=None, repr=False)
    namespace: str | None = None
    experiment: str | None = None
    shares_disk: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def image_for(self, python: str) -> str:
        """The image that tasks of a minor version of Python run in."""
        return self.image or _IMAGE.format(python=python)

    def secrets_by_name(self) -> list[dict[str, Any]]:
        """The secrets as KFP's settings for Kubernetes name them."""
        found: dict[str, list[dict[str, str]]] = {}
        for variable, text in self.secrets.items():
            name, _, key = text.partition("/")
            found.setdefault(name, []).append({"secretKey": key, "envVar": variable})
        return [{"secretName": name, "keyToEnv": keys} for name, keys in found.items()]


_TEXT = (str, "a text")
_TYPES: dict[str, tuple[type, str]] = {
    "python": (str, "the path of an interpreter that has kfp"),
    "image": (str, "the name of an image"),
    "command": (list, 'a list of words, such as ["/opt/models/bin/windlass"]'),
    "accelerator": (str, 'the name of a resource, such as "nvidia.com/gpu"'),
    "endpoint": (str, 'an address, such as "https://kfp.example"'),
    "token": _TEXT,
    "namespace": _TEXT,
    "experiment": _TEXT,
    "shares_disk": (bool, "true or false"),
    "env": (dict, "a table of texts"),
    "secrets": (dict, 'a table of texts such as "SECRET/KEY"'),
}


_UNRESOLVED = ("token", "env")
"""One is only needed where runs are submitted; the other would stand in the compiled file."""


def read_options(stack: Stack) -> Options:
    """The options of a stack; a reference to a secret that is the token is left as it is.

    Raises:
        ConfigError: One is unknown or wrong; or a secret would be written into a file.
    """
    kept = {name: value for name, value in stack.options.items() if name in _UNRESOLVED}
    rest = {name: value for name, value in stack.options.items() if name not in _UNRESOLVED}
    said = {**replace(stack, options=rest).resolved_options(), **kept}
    for name, value in said.items():
        _check(stack.name, name, value)
    _refuse_secrets(stack.name, said.get("env", {}))
    if "command" in said:
        said["command"] = tuple(said["command"])
    return Options(**said)


def _check(stack: str, name: str, value: Any) -> None:
    if name not in _TYPES:
        raise ConfigError(
            f"the stack '{stack}': the target kubeflow has no option '{name}'",
            hint=did_you_mean(name, _TYPES),
        )
    wanted, told = _TYPES[name]
    if type(value) is not wanted or not _are_texts(name, value):
        raise ConfigError(f"the stack '{stack}': options.{name} must be {told}")


def _refuse_secrets(stack: str, env: Mapping[str, str]) -> None:
    for variable, text in env.items():
        if secrets.references(text):
            raise ConfigError(
                f"the stack '{stack}': options.env.{variable} refers to a secret, and would be "
                "written into the compiled file",
                hint=f'Keep it in Kubernetes: options.secrets.{variable} = "SECRET/KEY"',
            )


def _are_texts(name: str, value: Any) -> bool:
    if name == "secrets":
        return all(type(text) is str and text.count("/") == 1 for text in value.values())
    if name == "env":
        return all(type(text) is str for text in value.values())
    return name != "command" or (bool(value) and all(type(word) is str for word in value))
