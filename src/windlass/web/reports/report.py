"""What a report consists of: pages of a run or of a model, one behind the other in a file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

import windlass
from windlass.errors import ConfigError, NotFoundError
from windlass.execution.rows import Row
from windlass.models.naming import CHAMPION, NEWEST, find_version
from windlass.records import Records
from windlass.records.models import VersionRow
from windlass.web.page import Ask, Query
from windlass.web.rendering import render, style_sheet
from windlass.web.reports.inlining import inlined
from windlass.web.reports.reading import Reader
from windlass.web.site import Site
from windlass.web.views.finding import open_run, rows
from windlass.web.views.lines import PRESSING
from windlass.web.views.run import MOST

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_MOST_PARTS = 100
"""Nodes of a run that are told of one by one; of more, those that failed are among them."""
_MOST_DRAWN = 300
"""Nodes up to which every group is drawn with what is in it."""


@dataclass(frozen=True)
class _Part:
    """A page of the dashboard, and what it is asked."""

    path: str
    query: dict[str, Any]
    also: Sequence[str] = ()
    """Pages that lead here, too: those of the values that a node made."""


@dataclass(frozen=True)
class Report:
    """A report.

    Args:
        kind: Of what: ``run`` or ``model``.
        name: Of which one: ``training-42``, ``delay`` or ``delay@3``.
        html: All of it.
    """

    kind: str
    name: str
    html: str


def make_report(site: Site, named: str) -> Report:
    """The report of a run, of a model, or of a version of it.

    Args:
        site: The project; its base is empty.
        named: A run by its name or id, or by its pipeline for the newest; or ``MODEL``, or
            ``MODEL@VERSION``.

    Raises:
        NotFoundError: There is neither such a run nor such a model.
        ConfigError: Both are called so, or nothing was recorded yet.
    """
    records = site.stores().records
    if _is_model(records, named):
        return _of_model(site, named)
    return _of_run(site, named)


def _is_model(records: Records, named: str) -> bool:
    if "@" in named:
        return True
    models = [row.name for row in records.models()]
    try:
        run = records.run(named).name
    except NotFoundError as error:
        if named in models:
            return True
        near = get_close_matches(named, models, 3)
        hint = f"There is the model {', '.join(near)}." if near else error.hint
        raise NotFoundError(f"there is neither a run nor a model '{named}'", hint=hint) from None
    if named in models:
        raise ConfigError(
            f"'{named}' is a model and a pipeline",
            hint=f"Say {named}@{NEWEST} for the model, {run} for the run.",
        )
    return False


def _of_run(site: Site, named: str) -> Report:
    ask = Ask(site, {"run": named}, Query())
    found, all_rows = open_run(ask), rows(ask)
    here = f"/runs/{quote(found.name, safe='')}"
    names = list(found.graph.nodes)
    groups = sorted({name.partition(".")[0] for name in names if "." in name})
    expand = ",".join(groups) if len(names) <= _MOST_DRAWN else ""
    told, left_out = _told(all_rows)
    parts = [_Part(here, {"expand": expand, "most": MOST})]
    parts += [_of_node(here, row) for row in told]
    note = f"Those of {left_out:,} more are not in this report." if left_out else ""
    return Report(
        "run", found.name, _file(site, found.name, named, parts, "Nodes, one by one", note)
    )


def _told(all_rows: Iterable[Row]) -> tuple[list[Row], int]:
    """The nodes and items that are told of, in their order; and how many others there are."""
    whole = [each for row in all_rows for each in (row, *row.items)]
    first = sorted(whole, key=lambda row: PRESSING.get(row.state.word, len(PRESSING)))
    kept = {row.name for row in first[:_MOST_PARTS]}
    return [row for row in whole if row.name in kept], len(whole) - len(kept)


def _of_node(run: str, row: Row) -> _Part:
    outputs = row.outcome.outputs if row.outcome else ()
    also = [f"/artifacts/{each.content}" for each in outputs]
    return _Part(f"{run}/nodes/{quote(row.name, safe='')}", {"most": MOST}, also)


def _of_model(site: Site, named: str) -> Report:
    records = site.stores().records
    model, _, which = named.partition("@")
    asked = find_version(records, named)
    champion = records.aliases(model).get(CHAMPION)
    numbers = {asked.number} if which else {asked.number, champion or asked.number}
    versions = [records.version(model, number) for number in sorted(numbers, reverse=True)]
    here = f"/models/{quote(model, safe='')}"
    parts = [_Part(here, {})]
    parts += [_Part(f"{here}/{each.number}", {}) for each in versions]
    if runs := _compared(records, asked, champion):
        parts.append(_Part("/compare", {"run": runs}))
    name = f"{model}@{asked.number}" if which else model
    return Report("model", name, _file(site, name, named, parts, "Evidence"))


def _compared(records: Records, version: VersionRow, champion: int | None) -> list[str]:
    """The run that made the champion, or else the version before, and that of this one."""
    other = champion if champion not in (None, version.number) else version.number - 1
    if not other:
        return []
    runs = [each.run for each in (records.version(version.model, other), version)]
    try:
        names = [records.run(run).name for run in runs if run is not None]
    except NotFoundError:  # one was removed since
        return []
    return names if len(set(names)) == 2 else []


def _file(
    site: Site, title: str, named: str, parts: Sequence[_Part], title_of_others: str, note: str = ""
) -> str:
    """The file: the first part is what it is about, each other one has a place of its own in it."""
    reader = Reader(site)
    prefixes = [f"part-{place}-" if place else "" for place in range(len(parts))]
    places: dict[str, str] = {}
    for part, prefix in zip(parts, prefixes, strict=True):
        for path in (part.path, *part.also):
            places.setdefault(path, f"{prefix}title")
    told = [
        Markup(inlined(reader.page(part.path, **part.query), reader.body, places, prefix))  # noqa: S704
        for part, prefix in zip(parts, prefixes, strict=True)
    ]
    return render(
        "report.html",
        policy=POLICY,
        style=Markup(style_sheet()),  # noqa: S704 (our own)
        version=windlass.__version__,
        project=site.stack.project.root.name,
        moment=time.strftime("%Y-%m-%d %H:%M:%S %Z"),
        title=title,
        title_of_others=title_of_others,
        left_out=note,
        named=named,
        parts=told,
    )
