"""Images for production: upon that of a locked environment, a few files and how to start.

They run as a user without rights, who may write in the state folder alone, which is a volume.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from windlass.errors import ConfigError
from windlass.hashing import digest
from windlass.provenance.lock import Lock
from windlass.stacks.settings import ImageSettings
from windlass.targets.container.engine import Engine, find_engine
from windlass.targets.container.image import ready_image, ready_upon, refuse_base
from windlass.targets.container.options import Options
from windlass.targets.container.recipe import PYTHON

VERSION = 1
"""Of how images are made: raise it when one of the same contents would be another."""

STATE = "/var/lib/windlass"
"""The state folder of an image: the prediction log, logs of runs, copies."""
PROJECT = "/srv"
"""The project's folder in an image."""
RELEASES = "/opt/release"
"""Where an image has the release that it brings along."""
PORT = 8080

_USER = 10001
_LIBRARIES = f"{Path(PYTHON).parents[1]}/lib"
_STANDARD = f"""$({PYTHON} -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"""
_PROGRAM = PYTHON.replace("bin/python", "bin/windlass")
_ASK = (
    "import urllib.request as r; "
    f"r.urlopen('http://127.0.0.1:{PORT}/v2/health/ready', timeout=4)"  # raises if it is not
)
HEALTH = (PYTHON, "-I", "-S", "-c", _ASK)
"""The command that tells whether a server in the same container is ready."""

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?"
_TAG = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?")


@dataclass(frozen=True, slots=True)
class Contents:
    """What an image has beside its environment.

    Args:
        title: What it is called, such as the model's name.
        sums: Digests of all that `write` writes.
        write: Writes the folders ``srv`` and ``release``, each if there is need of it.
        command: What windlass is told when a container starts.
        labels: What is told of it.
        serves: Whether it is a server's: it has a port then, and a healthcheck.
        check: The command that tells, while it is built, whether it does what it is for.
    """

    title: str
    sums: Sequence[str]
    write: Callable[[Path], None]
    command: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    serves: bool = False
    check: Sequence[str] = ()


def engine_for(what: str, settings: ImageSettings) -> Engine:
    """The engine that builds images.

    Raises:
        ConfigError: There is none, it does not answer, or it is too old.
    """
    return find_engine(settings.engine, what, "do it on a machine that has one")


def check_tags(tags: Sequence[str]) -> None:
    """Refuses what cannot be the name of an image.

    Raises:
        ConfigError: One is none.
    """
    for tag in tags:
        if _TAG.fullmatch(tag) is None:
            raise ConfigError(
                f"{tag!r} cannot be the name of an image",
                hint="In lower case, such as registry.example/team/delay:3; or leave it out.",
            )


def environment_image(
    engine: Engine,
    settings: ImageSettings,
    lock: Lock,
    wheel: Path,
    root: Path,
    tell: Callable[[str], None],
) -> str:
    """The name of the image of a locked environment, which is built if it is not there.

    Raises:
        ConfigError: It cannot be built, or its base cannot be had.
        LockError: Something in the lock cannot be had.
    """
    lock.refuse_missing()
    base = Options(base=settings.base).base_for(lock.python)
    refuse_base(engine, base)
    return ready_image(engine, lock, wheel, base, root, tell)


def ready(
    engine: Engine,
    base: str,
    contents: Contents,
    tags: Sequence[str],
    tell: Callable[[str], None],
) -> str:
    """The name of an image, which is built if it is not there; it is given the tags, too.

    Args:
        engine: What builds it.
        base: The image of its environment.
        contents: What else is in it.
        tags: Further names.
        tell: Says what takes time.

    Raises:
        ConfigError: It cannot be built, or not be named so.
    """
    text = _containerfile(base, contents)
    name = f"localhost/windlass-{slug(contents.title)}"
    name += f":{digest('production image', VERSION, text, *contents.sums)[:32]}"

    def write(folder: Path) -> None:
        tell(f"building the image of {contents.title}")
        for each in ("srv", "release"):
            (folder / each).mkdir()
        contents.write(folder)
        _let_all_read(folder)
        (folder / "Containerfile").write_text(text)

    ready_upon(engine, name, write)
    for tag in tags:
        engine.tag(name, tag)
    return name


def _containerfile(base: str, contents: Contents) -> str:
    told = contents.labels.items()
    user = f"windlass:x:{_USER}:{_USER}::{STATE}:/usr/sbin/nologin"
    lines = [
        f"FROM {base}",
        # Whoever runs it may write no bytecode, and would compile all of it at every start.
        f"RUN {PYTHON} -m compileall -q -j 0 {_LIBRARIES} {_STANDARD} || true",
        *(f"LABEL {json.dumps(name)}={json.dumps(value)}" for name, value in told),
        f"RUN echo {user} >> /etc/passwd && mkdir -p {STATE} && chown {_USER}:{_USER} {STATE}",
        f"COPY srv/ {PROJECT}/",
        f"COPY release/ {RELEASES}/",
        f"ENV WINDLASS_HOME={STATE} HOME={STATE} PYTHONUNBUFFERED=1 LC_ALL=C.UTF-8",
        f"ENV PATH={Path(PYTHON).parent}:/usr/local/bin:/usr/bin:/bin",
        f"WORKDIR {PROJECT}",
        f"USER {_USER}:{_USER}",
        f"VOLUME {STATE}",
    ]
    if contents.check:
        lines.append(f"RUN {shlex.join(contents.check)}")
    if contents.serves:
        lines.append(f"EXPOSE {PORT}")
        how = "--interval=10s --timeout=5s --start-period=60s --retries=3"
        lines.append(f"HEALTHCHECK {how} CMD {json.dumps(HEALTH)}")
    lines.append(f"ENTRYPOINT {json.dumps([_PROGRAM, *contents.command])}")
    return "\n".join([*lines, ""])


def _let_all_read(folder: Path) -> None:
    """Whatever this user's own habits are: another user reads these files."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            is_program = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_program else 0o644)


def slug(title: str) -> str:
    """A title as the names of images and of compose's projects allow it."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "project"
