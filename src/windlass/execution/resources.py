"""What this machine has, and what of it is free: how many nodes may run at once."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field

from windlass.errors import ConfigError
from windlass.execution.pool import Kind
from windlass.pipeline.plan import Plan
from windlass.pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Share:
    """What a running node holds."""

    kind: Kind
    memory: int


@dataclass
class Resources:
    """Cores, memory and GPUs, given to nodes and taken back.

    Args:
        cpus: Cores, or how many workers were asked for.
        memory: Bytes.
        gpus: Ids of the GPUs.
    """

    cpus: int
    memory: int
    gpus: tuple[str, ...] = ()
    _free_cpus: int = field(init=False)
    _free_memory: int = field(init=False)
    _free_gpus: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._free_cpus = self.cpus
        self._free_memory = self.memory
        self._free_gpus = list(self.gpus)

    def take(self, settings: Settings) -> Share | None:
        """The share for a node; None if it must wait.

        A step that asks for more cores or memory than there are gets all there is, alone.
        """
        cpus = min(settings.cpus, self.cpus)
        memory = min(settings.memory_bytes, self.memory)
        if (
            cpus > self._free_cpus
            or memory > self._free_memory
            or settings.gpus > len(self._free_gpus)
        ):
            return None
        gpus = tuple(self._free_gpus[: settings.gpus])
        del self._free_gpus[: settings.gpus]
        self._free_cpus -= cpus
        self._free_memory -= memory
        # Threads as the step asks, not as the machine has: they decide the last digits of results.
        return Share(Kind(settings.cpus, gpus, settings.environment), memory)

    def give_back(self, share: Share) -> None:
        """Frees what a node held."""
        self._free_cpus += min(share.kind.cpus, self.cpus)
        self._free_memory += share.memory
        self._free_gpus += share.kind.gpus


def this_machine(workers: int | None = None, memory: int | None = None) -> Resources:
    """What this process may use of this machine, or what it was told to use."""
    cpus = workers or len(_affinity())
    return Resources(cpus, memory or _memory(), _gpus())


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):  # not told here
        import psutil

        return int(psutil.virtual_memory().total)


def _affinity() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


@functools.cache
def _gpus() -> tuple[str, ...]:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(part.strip() for part in visible.split(",") if part.strip())
    devices = (f"/dev/nvidia{number}" for number in range(64))
    return tuple(device.removeprefix("/dev/nvidia") for device in devices if os.path.exists(device))  # noqa: PTH110


def refuse_impossible(plan: Plan, resources: Resources) -> None:
    """Refuses a plan that this machine can never run.

    Raises:
        ConfigError: A step asks for more GPUs than there are, or for an environment that the
            plan has no lock of.
    """
    for node in plan.graph.nodes.values():
        settings = plan.settings(node)
        if settings.gpus > len(resources.gpus):
            raise ConfigError(
                f"'{node.name}' asks for {settings.gpus} GPUs; this machine has "
                f"{len(resources.gpus) or 'none'}",
                hint="Run it where there are, or lower the step's gpus.",
            )
        if settings.environment is not None and settings.environment not in plan.environments:
            raise ConfigError(
                f"'{node.name}' asks for the environment '{settings.environment}', which the plan "
                "does not know",
                hint="The plan is of an older Windlass: run the pipeline again.",
            )
