"""Files of tests as pytest collects them: an item for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from windlass.errors import WindlassError
from windlass.models.behaviour.reading import is_table, read_sheet
from windlass.models.suites import FOLDER
from windlass.provenance.project import find_project
from windlass.stacks.settings import Settings, load_settings

if TYPE_CHECKING:
    from windlass.models.behaviour.rows import Case, Subject
    from windlass.models.version import Version


def belongs(path: Path, root: Path) -> bool:
    """Whether a file is a table of tests in a folder of release tests.

    Elsewhere a file of such a name is none of ours: Windlass's plugin is there in every project of
    an environment in which it is installed.
    """
    if not is_table(path):
        return False
    if FOLDER in path.parts:
        return True
    project = find_project(root)
    named = [each.tests for each in load_settings(project).models.values() if each.tests]
    return any(path.is_relative_to(project.root / each) for each in named)


class TestTable(pytest.File):
    """A file of tests."""

    __test__ = False

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each row.

        Raises:
            pytest.Collector.CollectError: The file or a row is wrong.
        """
        from windlass.models.behaviour.rows import Subject, read_cases
        from windlass.models.testing.plugin import release_of

        try:
            version = release_of(self.config).candidate
            subject = Subject(version, capabilities_of(version))
            cases = read_cases(read_sheet(self.path), subject)
        except WindlassError as error:
            raise self.CollectError(str(error)) from error
        for case in cases:
            yield TestRow.from_parent(self, name=case.name, callobj=_test_of(case, subject))


class TestRow(pytest.Function):
    """A row of it."""

    __test__ = False

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, None, self.name


def _test_of(case: Case, subject: Subject) -> Callable[..., None]:
    def test(request: pytest.FixtureRequest, evidence: Any) -> None:
        from windlass.models.behaviour.trying import try_case

        evidence(try_case(case, subject, lambda: request.getfixturevalue("holdout")))

    marked: Callable[..., None] = pytest.mark.capability(case.capability)(test)
    return marked


def capabilities_of(version: Version) -> Sequence[str] | None:
    """The capabilities that ``windlass.toml`` names for a model; None if it names none."""
    settings: Settings = load_settings(find_project(version.stores.project))
    found = settings.models.get(version.row.model)
    return None if found is None else found.capabilities
