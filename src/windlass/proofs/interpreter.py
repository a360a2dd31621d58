"""The interpreter of a run's recorded environment."""

from __future__ import annotations

import json
from pathlib import Path

from windlass.errors import ConfigError
from windlass.execution.job import Stores
from windlass.provenance.environment import read_environment


def recorded_python(stores: Stores, environment: str) -> Path:
    """The interpreter of a recorded environment, which is built if need be.

    Raises:
        ConfigError: It cannot be built here.
    """
    recorded = read_environment(json.loads(stores.records.environment(environment)))
    raise ConfigError(
        f"the recorded environment, of Python {recorded.python} and {len(recorded.packages):,} "
        "packages, cannot be built yet",
        hint="Reproduce it in the present one: --here",
    )
