"""The checks of ``windlass doctor`` that are about the machine and not about a stack."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from windlass.provenance.distributions import installed
from windlass.provenance.machine import machine_facts
from windlass.provenance.project import HOME_VARIABLE, Project
from windlass.stacks.check import Check, Look, attempt

_SQLITE = (3, 35, 0)
_DISK_WARN = 2 * 2**30
_DISK_FAIL = 100 * 2**20
_SKEW = 2.0
_FILES = 256
_SHARED = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", "lustre", "ceph")
_OPTIONAL = (
    "pandas",
    "polars",
    "pyarrow",
    "numpy",
    "scikit-learn",
    "skops",
    "matplotlib",
    "altair",
)


def machine_checks(project: Project) -> Iterator[Check]:
    """Looks at Python, its libraries, the state folder, the disk, the clock and tools."""
    looks: dict[str, Look] = {
        "python": _python,
        "libraries": _libraries,
        "processes": _processes,
        "state folder": lambda: _state_folder(project),
        "sqlite": lambda: _sqlite(project),
        "disk": lambda: _disk(project),
        "clock": lambda: _clock(project),
        "git": lambda: _tool(
            "git", "Without git, runs cannot name the commit they were made from."
        ),
        "uv": lambda: _tool("uv", "Needed to build locked environments: pip install uv."),
    }
    for name, look in looks.items():
        yield attempt(name, look)


def _python() -> Check:
    found = f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
    place = "in a virtual environment" if sys.prefix != sys.base_prefix else f"in {sys.prefix}"
    return Check("python", "ok", f"{found}, {place}")


def _libraries() -> Check:
    versions = {each.name: each.version for each in installed()}
    there = [f"{name} {versions[name]}" for name in _OPTIONAL if name in versions]
    missing = [name for name in _OPTIONAL if name not in versions]
    told = f"{', '.join(there) or 'none'}{'; not installed: ' if missing else ''}"
    return Check("libraries", "ok", told + ", ".join(missing))


def _processes() -> Check:
    import multiprocessing
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    cpus = machine_facts()["cpus_usable"]
    told = f"{cpus} cores; {files:,} open files; starts by fork"
    if "fork" not in multiprocessing.get_all_start_methods():
        return Check(
            "processes", "warn", f"{cpus} cores; cannot fork", "Workers start slowly here."
        )
    if files < _FILES:
        return Check("processes", "warn", told, "Allow more open files: ulimit -n 4096.")
    return Check("processes", "ok", told)


def _state_folder(project: Project) -> Check:
    home = project.make_home()
    if not os.access(home, os.W_OK):
        hint = f"Runs can be looked at, but none made: see its permissions, or set {HOME_VARIABLE}."
        return Check("state folder", "fail", f"{home} cannot be written", hint)
    with _probe(home) as probe:
        probe.write_bytes(b"windlass")
        probe.replace(probe.with_suffix(".moved"))
        probe.with_suffix(".moved").unlink()
    return Check("state folder", "ok", f"{home} can be written")


def _sqlite(project: Project) -> Check:
    told = f"SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info < _SQLITE:
        return Check("sqlite", "fail", told, "Windlass needs 3.35 or newer; use a newer Python.")
    home = project.make_home()
    if not os.access(home, os.W_OK):  # which the check of the folder has told
        return Check("sqlite", "ok", told)
    if not _shares_a_database(home):
        return Check(
            "sqlite",
            "fail",
            f"{told}: processes cannot share a database in {home}",
            "Set WINDLASS_HOME to a folder on a local disk, or name PostgreSQL in a stack.",
        )
    kind = file_system(home)
    if kind in _SHARED:
        hint = "SQLite is safe on local disks only; name PostgreSQL in a stack for a shared one."
        return Check("sqlite", "warn", f"{told} on a network file system ({kind})", hint)
    return Check("sqlite", "ok", f"{told}, with a write-ahead log")


def _shares_a_database(home: Path) -> bool:
    """Whether a write-ahead log works: one connection reads what another has just written."""
    with _probe(home) as file:
        writer, reader = sqlite3.connect(file), sqlite3.connect(file)
        try:
            mode = writer.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            writer.execute("CREATE TABLE probe (x)")
            writer.execute("INSERT INTO probe VALUES (1)")
            writer.commit()
            return bool(mode == "wal" and reader.execute("SELECT x FROM probe").fetchone() == (1,))
        except sqlite3.Error:
            return False
        finally:
            reader.close()
            writer.close()


def _disk(project: Project) -> Check:
    home = project.make_home()
    free = shutil.disk_usage(home).free
    told = f"{free / 2**30:,.1f} GiB free for {home}"
    if free >= _DISK_WARN:
        return Check("disk", "ok", told)
    hint = "Make room, or keep artifacts elsewhere: artifacts = … in a stack of windlass.toml."
    return Check("disk", "warn" if free >= _DISK_FAIL else "fail", told, hint)


def _clock(project: Project) -> Check:
    home, skew = project.make_home(), 0.0
    if os.access(home, os.W_OK):
        with _probe(home) as probe:
            probe.touch()
            skew = probe.stat().st_mtime - time.time()
    now = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    if abs(skew) > _SKEW:
        hint = "Set both clocks by NTP; times of runs and leases would be wrong."
        return Check("clock", "warn", f"the disk's clock differs by {skew:+.0f} seconds", hint)
    if time.gmtime().tm_year < 2024:
        return Check(
            "clock", "warn", f"it is {now}", "Set the clock: times of runs would be wrong."
        )
    return Check("clock", "ok", now)


def _tool(name: str, hint: str) -> Check:
    beside = Path(sys.executable).parent  # of a virtual environment that is not activated
    path = shutil.which(name) or shutil.which(name, path=str(beside))
    if path is None:
        return Check(name, "warn", "not installed", hint)
    done = subprocess.run(
        [path, "--version"], capture_output=True, text=True, timeout=20, check=False
    )
    if done.returncode:
        return Check(name, "warn", f"{path} --version fails: {done.stderr.strip()}", hint)
    return Check(name, "ok", done.stdout.strip())


def file_system(folder: Path) -> str | None:
    """The kind of file system that a folder is on; None where that cannot be told."""
    try:
        lines = Path("/proc/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return None
    mounts = [line.split(" ")[1:3] for line in lines if line.count(" ") >= 3]
    above = [(point, kind) for point, kind in mounts if folder.is_relative_to(_unescaped(point))]
    return max(above, key=lambda mount: len(mount[0]))[1] if above else None


def _unescaped(point: str) -> str:
    return point.replace("\\040", " ").replace("\\011", "\t")


@contextmanager
def _probe(folder: Path) -> Iterator[Path]:
    """A file name in a folder for a trial; nothing of it stays."""
    probe = folder / f"doctor-{os.getpid()}.probe"
    try:
        yield probe
    finally:
        for name in (probe.name, f"{probe.name}-wal", f"{probe.name}-shm"):
            with contextlib.suppress(OSError):
                (folder / name).unlink()
