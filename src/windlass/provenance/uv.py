"""uv, which solves locks and builds environments: where it is, how it is asked, what it says.

It reads its own settings, as anywhere: ``UV_INDEX_URL``, ``[tool.uv]``, a keyring, ``.netrc``. So
private indexes work without a word to Windlass, and nothing of them is in what it hands back.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from windlass.errors import LockError

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The present interpreter's minor version."""

_OF_ELSEWHERE = {
    *("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON"),
    *("UV_PROJECT_ENVIRONMENT", "UV_SYSTEM_PYTHON", "UV_NO_VERIFY_HASHES"),
}
"""Variables that would point uv at another environment than the one that is meant."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"`)]+", re.IGNORECASE)
_PLACES = ("UV_FIND_LINKS", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX")
_NOISE = re.compile(
    r"^(warning: .*|Using .*|Resolved \d.*|\s*(help|hint): .*|Traceback .*)$\n?", re.MULTILINE
)
_MOST_LINES = 8
_OF_INDEXES = re.compile(
    r"^\s*(\[\[tool\.uv\.index|(extra-)?index(-url|-strategy)?\b|find-links|keyring-provider)",
    re.MULTILINE,
)


def find_uv() -> str:
    """The path of uv: of its package, which is installed with Windlass, or of the command.

    Raises:
        LockError: There is none.
    """
    try:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise LockError(
            "environments are solved and built by uv, which is not installed",
            hint="Install it: pip install uv.",
        )
    return found


def run_uv(*arguments: str, folder: Path | None = None, text: str | None = None) -> str:
    """What uv prints.

    Args:
        arguments: What it is asked.
        folder: Where it is started: it looks for settings there and above.
        text: What it reads on its standard input.

    Raises:
        LockError: It refuses; the message is what it said, without any address.
    """
    done = subprocess.run(
        [find_uv(), *arguments],
        cwd=folder,
        env=_variables(),
        input=text or "",
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise LockError(
            _words(done.stderr, text or "") or f"uv ended with exit code {done.returncode}"
        )
    return done.stdout


def find_python(version: str) -> str:
    """An interpreter of a minor version on this machine; the version itself if uv must bring it.

    pyenv's shims are looked through: one of a version that is not chosen only fails.
    """
    if version == PYTHON:
        return sys.executable
    try:
        asked = ("python", "find", "--system", "--no-project", "--no-python-downloads", version)
        return run_uv(*asked).strip()
    except LockError:
        return version


def no_python(version: str, error: LockError) -> LockError:
    """The error of a Python that neither this machine has nor uv could bring."""
    return LockError(
        f"there is no Python {version} on this machine, and uv brought none: {error.message}",
        hint=f"Install it: uv python install {version}.",
    )


def index_folder(root: Path | None) -> Path:
    """Where to start uv for what is not the project's own environment.

    It is the project's folder if its settings tell of indexes. Else it is none: they may also
    override versions, which was not so when a run was recorded, and is not asked of others.
    """
    if root is None:
        return Path("/")
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(errors="replace") if pyproject.is_file() else ""
    if (root / "uv.toml").is_file() or ("[tool.uv" in text and _OF_INDEXES.search(text)):
        return root
    return Path("/")


def clean_words(text: str, known: str = "") -> str:
    """A text of uv without addresses of indexes and paths of links, which may be private.

    Args:
        text: What it says.
        known: What it was given; addresses in that are told.
    """
    text = _ADDRESS.sub(lambda found: found[0] if found[0] in known else "…", text)
    for name in _PLACES:
        for place in os.environ.get(name, "").replace(",", " ").split():
            text = text.replace(place, "…")
    return text


def _variables() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OF_ELSEWHERE}
    path = os.pathsep.join(_search_path(kept.get("PATH", "")))
    return kept | {"PATH": path, "NO_COLOR": "1", "UV_NO_PROGRESS": "1", "LC_ALL": "C.UTF-8"}


def _search_path(path: str) -> list[str]:
    """The folders of ``PATH``, with pyenv's versions in the place of its shims."""
    folders = path.split(os.pathsep)
    shims = [each for each in folders if each.endswith("/shims")]
    versions = [found for each in shims for found in Path(each).parent.glob("versions/3.*/bin")]
    return [each for each in folders if each not in shims] + [str(each) for each in versions]


def _words(text: str, known: str) -> str:
    """What uv said, in a sentence."""
    lines = [line.strip() for line in _NOISE.sub("", clean_words(text, known)).splitlines()]
    told = [re.sub(r"^(error|cause): ", "", line).rstrip(".:") for line in lines if line]
    return ": ".join(told[:_MOST_LINES])
