"""What a step uses of its machine: processor, memory, GPUs; with all processes that it starts."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Any

from windlass.errors import WindlassError

CPU, MEMORY = "system/cpu", "system/memory"
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg")
"""Without one of these there is no GPU to be asked: the second is that of WSL."""


def import_libraries() -> None:
    """Imports what measuring needs, which else the thread beside a step does at its first look.

    For where a library looks at every import under a lock of its own, as MLflow does: an import of
    that thread and one of the step would wait for each other for ever.
    """
    import psutil  # noqa: F401

    with contextlib.suppress(ImportError, _NoDriverError):
        _library()


class Usage:
    """Measures this process and its descendants, from one point of a curve to the next.

    Of memory and of a GPU's memory the most that was seen counts, of the processor and of a GPU's
    work the mean: so that nothing is missed between two points, however far apart.

    Args:
        began: When the step did, of `time.monotonic`.
        cpu: What `cpu_seconds` told then.
    """

    def __init__(self, began: float, cpu: float) -> None:
        import psutil

        self._errors = psutil.Error
        self._process = psutil.Process()
        self._gpus = Gpus()
        self._at, self._cpu = began, cpu
        self._most: dict[str, float] = {}
        self._sums: dict[str, float] = {}
        self._looks = 0
        self._older = self._cpu_of_older(time.time() - (time.monotonic() - began))

    def look(self) -> None:
        """Notes how much is used now."""
        memory = sum(self._resident(each) for each in self._processes())
        used, work = self._gpus.look()
        for name, amount in {MEMORY: memory, **used}.items():
            self._most[name] = max(self._most.get(name, 0.0), amount)
        for name, share in work.items():
            self._sums[name] = self._sums.get(name, 0.0) + share
        self._looks += 1

    def take(self) -> dict[str, float]:
        """What was used since this was asked last.

        Returns:
            ``system/cpu``: how many cores; ``system/memory``: bytes, of shared memory in each
            process that has it; ``system/gpu0`` and so on: the share of time in which it worked;
            ``system/gpu0_memory``: its bytes.
        """
        now, cpu = time.monotonic(), cpu_seconds() + self._cpu_of_descendants() - self._older
        cores = max(0.0, cpu - self._cpu) / max(now - self._at, 1e-3)
        work = {name: total / self._looks for name, total in self._sums.items()}
        told = {CPU: round(cores, 3), **self._most, **work}
        self._at, self._cpu, self._looks = now, cpu, 0
        self._most, self._sums = {}, {}
        return told

    def _processes(self) -> list[Any]:
        with contextlib.suppress(self._errors):
            return [self._process, *self._process.children(recursive=True)]
        return [self._process]

    def _resident(self, process: Any) -> float:
        with contextlib.suppress(self._errors):
            return float(process.memory_info().rss)
        return 0.0

    def _cpu_of_descendants(self) -> float:
        return sum(self._cpu_of(each) for each in self._processes()[1:])

    def _cpu_of(self, process: Any) -> float:
        """Of a child that lives, and of those of its own that it has seen the end of."""
        with contextlib.suppress(self._errors):
            times = process.cpu_times()
            return float(
                times.user + times.system + times.children_user + times.children_system
                if hasattr(times, "children_user")
                else times.user + times.system
            )
        return 0.0

    def _cpu_of_older(self, began: float) -> float:
        """What processes had used that were there before the step."""
        found = 0.0
        for process in self._processes()[1:]:
            with contextlib.suppress(self._errors):
                found += self._cpu_of(process) if process.create_time() < began else 0.0
        return found


def cpu_seconds() -> float:
    """What this process has used of the processor, and those of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Gpus:
    """NVIDIA's GPUs that this process may use; none where there is none, or no nvidia-ml-py."""

    def __init__(self) -> None:
        self._handles: dict[int, Any] = {}
        with contextlib.suppress(ImportError, _NoDriverError):
            self._nvml = _nvml()
            self._handles = dict(self._visible())

    def look(self) -> tuple[dict[str, float], dict[str, float]]:
        """The bytes in use and the share of the last moments at work, of each."""
        memory, work = {}, {}
        for number, handle in self._handles.items():
            # One part of a GPU that is shared in parts tells no share of work.
            with contextlib.suppress(self._nvml.NVMLError):
                memory[f"system/gpu{number}_memory"] = float(
                    self._nvml.nvmlDeviceGetMemoryInfo(handle).used
                )
                rates = self._nvml.nvmlDeviceGetUtilizationRates(handle)
                work[f"system/gpu{number}"] = rates.gpu / 100
        return memory, work

    def _visible(self) -> list[tuple[int, Any]]:
        chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
        if chosen is None:
            count = self._nvml.nvmlDeviceGetCount()
            names: list[str] = [str(number) for number in range(count)]
        else:
            names = [name.strip() for name in chosen.split(",") if name.strip()]
        found = []
        for number, name in enumerate(names):
            with contextlib.suppress(self._nvml.NVMLError):
                found.append((number, self._handle(name)))
        return found

    def _handle(self, name: str) -> Any:
        """A GPU as ``CUDA_VISIBLE_DEVICES`` names it: by its number, or an identifier."""
        if name.isdecimal():
            return self._nvml.nvmlDeviceGetHandleByIndex(int(name))
        return self._nvml.nvmlDeviceGetHandleByUUID(name.encode())


class _NoDriverError(WindlassError):
    """There is no driver of NVIDIA's."""


def _library() -> Any:
    # Not even looked for where it is of no use: that, too, is an import.
    if "pynvml" not in sys.modules and not any(Path(each).exists() for each in _DRIVERS):
        raise _NoDriverError("there is no driver")
    import pynvml

    return pynvml


def _nvml() -> Any:
    pynvml = _library()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise _NoDriverError("no GPU can be asked") from error
    return pynvml
