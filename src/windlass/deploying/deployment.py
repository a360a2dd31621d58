"""The image of one deployment: a release, what serves it, and what that needs.

It serves without any store. Where a container of it is told of a record (``WINDLASS_RECORDS``,
``WINDLASS_ARTIFACTS``) it follows the alias there, and what it has brought along is for a start
while that cannot be reached.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from windlass.artifacts.reaching import package_for
from windlass.deploying.code import lay_present, lay_recorded, modules_of
from windlass.deploying.image import (
    PORT,
    PROJECT,
    RELEASES,
    STATE,
    Contents,
    check_tags,
    engine_for,
    environment_image,
    ready,
)
from windlass.deploying.inside import serving_of, settings_text
from windlass.deploying.needs import needs_of
from windlass.errors import ConfigError
from windlass.execution.job import open_job
from windlass.execution.stores import open_recorded
from windlass.hashing import digest
from windlass.models.naming import find_version
from windlass.models.version import Version
from windlass.provenance.bundle import Bundle, capture_bundle, read_bundle
from windlass.provenance.environment import Environment, capture_environment, read_environment
from windlass.provenance.locks import part_lock
from windlass.provenance.project import CONFIG
from windlass.serving.releases import Release, fetch, packed, packed_name
from windlass.serving.settings import ServerSettings
from windlass.stacks.settings import Settings, load_settings
from windlass.stacks.stack import Stack
from windlass.targets.container.recipe import PYTHON
from windlass.targets.locked import clients_of
from windlass.targets.locks import running_wheel


@dataclass(frozen=True, slots=True)
class Built:
    """The image of a deployment.

    Args:
        image: Its name, a digest of what is in it.
        tags: Further names.
        version: The version in it, such as ``delay@3``.
        release: The digest of its release.
        run: The command that starts a container of it.
    """

    image: str
    tags: tuple[str, ...]
    version: str
    release: str
    run: str


def build_deployment(
    settings: ServerSettings, tags: Sequence[str], tell: Callable[[str], None]
) -> Built:
    """Builds the image of a deployment, if it is not there.

    Args:
        settings: What is served, and how; its port is that of this machine in `Built.run`.
        tags: Further names of it.
        tell: Says what takes time.

    Raises:
        ConfigError: Several models are named, or it cannot be built.
        NotFoundError: There is no such model, version or alias.
        ModelError: The version cannot be loaded here.
        LockError: A package that it needs cannot be had.
    """
    check_tags(tags)
    model, which = _only(settings)
    stack, project = settings.stack, settings.stack.project
    said = load_settings(project)
    engine = engine_for("an image", said.image)
    stores = open_recorded(stack)
    row = find_version(stores.records, f"{model}@{which}")
    version = Version(row, stores)
    release = fetch(version, project.cache / "releases")
    made_in = _made_in(version, stack)
    needs = needs_of(release, version, made_in)
    wheel = running_wheel(stores, project)
    clients = [*clients_of(stack).values(), package_for(serving_of(model, said).log or "")]
    extras = sorted({"serve", *(extra for extra, _ in clients if extra)})
    lock = part_lock(stores.records, made_in, needs.packages, wheel, extras, folder=project.root)
    lock = replace(lock, system=said.environment.system)
    base = environment_image(engine, said.image, lock, wheel, project.root, tell)
    contents = _contents(settings, version, release, said, code=needs.code)
    image = ready(engine, base, contents, tags, tell)
    ports = f"-p 127.0.0.1:{settings.port or PORT}:{PORT}"
    volume = f" -v {model}-predictions:{STATE}" if settings.log else ""
    run = f"{engine.kind} run --rm {ports}{volume} {tags[0] if tags else image}"
    return Built(image, tuple(tags), version.name, contents.labels["windlass.release"], run)


def _only(settings: ServerSettings) -> tuple[str, str]:
    if len(settings.models) > 1:
        raise ConfigError(
            "an image is of one deployment, and several models are named",
            hint="Build one for each of them; or let all be served: windlass compose",
        )
    return settings.models[0]


def _made_in(version: Version, stack: Stack) -> Environment:
    """The environment that a version was made in: that of its run, or else the present one."""
    if version.row.run is None:
        return capture_environment(stack.project.root, stack.project.cache)
    records = version.stores.records
    plan = open_job(version.row.run, version.stores).plan
    return read_environment(json.loads(records.environment(plan.environment)))


def _contents(
    settings: ServerSettings, version: Version, release: Release, said: Settings, *, code: bool
) -> Contents:
    model, which = settings.models[0]
    root = version.stores.project
    bundle, lay = _code(version, settings.stack) if code else (None, None)
    folders = [*_folders(release, root)] if code else []
    name, told = packed_name(release, folders), settings_text(model, said, settings.stack)

    def write(folder: Path) -> None:
        if lay is not None:
            lay(folder / "srv")
        (folder / "srv" / CONFIG).write_text(told, encoding="utf-8")
        packed(release, folder / "release", folders)

    followed = model if which == "champion" else f"{model}@{which}"
    return Contents(
        title=model,
        sums=[name, digest("settings", told), bundle.digest if bundle else ""],
        write=write,
        command=[
            *("serve", f"{model}@{which}", "--release", f"{RELEASES}/{name}"),
            *("--host", "0.0.0.0", "--port", str(PORT)),  # noqa: S104 - a container is its own
            *_options(settings),
        ],
        labels={
            "org.opencontainers.image.title": followed,
            "org.opencontainers.image.version": str(version.number),
            "windlass.model": version.name,
            "windlass.release": name,
        },
        serves=True,
        check=[PYTHON, "-m", "windlass.deploying.check", f"{RELEASES}/{name}"],
    )


def _code(version: Version, stack: Stack) -> tuple[Bundle, Callable[[Path], None]]:
    """The modules that a version was made with, or the present ones; and what writes them."""
    if version.row.run is None:
        root = stack.project.root
        present = modules_of(capture_bundle(root, stack.project.cache))
        return present, lambda folder: lay_present(present, root, folder)
    plan = open_job(version.row.run, version.stores).plan
    whole = read_bundle(json.loads(version.stores.records.bundle(plan.bundle)))
    found = modules_of(whole)
    return found, lambda folder: lay_recorded(found, version, whole.digest, folder)


def _folders(release: Release, root: Path) -> Iterator[str]:
    """Where the modules of the project lie in the image."""
    for each in release.document["code"]:
        if Path(each).is_relative_to(root.resolve()):
            near = Path(each).relative_to(root.resolve())
            yield str(PROJECT / near)


def _options(settings: ServerSettings) -> Iterator[str]:
    """How it is served, as words of the command line; what is usual is left out."""
    usual = ServerSettings(settings.models, settings.stack)
    told: dict[str, tuple[object, object]] = {
        "--workers": (settings.workers, usual.workers),
        "--token-from": (settings.token, usual.token),
        "--follow": (settings.follow, usual.follow),
        "--queue": (settings.limits.waiting, usual.limits.waiting),
        "--batch-ms": (1000 * settings.limits.latency, 1000 * usual.limits.latency),
    }
    for name, (value, ordinary) in told.items():
        if value != ordinary:
            yield from (name, f"{value:g}" if isinstance(value, float) else str(value))
    for host in settings.hosts:
        yield from ("--allow-host", host)
    if not settings.log:
        yield "--no-log"
