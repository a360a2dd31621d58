"""What is read while nodes are executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from windlass.artifacts.artifact import Artifact
from windlass.errors import NotFoundError
from windlass.records import rows
from windlass.records.database import Database, Row, one_of
from windlass.records.model import Outcome, Output, Run

T = TypeVar("T")

_AT_ONCE = 500
"""Most names in one question: databases limit how many values a statement may hold."""

_CACHED = """
SELECT outcomes.*, runs.name AS run_name FROM outcomes JOIN runs ON runs.id = outcomes.run
WHERE {condition} AND outcomes.status = 'succeeded' AND outcomes.key IS NOT NULL
ORDER BY outcomes.cached DESC, outcomes.ended
"""
_EARLIER = """
SELECT outcomes.*, runs.name AS run_name FROM outcomes JOIN runs ON runs.id = outcomes.run
WHERE outcomes.step = :step AND outcomes.node = :node AND outcomes.status = 'succeeded'
AND outcomes.ingredients IS NOT NULL AND outcomes.run <> :run AND outcomes.ended <= :before
ORDER BY outcomes.ended DESC LIMIT 10
"""
_INPUTS = """
SELECT parameter, content FROM inputs WHERE run = :run AND node = :node
ORDER BY parameter, position
"""
_OUTPUTS = "SELECT node, name, content FROM outputs WHERE run = :run AND "
_WITH_ARTIFACTS = """
SELECT outputs.node, outputs.name, outputs.position, artifacts.*
FROM outputs JOIN artifacts ON artifacts.content = outputs.content
WHERE outputs.run = :run {of_node} ORDER BY outputs.node, outputs.position
"""


class Reading(Database):
    """The questions that are asked of the record while a run goes on."""

    @cached_property
    def unwritten(self) -> dict[str, str]:
        """What would be kept, by its digest, where nothing can be: to be compared all the same."""
        return {}

    def run_by_id(self, run: str) -> Run:
        """A run by its whole id.

        Raises:
            NotFoundError: There is none.
        """
        found = self.execute("SELECT * FROM runs WHERE id = :run", {"run": run})
        if not found:
            raise NotFoundError(f"there is no run {run}")
        return next(self.with_parts(found))

    def plan(self, digest: str) -> str:
        """The document of a plan."""
        return self._document("plans", digest)

    def bundle(self, digest: str) -> str:
        """The document of a bundle."""
        return self._document("bundles", digest)

    def archive(self, digest: str) -> str | None:
        """The digest of the bytes of a bundle's archive; None if none was stored."""
        found = self.execute("SELECT blob FROM bundles WHERE digest = :digest", {"digest": digest})
        return found[0]["blob"] if found else None

    def environment(self, digest: str) -> str:
        """The document of an environment."""
        return self._document("environments", digest)

    def lock(self, digest: str) -> str | None:
        """The document of a lock, by its digest or that of what was solved; None if none is."""
        query = "SELECT document FROM locks WHERE digest = :digest"
        found = self.execute(query, {"digest": digest})
        return str(found[0]["document"]) if found else None

    def has_locks(self) -> bool:
        """Whether any lock is kept."""
        return bool(self.execute("SELECT 1 FROM locks LIMIT 1"))

    def fingerprint(self, digest: str) -> str:
        """The document of what a step can reach in code."""
        return self.unwritten.get(digest) or self._document("fingerprints", digest)

    def known_fingerprints(self, digests: Sequence[str]) -> set[str]:
        """Those of the digests whose documents are kept."""
        found: set[str] = set()
        for some in portions(digests):
            condition, names = one_of("digest", some)
            query = f"SELECT digest FROM fingerprints WHERE {condition}"  # noqa: S608
            found |= {row["digest"] for row in self.execute(query, names)}
        return found

    def source(self, digest: str) -> str | None:
        """The source of a piece of code; None if it was not kept."""
        if digest in self.unwritten:
            return self.unwritten[digest]
        found = self.execute("SELECT text FROM sources WHERE digest = :digest", {"digest": digest})
        return str(found[0]["text"]) if found else None

    def earlier(self, step: str, node: str, run: str, before: float) -> list[Outcome]:
        """The newest successes of a node of that name and step in other runs, for comparison.

        Args:
            step: The step's reference.
            node: The node, or the item of a map.
            run: The run that is compared.
            before: Only those that ended by then.
        """
        wanted = {"step": step, "node": node, "run": run, "before": before}
        found = self.execute(_EARLIER, wanted)
        return [_outcome(row) for row in found]

    def node_inputs(self, run: str, node: str) -> dict[str, list[str]]:
        """The contents that a node read, by parameter."""
        found: dict[str, list[str]] = {}
        for row in self.execute(_INPUTS, {"run": run, "node": node}):
            found.setdefault(row["parameter"], []).append(row["content"])
        return found

    def outcome(self, run: str, node: str) -> Outcome | None:
        """What came of a node; None while nothing has."""
        here = {"run": run, "node": node}
        with self.view():
            found = self.execute("SELECT * FROM outcomes WHERE run = :run AND node = :node", here)
            query = _WITH_ARTIFACTS.format(of_node="AND outputs.node = :node")
            outputs = self.execute(query, here) if found else []
        return with_outputs(found, outputs)[0] if found else None

    def outcomes(self, run: str) -> list[Outcome]:
        """What came of every node of a run, in no order."""
        with self.view():
            found = self.execute("SELECT * FROM outcomes WHERE run = :run", {"run": run})
            outputs = self.execute(_WITH_ARTIFACTS.format(of_node=""), {"run": run})
        return with_outputs(found, outputs)

    def succeeded_nodes(self, run: str) -> set[str]:
        """Names of the nodes and items that have succeeded."""
        query = "SELECT node FROM outcomes WHERE run = :run AND status = 'succeeded'"
        return {row["node"] for row in self.execute(query, {"run": run})}

    def node_outputs(self, run: str, nodes: Sequence[str]) -> dict[str, dict[str, str]]:
        """The contents of what nodes returned, by node and name of the output, in their order."""
        found: dict[str, dict[str, str]] = {}
        for some in portions(nodes):
            condition, names = one_of("node", some)
            query = f"{_OUTPUTS}{condition} ORDER BY position"
            for row in self.execute(query, {"run": run, **names}):
                found.setdefault(row["node"], {})[row["name"]] = row["content"]
        return found

    def cached(self, key: str) -> Outcome | None:
        """The newest success with a cache key, with what it returned."""
        return self.cached_by_keys([key]).get(key)

    def cached_by_keys(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """The newest successes with cache keys, with what they returned, by key."""
        newest: dict[str, Row] = {}
        for some in portions(keys):
            condition, names = one_of("key", some)
            for row in self.execute(_CACHED.format(condition=condition), names):
                newest[row["key"]] = row  # the last is the newest of those that computed it
        nodes: dict[str, list[str]] = {}
        for row in newest.values():
            nodes.setdefault(row["run"], []).append(row["node"])
        contents = {run: self.node_outputs(run, names) for run, names in nodes.items()}
        return {key: _cached(row, contents) for key, row in newest.items()}

    def artifact(self, content: str) -> Artifact | None:
        """An artifact by its content."""
        found = self.execute("SELECT * FROM artifacts WHERE content = :c", {"c": content})
        return rows.artifact_of(found[0]) if found else None

    def classes_of(self, contents: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The classes in artifacts, by their contents; without those that hold none."""
        found = {}
        for some in portions(contents):
            condition, names = one_of("content", some)
            query = f"SELECT content, classes FROM artifacts WHERE {condition}"  # noqa: S608
            for row in self.execute(query, names):
                if row["classes"] is not None:
                    found[row["content"]] = tuple(rows.load(row["classes"]))
        return found

    def artifacts(self, contents: Iterable[str]) -> dict[str, Artifact]:
        """Artifacts by their contents; those that are not there are left out."""
        found = {}
        for some in portions(list(dict.fromkeys(contents))):
            condition, names = one_of("content", some)
            for row in self.execute(f"SELECT * FROM artifacts WHERE {condition}", names):  # noqa: S608
                found[row["content"]] = rows.artifact_of(row)
        return found

    def with_parts(self, found: Sequence[Row]) -> Iterator[Run]:
        """The runs of rows, with their parameters and tags."""
        ids = [row["id"] for row in found]
        parameters: dict[str, dict[str, object]] = {run: {} for run in ids}
        tags: dict[str, dict[str, str]] = {run: {} for run in ids}
        for some in portions(ids):
            condition, names = one_of("run", some)
            own = f"SELECT * FROM parameters WHERE node = '' AND {condition}"  # noqa: S608
            for row in self.execute(own, names):
                parameters[row["run"]][row["name"]] = rows.load(row["value"])
            for row in self.execute(f"SELECT * FROM tags WHERE {condition}", names):  # noqa: S608
                tags[row["run"]][row["key"]] = row["value"]
        for row in found:
            yield rows.run_of(row, parameters[row["id"]], tags[row["id"]])

    def _document(self, table: str, digest: str) -> str:
        query = f"SELECT document FROM {table} WHERE digest = :digest"  # noqa: S608
        found = self.execute(query, {"digest": digest})
        if not found:
            raise NotFoundError(f"the record has no {digest} among its {table}")
        return str(found[0]["document"])


def _outcome(row: Row, outputs: Sequence[Output] = ()) -> Outcome:
    """The outcome of a row that has the name of its run, too."""
    fields = dict(row)
    run_name = fields.pop("run_name")
    return rows.outcome_of(fields, outputs, run_name)


def _cached(row: Row, contents: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Outcome:
    found = contents[row["run"]].get(row["node"], {})
    outputs = [Output(name, place, content) for place, (name, content) in enumerate(found.items())]
    return _outcome(row, outputs)


def with_outputs(found: Sequence[Row], outputs: Sequence[Row]) -> list[Outcome]:
    """The outcomes of rows, with their outputs, whose rows hold the artifacts, too."""
    by_node: dict[str, list[Output]] = {}
    for row in outputs:
        output = Output(row["name"], row["position"], row["content"], rows.artifact_of(row))
        by_node.setdefault(row["node"], []).append(output)
    return [rows.outcome_of(row, by_node.get(row["node"], ())) for row in found]


def portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """A sequence in parts that are not too long for one statement."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
