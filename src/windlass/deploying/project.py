"""The image of a project: its code, and its locked environment with what production needs.

The server and the watcher of a compose file are containers of it: what the watcher makes in a turn
the server can load.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from windlass.deploying.code import lay_present, without
from windlass.deploying.env_file import FILE
from windlass.deploying.image import Contents, check_tags, engine_for, environment_image, ready
from windlass.execution.stores import open_stores
from windlass.provenance.bundle import capture_bundle
from windlass.provenance.declaration import find_declaration
from windlass.provenance.environment import capture_environment
from windlass.provenance.lock import Lock
from windlass.provenance.locks import declared_lock, part_lock
from windlass.provenance.project import Project
from windlass.stacks.settings import Settings
from windlass.stacks.stack import Stack
from windlass.targets.locks import running_wheel

_OF_COMPOSE = ("compose*.y*ml", "docker-compose*.y*ml")
"""They name the image; one of their own text would be another one each time."""
_MORE = ("pytest>=8",)
"""What release tests are run by; a project often names it for its developers alone."""


@dataclass(frozen=True, slots=True)
class ProjectImage:
    """The image of a project.

    Args:
        image: Its name, a digest of what is in it.
        engine: What has built it, ``podman`` or ``docker``.
        left_out: What of the project's folder is not in it, each with its reason.
    """

    image: str
    engine: str
    left_out: tuple[str, ...]


def build_project(
    project: Project,
    settings: Settings,
    extras: Sequence[str],
    outside: Sequence[str],
    tags: Sequence[str],
    tell: Callable[[str], None],
) -> ProjectImage:
    """Builds the image of a project's code as it is now, if it is not there.

    Args:
        project: Whose.
        settings: What its ``windlass.toml`` says.
        extras: Those of Windlass that it needs in production.
        outside: Patterns of paths that are not in it: containers see them where they are.
        tags: Further names of the image.
        tell: Says what takes time.

    Raises:
        ConfigError: It cannot be built.
        LockError: What the project requires cannot be solved, or cannot be had.
    """
    check_tags(tags)
    engine = engine_for("a compose file", settings.image)
    lock, wheel = _lock(project, settings, extras)
    base = environment_image(engine, settings.image, lock, wheel, project.root, tell)
    bundle = without(capture_bundle(project.root, project.cache), [*_OF_COMPOSE, *outside])

    def write(folder: Path) -> None:
        lay_present(bundle, project.root, folder / "srv")

    labels = {"org.opencontainers.image.title": project.root.name, "windlass.code": bundle.digest}
    contents = Contents(project.root.name, [bundle.digest], write, labels=labels)
    image = ready(engine, base, contents, tags, tell)
    left_out = tuple(f"{each.path}: {each.reason}" for each in bundle.left_out if each.path != FILE)
    return ProjectImage(image, engine.kind, left_out)


def _lock(project: Project, settings: Settings, extras: Sequence[str]) -> tuple[Lock, Path]:
    """What the project declares, or else what is installed here; and the wheel of Windlass.

    They are kept in the project's own folder: the stores of production may not be up yet.
    """
    stores = open_stores(Stack(name="default", project=project))
    wheel, wanted = running_wheel(stores, project), settings.environment
    declared = find_declaration(project.root, wanted)
    if declared is not None:
        declared = replace(declared, extras=tuple(sorted(extras)), more=_MORE)
        return declared_lock(stores.records, declared, lambda: wheel), wheel
    installed = capture_environment(project.root, project.cache)
    names = [each.name for each in installed.packages]
    lock = part_lock(stores.records, installed, names, wheel, extras, _MORE, project.root)
    return replace(lock, system=wanted.system), wheel
