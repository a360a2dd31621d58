"""Where a run came from: code, environment, machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.provenance_document import provenance_document
from windlass.keeping import Kept

if TYPE_CHECKING:
    from windlass.pipeline.plan import Plan
    from windlass.records import Records
    from windlass.records.model import Run


class Origin(TypedDict):
    """Where a run came from; what was not recorded is null.

    ``packages`` are the versions of the installed distributions; ``diff`` is what git had not
    recorded; ``files`` and ``variables`` are the digests of what steps declare.
    """

    git: dict[str, Any] | None
    diff: str
    bundle: dict[str, Any]
    python: str | None
    implementation: str | None
    packages: dict[str, str]
    lock: str | None
    machine: dict[str, Any] | None
    files: dict[str, str]
    variables: dict[str, str]


_KEPT: Kept[Origin] = Kept(64)
"""All of it was recorded when the run began."""


def origin(records: Records, run: Run, plan: Plan) -> Origin:
    """What was recorded of a run's code, packages and machine."""
    return _KEPT.get(run.id, lambda: _origin(records, run, plan))


def _origin(records: Records, run: Run, plan: Plan) -> Origin:
    told = provenance_document(records, run, plan)
    git = dict(told["git"]) if told["git"] else None
    environment = told["environment"]
    return Origin(
        git=git,
        diff=(git.pop("diff", None) or "")[:_LONGEST] if git else "",
        bundle=told["bundle"],
        python=environment["python"],
        implementation=environment["implementation"],
        packages=environment["packages"],
        lock=told["lock"],
        machine=told["machine"],
        files=told["files"],
        variables=told["variables"],
    )


_LONGEST = 100_000
