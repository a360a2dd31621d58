"""podman for tests: settings by which it works in narrow places, and a base image made here."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BASE = "localhost/windlass-test-base:1"
"""Debian with Python, and nothing of the project's."""
PYTHON = (3, 11)
"""Debian 12's own."""

_PACKAGES = "python3,python3-venv,ca-certificates"
_SETTINGS = """
[engine]
runtime = "runc"
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
"""


def missing() -> str | None:
    """Why containers cannot be had here; None if they can."""
    for program in ("podman", "runc", "debootstrap"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    if os.geteuid() != 0:
        return "making a base image needs root"
    if sys.version_info[:2] != PYTHON:
        return "the base image has Python {}.{}, these tests run in another".format(*PYTHON)
    return None


def settings(folder: Path) -> Path:
    """A file for ``CONTAINERS_CONF``: it works under limits, and with two kinds of cgroups."""
    file = folder / "containers.conf"
    file.write_text(_SETTINGS)
    return file


def make_base() -> str | None:
    """Makes the base image, once for a machine; why it cannot be had, or None."""
    with (Path(tempfile.gettempdir()) / "windlass-test-base.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _call("podman", "image", "exists", BASE) is None:
            return None
        with tempfile.TemporaryDirectory(prefix="wl-base-") as folder:
            root, archive = f"{folder}/root", f"{folder}/root.tar"
            words = ("--variant=minbase", f"--include={_PACKAGES}", "bookworm", root)
            return (
                _call("debootstrap", *words)
                or _call("tar", "-C", root, "-cf", archive, ".")
                or _call("podman", "import", archive, BASE)
            )


def _call(*words: str) -> str | None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stderr or done.stdout or "?").strip()[-300:] if done.returncode else None
