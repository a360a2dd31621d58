"""Versions of models, what is known of them, their reports, and where their aliases have stood."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.errors import NotFoundError
from windlass.records import rows
from windlass.records.database import one_of
from windlass.records.identity import uuid7
from windlass.records.model_rows import move_of, move_row, report_of, report_row, version_of
from windlass.records.models import Minted, ModelRow, Move, NewVersion, Report, VersionRow
from windlass.records.reading import portions
from windlass.records.writing import Writing

_MODELS = """
SELECT model, count(*) AS versions, max(number) AS newest, max(created) AS created
FROM versions GROUP BY model ORDER BY model
"""
_OF_MODEL = "SELECT * FROM versions WHERE model = :model ORDER BY number DESC"
_ONE = "SELECT * FROM versions WHERE model = :model AND number = :number"
_MINTED = "SELECT data FROM events WHERE run = :run AND kind = 'version' ORDER BY id"
_ARTIFACTS = "SELECT number, role, content FROM version_artifacts WHERE model = :model"
_EVIDENCE = "SELECT kind, document FROM evidence WHERE model = :model AND number = :number"
_REPORTS = """
SELECT * FROM reports WHERE model = :model AND number = :number ORDER BY id DESC
"""
_VERDICTS = """
SELECT number, verdict FROM reports WHERE id IN
    (SELECT max(id) FROM reports WHERE model = :model GROUP BY number)
"""
_ALIASES = "SELECT model, alias, number FROM aliases ORDER BY model, alias"
_ALIAS = "SELECT number FROM aliases WHERE model = :model AND alias = :alias"
_UNSET = "DELETE FROM aliases WHERE model = :model AND alias = :alias"
_LAST_MOVE = "SELECT max(id) AS id FROM moves WHERE model = :model AND alias = :alias"
_MOVES = "SELECT * FROM moves WHERE model = :model ORDER BY id"


class Versions(Writing):
    """What is written and asked of models."""

    def register(self, version: NewVersion, artifacts: Sequence[Artifact]) -> Minted:
        """Records a version of a model that no run made; of one content there is one.

        Args:
            version: What to record.
            artifacts: The values that it names, as they were stored.
        """
        with self.write():
            self.put_artifacts(artifacts, time.time())
            return self.mint(version)

    def models(self) -> list[ModelRow]:
        """Every model."""
        aliases: dict[str, dict[str, int]] = {}
        for row in self.execute(_ALIASES):
            aliases.setdefault(row["model"], {})[row["alias"]] = row["number"]
        return [
            ModelRow(
                row["model"],
                row["versions"],
                row["newest"],
                row["created"],
                aliases.get(row["model"], {}),
            )
            for row in self.execute(_MODELS)
        ]

    def versions(self, model: str) -> list[VersionRow]:
        """The versions of a model, the newest first; none if there is no such model."""
        return self._versions_of(self.execute(_OF_MODEL, {"model": model}))

    def version(self, model: str, number: int) -> VersionRow:
        """A version of a model.

        Raises:
            NotFoundError: There is none of that number.
        """
        found = self._versions_of(self.execute(_ONE, {"model": model, "number": number}))
        if not found:
            raise NotFoundError(
                f"there is no version {number} of the model '{model}'",
                hint=f"Look at those there are: windlass models show {model}",
            )
        return found[0]

    def minted_by(self, run: str) -> list[Minted]:
        """What a run that succeeded has made of models: new versions, or some that were there."""
        found = self.execute(_MINTED, {"run": run})
        return [Minted(**rows.load(row["data"])) for row in found]

    def run_names(self, runs: Iterable[str]) -> dict[str, str]:
        """The names of runs, by their ids; those that are gone are left out."""
        found: dict[str, str] = {}
        for some in portions(sorted(set(runs))):
            condition, names = one_of("id", some)
            query = f"SELECT id, name FROM runs WHERE {condition}"  # noqa: S608
            found |= {row["id"]: row["name"] for row in self.execute(query, names)}
        return found

    def add_version_artifact(
        self, version: VersionRow, role: str, artifacts: Sequence[Artifact]
    ) -> None:
        """Keeps a value with a version; the first one of a role stands.

        Args:
            version: Which one.
            role: What the value is to it.
            artifacts: The value as it was stored, and after it what it is made of.
        """
        told = {"model": version.model, "number": version.number, "role": role}
        with self.write():
            self.put_artifacts(artifacts, time.time())
            self._add("version_artifacts", [{**told, "content": artifacts[0].content}])

    def save_evidence(
        self, version: VersionRow, kind: str, document: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Keeps what is known of a version, once; returns what stands of that kind."""
        row = {"model": version.model, "number": version.number, "kind": kind}
        with self.write():
            told = {**row, "document": rows.dump(document), "created": time.time()}
            self._add("evidence", [told])
        return self.evidence(version)[kind]

    def evidence(self, version: VersionRow) -> dict[str, Mapping[str, Any]]:
        """What is known of a version, by kind."""
        named = {"model": version.model, "number": version.number}
        return {row["kind"]: rows.load(row["document"]) for row in self.execute(_EVIDENCE, named)}

    def save_report(self, version: VersionRow, verdict: str, document: Mapping[str, Any]) -> Report:
        """Keeps what came of testing a version."""
        made = Report(uuid7(), version.model, version.number, time.time(), verdict, document)
        with self.write():
            self._add("reports", [report_row(made)])
        return made

    def reports(self, version: VersionRow) -> list[Report]:
        """What came of testing a version, the newest first."""
        named = {"model": version.model, "number": version.number}
        return [report_of(row) for row in self.execute(_REPORTS, named)]

    def verdicts(self, model: str) -> dict[int, str]:
        """What the last test of each version of a model came to."""
        return {row["number"]: row["verdict"] for row in self.execute(_VERDICTS, {"model": model})}

    def aliases(self, model: str) -> dict[str, int]:
        """Where the aliases of a model stand."""
        return {r["alias"]: r["number"] for r in self.execute(_ALIASES) if r["model"] == model}

    def move_alias(self, move: Move, last: int | None = None) -> Move | None:
        """Moves an alias and writes its history, by compare-and-swap in one transaction.

        Args:
            move: Where it is expected to be, and where it is to go.
            last: The id of the move by which it came there, for one that rests on the history: an
                alias may have gone away and come back.

        Returns:
            The move as recorded; None, and nothing is changed, if it is not where it was expected.

        Raises:
            NotFoundError: There is no such version.
        """
        named = {"model": move.model, "alias": move.alias}
        with self.write():
            self.hold([f"model:{move.model}"])
            if move.new is not None:
                self.version(move.model, move.new)
            found = self.execute(_ALIAS, named)
            if (found[0]["number"] if found else None) != move.old:
                return None
            if last is not None and self.execute(_LAST_MOVE, named)[0]["id"] != last:
                return None
            if move.new is None:
                self.change(_UNSET, named)
            else:
                self._put("aliases", [{**named, "number": move.new}])
            self._add("moves", [move_row(move, time.time())])
            return self.moves(move.model)[-1]

    def moves(self, model: str) -> list[Move]:
        """Where the aliases of a model have been, the oldest first."""
        return [move_of(row) for row in self.execute(_MOVES, {"model": model})]

    def _versions_of(self, found: Sequence[Mapping[str, Any]]) -> list[VersionRow]:
        artifacts: dict[tuple[str, int], dict[str, str]] = {}
        for model in sorted({row["model"] for row in found}):
            for row in self._artifacts_of(model, found):
                artifacts.setdefault((model, row["number"]), {})[row["role"]] = row["content"]
        return [version_of(row, artifacts.get((row["model"], row["number"]), {})) for row in found]

    def _artifacts_of(self, model: str, found: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        if len(found) == 1:
            return self.execute(f"{_ARTIFACTS} AND number = :number", {**_key(found[0])})
        return self.execute(_ARTIFACTS, {"model": model})


def _key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": row["model"], "number": row["number"]}
