"""What git knows of a folder. Facts for people: nothing of them is hashed.

Git is asked through its command; a folder without git, without commits, or that git refuses to
look at, just has no facts.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

from windlass.provenance.ignore import SECRET_FOLDERS, SECRETS

MAX_DIFF = 256 * 1024
"""Bytes: a longer diff is not kept; the bundle has the code as it was in any case."""

_TIMEOUT = 60.0
# A hook of git, or a tool started by one, sets these, and they would point us at its repository.
_LOCAL_VARIABLES = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
}
_ASKED = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


class GitFacts(TypedDict):
    """The state of a checkout.

    ``commit`` is None before the first commit, ``branch`` is None when detached, ``remote`` is
    free of credentials, and ``dirty`` counts untracked files too. ``diff`` is that of the tracked
    files in the folder to the commit, without those that look like secrets; None where there is
    none, and where it is longer than `MAX_DIFF`: ``diff_bytes`` tells its length.
    """

    commit: str | None
    branch: str | None
    dirty: bool
    remote: str | None
    diff: str | None
    diff_bytes: int


def git_facts(root: Path) -> GitFacts | None:
    """The facts of the checkout that a folder is in; None if there is none."""
    return start_git_facts(root)()


def start_git_facts(root: Path) -> Callable[[], GitFacts | None]:
    """Like `git_facts`, in the background: call what it returns for the result."""
    if not in_checkout(root):
        return lambda: None
    status = start(root, "status", "--porcelain=v2", "--branch", "-z")
    remote = start(root, "config", "-z", "--get-regexp", r"^remote\..*\.url$")
    diff = start(root, *_DIFF)
    return lambda: _facts(finish(status), finish(remote), finish(diff))


_UNTOLD = (*(f"**/{name}" for name in SECRETS), *(f"**/{name}/**" for name in SECRET_FOLDERS))
_DIFF = (
    # A large file is data, of which git then only says that it differs.
    *("-c", "core.bigFileThreshold=1m", "-c", "core.quotePath=false"),
    # `git diff`, unlike `git status`, locks and rewrites the index in spite of GIT_OPTIONAL_LOCKS.
    *("-c", "diff.autoRefreshIndex=false", "diff", "HEAD"),
    *("--no-color", "--no-ext-diff", "--no-textconv", "--relative"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
    *("--", ".", *(f":(exclude,glob){pattern}" for pattern in _UNTOLD)),
)


def in_checkout(root: Path) -> bool:
    """Whether a folder is in something that may be a git checkout, without starting git."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def start(root: Path, *arguments: str) -> subprocess.Popen[bytes] | None:
    """Starts git in a folder; None where there is no git."""
    # A file system monitor is a program that the repository names: it is not ours to start.
    command = ("git", "-c", "core.fsmonitor=false", *arguments)
    kept = {name: value for name, value in os.environ.items() if name not in _LOCAL_VARIABLES}
    try:
        return subprocess.Popen(
            command,
            cwd=root,
            env=kept | _ASKED,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None


def finish(process: subprocess.Popen[bytes] | None) -> bytes | None:
    """What git printed; None where it failed, or was never started."""
    if process is None:
        return None
    try:
        output, _ = process.communicate(timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    return output if process.returncode == 0 else None


def _facts(status: bytes | None, remotes: bytes | None, diff: bytes | None) -> GitFacts | None:
    if status is None:
        return None
    lines = status.decode(errors="replace").split("\0")
    headers = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    commit, branch = headers.get("branch.oid"), headers.get("branch.head")
    return GitFacts(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        dirty=any(line and not line.startswith("# ") for line in lines),
        remote=_remote(remotes),
        diff=diff.decode(errors="replace") if diff and len(diff) <= MAX_DIFF else None,
        diff_bytes=len(diff or b""),
    )


def _remote(listing: bytes | None) -> str | None:
    entries = (listing or b"").decode(errors="replace").split("\0")
    urls = [entry.split("\n", 1) for entry in entries if "\n" in entry]
    urls.sort(key=lambda pair: pair[0] != "remote.origin.url")
    return clean_url(urls[0][1]) if urls else None


def clean_url(url: str) -> str | None:
    """A URL without credentials, query or fragment; None for a path on this machine.

    The user of ``ssh://git@host`` stays, as it is part of the address; that of ``https://`` goes,
    as it may be a token.
    """
    if re.fullmatch(r"[\w.-]+@[\w.-]+:.+", url):  # git@host:path, as ssh has it
        return url
    match = re.fullmatch(r"([\w+.-]+)://(?:([^/]*)@)?([^?#]*).*", url, re.DOTALL)
    if match is None or match[1].endswith("file"):
        return None
    scheme, user, rest = match.groups()
    keeps_user = scheme.endswith("ssh") and user and ":" not in user
    return f"{scheme}://{f'{user}@' if keeps_user else ''}{rest}"
