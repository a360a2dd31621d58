"""The pytest plugin: ``candidate``, ``champion``, ``holdout``, ``reference``, and ``evidence``.

pytest loads it wherever Windlass is installed, so that nothing but pytest is imported here before
a test asks for a model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from windlass.models.testing.evidence import Evidence
    from windlass.models.testing.release import Release
    from windlass.models.version import Version

_MARKERS = (
    "capability(name): what of a model a release test is about, such as 'weather'",
    "ml_test(line): the line of the ML Test Score that a test answers, such as 'model.6'",
)
_RELEASE = pytest.StashKey["Release"]()
_NOTES = pytest.StashKey["dict[str, Any]"]()
_LONGEST = 10_000
"""Characters of a message."""
_WORDS = {
    "inconclusive": ("inconclusive", "?", ("INCONCLUSIVE", {"yellow": True})),
    "error": ("error", "E", ("ERROR", {"red": True})),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    group = parser.getgroup("windlass", "release tests of models")
    group.addoption("--candidate", metavar="MODEL[@VERSION]", help="the version that is tested")
    group.addoption("--champion", metavar="MODEL@VERSION", help="what it is compared with; none: -")
    group.addoption("--windlass-stack", metavar="STACK", help="where both are recorded")
    group.addoption("--windlass-outcomes", metavar="FILE", help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    """Tells pytest of the markers, and begins to write outcomes where that is asked for."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    told = config.getoption("windlass_outcomes")
    if told is not None:
        kind = _Found if hasattr(config, "workerinput") else _Writer  # a worker of xdist, or alone
        config.pluginmanager.register(kind(Path(told)), "windlass-outcomes")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects tables of tests in folders of release tests."""
    if ".table." not in file_path.name.lower():
        return None
    from windlass.models.behaviour.collecting import TestTable, belongs

    if not belongs(file_path, parent.config.rootpath):
        return None
    found: pytest.Collector = TestTable.from_parent(parent, path=file_path)
    return found


def release_of(config: pytest.Config) -> Release:
    """The candidate and the champion of these tests, found once.

    Raises:
        WindlassError: There is no such version, or several models and none is named.
    """
    from windlass.models.testing.release import find_release

    if _RELEASE not in config.stash:
        option = config.getoption
        config.stash[_RELEASE] = find_release(
            config.rootpath, option("candidate"), option("champion"), option("windlass_stack")
        )
    return config.stash[_RELEASE]


@pytest.fixture(scope="session")
def release(pytestconfig: pytest.Config) -> Release:
    """The candidate and the champion of these tests."""
    return release_of(pytestconfig)


@pytest.fixture(scope="session")
def candidate(release: Release) -> Version:
    """The version that is tested."""
    return release.candidate


@pytest.fixture(scope="session")
def champion(release: Release) -> Version:
    """The version that production follows; without one, a test that asks for it is skipped."""
    if release.champion is None:
        pytest.skip(f"there is no champion that {release.candidate.name} would replace")
    return release.champion


@pytest.fixture(scope="session")
def holdout(release: Release) -> Any:
    """The labelled rows that the candidate never saw."""
    return release.candidate.holdout()


@pytest.fixture(scope="session")
def reference(release: Release) -> Any:
    """The rows that the candidate learnt from."""
    return release.candidate.reference()


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """Takes what a test finds: ``evidence(finding)`` keeps it, and lets the test end as it says."""
    from windlass.models.testing.evidence import Evidence

    return Evidence(_notes(request.node)["findings"])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Tells an inconclusive test, and one that crashed, from one that failed."""
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    notes = _notes(item)
    if report.failed and call.excinfo is not None:
        notes["outcome"] = _kind(call.excinfo.value, report.when)
        notes["message"] = _cut(str(call.excinfo.value) or call.excinfo.typename)
    report.user_properties = [
        *(each for each in report.user_properties if each[0] != "windlass"),
        ("windlass", {**notes, **_marks(item)}),
    ]


def pytest_report_teststatus(report: pytest.TestReport) -> Any:
    """The letter and the word of what is neither pass nor fail."""
    if report.when != "call" or not report.failed:
        return None
    return _WORDS.get(told_of(report).get("outcome", ""))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints what came of release tests by capability, where any has one."""
    from windlass.models.testing.summary import by_capability, summary_lines

    ended: dict[str, list[pytest.TestReport]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                ended.setdefault(report.nodeid, []).append(report)
    tests = [_document(nodeid, reports) for nodeid, reports in ended.items()]
    for test in tests:
        if test["outcome"] == "inconclusive":  # pytest tells why of others
            terminalreporter.write_line(f"INCONCLUSIVE {test['test']} - {test['message']}")
    about = [test for test in tests if test["capability"]]
    if about:
        terminalreporter.write_sep("-", "capabilities")
        for line in summary_lines(by_capability(about)):
            terminalreporter.write_line(line)


def told_of(report: pytest.TestReport) -> dict[str, Any]:
    """What this plugin notes of a test."""
    found: dict[str, Any] = dict(report.user_properties).get("windlass", {})  # type: ignore[assignment]
    return found


class _Found:
    """Writes to a file, a line at a time, which tests were found: all that must come to something.

    Also of those that options of pytest or a plugin then leave out, and of those before which the
    process dies. Workers of xdist, which find tests each for itself, write into one file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        found = list(items)
        yield
        self._write({"found": [item.nodeid for item in found]})  # by now, as plugins name them

    def _write(self, told: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(told, default=str) + "\n")


class _Writer(_Found):
    """Writes what came of each test too, as it ends: a crash loses none that ended."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._parts: dict[str, list[pytest.TestReport]] = {}

    def pytest_sessionstart(self) -> None:
        self._path.touch()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write({"began": nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._parts.setdefault(report.nodeid, []).append(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._write(_document(nodeid, self._parts.pop(nodeid, [])))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            outcome = "error" if report.failed else "skipped"
            self._write({"test": report.nodeid, "outcome": outcome, "message": _why([report])})

    def pytest_sessionfinish(self) -> None:
        self._write({"ended": True})


def _document(nodeid: str, reports: Sequence[pytest.TestReport]) -> dict[str, Any]:
    """What came of a test, from the reports of its set-up, its call and its end."""
    notes = told_of(reports[-1]) if reports else {}
    return {
        "test": nodeid,
        "outcome": _outcome(reports, notes),
        "message": notes.get("message") or _why(reports),
        "seconds": sum(report.duration for report in reports),
        "capability": notes.get("capability"),
        "name": notes.get("name"),
        "ml_tests": notes.get("ml_tests", []),
        "findings": notes.get("findings", []),
    }


def _outcome(reports: Sequence[pytest.TestReport], notes: dict[str, Any]) -> str:
    # What failed once has failed, also if a plugin runs it again, or makes something else of it.
    if "outcome" in notes or not {report.outcome for report in reports} <= {"passed", "skipped"}:
        return str(notes.get("outcome", "error"))
    if any(hasattr(report, "wasxfail") for report in reports):
        return "expected failure"
    if any(report.skipped for report in reports):
        return "skipped"
    return "pass" if any(report.when == "call" for report in reports) else "error"


def _why(reports: Sequence[pytest.TestReport | pytest.CollectReport]) -> str | None:
    """Why a test was skipped, or what is wrong with it beside what it raised."""
    for report in reports:
        if not report.passed:
            told = report.longrepr
            return _cut(str(told[2]) if isinstance(told, tuple) else str(told))
    return None


def _cut(text: str) -> str:
    """A message as it is kept: some hold all of a table."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _kind(error: BaseException, when: str) -> str:
    from windlass.models.testing.verdicts import Inconclusive

    if isinstance(error, Inconclusive):
        return "inconclusive"
    is_fail = isinstance(error, AssertionError | pytest.fail.Exception)
    return "fail" if is_fail and when == "call" else "error"


def _notes(item: pytest.Item) -> dict[str, Any]:
    return item.stash.setdefault(_NOTES, {"findings": []})


def _marks(item: pytest.Item) -> dict[str, Any]:
    capability = item.get_closest_marker("capability")
    lines = [str(line) for mark in item.iter_markers("ml_test") for line in mark.args]
    return {
        "capability": str(capability.args[0]) if capability and capability.args else None,
        "ml_tests": lines,
        "name": item.originalname if isinstance(item, pytest.Function) else item.name,
    }
