"""``logs``: what the nodes of a run have written."""

from __future__ import annotations

import codecs
import shlex
import sys
import time
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.looking import RunName, run_and_node
from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stores_here
from windlass.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.records.model import Attempt, Outcome

_TICK = 0.2
_AT_ONCE = 1 << 20


@command
def logs(
    run: RunName,
    node: Annotated[str | None, typer.Argument(metavar="[NODE]", help="Only this node.")] = None,
    attempt: Annotated[int | None, typer.Option(min=1, help="Only this attempt.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends.")] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Prints logs."""
    from windlass.execution.job import open_job
    from windlass.execution.liveness import is_gone
    from windlass.execution.shared_logs import bring_logs

    if json and follow:
        raise ConfigError("--json and --follow exclude each other", hint="Leave one of them out.")
    stores = stores_here(stack)
    run, node = run_and_node(run, node)
    job = open_job(stores.records.run(run).id, stores)
    wanted = _Wanted(job, node, attempt)
    bring_logs(job, wanted.attempts())
    if follow:
        _follow(wanted)
        if is_gone(stores.records.run_by_id(job.run)):
            console(error=True).print(f"{job.name} is lost: the process that drove it is gone")
    elif not wanted.exist():
        told = f"{job.name} has no attempt {attempt or 1} at '{node}'"
        raise NotFoundError(told, hint=f"See what there is: windlass show {job.name}")
    elif json:
        print_json({"run": job.name, "logs": [_document(job, each) for each in wanted.attempts()]})
    elif not _print_all(job, wanted.attempts()):
        console(error=True).print(_why_nothing(wanted), markup=False)
    return DONE


class _Wanted:
    """Which attempts are asked for.

    Args:
        job: Of which run.
        node: Of which node, or which item of a map; of all, if None.
        attempt: Which of each; all, if None.

    Raises:
        NotFoundError: The run has no such node.
    """

    def __init__(self, job: Job, node: str | None, attempt: int | None) -> None:
        self.job, self.node, self._attempt = job, node, attempt
        base, nodes = (node or "").partition("[")[0], job.plan.graph.nodes
        if node is not None and base not in nodes:
            near = get_close_matches(base, nodes, 3) or list(nodes)[:8]
            told = f"{job.name} has no node '{node}'"
            raise NotFoundError(told, hint=f"It has {', '.join(near)}.")

    def exist(self) -> bool:
        """Whether what is asked for by number, an item or an attempt, is there or was settled."""
        if self.node is None or ("[" not in self.node and self._attempt is None):
            return True
        records, job = self.job.stores.records, self.job
        return bool(self.attempts()) or (
            self._attempt is None and records.outcome(job.run, self.node) is not None
        )

    def attempts(self) -> list[Attempt]:
        """Those that there are now, in the order in which they began."""
        return [
            each
            for each in self.job.stores.records.attempts(self.job.run)
            if self._has(each.node) and self._attempt in (None, each.attempt)
        ]

    def cached(self) -> list[Outcome]:
        """What came of those nodes that the cache had the results of."""
        found = self.job.stores.records.outcomes(self.job.run)
        return [each for each in found if each.cached and self._has(each.node)]

    def _has(self, node: str) -> bool:
        return self.node in (None, node) or node.startswith(f"{self.node}[")


def _why_nothing(wanted: _Wanted) -> str:
    from windlass.execution.shared_logs import written_elsewhere

    name, cached = wanted.node or wanted.job.name, wanted.cached()
    if elsewhere := written_elsewhere(wanted.job, wanted.attempts()):
        return f"what {name} has written is on {', '.join(elsewhere)}, where it ran"
    if not cached:
        return f"{name} has written nothing"
    run, node = cached[0].computed_by
    try:
        made_by = wanted.job.stores.records.run_by_id(run).name
        told = f"what it wrote when it ran: windlass logs {made_by} {shlex.quote(node)}"
    except NotFoundError:
        told = "the run that made it is not recorded any more"
    others = "" if len(cached) == 1 else f"; and {len(cached) - 1} more"
    return f"{cached[0].node} is from the cache{others}\n  {told}"


def _path(job: Job, attempt: Attempt) -> Path:
    return job.log_path(attempt.node, attempt.attempt)


def _document(job: Job, attempt: Attempt) -> dict[str, Any]:
    path = _path(job, attempt)
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return {"node": attempt.node, "attempt": attempt.attempt, "text": text}


def _print_all(job: Job, attempts: list[Attempt]) -> bool:
    """Prints the logs one after the other; returns whether there was anything in them."""
    found = [each for each in attempts if _size(_path(job, each))]
    for each in found:
        if len(attempts) > 1:
            sys.stdout.write(f"── {each.node}, attempt {each.attempt} ──\n")
        last = ""
        with _path(job, each).open(encoding="utf-8", errors="replace", newline="") as file:
            while text := file.read(_AT_ONCE):
                sys.stdout.write(text)
                last = text[-1]
        if last != "\n":
            sys.stdout.write("\n")
    sys.stdout.flush()
    return bool(found)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _follow(wanted: _Wanted) -> None:
    """Prints what is there and what is added, in whole lines, until the run is over."""
    for node, text in _growing(wanted):
        if node == wanted.node:
            sys.stdout.write(text)
        else:
            sys.stdout.writelines(f"{node} | {line}\n" for line in text.splitlines())
        sys.stdout.flush()


def _growing(wanted: _Wanted) -> Iterator[tuple[str, str]]:
    from windlass.execution.liveness import is_gone

    job = wanted.job
    files: dict[tuple[str, int], _Growing] = {}
    while True:
        row = job.stores.records.run_by_id(job.run)
        over = row.status != "running" or is_gone(row)
        for each in wanted.attempts():
            file = files.setdefault((each.node, each.attempt), _Growing(_path(job, each)))
            ended = over or each.status != "running"
            for text in file.read(ended=ended):
                yield each.node, text
        if over:
            return
        time.sleep(_TICK)


class _Growing:
    """A log file that is read as it grows, in whole lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._closed = False

    def read(self, *, ended: bool) -> Iterator[str]:
        """What was added since the last call; all of it, if nothing more will be."""
        if self._closed:
            return
        self._closed = ended
        if _size(self._path) > self._position:
            with self._path.open("rb") as file:
                file.seek(self._position)
                while data := file.read(_AT_ONCE):
                    self._position += len(data)
                    whole, newline, self._rest = (
                        self._rest + self._decoder.decode(data)
                    ).rpartition("\n")
                    yield whole + newline
        if ended and self._rest:
            yield self._rest + "\n"
