"""``gc``: removing what nobody needs any more."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stack_here, stores_here
from windlass.errors import ConfigError
from windlass.words import shortened, size_text

if TYPE_CHECKING:
    from windlass.execution.collecting import Collected


@command
def gc(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="AGE", help="Runs, too, that ended so long ago, as '30 days'."
        ),
    ] = None,
    keep_last: Annotated[
        int, typer.Option(min=1, help="Of each pipeline, so many runs stay however old.")
    ] = 1,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Removes values that no run has, and old runs where that is asked for."""
    from windlass.execution.collecting import Rule, collect
    from windlass.execution.neighbours import neighbours
    from windlass.pipeline.settings import parse_duration

    if keep_last > 1 and older_than is None:
        raise ConfigError(
            "--keep-last keeps runs from --older-than, and no age is given",
            hint="Say, too, which runs may go: --older-than '30 days'",
        )
    before = None if older_than is None else time.time() - parse_duration(older_than)
    stores = stores_here(stack)
    others = neighbours(stack_here(stack), stores)
    code = stack_here(stack).project.cache / "code"
    done = collect(stores, Rule(before, keep_last), others=others, dry=dry_run, code=code)
    kept = stores.artifacts.kept_here()
    if json:
        cache = None if kept is None else kept._asdict()
        print_json({"dry_run": dry_run, **asdict(done), "cache": cache})
        return DONE
    _tell(done, dry=dry_run)
    if kept is not None:
        told = f"{size_text(kept.bytes)} of at most {size_text(kept.limit)}"
        console().print(f"local copies take {told}; they keep to that by themselves")
    return DONE


_WORDS = {
    "runs": "runs",
    "artifacts": "values in the record",
    "blobs": "files of values",
    "archives": "archives of code",
    "logs": "folders of logs",
    "layouts": "copies of files",
    "code": "folders of code",
}


def _tell(done: Collected, *, dry: bool) -> None:
    counts = {**asdict(done), "runs": len(done.runs)}
    lines = [f"{counts[name]:>9,}  {words}" for name, words in _WORDS.items() if counts[name]]
    if done.runs:
        lines[0] += f"  {shortened(', '.join(done.runs))}"
    verb = "would be removed" if dry else "removed"
    told = [f"{verb}, {size_text(done.bytes)}:" if lines else "nothing is to be removed", *lines]
    if done.needed:
        names = shortened(", ".join(done.needed))
        told.append(f"kept, since later runs had results from them: {names}")
    if done.waiting:
        names = shortened(", ".join(done.waiting))
        told.append(f"left until the runs that go on now have ended: {names}")
    for line in told:
        console().print(line, markup=False, soft_wrap=True)
