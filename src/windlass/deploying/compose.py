"""The compose file: a database, the server, the watcher, as a person would write it.

It holds no secret: what is ``${…}`` in it is taken from ``.env`` or the environment by those who
bring it up. The sum of its text stands in it, so that a change by hand is found and not lost.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from windlass.deploying.image import HEALTH, PORT, PROJECT, STATE, slug
from windlass.deploying.whole import PASSWORD, Whole
from windlass.errors import ConfigError
from windlass.hashing import digest
from windlass.models.naming import CHAMPION
from windlass.stacks.stack import ARTIFACTS, RECORDS

_SUM = re.compile(r"^# Sum of this file: ([0-9a-f]{16})$", re.MULTILINE)
_HEAD = """\
# {models} in production: {parts}.
# Written by `windlass compose`. Change things in compose.override.yaml, which compose reads too.
# What is ${{…}} or has no value comes from .env beside this file, or from the environment.
# Sum of this file: {sum}

name: {name}

"""
_DATABASE = f"""\
  database:
    image: ${{POSTGRES_IMAGE:-docker.io/library/postgres:17}}
    environment:
      POSTGRES_USER: windlass
      POSTGRES_DB: windlass
      {PASSWORD}: ${{{PASSWORD}:?it stands in .env}}
    ports: ["127.0.0.1:${{POSTGRES_PORT:-5432}}:5432"]  # for windlass on this machine
    volumes: ["database:/var/lib/postgresql/data"]
    healthcheck:
      test: [CMD, pg_isready, --username=windlass, --host=127.0.0.1]
      interval: 5s
      retries: 12
    restart: unless-stopped

"""


def compose_text(whole: Whole, image: str, port: int, folder: Path) -> str:
    """The text of the file.

    Args:
        whole: What is brought up.
        image: That of the project.
        port: That of the server, on the machine that brings it up.
        folder: The folder of the file, where its relative paths begin.
    """
    parts = ["its database"] if whole.brings_database else []
    parts += ["its server", "the watcher that takes its turns"]
    text = "".join(
        [
            _HEAD.format(
                models=", ".join(whole.models),
                parts=", ".join(parts),
                sum="{sum}",
                name=slug(whole.root.name),
            ),
            "x-project: &project\n",
            *_indented(2, _common(whole, image, folder)),
            "\nservices:\n",
            _DATABASE if whole.brings_database else "",
            *_indented(2, _server(whole, port)),
            "\n",
            *_indented(2, _watcher(whole)),
            "\nvolumes:\n",
            "  database:\n" if whole.brings_database else "",
            "  state:\n",
        ]
    )
    return text.replace("{sum}", _sum_of(text))


def write_compose(file: Path, text: str, *, force: bool) -> bool:
    """Writes the file; whether it was another one before.

    Raises:
        ConfigError: It was edited by hand, or is not ours; and it is not to be forced.
    """
    there = _read(file)
    if there == text:
        return False
    if not force:
        refuse_edited(file)
    file.write_text(text, encoding="utf-8")
    return True


def refuse_edited(file: Path) -> None:
    """Refuses a file that somebody has edited since it was written, or has written himself.

    Raises:
        ConfigError: It is one.
    """
    there = _read(file)
    if there is None:
        return
    told = _SUM.search(there)
    if told is None:
        raise ConfigError(
            f"{file} is there, and was not written by windlass",
            hint="Choose another name: -o compose.windlass.yaml; or write over it: --force",
        )
    if told[1] != _sum_of(there.replace(told[1], "{sum}", 1)):
        raise ConfigError(
            f"{file} was edited by hand since it was written",
            hint="Move your changes to compose.override.yaml, which compose reads too, and write "
            "it anew: --force; or beside it: -o FILE",
        )


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""


def _sum_of(text: str) -> str:
    return digest("compose", text)[:16]


def _common(whole: Whole, image: str, folder: Path) -> Iterator[str]:
    yield f"image: {image}"
    yield "environment:"
    yield from _indented(2, _variables(whole), end="")
    yield "volumes:"
    yield f"  - state:{STATE}"
    for path in whole.seen():
        here = os.path.relpath(whole.root / path, folder)
        there = path if Path(path).is_absolute() else f"{PROJECT}/{path}"
        yield f"  - {path if Path(path).is_absolute() else './' + here}:{there}:ro"
    if whole.brings_database:
        yield "depends_on:"
        yield "  database: {condition: service_healthy}"
    yield "stop_grace_period: 30s  # for answers, and for the end of a turn to be recorded"
    yield "restart: unless-stopped"


def _variables(whole: Whole) -> Iterator[str]:
    if whole.brings_database:
        yield f"{RECORDS}: postgresql://windlass:${{{PASSWORD}}}@database/windlass"
    if whole.brings_volume and whole.stack.artifacts is not None:
        yield f"{ARTIFACTS}: {STATE}/artifacts"
    for name in whole.required():
        if name != PASSWORD:
            yield f"{name}: ${{{name}:?set it in .env}}"
    for name in (*whole.optional(), "WINDLASS_TOKEN"):
        yield f"{name}:"  # handed on where it is set, and not set to nothing where it is not


def _server(whole: Whole, port: int) -> Iterator[str]:
    served = [
        name if alias == CHAMPION else f"{name}@{alias}" for name, alias in whole.aliases.items()
    ]
    yield "server:"
    yield "  <<: *project"
    yield f"  command: [serve, {', '.join(served)}, --host, 0.0.0.0, --wait]"
    yield f'  ports: ["127.0.0.1:{port}:{PORT}"]  # a proxy that knows your users comes before it'
    yield "  healthcheck:"
    yield f"    test: {json.dumps(['CMD', *HEALTH])}"
    yield "    interval: 10s"
    yield "    start_period: 60s"


def _watcher(whole: Whole) -> Iterator[str]:
    yield "watcher:"
    yield "  <<: *project"
    yield f"  command: [watch, {', '.join(whole.models)}]"


def _indented(by: int, lines: Iterable[str], end: str = "\n") -> Iterator[str]:
    return (f"{' ' * by}{line}{end}" for line in lines)
