"""What ``windlass.toml`` says.

default = "team"                       # the stack used where none is named

[run]                                  # what a run does where its options do not say
keep_going = false                     # finish what does not depend on a failure
workers = 4                            # steps at once; the processor's cores if not given
memory = "8GiB"                        # memory that steps may ask for together
system_metrics = true                  # measure processor, memory and GPUs while steps run

[environment]                          # that of the project's dependencies
python = "3.12"                        # Python's minor version; the present one if not given
system = ["libgomp1"]                  # of the operating system, for targets that build images

[environments.gpu]                     # for @step(environment="gpu")
requirements = ["torch==2.4.0"]        # or: extras = ["gpu"], or: file = "gpu-requirements.txt"

[image]                                # of what `serve --container` and `compose` build
engine = "podman"                      # or "docker"; the first of them that is there, if not given
base = "docker.io/library/python:3.12-slim"  # Python's own, slim, if not given

[models.delay]                         # see `windlass.stacks.models`

[stacks.team]
target = "local"                       # where plans run
artifacts = "s3://bucket/windlass"     # a URL, or a path from this file's folder
records = "${env:DATABASE_URL}"        # a URL, or a path from this file's folder
tracker = "mlflow:http://host:5000"    # where experiments are shown besides the record, or "none"
durable = false                        # survive loss of power, not only of processes
trust_pickle = false                   # read pickles from its artifact store
cache = "20GiB"                        # what is kept here of an artifact store elsewhere, at most

[stacks.team.storage]                  # whatever fsspec's file system of that URL takes
endpoint_url = "https://minio.example"

[stacks.team.options]                  # whatever its target takes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError, DefinitionError
from windlass.pipeline.settings import parse_memory
from windlass.provenance.project import Project
from windlass.provenance.wanted import Wanted
from windlass.stacks.environments import environment_of, environments_of
from windlass.stacks.models import ModelSettings, model_settings
from windlass.stacks.toml import Document, Key, did_you_mean, read_document

BUILT_IN = "default"
"""The stack that is always there: this machine, and the project's own state folder."""

NO_TRACKER = "none"

ENGINES = ("podman", "docker")
"""What makes containers and images, in the order in which it is looked for."""

_TOP = ("default", "run", "stacks", "environment", "environments", "image", "models")
_RUN = ("keep_going", "workers", "memory", "system_metrics")
_STACK = (
    *("target", "artifacts", "records", "tracker"),
    *("durable", "trust_pickle", "cache", "storage", "options"),
)


@dataclass(frozen=True, slots=True)
class RunDefaults:
    """What a run does where its options do not say.

    Args:
        keep_going: Whether it finishes what does not depend on a failure.
        workers: How many steps run at once; None for as many as there are cores.
        memory: Memory that steps may ask for together, in bytes; None for no limit.
        system_metrics: Whether processor, memory and GPUs are measured while steps run.
    """

    keep_going: bool = False
    workers: int | None = None
    memory: int | None = None
    system_metrics: bool = True


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """How images for production are built.

    Args:
        engine: ``podman`` or ``docker``; None for the first that is there.
        base: The image that they are built on; None for Python's own, slim.
    """

    engine: str | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True)
class StackSettings:
    """A stack as it is written: nothing resolved, None where nothing is said."""

    target: str = "local"
    artifacts: str | None = None
    records: str | None = None
    tracker: str = NO_TRACKER
    durable: bool = False
    trust_pickle: bool | None = None
    cache: int | None = None
    storage: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``windlass.toml`` says.

    Args:
        default: The stack used where none is named.
        run: What a run does where its options do not say.
        stacks: By name; the built-in one always among them.
        environment: What is said of the project's environment.
        environments: Those that single steps may ask for, by name.
        image: How images for production are built.
        models: What is said of models, by their names.
        file: Where it was read; None where there is no file.
    """

    default: str = BUILT_IN
    run: RunDefaults = RunDefaults()
    stacks: Mapping[str, StackSettings] = field(default_factory=lambda: {BUILT_IN: StackSettings()})
    environment: Wanted = field(default_factory=Wanted)
    environments: Mapping[str, Wanted] = field(default_factory=dict)
    image: ImageSettings = ImageSettings()
    models: Mapping[str, ModelSettings] = field(default_factory=dict)
    file: Path | None = None

    def stack(self, name: str | None = None) -> tuple[str, StackSettings]:
        """A stack by its name, or the default one.

        Raises:
            ConfigError: There is none of that name.
        """
        name = name or self.default
        if name not in self.stacks:
            raise ConfigError(
                f"there is no stack '{name}' in {self.file or 'this project'}",
                hint=f"{did_you_mean(name, self.stacks)} Or describe it: [stacks.{name}] in"
                " windlass.toml.",
            )
        return name, self.stacks[name]

    def wanted(self, environment: str, step: str) -> Wanted:
        """An environment by its name.

        Args:
            environment: Its name.
            step: The step that asks for it.

        Raises:
            ConfigError: There is none of that name.
        """
        if environment not in self.environments:
            known = (
                f"{did_you_mean(environment, self.environments)} Or describe"
                if (self.environments)
                else "Describe"
            )
            raise ConfigError(
                f"'{step}' asks for the environment '{environment}', which no windlass.toml of "
                "this project describes",
                hint=f'{known} it: [environments.{environment}], requirements = ["…"].',
            )
        return self.environments[environment]


def load_settings(project: Project) -> Settings:
    """The settings of a project; all at their defaults where it has no ``windlass.toml``.

    Raises:
        ConfigError: The file cannot be read or is wrong; the message names the line.
    """
    if project.config is None:
        return Settings()
    return _settings(read_document(project.config))


def _settings(document: Document) -> Settings:
    document.allow((), _TOP)
    written = {name: _stack(document, name) for name in document.table(("stacks",))}
    stacks = {BUILT_IN: StackSettings()} | written
    default = document.get((), "default", str, BUILT_IN)
    if default not in stacks:
        raise document.error(
            ("default",), f"there is no stack '{default}'", did_you_mean(default, stacks)
        )
    return Settings(
        default,
        _run(document),
        stacks,
        environment_of(document),
        environments_of(document),
        _image(document),
        {name: model_settings(document, name) for name in document.table(("models",))},
        document.file,
    )


def _run(document: Document) -> RunDefaults:
    table = ("run",)
    document.allow(table, _RUN)
    run = RunDefaults(
        keep_going=document.get(table, "keep_going", bool, False),
        workers=document.get(table, "workers", int, 0) or None,
        memory=_memory(document, (*table, "memory")),
        system_metrics=document.get(table, "system_metrics", bool, True),
    )
    if "workers" in document.table(table) and (run.workers or 0) < 1:
        raise document.error((*table, "workers"), "'run.workers' must be 1 or more")
    return run


def _image(document: Document) -> ImageSettings:
    table = ("image",)
    document.allow(table, ImageSettings.__slots__)
    engine = document.get(table, "engine", str, "") or None
    if engine not in (None, *ENGINES):
        raise document.error(
            (*table, "engine"), f"engine = {engine!r} is not known", did_you_mean(engine, ENGINES)
        )
    return ImageSettings(engine, document.get(table, "base", str, "") or None)


def _memory(document: Document, key: Key) -> int | None:
    text = document.get(key[:-1], key[-1], str, "")
    try:
        return parse_memory(text) if text else None
    except DefinitionError as error:
        raise document.error(key, f"{key[-1]} = {text!r} is not a size", error.hint) from error


def _stack(document: Document, name: str) -> StackSettings:
    table = ("stacks", name)
    document.allow(table, _STACK)
    said = document.table(table)
    return StackSettings(
        target=document.get(table, "target", str, "local"),
        artifacts=document.get(table, "artifacts", str, "") or None,
        records=document.get(table, "records", str, "") or None,
        tracker=document.get(table, "tracker", str, NO_TRACKER),
        durable=document.get(table, "durable", bool, False),
        trust_pickle=document.get(table, "trust_pickle", bool, False)
        if "trust_pickle" in said
        else None,
        cache=_memory(document, (*table, "cache")),
        storage=document.table((*table, "storage")),
        options=document.table((*table, "options")),
    )
