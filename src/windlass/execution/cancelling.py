"""Asking a run to end, from anywhere that reaches the record.

The request is an event. Whoever drives the run looks for one every second, and ends it as Ctrl-C
does: what has succeeded is kept, and the run can be resumed.
"""

from __future__ import annotations

from windlass.errors import ConfigError
from windlass.execution.liveness import is_gone
from windlass.records import Records
from windlass.records.model import Run


def cancel(records: Records, run: Run, by: str) -> None:
    """Asks the driver of a run to end it.

    Args:
        records: Where it is recorded.
        run: Which run.
        by: Who asks.

    Raises:
        ConfigError: It is not running, or nobody here drives it.
    """
    refuse_idle(run)
    records.ask_to_end(run.id, by)


def refuse_idle(run: Run) -> None:
    """Refuses a run that nobody would end.

    Raises:
        ConfigError: It is not running, or nobody here drives it.
    """
    if run.status != "running":
        raise ConfigError(f"{run.name} is not running: it has {run.status}")
    if is_gone(run):
        raise ConfigError(
            f"{run.name} is lost: the process that drove it is gone, and nothing of it goes on",
            hint=f"Go on with it: windlass resume {run.name}",
        )
    if run.driver is None:
        raise ConfigError(
            f"{run.name} is driven by {run.target}, and is to be ended there",
            hint=f"What has come of it so far: windlass sync {run.name}",
        )
