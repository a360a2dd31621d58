"""What differs between two runs, section by section, as plain data.

Each section is a list of what differs in it, empty where nothing does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from windlass.execution.comparison.code import compare_code
from windlass.execution.comparison.facts import (
    compare_git,
    compare_machines,
    compare_packages,
    compare_parameters,
    compare_settings,
)
from windlass.execution.comparison.nodes import compare_metrics, compare_nodes, node_seconds
from windlass.execution.comparison.outputs import compare_outputs

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records.model import Run

Entries = list[dict[str, Any]]

_SECTIONS: dict[str, Callable[[Stores, Run, Run], Entries]] = {
    "code": compare_code,
    "git": compare_git,
    "packages": compare_packages,
    "parameters": compare_parameters,
    "settings": compare_settings,
    "machine": compare_machines,
    "nodes": compare_nodes,
    "metrics": compare_metrics,
}
SECTIONS = (*_SECTIONS, "outputs")
"""In the order in which they are told: causes before effects."""


def compare_runs(
    stores: Stores,
    before: Run,
    after: Run,
    *,
    only: Collection[str] = (),
    data: bool = False,
) -> dict[str, Any]:
    """What differs between two runs, of one pipeline or of two.

    Args:
        stores: Where both are recorded.
        before: The one that is compared with.
        after: The one that is compared.
        only: The sections to compare; all, if none is named.
        data: Whether large outputs that differ are read, too.

    Returns:
        ``before`` and ``after``, the names; ``equal``, the sections in which nothing differs;
        ``differ``, the others; ``seconds``, how long nodes took that both computed, which makes no
        difference; and each section by its name.
    """
    wanted = [name for name in SECTIONS if not only or name in only]
    found: dict[str, Entries] = {}
    for name in wanted:
        if name == "outputs":
            found[name] = compare_outputs(stores, before, after, data=data)
        else:
            found[name] = _SECTIONS[name](stores, before, after)
    return {
        "before": before.name,
        "after": after.name,
        "differ": [name for name, entries in found.items() if entries],
        "equal": [name for name, entries in found.items() if not entries],
        **found,
        "seconds": node_seconds(stores, before, after) if "nodes" in found else [],
    }
