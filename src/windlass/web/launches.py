"""Commands that a page begins: processes of their own, which outlive the server, and their logs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError, NotFoundError
from windlass.execution.liveness import is_of_here, is_process_gone, process
from windlass.records.identity import uuid7
from windlass.stacks.stack import Stack

_FOLDER = "dashboard"
_ID = re.compile(r"[0-9a-f-]{36}")
_MOST_LOG = 200_000


@dataclass(frozen=True)
class Launch:
    """A command of a page.

    Args:
        id: Its own.
        words: What it is called with, after ``windlass``.
        who: Who began it.
        about: The run that it is about.
        started: When, in seconds since 1970, UTC.
        process: The process, as `windlass.execution.liveness.process` tells of it.
        ended: When it ended; None while it goes on, or if nobody was there to see it.
        code: Its exit code, likewise.
    """

    id: str
    words: Sequence[str]
    who: str
    about: str
    started: float
    process: Mapping[str, Any] = field(default_factory=dict)
    ended: float | None = None
    code: int | None = None

    @property
    def goes_on(self) -> bool:
        """Whether its process lives."""
        is_gone = is_of_here(self.process) and is_process_gone(self.process)
        return self.ended is None and not is_gone


def launch(
    stack: Stack, words: Sequence[str], who: str, about: str, sources: Sequence[str] = ()
) -> Launch:
    """Begins a command in the project's folder, and does not wait for it.

    Args:
        stack: Whose project it is.
        words: What it is called with; ``{launch}`` in one stands for the id of this launch.
        who: Who begins it.
        about: The run that it is about.
        sources: Folders of the project that its modules are imported from.

    Raises:
        ConfigError: It cannot be begun.
    """
    found = uuid7()
    told = [word.replace("{launch}", found) for word in words]
    folder = _folder(stack)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        started = _start(stack, told, folder / f"{found}.log", sources)
    except (OSError, ValueError) as error:  # words that are too long, or hold a null character
        raise ConfigError(f"the command cannot be begun: {error}") from error
    made = Launch(found, told, who, about, time.time(), process(started.pid))
    _write(folder, made)
    threading.Thread(target=_see_end, args=(folder, made, started), daemon=True).start()
    return made


def _start(
    stack: Stack, words: Sequence[str], log: Path, sources: Sequence[str]
) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "windlass", *words],
            cwd=stack.project.root,
            env={**os.environ, **_surroundings(stack, sources)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # neither Ctrl-C nor the end of the server is meant for it
        )


def find_launch(stack: Stack, named: str) -> Launch:
    """A launch by its id.

    Raises:
        NotFoundError: There is none.
    """
    path = _folder(stack) / f"{named}.json"
    if _ID.fullmatch(named) is None or not path.is_file():
        raise NotFoundError("nothing of that name was begun from here")
    return Launch(**json.loads(path.read_text(encoding="utf-8")))


def log_of(stack: Stack, launch: Launch) -> str:
    """The end of what it has written."""
    with (_folder(stack) / f"{launch.id}.log").open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _MOST_LOG))
        return file.read().decode("utf-8", errors="replace")


def _folder(stack: Stack) -> Path:
    return stack.logs / _FOLDER


def _surroundings(stack: Stack, sources: Sequence[str]) -> dict[str, str]:
    """Variables by which it finds the modules of the pipeline, and writes what a page can show."""
    root = stack.project.root
    places = [str((root / source).resolve()) for source in sources]
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([*places, *([before] if before else [])])
    told = {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return {**told, "PYTHONPATH": path} if path else told


def _see_end(folder: Path, launch: Launch, started: subprocess.Popen[bytes]) -> None:
    code = started.wait()
    _write(folder, Launch(**{**asdict(launch), "ended": time.time(), "code": code}))


def _write(folder: Path, launch: Launch) -> None:
    partial = folder / f".{launch.id}.{threading.get_ident()}"
    partial.write_text(json.dumps(asdict(launch)), encoding="utf-8")
    partial.replace(folder / f"{launch.id}.json")
