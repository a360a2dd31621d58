"""The model card of a version, in Markdown, made from its evidence.

After M. Mitchell et al.: Model Cards for Model Reporting. FAT* 2019.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from windlass.models.conversion.outcome import KIND
from windlass.models.version import Version
from windlass.records.model import Run
from windlass.words import number_text, size_text, summary_text, time_text, type_text

_UNTESTED = "It has not been tested: nothing is known of how well it does."


def model_card(version: Version, description: str | None = None) -> str:
    """The card of a version.

    Args:
        version: The version.
        description: What its people say of it: whom it serves, what it is not for.
    """
    parts = [
        f"# {version.name}",
        description or "",
        _section("Details", _details(version)),
        _section("Data", _data(version)),
        _section("What it takes", _inputs(version)),
        _section("What it gives", _outputs(version)),
        _section("How well it does", _quality(version)),
        _section("What to mind", _caveats(version)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return f"## {title}\n\n{text}" if text else ""


def _details(version: Version) -> Iterator[str]:
    row, records = version.row, version.stores.records
    facts = version.evidence.get("facts", {})
    artifact = records.artifact(row.content)
    kind = facts.get("name") or (type_text(artifact.type) if artifact else "unknown")
    task = facts.get("task") or row.details.get("task")
    yield f"- A {kind}" + (f" of {facts['library']}" if facts else "") + _for(task)
    if row.details.get("target"):
        yield f"- It predicts `{row.details['target']}`"
    yield f"- Made {time_text(row.created)}, {_origin(version)}"
    aliases = [name for name, number in records.aliases(row.model).items() if number == row.number]
    if aliases:
        yield f"- It is the {' and the '.join(sorted(aliases))}"
    yield f"- Content `{row.content[:16]}`" + (f", {size_text(artifact.bytes)}" if artifact else "")


def _for(task: str | None) -> str:
    return f", for {task}" if task else ""


def _origin(version: Version) -> str:
    run = run_of(version)
    if run is None:
        return "registered without a run"
    git = run.git or {}
    changes = ", with changes" if git.get("dirty") else ""
    commit = f", from the commit `{git['commit'][:12]}`{changes}" if git.get("commit") else ""
    told = f"by `{version.row.node}` of {run.name}{commit}"
    return f"{told}, bundle `{run.bundle[:12]}`, environment `{run.environment[:12]}`"


def run_of(version: Version) -> Run | None:
    """The run that made a version; None if it was registered."""
    run = version.row.run
    return None if run is None else version.stores.records.run_by_id(run)


def _data(version: Version) -> Iterator[str]:
    for role, told in (("reference", "Learnt from"), ("holdout", "Tested on")):
        content = version.row.artifacts.get(role)
        artifact = version.stores.records.artifact(content) if content else None
        if artifact is not None:
            yield f"- {told}: {summary_text(artifact.summary)}, `{artifact.content[:16]}`"


def _inputs(version: Version) -> Iterator[str]:
    inputs = version.evidence.get("signature", {}).get("inputs", {})
    if inputs.get("fields"):
        rows = [[f["name"], f["kind"], _range(f), _missing(f)] for f in inputs["fields"]]
        yield from _table(["column", "kind", "in the reference", "missing"], rows)


def _range(field: Mapping[str, Any]) -> str:
    if "low" in field:
        return f"{_end(field['low'])} to {_end(field['high'])}"
    found = field.get("categories")
    if found is None:
        return f"{field['distinct']:,} texts" if "distinct" in field else ""
    shown = ", ".join(map(str, found[:6]))
    return shown + (f" and {len(found) - 6} more" if len(found) > 6 else "")


def _end(value: Any) -> str:
    return value if isinstance(value, str) else number_text(value)


def _missing(field: Mapping[str, Any]) -> str:
    return "may be" if field.get("missing") else "never"


def _outputs(version: Version) -> Iterator[str]:
    for each in version.evidence.get("signature", {}).get("outputs", ()):
        classes = f": {', '.join(map(str, each['classes']))}" if each.get("classes") else ""
        yield f"- `{each['name']}`: a {each['kind']}{classes}"
    yield from _converted(version.evidence.get(KIND))


def _converted(told: Mapping[str, Any] | None) -> Iterator[str]:
    """What is known of the version as ONNX."""
    if told is None:
        return
    if not told["converted"]:
        yield f"- Not as ONNX: {told['reason']}"
        return
    worst = max(told["parity"].values(), key=lambda each: each["beyond"])
    if told["verdict"] == "pass":
        role = told["data"]["role"]
        yield f"- As ONNX too, which gives the same for {worst['n']:,} rows of its {role}"
    else:
        off = worst["beyond"] + (worst["labels_differ"] or 0)
        yield f"- Not as ONNX, which gave {off:,} other values for {worst['n']:,} rows"


def _quality(version: Version) -> Iterator[str]:
    report = next(iter(version.reports), None)
    if report is None:
        yield _UNTESTED
        return
    against = report.document["champion"]
    beside = f" against {version.row.model}@{against}" if against else ""
    yield f"Tested {time_text(report.created)}{beside}: **{report.verdict}**.\n"
    rows = [
        [test.get("capability") or "", test.get("name") or test["test"], test["outcome"], told]
        for test in report.document["tests"]
        for told in _findings(test)
    ]
    yield from _table(["capability", "test", "outcome", "found"], rows)
    run = run_of(version)
    logged = version.stores.records.summaries([run.id])[run.id] if run else {}
    last = {name: summary.last for name, summary in logged.items()}
    if last:
        told = ", ".join(f"{name} {number_text(value)}" for name, value in sorted(last.items()))
        yield f"\nIts run logged {told}."


def _findings(test: Mapping[str, Any]) -> list[str]:
    found = [finding["sentence"] for finding in test.get("findings", ())]
    return found or [(test.get("message") or "").partition("\n")[0]]


def _caveats(version: Version) -> Iterator[str]:
    missing = [kind for kind in ("signature", "profile", "golden") if kind not in version.evidence]
    if missing:
        yield f"- No {', no '.join(missing)} of it is known."
    for role, told in (("reference", "what it learnt from"), ("holdout", "rows that it never saw")):
        if not version.has(role):
            yield f"- {told[0].upper()}{told[1:]} are not kept with it."
    for report in version.reports[:1]:
        for test in report.document["tests"]:
            if test["outcome"] not in ("pass", "skipped"):
                yield f"- {test.get('name') or test['test']}: {test['outcome']}."


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(_cell(each) for each in row)} |"


def _cell(text: str) -> str:
    """A text in a cell of a table, whatever it holds."""
    return str(text).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
