"""The objects of one run in an artifact store.

    plans/PLAN/shared/NAME           what runs of a plan share that are begun elsewhere
    plans/PLAN/begun/KEY             the run that an engine has begun under a name of its own
    runs/RUN/begun/PLAN              what is to be run: see `windlass.execution.relay.begin`
    runs/RUN/outcomes/NODE           that a node succeeded; created once
    runs/RUN/failures/NODE/ATTEMPT   that an attempt did not
    runs/RUN/logs/NODE/ATTEMPT       what an attempt wrote
    documents/DIGEST                 plans, environments, bundles, locks, fingerprints
    cache/KEY/RUN                    an outcome that may stand for others

All but the logs are JSON under a digest: see `windlass.execution.relay.posts`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from windlass.artifacts.store import ArtifactStore
from windlass.errors import CorruptError
from windlass.execution.relay.posts import (
    outcome_document,
    packed,
    post_document,
    read_outcome,
    read_post,
    unpacked,
)
from windlass.records.model import Outcome, Posted

_AT_ONCE = 16
"""Objects that are read at once: from a bucket, each takes a while to come."""
_LONGEST_LOG = 8 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


class RunObjects:
    """Reads and creates the objects of a run.

    Args:
        store: Where they are.
        run: The run's id.
    """

    def __init__(self, store: ArtifactStore, run: str) -> None:
        self._named = store.named
        self.run = run

    def begun(self, plan: str) -> Any:
        """The run's document, for one of its plans; None if none was posted."""
        return self._document(f"runs/{self.run}/begun/{plan}")

    def any_begun(self) -> Any:
        """The run's document, whatever its plan; None if none was posted."""
        folder = f"runs/{self.run}/begun"
        found = self._named.names(folder)
        return self._document(found[0]) if found else None

    def begin(self, plan: str, document: Any) -> bool:
        """Posts the run's document; False if there is another one."""
        return self._named.create(f"runs/{self.run}/begun/{plan}", packed(document))

    def plan_names(self, plan: str) -> list[str]:
        """The names of what was posted for runs of a plan."""
        return [name.rpartition("/")[2] for name in self._named.names(f"plans/{plan}/shared")]

    def plan(self, plan: str, name: str) -> Any:
        """What runs of a plan share, by its name; None if it was not posted."""
        return self._document(f"plans/{plan}/shared/{name}")

    def keep_plan(self, plan: str, document: Any) -> str:
        """Posts what runs of a plan share; returns the name of that."""
        data = packed(document)
        name = data.partition(b"\n")[0].decode()
        self._named.create(f"plans/{plan}/shared/{name}", data)
        return name

    def claim(self, plan: str, key: str) -> str:
        """The id of the run of a plan that an engine knows by a key: this one, if it is new."""
        name = f"plans/{plan}/begun/{key}"
        self._named.create(name, packed(self.run))
        return str(self._document(name))

    def keep(self, digest: str, text: str) -> None:
        """Keeps a document that is named by a digest, once."""
        self._named.create(f"documents/{digest}", packed(text))

    def kept(self, digest: str) -> str:
        """A document by its digest.

        Raises:
            CorruptError: It is gone, or damaged.
        """
        found = self._document(f"documents/{digest}")
        if not isinstance(found, str):
            raise CorruptError(
                f"documents/{digest} is gone from the artifact store",
                hint="Begin the run again, from where its project is.",
            )
        return found

    def settle(self, posted: Posted) -> bool:
        """Posts a success; False if another one stands."""
        name = f"runs/{self.run}/outcomes/{posted.outcome.node}"
        return self._named.create(name, packed(post_document(posted)))

    def fail(self, posted: Posted) -> bool:
        """Posts that an attempt did not succeed; False if it was told before."""
        told = posted.outcome
        name = f"runs/{self.run}/failures/{told.node}/{told.attempt}"
        return self._named.create(name, packed(post_document(posted)))

    def success(self, node: str) -> Posted | None:
        """The success that stands for a node or an item; None if none does.

        Raises:
            CorruptError: It is damaged.
        """
        return self._post(f"runs/{self.run}/outcomes/{node}")

    def successes(self, nodes: Sequence[str]) -> list[Posted]:
        """Those that stand for some nodes, read at once."""
        if len(nodes) < _AT_ONCE:
            return [found for found in map(self.success, nodes) if found is not None]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [found for found in pool.map(self.success, nodes) if found is not None]

    def failure(self, node: str, attempt: int) -> Posted | None:
        """What was told of an attempt that did not succeed."""
        return self._post(f"runs/{self.run}/failures/{node}/{attempt}")

    def failures(self, node: str) -> list[Posted]:
        """What was told of attempts at a node, the first attempt first."""
        folder = f"runs/{self.run}/failures/{node}/"
        tries = (name.removeprefix(folder) for name in self._named.names(folder[:-1]))
        found = [
            self.failure(node, attempt) for attempt in sorted(map(int, filter(_is_number, tries)))
        ]
        return [each for each in found if each is not None]

    def keep_log(self, node: str, attempt: int, data: bytes) -> None:
        """Posts what an attempt wrote; of very much, the middle is left out."""
        if len(data) > _LONGEST_LOG:
            half, left = _LONGEST_LOG // 2, len(data) - _LONGEST_LOG
            data = data[:half] + f"\n[{left:,} bytes are left out here]\n".encode() + data[-half:]
        self._named.create(f"runs/{self.run}/logs/{node}/{attempt}", data)

    def log(self, node: str, attempt: int) -> bytes | None:
        """What an attempt wrote."""
        return self._named.read(f"runs/{self.run}/logs/{node}/{attempt}")

    def names(self) -> list[str]:
        """The names of all objects of the run, without the part that they share."""
        folder = f"runs/{self.run}"
        return [name.removeprefix(f"{folder}/") for name in self._named.names(folder)]

    def offer(self, key: str, outcome: Outcome) -> None:
        """Lets a result stand for others with its key."""
        self._named.create(f"cache/{key}/{self.run}", packed(outcome_document(outcome)))

    def offered(self, key: str) -> Outcome | None:
        """The result of the newest run that may stand for others with a key."""
        for name in _newest_first(self._named.names(f"cache/{key}")):
            try:
                found = self._document(name)
                if found is not None:
                    return read_outcome(name, found)
            except CorruptError:  # the next one may do
                continue
        return None

    def _post(self, name: str) -> Posted | None:
        found = self._document(name)
        return None if found is None else read_post(name, found)

    def _document(self, name: str) -> Any:
        data = self._named.read(name)
        return None if data is None else unpacked(name, data)


def posted_runs(store: ArtifactStore) -> set[str]:
    """The ids of the runs of which something is posted in a store."""
    return {name.split("/")[1] for name in store.named.names("runs")}


def posted_digests(store: ArtifactStore, known: Container[str]) -> set[str]:
    """What is named by plans that engines run, and by runs that no record knows of yet.

    Args:
        store: Where that is posted.
        known: The ids of runs that are recorded, and say themselves what they need.
    """
    named = store.named
    plans = [name for name in named.names("plans") if "/shared/" in name]
    runs = [f"runs/{run}" for run in posted_runs(store) if run not in known]
    logs = tuple(f"{run}/logs/" for run in runs)
    posts = (name for run in runs for name in named.names(run) if not name.startswith(logs))
    texts = ((named.read(name) or b"").decode(errors="replace") for name in (*plans, *posts))
    return {digest for text in texts for digest in _DIGEST.findall(text)}


def _newest_first(names: Iterable[str]) -> list[str]:
    """Names that end in runs' ids, which sort by time."""
    return sorted(names, reverse=True)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
