"""Worker pools for steps with environments of their own.

What is not built yet is built before the first node runs: while it is, no other step would be
watched. The pool is started when the first node asks for it: most runs find all in the cache.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import windlass
from windlass import modules
from windlass.execution.job import Job
from windlass.execution.pool import Pool
from windlass.provenance.distributions import is_site
from windlass.provenance.environments import is_ready, ready_environment
from windlass.provenance.lock import Lock
from windlass.provenance.project import Project, find_project
from windlass.targets.locks import running_wheel


def own_pools(job: Job, tell: Callable[[str], None]) -> Callable[[str], Pool]:
    """Builds each environment that steps of a run ask for; gives what starts a pool in one.

    Args:
        job: The run.
        tell: Says what takes time.

    Raises:
        LockError: An environment cannot be built.
    """
    project = find_project(job.stores.project)
    pythons = {name: _python(job, project, name, tell) for name in job.plan.environments}
    folders = project_folders(job)
    return lambda name: Pool(pythons[name], folders)


def _python(job: Job, project: Project, name: str, tell: Callable[[str], None]) -> Path:
    lock = job.lock(name)
    wheel = running_wheel(job.stores, project)
    if not is_ready(lock, wheel):
        tell(f"making the environment '{name}': {_contents(lock)}")
    return ready_environment(lock, wheel, project.root)


def _contents(lock: Lock) -> str:
    return f"Python {lock.python}, {len(lock.requirements)} packages"


def project_folders(job: Job) -> list[str]:
    """Where the modules of the project are: nothing of what is installed for this interpreter."""
    root = job.stores.project.resolve()
    ours = Path(windlass.__file__).parent.parent
    sources = [root / source for source in job.plan.sources]
    paths = [Path(path).resolve() for path in modules.search_path()]
    own = [path for path in paths if path.is_relative_to(root) and not _is_installed(path)]
    return [str(path) for path in dict.fromkeys((*own, *sources)) if path != ours]


def _is_installed(path: Path) -> bool:
    prefixes = {os.path.realpath(each) for each in (sys.prefix, sys.base_prefix)}
    return is_site(str(path)) or any(path.is_relative_to(each) for each in prefixes)
