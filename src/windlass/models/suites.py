"""Where a model's release tests lie, and the digest by which a report is bound to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from windlass.errors import ConfigError
from windlass.hashing import digest, digest_file
from windlass.provenance.project import find_project
from windlass.stacks.settings import load_settings

FOLDER = "release_tests"


def suite_of(root: Path, model: str) -> Path:
    """The folder of a model's release tests.

    That which ``[models.NAME] tests`` in ``windlass.toml`` names; or else ``release_tests/NAME``,
    or ``release_tests``.

    Raises:
        ConfigError: There is none.
    """
    found = _folder(root, model)
    if found is None:
        raise ConfigError(
            f"the model '{model}' has no release tests in {root}",
            hint=f"Write some in {FOLDER}/test_{model}.py; see docs/release_tests.md.",
        )
    return found


def present_suite(root: Path, model: str) -> str | None:
    """The digest of a model's release tests as they are now; None where there are none here."""
    found = _folder(root, model)
    return None if found is None else suite_digest(found, root)


def suite_digest(folder: Path, root: Path) -> str:
    """The digest of all files of a folder of release tests: tests, helpers, tables.

    And of each ``conftest.py`` from there up to the project's folder: pytest reads these too.
    """
    told = [(path.relative_to(folder).as_posix(), digest_file(path)) for path in _files(folder)]
    above = [each / "conftest.py" for each in folder.parents if each.is_relative_to(root)]
    told += [(f"above {n}", digest_file(p)) for n, p in enumerate(above) if p.is_file()]
    return digest("release tests", [[*each] for each in sorted(told)])


def _folder(root: Path, model: str) -> Path | None:
    told = load_settings(find_project(root)).models.get(model)
    if told is not None and told.tests is not None:
        named = root / told.tests
        if not named.is_dir():
            raise ConfigError(
                f"there is no folder {named}, which [models.{model}] names for its tests",
                hint="Make it, or correct windlass.toml.",
            )
        return named
    for each in (root / FOLDER / model, root / FOLDER):
        if each.is_dir():
            return each
    return None


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(p.startswith(".") or p == "__pycache__" for p in parts):
            yield path
