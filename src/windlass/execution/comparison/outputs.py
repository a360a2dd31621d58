"""What differs in what the nodes of two runs returned: by content first, then by what it holds."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from windlass import artifacts
from windlass.artifacts.reading import raw_bytes
from windlass.errors import WindlassError
from windlass.execution.comparison.arrays import compare_arrays, is_array
from windlass.execution.comparison.tables import as_table, compare_tables
from windlass.execution.document import natural
from windlass.execution.run import shown

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.execution.job import Stores
    from windlass.records.model import Run

READ = 16 * 2**20
"""Bytes of an output that are read to compare it, unless all data is asked for."""
_MOST_LINES = 200
_PLAIN = "json"
_UNTOLD = ("bytes", "fields")
"""Parts of summaries that say nothing, or are told by the values."""

_Place = tuple[str, str]


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
    entry: dict[str, Any] = {
        "node": place[0],
        "output": place[1],
        "before": {"content": old.content, "type": old.type, "bytes": old.bytes},
        "after": {"content": new.content, "type": new.type, "bytes": new.bytes},
        "kind": "type" if old.type != new.type else "summary",
        "summary": _summaries(old, new),
    }
    if old.type != new.type:
        return entry
    if not data and max(old.bytes, new.bytes) > READ:
        return {**entry, "note": "large; its values are read with --data"}
    try:
        return {**entry, **_by_value(stores, old, new)}
    except WindlassError as error:  # pickled, gone, or of a package that is not here
        return {**entry, "note": f"its values cannot be read here: {error.message}"}


def _summaries(old: Artifact, new: Artifact) -> list[dict[str, Any]]:
    names = [*old.summary, *(name for name in new.summary if name not in old.summary)]
    return [
        {"name": name, "before": old.summary.get(name), "after": new.summary.get(name)}
        for name in names
        if name not in _UNTOLD and old.summary.get(name) != new.summary.get(name)
    ]


def _by_value(stores: Stores, old: Artifact, new: Artifact) -> dict[str, Any]:
    if old.format == new.format == _PLAIN:
        return {"kind": "plain", "diff": _plain_diff(stores, old, new)}
    if not (_holds_numbers(old) and _holds_numbers(new)):
        return {}
    values = [_load(stores, each) for each in (old, new)]
    if all(map(is_array, values)):
        return {"kind": "array", **compare_arrays(*values)}
    tables = [as_table(value) for value in values]
    if tables[0] is None or tables[1] is None:
        return {}
    return {"kind": "table", **compare_tables(tables[0], tables[1])}


def _holds_numbers(artifact: Artifact) -> bool:
    """Whether its summary is that of a table or an array: others are not read in vain."""
    return "fields" in artifact.summary or "shape" in artifact.summary


def _load(stores: Stores, artifact: Artifact) -> Any:
    trust = stores.trust_pickle
    return artifacts.load(artifact.content, stores.artifacts, stores.records, trust_pickle=trust)


def _plain_diff(stores: Stores, old: Artifact, new: Artifact) -> list[str]:
    """The lines of two plain values that differ, without the classes that they are of."""
    old_lines, new_lines = (
        _lines(natural(json.loads(raw_bytes(each, stores.artifacts)))) for each in (old, new)
    )
    lines = difflib.unified_diff(old_lines, new_lines, lineterm="", n=2)
    kept = (line for line in lines if not line.startswith(("---", "+++", "@@")))
    return list(islice(kept, _MOST_LINES))


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    return json.dumps(value, indent=2, ensure_ascii=False).splitlines()
