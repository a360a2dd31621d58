"""A version of a model: the evidence that it may be the champion, or why it may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.errors import PromotionError
from windlass.models.card import model_card
from windlass.models.documents import version_document
from windlass.models.naming import CHAMPION, find_version
from windlass.models.promoting import standing_report
from windlass.models.suites import present_suite
from windlass.models.testing.summary import GENERAL
from windlass.models.version import Version
from windlass.records.models import VersionRow
from windlass.web.page import Ask
from windlass.web.views.model import settings_of


class TestLine(TypedDict):
    """What came of a release test; ``before`` is the same of the champion's last report."""

    test: str
    name: str
    outcome: str
    seconds: float | None
    message: str | None
    findings: list[dict[str, Any]]
    before: TestLine | None


class Capability(TypedDict):
    """What a version is able to do, by its release tests."""

    name: str
    passed: int
    tests: list[TestLine]


class ReportLine(TypedDict):
    """A report in a line; ``champion`` is the version that it was measured against."""

    id: str
    created: float
    verdict: str
    champion: int | None
    counts: dict[str, int]
    seconds: float | None


class VersionDocument(TypedDict):
    """A version; ``gate`` says why it could not be promoted now, and is null where it could be."""

    model: str
    version: int
    name: str
    created: float
    aliases: list[str]
    champion: int | None
    run: str | None
    node: str | None
    output: str | None
    turn: dict[str, Any] | None
    settings: dict[str, Any]
    artifacts: dict[str, dict[str, Any]]
    evidence: dict[str, Any]
    gate: str | None
    capabilities: list[Capability]
    reports: list[ReportLine]
    card: str


def version(ask: Ask[Any]) -> VersionDocument:
    """A version: its release tests by capability, its evidence, and where it came from."""
    stores = ask.stores
    row = find_version(stores.records, f"{ask.path['model']}@{ask.path['version']}")
    whole = version_document(stores, row)
    champion = stores.records.aliases(row.model).get(CHAMPION)
    told = settings_of(ask, row.model)
    shared = VersionDocument.__annotations__.keys() & whole.keys() - {"reports"}
    found: VersionDocument = VersionDocument(
        **{key: whole[key] for key in shared},  # type: ignore[typeddict-item]
        champion=champion,
        gate=_gate(ask, row),
        capabilities=_capabilities(whole["reports"], _tests_of_champion(ask, row, champion)),
        reports=[_report(each) for each in whole["reports"]],
        card=model_card(Version(row, stores), told.description if told else None),
    )
    return found


def _gate(ask: Ask[Any], row: VersionRow) -> str | None:
    """Why it could not be promoted as things stand."""
    try:
        standing_report(ask.records, row, present_suite(ask.stores.project, row.model))
    except PromotionError as error:
        return error.message
    return None


def _tests_of_champion(
    ask: Ask[Any], row: VersionRow, champion: int | None
) -> dict[str, Mapping[str, Any]]:
    """The tests of the champion's last report, by what they are called."""
    if champion is None or champion == row.number:
        return {}
    reports = ask.records.reports(ask.records.version(row.model, champion))
    return {test["test"]: test for test in reports[0].document["tests"]} if reports else {}


def _capabilities(
    reports: Iterable[Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]
) -> list[Capability]:
    """The tests of the newest report: what failed stands first."""
    found: dict[str, list[TestLine]] = {}
    for test in next(iter(reports), {"tests": ()})["tests"]:
        line = _test(test, before.get(test["test"]))
        found.setdefault(test.get("capability") or GENERAL, []).append(line)
    told = [
        Capability(
            name=name,
            passed=sum(test["outcome"] == "pass" for test in tests),
            tests=sorted(tests, key=lambda test: _ORDER.get(test["outcome"], 3)),
        )
        for name, tests in found.items()
    ]
    return sorted(told, key=lambda one: (_ORDER.get(one["tests"][0]["outcome"], 3), one["name"]))


_ORDER = {"fail": 0, "error": 1, "inconclusive": 2, "skipped": 4, "pass": 5}


def _test(test: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> TestLine:
    return TestLine(
        test=test["test"],
        name=_name(test),
        outcome=test["outcome"],
        seconds=test.get("seconds"),
        message=test.get("message"),
        findings=[dict(each) for each in test.get("findings", ())],
        before=None if before is None else _test(before),
    )


def _name(test: Mapping[str, Any]) -> str:
    """What a test is called; of one with parameters, with these."""
    id_, name = test["test"].rpartition("::")[2], test.get("name")
    return str(id_ if name in (None, id_.partition("[")[0]) else name)


def _report(report: Mapping[str, Any]) -> ReportLine:
    return ReportLine(
        id=report["id"],
        created=report["created"],
        verdict=report["verdict"],
        champion=report.get("champion"),
        counts=dict(report.get("counts", {})),
        seconds=report.get("seconds"),
    )
