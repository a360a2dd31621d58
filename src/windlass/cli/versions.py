"""``models show MODEL@VERSION``: one version, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windlass.cli.output import DONE, console, print_json
from windlass.cli.testing import tell_test
from windlass.models.documents import version_document, why_of
from windlass.words import size_text, summary_text, time_text, type_text

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records.models import VersionRow


def show_version(stores: Stores, version: VersionRow, *, json: bool) -> int:
    """Shows a version."""
    document = version_document(stores, version)
    if json:
        print_json(document)
    else:
        _tell(document)
    return DONE


def _tell(document: dict[str, Any]) -> None:
    out = console()
    aliases = ", ".join(document["aliases"])
    out.print(f"[bold]{document['name']}[/]" + (f"  {aliases}" if aliases else ""))
    made = f"{document['run']}, {document['node']}" if document["run"] else "registered"
    _line("made", f"{time_text(document['created'])} by {made}")
    if document["turn"] is not None:
        _line("turn", why_of(document["turn"]))
    for name, value in document["settings"].items():
        _line(name, ", ".join(value) if isinstance(value, list) else str(value))
    for role, found in document["artifacts"].items():
        told = [type_text(found.get("type", "")), summary_text(found.get("summary", {}))]
        size = size_text(found["bytes"]) if "bytes" in found else "not in the record"
        _line(role, ", ".join(each for each in (*told, size, found["content"][:10]) if each))
    for report in document["reports"][:1]:
        _line("tested", f"{time_text(report['created'])}: {report['verdict']}")
        for test in report["tests"]:
            if test["outcome"] != "pass":
                tell_test(out, test)


def _line(name: str, text: str) -> None:
    console().print(f"  [dim]{name:10}[/] ", end="")
    console().print(text, markup=False)
