"""What is brought up together in production: which stores, models, secrets and files.

A store that is on this machine's disk alone gets a place of its own there: the record a PostgreSQL,
the artifacts a volume. Stores elsewhere stay where they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from windlass.artifacts.reaching import package_for
from windlass.errors import ConfigError
from windlass.provenance import secrets
from windlass.provenance.project import Project
from windlass.serving.settings import named_models
from windlass.stacks.models import ModelSettings
from windlass.stacks.settings import Settings, StackSettings
from windlass.stacks.stack import is_local, is_url
from windlass.stacks.toml import did_you_mean

PASSWORD = "POSTGRES_PASSWORD"  # noqa: S105 - the name of a variable

_HERE = ("localhost", "127.0.0.1", "::1", "")
_OF_BUCKETS = {
    "s3": (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
    ),
    "azure": ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"),
}
"""How a bucket's client finds its credentials, by our extra for it."""
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Whole:
    """What is brought up.

    Args:
        root: The project's folder.
        stack: What ``windlass.toml`` says of its default stack.
        models: The models that are served, with what it says of them.
        aliases: What is followed of each.
    """

    root: Path
    stack: StackSettings
    models: Mapping[str, ModelSettings]
    aliases: Mapping[str, str]

    @property
    def brings_database(self) -> bool:
        """Whether the record gets a database: it is on this machine alone, or nowhere yet."""
        written = self.stack.records
        if written is None or (not is_url(written) and not secrets.is_reference(written)):
            return True
        # Whatever a reference in an address stands for: it is a user, or a password.
        plain = re.sub(r"\$\{[^}]*\}", "x", written)
        return is_url(plain) and (is_local(plain) or urlsplit(plain).hostname in _HERE)

    @property
    def brings_volume(self) -> bool:
        """Whether the artifacts get a volume: they are on this machine's disk alone."""
        written = self.stack.artifacts
        return written is None or (is_local(written) and not secrets.is_reference(written))

    @property
    def extras(self) -> tuple[str, ...]:
        """Those of Windlass that are needed in it."""
        found = {package_for(each)[0] for each in self._addresses()}
        return tuple(sorted({"serve", "postgresql", *found} - {""}))

    def required(self) -> list[str]:
        """Variables that must be set by whoever brings it up."""
        found = [name for kind, name in self._references() if kind == "env"]
        return [PASSWORD, *found] if self.brings_database else found

    def optional(self) -> list[str]:
        """Variables by which a bucket is reached; how, is its owner's choice."""
        extras = dict.fromkeys(package_for(each)[0] for each in self._addresses())
        found = [name for extra in extras for name in _OF_BUCKETS.get(extra, ())]
        return [name for name in found if name not in self.required()]

    def seen(self) -> list[str]:
        """Files and folders of the machine that are only read: data that begin turns, secrets."""
        data = [each for told in self.models.values() for each in told.triggers.data]
        files = [name for kind, name in self._references() if kind == "file"]
        return list(dict.fromkeys(each for each in (*map(_still, data), *files) if each))

    def _addresses(self) -> list[str]:
        logs = [each.serving.log or "" for each in self.models.values()]
        return [self.stack.artifacts or "", *logs]

    def _references(self) -> Iterator[tuple[str, str]]:
        told = [*self._addresses(), *_texts(self.stack.storage)]
        told += [each.monitor.webhook or "" for each in self.models.values()]
        if not self.brings_database:
            told.append(self.stack.records or "")
        yield from dict.fromkeys(each for text in told for each in secrets.references(text))


def _still(pattern: str) -> str:
    """The folder in which a pattern looks, or the file that it names."""
    parts = PurePosixPath(pattern).parts
    wild = next((i for i, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return os.path.join(*parts[:wild]) if wild else ""  # noqa: PTH118 - of a text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)


def whole_of(project: Project, settings: Settings, names: Sequence[str]) -> Whole:
    """What is brought up for a project.

    Args:
        project: The project.
        settings: What its ``windlass.toml`` says.
        names: Models, such as ``delay`` or ``delay@challenger``; none for all that it describes.

    Raises:
        ConfigError: It describes no model, or not that one.
    """
    described = settings.models
    aliases = named_models(names or [*described])
    if not aliases:
        raise ConfigError(
            "windlass.toml describes no model that could be brought up",
            hint="Say what makes it, and when: [models.NAME] and [models.NAME.triggers].",
        )
    for name in aliases:
        if name not in described:
            raise ConfigError(
                f"windlass.toml describes no model '{name}'",
                hint=f"{did_you_mean(name, described)} Or describe it: [models.{name}].",
            )
    _, stack = settings.stack()
    return Whole(project.root, stack, {name: described[name] for name in aliases}, aliases)
