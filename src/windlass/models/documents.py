"""Models, versions, moves of aliases and turns as plain JSON: for ``--json``, and for pages."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records import Records
    from windlass.records.models import ModelRow, Move, VersionRow
    from windlass.records.production import Deployment, Turn


def model_document(model: ModelRow) -> dict[str, Any]:
    """A model in a line."""
    return {
        "model": model.name,
        "versions": model.versions,
        "newest": model.newest,
        "created": model.created,
        "aliases": dict(model.aliases),
    }


def line_document(records: Records, model: str) -> dict[str, Any]:
    """A model with its versions, the newest first, and those that serve it now."""
    verdicts, versions = records.verdicts(model), records.versions(model)
    runs = run_names(records, versions)
    return {
        "model": model,
        "aliases": records.aliases(model),
        "versions": [
            {
                "version": each.number,
                "name": each.name,
                "created": each.created,
                "run": runs.get(each.run or ""),
                "content": each.content,
                "verdict": verdicts.get(each.number),
            }
            for each in versions
        ],
        "servers": [server_document(each) for each in live_servers(records, model)],
    }


def live_servers(records: Records, model: str) -> list[Deployment]:
    """Those that serve a model now."""
    return [each for each in records.deployments(model) if each.lives(time.time())]


def server_document(server: Deployment) -> dict[str, Any]:
    """A server as it last told of itself."""
    return {"alias": server.alias, "host": server.host, "beat": server.beat, **server.document}


def run_names(records: Records, versions: Sequence[VersionRow]) -> dict[str, str]:
    """The names of the runs that made versions, by their ids."""
    return records.run_names([each.run for each in versions if each.run])


def version_document(stores: Stores, version: VersionRow) -> dict[str, Any]:
    """All that is known of a version."""
    records = stores.records
    aliases = records.aliases(version.model)
    return {
        "model": version.model,
        "version": version.number,
        "name": version.name,
        "created": version.created,
        "aliases": sorted(name for name, number in aliases.items() if number == version.number),
        "run": run_names(records, [version]).get(version.run or ""),
        "node": version.node,
        "output": version.output,
        "turn": _turn(records, version),
        "settings": dict(version.details),
        "artifacts": {role: _artifact(records, c) for role, c in version.artifacts.items()},
        "evidence": records.evidence(version),
        "reports": [
            {"id": each.id, "created": each.created, "verdict": each.verdict, **each.document}
            for each in records.reports(version)
        ],
    }


def _turn(records: Records, version: VersionRow) -> dict[str, Any] | None:
    """The first turn that made a version; None if it was made without one."""
    turns = [t for t in records.turns(version.model) if t.document.get("version") == version.number]
    return turn_document(turns[-1]) if turns else None


def _artifact(records: Records, content: str) -> dict[str, Any]:
    found = records.artifact(content)
    if found is None:
        return {"content": content}
    return {
        "content": content,
        "blob": found.blob,
        "type": found.type,
        "format": found.format,
        "bytes": found.bytes,
        "summary": found.summary,
    }


def move_document(move: Move) -> dict[str, Any]:
    """A move of an alias."""
    return {
        "model": move.model,
        "alias": move.alias,
        "kind": move.kind,
        "from": move.old,
        "to": move.new,
        "time": move.time,
        "who": move.who,
        "reason": move.reason,
        "report": move.report,
        "turn": move.details.get("turn"),
    }


def why_moved(move: Move) -> str:
    """Why an alias was moved, as far as it was said."""
    if move.kind == "forced":
        return f"forced: {move.reason}"
    tested = f"report {move.report[-8:]} passed" if move.report else ""
    return ": ".join(each for each in (tested, move.reason or "") if each) or move.kind


def turn_document(turn: Turn) -> dict[str, Any]:
    """A turn."""
    return {
        "id": turn.id,
        "model": turn.model,
        "state": turn.state,
        "began": turn.began,
        "ended": turn.ended,
        **turn.document,
    }


def why_of(document: Mapping[str, Any]) -> str:
    """Why a turn began."""
    return ", ".join(each["text"] for each in document.get("why", ()))
