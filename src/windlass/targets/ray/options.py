"""What ``[stacks.NAME.options]`` says for the target ``ray``.

address = "ray://head:10001"       # of a cluster, or "auto"; one is started here if not given
environment = "locked"             # or "installed": that of steps; see `RayOptions`
shares_disk = false                # whether all its nodes see this machine's files under one path
in_flight = 64                     # attempts handed to Ray at once; twice its cores if not given
autoscaling = false                # whether nodes come when more is asked for than there is

[stacks.NAME.options.resources.train]    # custom resources for the step `train`
"accelerator_type:A100" = 1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from windlass.errors import ConfigError

ENVIRONMENTS = ("locked", "installed")


@dataclass(frozen=True, slots=True)
class RayOptions:
    """How runs use Ray.

    Args:
        address: Of a cluster; None to start one on this machine.
        environment: ``locked`` where nodes build the project's locked environment, ``installed``
            where steps run in the Python that Ray runs in there. None for the former on a cluster
            that is named by a stack with no store on this machine's disk, else the latter.
        shares_disk: Whether its nodes see this machine's files; None to judge by their names.
        in_flight: The most attempts that are handed to Ray at once; None for twice its cores.
        autoscaling: Whether nodes come when more is asked for than there is.
        resources: Custom resources that a step needs, by the step's name.
    """

    address: str | None = None
    environment: str | None = None
    shares_disk: bool | None = None
    in_flight: int | None = None
    autoscaling: bool = False
    resources: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


_TYPES: dict[str, tuple[type, str]] = {
    "address": (str, 'a text, such as "ray://head:10001"'),
    "environment": (str, '"locked" or "installed"'),
    "shares_disk": (bool, "true or false"),
    "in_flight": (int, "a whole number above 0"),
    "autoscaling": (bool, "true or false"),
    "resources": (dict, "a table of numbers for each step"),
}


def ray_options(stack: str, options: Mapping[str, Any]) -> RayOptions:
    """The options of a stack, secrets resolved.

    Args:
        stack: Its name, for messages.
        options: As they are written.

    Raises:
        ConfigError: One is unknown, or not of its type.
    """
    for name, value in options.items():
        if name not in _TYPES:
            raise ConfigError(
                f"the stack '{stack}': the target ray has no option '{name}'",
                hint=f"It has {', '.join(_TYPES)}.",
            )
        wanted, told = _TYPES[name]
        is_number = wanted is int and (type(value) is not int or value < 1)
        is_other = name == "environment" and value not in ENVIRONMENTS
        if type(value) is not wanted or is_number or is_other or not _are_numbers(name, value):
            raise ConfigError(f"the stack '{stack}': options.{name} must be {told}")
    return RayOptions(**options)


def _are_numbers(name: str, value: Any) -> bool:
    if name != "resources":
        return True
    tables = [each if isinstance(each, dict) else {"": None} for each in value.values()]
    return all(type(each) in (int, float) for table in tables for each in table.values())
