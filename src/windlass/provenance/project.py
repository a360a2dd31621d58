"""The project that a pipeline belongs to, and the folder in which its state lives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from windlass.errors import ConfigError

CONFIG = "windlass.toml"
MARKERS = (CONFIG, "pyproject.toml")
HOME = ".windlass"
HOME_VARIABLE = "WINDLASS_HOME"


@dataclass(frozen=True, slots=True)
class Project:
    """A project: what is run and recorded together.

    Args:
        root: The folder that holds its code.
        home: The folder that holds its state; it may not exist yet, see `make_home`.
        config: Its ``windlass.toml``; None where it has none.
    """

    root: Path
    home: Path
    config: Path | None = None

    @property
    def cache(self) -> Path:
        """The folder of what can be worked out again."""
        return self.home / "cache"

    def make_home(self) -> Path:
        """Makes the state folder, which git ignores, if it is not there; returns it.

        Raises:
            ConfigError: It cannot be made.
        """
        ignore = self.home / ".gitignore"
        if ignore.exists():
            return self.home
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            ignore.write_text("*\n")
        except OSError as error:
            raise ConfigError(
                f"the folder {self.home} for runs and artifacts cannot be made: {error.strerror}",
                hint=f"Set {HOME_VARIABLE} to a folder that can be written.",
            ) from error
        return self.home


def find_project(start: Path) -> Project:
    """The project around a file or folder; nothing is written.

    Its root is the nearest folder upwards with a ``windlass.toml`` or ``pyproject.toml``, else the
    folder itself.

    Args:
        start: A pipeline's file, or the folder to begin in.
    """
    start = start.resolve()
    folder = start.parent if start.is_file() else start
    root = next((each for each in (folder, *folder.parents) if is_marked(each)), folder)
    config = root / CONFIG
    return Project(root, _home(root), config if config.is_file() else None)


def is_marked(folder: Path) -> bool:
    """Whether a folder says by a file in it that it is the root of a project."""
    return any((folder / marker).is_file() for marker in MARKERS)


def _home(root: Path) -> Path:
    named = os.environ.get(HOME_VARIABLE)
    return Path(named).expanduser().absolute() if named else root / HOME
