"""Why a node ran, or did not, as plain data."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from windlass.errors import NotFoundError
from windlass.execution.code_changes import Change
from windlass.execution.document import step_document
from windlass.execution.missing import changes, nearest
from windlass.provenance.fingerprint import read_fingerprint

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Outcome, Run


def explanation(records: Records, run: Run, outcome: Outcome) -> dict[str, Any]:
    """Why a node ran or did not, what changed since it last ran, and what it depends on.

    Args:
        records: The record.
        run: The run.
        outcome: Of the node, or of one item of a map.
    """
    document: dict[str, Any] = {
        "run": run.name,
        "node": outcome.node,
        **step_document(outcome.step),
        "status": outcome.status,
        "cached": outcome.cached,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        "compared_with": None,
        "changes": [],
        "depends_on": None,
    }
    now = outcome.ingredients
    if now is None:
        return document
    document["depends_on"] = _depends_on(records, now)
    if outcome.cached:
        return document
    before = outcome.started or time.time()
    earlier = nearest(records.earlier(outcome.step, outcome.node, run.id, before), now)
    if earlier is not None:
        contents = records.node_inputs(run.id, outcome.node)
        document["compared_with"] = earlier.run_name
        found = changes(records, earlier, now, contents)
        document["changes"] = [_change_document(records, change) for change in found]
    return document


def _change_document(records: Records, change: Change) -> dict[str, Any]:
    return {
        "text": change.text,
        "name": change.name,
        "before": _source(records, change.before),
        "after": _source(records, change.after),
        "diff": diff(_source(records, change.before), _source(records, change.after)),
    }


def _source(records: Records, digest: str | None) -> str | None:
    return records.source(digest) if digest is not None else None


def diff(before: str | None, after: str | None) -> list[str]:
    """The lines of two texts that differ, marked ``-`` and ``+``, with those around them."""
    if before is None or after is None:
        return []
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _depends_on(records: Records, now: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {**now, "pieces": [], "distributions": {}, "unresolved": []}
    try:
        fingerprint = read_fingerprint(json.loads(records.fingerprint(now["code"])))
    except NotFoundError:
        return told
    told["pieces"] = [
        {"kind": piece.kind, "name": piece.name, "place": piece.place}
        for piece in fingerprint.pieces
    ]
    told["distributions"] = dict(fingerprint.distributions)
    told["unresolved"] = [{"what": what, "place": place} for what, place in fingerprint.unresolved]
    return told
