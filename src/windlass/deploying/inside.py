"""The ``windlass.toml`` of the image of a deployment: what holds there, too, and no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from windlass.errors import ConfigError
from windlass.provenance.secrets import masked
from windlass.stacks.models import ServingSettings
from windlass.stacks.settings import BUILT_IN, Settings
from windlass.stacks.stack import Stack, is_url


def serving_of(model: str, said: Settings) -> ServingSettings:
    """What a project says of how a model is served."""
    return said.models[model].serving if model in said.models else ServingSettings()


def settings_text(model: str, said: Settings, stack: Stack) -> str:
    """How the model's predictions are logged; and how its stack's stores are read, but not where.

    Args:
        model: Its name.
        said: What the project says.
        stack: Where the version is recorded.

    Raises:
        ConfigError: There is a secret in it.
    """
    lines = [*_serving(model, serving_of(model, said))]
    if stack.artifacts is not None:  # a store of one's own is trusted, and nobody else's
        if stack.describe()["storage"] != dict(stack.storage):
            raise _secret(f"[stacks.{stack.name}.storage]")
        told = {"trust_pickle": stack.trust_pickle, "storage": stack.storage}
        lines += _table(f"stacks.{BUILT_IN}", told)
    return "\n".join([*lines, ""])


def _serving(model: str, serving: ServingSettings) -> Iterator[str]:
    told: dict[str, Any] = {"sample": serving.sample, "redact": [*serving.redact]}
    told["keep"] = f"{serving.keep:.3f} s"
    if serving.log is not None and is_url(serving.log):
        if masked(serving.log) != serving.log:
            raise _secret(f"[models.{model}.serving] log")
        told["log"] = serving.log
    yield from _table(f"models.{model}.serving", told)


def _table(name: str, told: Mapping[str, Any]) -> Iterator[str]:
    """A table of TOML, whose plain values are written as JSON writes them."""
    yield f"[{name}]"
    inner = {key: value for key, value in told.items() if isinstance(value, Mapping)}
    for key, value in told.items():
        if key not in inner:
            yield f"{json.dumps(key)} = {json.dumps(value)}"
    for key, value in inner.items():
        yield from _table(f"{name}.{json.dumps(key)}", value)


def _secret(where: str) -> ConfigError:
    return ConfigError(
        f"{where} has a secret written out, which an image must not hold",
        hint="Refer to it: ${env:NAME}.",
    )
