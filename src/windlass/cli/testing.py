"""``test``: a version's release tests are run, and what came of them is kept as its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    INCONCLUSIVE,
    Json,
    StackName,
    command,
    console,
    kept_for_json,
    print_json,
)
from windlass.cli.place import stack_here
from windlass.cli.tables import print_words

if TYPE_CHECKING:
    from rich.console import Console

    from windlass.records.models import Report

_CODES = {"pass": DONE, "fail": FAILED, "inconclusive": INCONCLUSIVE}
_STYLES = {"pass": "green", "fail": "red", "inconclusive": "yellow", "error": "red"}


@command
def run_tests(
    version: Annotated[
        str, typer.Argument(metavar="MODEL[@VERSION]", help="Such as delay@3; else the newest.")
    ],
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Tests a version. Exit codes: 0 all passed, 1 a test failed, 3 not all could tell."""
    from windlass.execution.stores import open_recorded
    from windlass.models.naming import find_version
    from windlass.models.testing.gate import put_to_test
    from windlass.models.version import Version

    found = stack_here(stack)
    stores = open_recorded(found)
    row = find_version(stores.records, version)
    with kept_for_json(json):
        report = put_to_test(Version(row, stores), found.project.root, stack)
    if json:
        print_json(report_document(report))
    else:
        tell_report(console(), report)
    return _CODES[report.verdict]


def report_document(report: Report) -> dict[str, Any]:
    """A report as JSON."""
    return {
        "id": report.id,
        "model": report.model,
        "version": report.number,
        "created": report.created,
        "verdict": report.verdict,
        **report.document,
    }


def tell_report(out: Console, report: Report) -> None:
    """Prints a report for a person: by capability, what was found."""
    from rich.text import Text

    name = f"{report.model}@{report.number}"
    by_capability: dict[str, list[dict[str, Any]]] = {}
    for test in report.document["tests"]:
        by_capability.setdefault(test.get("capability") or "general", []).append(test)
    for capability, tests in sorted(by_capability.items()):
        passed = sum(test["outcome"] == "pass" for test in tests)
        out.print(Text.assemble((capability, "bold"), f"  {passed} of {len(tests)} passed"))
        for test in tests:
            tell_test(out, test)
    out.print(Text.assemble(f"{name}: ", (report.verdict, _STYLES[report.verdict])))
    hint = {"pass": f"windlass promote {name}"}.get(report.verdict)
    if hint:
        out.print(f"next: {hint}", style="dim")


def tell_test(out: Console, test: dict[str, Any]) -> None:
    """Prints what came of a test, and what was found."""
    from rich.text import Text

    outcome = test["outcome"]
    mark = {"pass": "✓", "fail": "✗", "inconclusive": "?", "error": "!"}.get(outcome, "-")
    name = test.get("name") or test["test"].rpartition("::")[2]
    line = Text.assemble((f"  {mark} ", _STYLES.get(outcome, "dim")), name)
    out.print(line)
    findings = [finding["sentence"] for finding in test.get("findings", ())]
    message = (test.get("message") or "").partition("\n")[0]
    for told in findings or filter(None, [message]):
        print_words(out, Text(told, style="dim"), indent=4)
