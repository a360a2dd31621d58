"""What a server is told to serve, and how, in the form that its workers are told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from windlass.errors import ConfigError
from windlass.execution.stores import stack_from_json, stack_to_json
from windlass.models.naming import CHAMPION
from windlass.pipeline.marks import check_name
from windlass.serving.deployment import Limits
from windlass.serving.following import INTERVAL
from windlass.stacks.stack import Stack


@dataclass(frozen=True)
class ServerSettings:
    """What a server is told.

    Args:
        models: The models with what is followed: an alias, a version's number, or ``newest``.
        stack: Where they are recorded.
        host: The address that it listens at.
        port: Its port; 0 for any that is free.
        workers: How many processes serve.
        hosts: Names by which it may be asked, beside those that are always allowed.
        token: The variable of the environment that holds the token of the admin plane.
        limits: What each deployment may take.
        log: Whether predictions are logged.
        follow: Seconds between two looks at the aliases.
        release: The folder of a release that was brought along, of its only model: for a start
            without the stores, or where there are none.
        wait: Whether it starts without a version, and waits for one.
    """

    models: tuple[tuple[str, str], ...]
    stack: Stack
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    hosts: tuple[str, ...] = ()
    token: str = "WINDLASS_TOKEN"  # noqa: S105 - the name of a variable
    limits: Limits = field(default_factory=Limits)
    log: bool = True
    follow: float = INTERVAL
    release: str | None = None
    wait: bool = False

    @property
    def stands_alone(self) -> bool:
        """Whether it serves what was brought along, and knows of no record to follow."""
        return self.release is not None and self.stack.records is None

    def document(self) -> dict[str, Any]:
        """It as JSON: references to secrets stay references."""
        plain = replace(self, stack=None)  # type: ignore[arg-type]
        return {**asdict(plain), "stack": stack_to_json(self.stack)}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> ServerSettings:
        """The settings of a document that `document` made."""
        told = {
            **document,
            "models": tuple((model, which) for model, which in document["models"]),
            "hosts": tuple(document["hosts"]),
            "limits": Limits(**document["limits"]),
            "stack": stack_from_json(document["stack"]),
        }
        return cls(**told)


def named_models(names: Sequence[str]) -> dict[str, str]:
    """What is followed of each model: of ``delay`` the champion, of ``delay@3`` that version.

    Raises:
        DefinitionError: A name cannot be that of a model.
        ConfigError: One is named twice, or nothing behind its ``@``.
    """
    found: dict[str, str] = {}
    for each in names:
        model, at, which = each.partition("@")
        check_name(model)
        if at and not which:
            raise ConfigError(
                f"what of '{model}' is to be served?", hint=f"Such as {model}@champion"
            )
        if model in found:
            raise ConfigError(
                f"'{model}' is named twice", hint="A server has one alias of a model."
            )
        found[model] = which or CHAMPION
    return found
