"""One seed a node, for every generator, whenever its library is imported.

The seed follows from the run's seed, the step's name and, in a map, the digests of the item's
mapped arguments. So a run repeats, the items of a map differ, and an edit to the code or the data
elsewhere does not reshuffle a split.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from windlass.execution.inputs import Argument
from windlass.execution.job import Job
from windlass.hashing import digest
from windlass.pipeline.graph import Each, Node
from windlass.pipeline.step import step_of


def seed_of(job: Job, node: Node, arguments: Mapping[str, Argument]) -> int:
    """The seed of a node of a run, or of an item of a map."""
    mapped = [arguments[name].digest for name, ref in node.inputs.items() if isinstance(ref, Each)]
    return derive(job.seed, step_of(node.step).name, mapped)


def derive(run_seed: int, step: str, items: Sequence[str] = ()) -> int:
    """The seed of a node, 63 bits.

    Args:
        run_seed: The run's.
        step: The step's name.
        items: Digests of the mapped arguments of a map's item, in the order of the parameters.
    """
    return int(digest("seed", run_seed, step, list(items))[:16], 16) >> 1


def _seed_numpy(module: Any, seed: int) -> None:
    module.random.seed(seed % 2**32)  # the legacy global generator takes 32 bits


def _seed_torch(module: Any, seed: int) -> None:
    module.manual_seed(seed)  # of the CPU and, when they are used, of all GPUs


_SEEDERS: dict[str, Callable[[Any, int], None]] = {"numpy": _seed_numpy, "torch": _seed_torch}


def seed_all(seed: int) -> None:
    """Seeds Python's generator, and numpy's and torch's now or when they are imported."""
    random.seed(seed)
    for name, seeder in _SEEDERS.items():
        module = sys.modules.get(name)
        if module is not None:
            seeder(module, seed)
    _LateImports.install(seed)


class _LateImports(importlib.abc.MetaPathFinder):
    """Seeds a library at the end of its import; asks the other finders for all else."""

    seed = 0
    _finding = False

    @classmethod
    def install(cls, seed: int) -> None:
        cls.seed = seed
        waiting = any(name not in sys.modules for name in _SEEDERS)
        if waiting and not any(isinstance(finder, cls) for finder in sys.meta_path):
            sys.meta_path.insert(0, cls())

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _SEEDERS or self._finding:
            return None
        self._finding = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._finding = False
        if spec is not None and spec.loader is not None:
            spec.loader = _SeedingLoader(spec.loader, _SEEDERS[fullname])
        return spec


class _SeedingLoader(importlib.abc.Loader):
    def __init__(self, loader: Any, seeder: Callable[[Any, int], None]) -> None:
        self._loader = loader
        self._seeder = seeder

    def __getattr__(self, name: str) -> Any:  # get_resource_reader and the like
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._seeder(module, _LateImports.seed)
