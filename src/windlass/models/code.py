"""Where the modules of a version's project are found, with the classes that its values are of."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from windlass.execution.job import open_job
from windlass.models.version import Version


def code_folders(version: Version) -> list[Path]:
    """The folders in which a version's project has its modules."""
    root = version.stores.project
    found = [root]
    if version.row.run is not None:
        job = open_job(version.row.run, version.stores)
        told: Any = version.stores.records.run_by_id(version.row.run).details
        found += [root / folder for folder in (*told.get("path", ()), *job.plan.sources)]
    return [folder.resolve() for folder in dict.fromkeys(found)]


def find_modules(version: Version) -> None:
    """Lets this process import what the values of a version need, after all that it finds else."""
    for folder in map(str, code_folders(version)):
        if folder not in sys.path:
            sys.path.append(folder)
