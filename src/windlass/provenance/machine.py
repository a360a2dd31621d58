"""The machine that a run was on. Facts for people, kept beside the run: none of them is hashed."""

from __future__ import annotations

import locale
import os
import sys
import time

from windlass.provenance.hardware import graphics_facts, processor_facts
from windlass.values import Json

COMPUTING = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS"),
    *("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "LOKY_MAX_CPU_COUNT"),
    "CUBLAS_WORKSPACE_CONFIG",
)
"""Variables by which numeric libraries decide how to compute."""
_VARIABLES = (
    *COMPUTING,
    *("PYTHONHASHSEED", "CUDA_VISIBLE_DEVICES"),
    *("TZ", "LANG", "LC_ALL", "LC_CTYPE", "LC_NUMERIC"),
)
"""Variables that may change what a step computes. None of them can hold a secret."""


def machine_facts() -> dict[str, Json]:
    """The operating system, processors, Python build and the settings that steps run under."""
    system = os.uname()
    return {
        "host": system.nodename,
        "system": system.sysname,
        "release": system.release,
        "architecture": system.machine,
        "libc": _confstr("CS_GNU_LIBC_VERSION"),
        "cpus": os.cpu_count(),
        "cpus_usable": _usable_cpus(),
        **processor_facts(),
        **graphics_facts(),
        "memory": _memory(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "python_build": sys.version,
        "encoding": sys.getfilesystemencoding(),
        "locale": locale.setlocale(locale.LC_CTYPE),
        "time_zone": _time_zone(),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }


def _usable_cpus() -> int | None:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity is not None else os.cpu_count()


def _time_zone() -> str:
    """Its name in the database of time zones, where that can be told; else its abbreviation."""
    if "TZ" in os.environ:
        return os.environ["TZ"]
    _, known, name = os.path.realpath("/etc/localtime").rpartition("zoneinfo/")
    return name if known else time.tzname[0]


def _confstr(name: str) -> str | None:
    try:
        return os.confstr(name)
    except (ValueError, OSError):
        return None


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
