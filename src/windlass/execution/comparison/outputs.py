"""What differs in what the nodes of two runs returned: by content first, then by what it holds."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from windlass import artifacts
from windlass.artifacts.reading import raw_bytes
from windlass.errors import WindlassError
from windlass.execution.comparison.arrays import compare_arrays
from windlass.execution.comparison.tables import as_table, compare_tables
from windlass.execution.run import shown
from windlass.natural import natural

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.execution.job import Stores
    from windlass.records.model import Run

READ = 16 * 2**20
"""Bytes of an output that are read to compare it, unless all data is asked for."""
_MOST_LINES = 200
_MOST_PARTS = 10
_PLAIN = "json"
_TEXTS = ("text", "html", "markdown")
_TABLES = ("pandas.frame", "pandas.series", "polars.frame", "arrow.table")
_ARRAYS = ("numpy.array",)
_CONTAINERS = ("list", "collection", "stream")
_UNTOLD = ("bytes", "fields")
"""Parts of summaries that say nothing, or are told by the values."""

_Place = tuple[str, str]
_Facts = Mapping[str, Any]


def compare_outputs(
    stores: Stores, before: Run, after: Run, *, data: bool = False
) -> list[dict[str, Any]]:
    """The outputs of nodes of both runs that differ, and how.

    Args:
        stores: Where they are.
        before: The run that is compared with.
        after: The run that is compared.
        data: Whether those above `READ` bytes are read, too.
    """
    old, new = (dict(_outputs(stores, run)) for run in (before, after))
    return [
        _compared(stores, place, old[place], new[place], data=data)
        for place in old
        if place in new and old[place].content != new[place].content
    ]


def _outputs(stores: Stores, run: Run) -> Iterator[tuple[_Place, Artifact]]:
    for outcome in shown(stores.records.run_outcomes(run.id)):
        for output in outcome.outputs:
            if output.artifact is not None:
                yield (outcome.node, output.name), output.artifact


def _compared(
    stores: Stores, place: _Place, old: Artifact, new: Artifact, *, data: bool
) -> dict[str, Any]:
    return {"node": place[0], "output": place[1], **_how(stores, old, new, data=data)}


def _how(stores: Stores, old: Artifact, new: Artifact, *, data: bool) -> dict[str, Any]:
    """How two artifacts differ."""
    found: dict[str, Any] = {
        "before": {"content": old.content, "type": old.type, "bytes": old.bytes},
        "after": {"content": new.content, "type": new.type, "bytes": new.bytes},
        "kind": "type" if old.type != new.type else "summary",
        "summary": list(_summaries(old.summary, new.summary)),
    }
    if old.type != new.type or old.format != new.format:
        return found
    if old.format in _CONTAINERS:
        return {**found, **_parts(stores, old, new, data=data)}
    if not data and max(old.bytes, new.bytes) > READ:
        return {**found, "note": "large; its values are read with --data"}
    try:
        return {**found, **_by_value(stores, old, new)}
    except WindlassError as error:  # pickled, gone, or of a package that is not here
        return {**found, "note": f"its values cannot be read here: {error.message}"}


def _summaries(old: _Facts, new: _Facts, within: str = "") -> Iterator[dict[str, Any]]:
    for name in [*old, *(name for name in new if name not in old)]:
        then, now = old.get(name), new.get(name)
        if isinstance(then, dict) and isinstance(now, dict):
            yield from _summaries(then, now, f"{within}{name}.")
        elif name not in _UNTOLD and then != now:
            yield {"name": f"{within}{name}", "before": then, "after": now}


def _parts(stores: Stores, old: Artifact, new: Artifact, *, data: bool) -> dict[str, Any]:
    """How the parts of a list, a dict or the like differ, where there are as many."""
    if len(old.children) != len(new.children):
        return {}
    pairs = list(zip(old.children, new.children, strict=True))
    differing = [place for place, pair in enumerate(pairs) if pair[0] != pair[1]]
    if not differing and old.format != "stream":  # what differs stands between the parts
        return {"kind": "plain", "diff": _plain_diff(stores, old, new)}
    told = differing[:_MOST_PARTS]
    known = stores.records.artifacts(each for place in told for each in pairs[place])
    names = _names(old, len(pairs))
    parts = [
        {"part": names[place], **_how(stores, *(known[c] for c in pairs[place]), data=data)}
        for place in told
        if all(content in known for content in pairs[place])
    ]
    return {"kind": "parts", "of": len(pairs), "differing": len(differing), "parts": parts}


def _names(artifact: Artifact, count: int) -> list[str]:
    """What the parts are called; their places, where that is not told of each."""
    told = artifact.summary.get("parts")
    if isinstance(told, dict) and len(told) == count:
        return list(told)
    return [f"[{place}]" for place in range(count)]


def _by_value(stores: Stores, old: Artifact, new: Artifact) -> dict[str, Any]:
    if old.format == _PLAIN or old.format in _TEXTS:
        return {"kind": "plain", "diff": _plain_diff(stores, old, new)}
    if old.format in _ARRAYS:
        return {"kind": "array", **compare_arrays(_load(stores, old), _load(stores, new))}
    tables = [as_table(_load(stores, each)) for each in (old, new) if old.format in _TABLES]
    if len(tables) < 2 or tables[0] is None or tables[1] is None:
        return {}
    return {"kind": "table", **compare_tables(tables[0], tables[1])}


def _load(stores: Stores, artifact: Artifact) -> Any:
    trust = stores.trust_pickle
    return artifacts.load(artifact.content, stores.artifacts, stores.records, trust_pickle=trust)


def _plain_diff(stores: Stores, old: Artifact, new: Artifact) -> list[str]:
    """The lines of two plain values that differ, without the classes that they are of."""
    old_lines, new_lines = (_lines_of(each, stores) for each in (old, new))
    lines = difflib.unified_diff(old_lines, new_lines, lineterm="", n=2)
    kept = (line for line in lines if not line.startswith(("---", "+++", "@@")))
    return list(islice(kept, _MOST_LINES))


def _lines_of(artifact: Artifact, stores: Stores) -> list[str]:
    data = raw_bytes(artifact, stores.artifacts)
    if artifact.format in _TEXTS:
        return data.decode(errors="replace").splitlines()
    return json.dumps(natural(json.loads(data)), indent=2, ensure_ascii=False).splitlines()
