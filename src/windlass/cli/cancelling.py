"""``cancel``: asking a run to end, wherever it is driven."""

from __future__ import annotations

from windlass.cli.looking import RunName
from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stores_here


@command
def cancel(run: RunName, stack: StackName = None, json: Json = False) -> int:
    """Asks a run to end; what has succeeded is kept."""
    from windlass.execution.cancelling import cancel as ask
    from windlass.models.promoting import who

    records = stores_here(stack).records
    found, by = records.run(run), who()
    ask(records, found, by)
    if json:
        print_json({"run": found.name, "cancelled_by": by})
    else:
        console().print(f"{found.name} is asked to end", markup=False)
        console().print(f"go on with it later: windlass resume {found.name}", style="dim")
    return DONE
