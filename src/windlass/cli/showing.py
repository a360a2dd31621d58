"""How ``show`` draws a run: what it is, and the tree of its nodes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from windlass.cli.marks import MARKS, STYLES
from windlass.cli.output import styled
from windlass.cli.provenance import git_text
from windlass.execution.data_checks.wording import passed_text
from windlass.words import (
    ago_text,
    number_text,
    seconds_text,
    shortened,
    size_text,
    summary_text,
    time_text,
    type_text,
)

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text
    from rich.tree import Tree

    from windlass.records.model import Attempt

_MOST_ITEMS = 20
"""Of a map of more items, only what went wrong is drawn, unless all is asked for."""
_MOST_LEFT_OUT = 5

Node = dict[str, Any]


def header(run: dict[str, Any]) -> Table:
    """What a run is, was given, and came from."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("run", Text.from_markup(f"[bold]{run['name']}[/]  {styled(run['status'])}"))
    for name, told in _facts(run):
        table.add_row(name, Text(told))
    return table


def _facts(run: dict[str, Any]) -> list[tuple[str, str]]:
    took = f", took {seconds_text(run['seconds'])}" if run["seconds"] is not None else ""
    facts = [
        ("id", run["id"]),
        ("started", f"{time_text(run['created'])}{took}"),
        ("parameters", ", ".join(f"{k}={v!r}" for k, v in run["parameters"].items()) or "none"),
        ("seed", str(run["seed"])),
        ("where", f"target {run['target']}, stack {run['stack']}"),
        ("code", _code(run)),
    ]
    if run["tags"]:
        facts.append(("tags", ", ".join(f"{k}={v}" for k, v in run["tags"].items())))
    if run["metrics"]:
        told = [f"{name} {number_text(value)}" for name, value in run["metrics"].items()]
        facts.append(("metrics", ", ".join(told)))
    if run.get("proof"):
        facts.append(("reproduced", _proof(run["proof"])))
    facts += [("tracker", _tracker(each)) for each in run.get("trackers", ())]
    left_out = run["left_out"]
    if reason := common_reason(run.get("nodes", ())):
        facts.append(("cache", reason))
    facts += [("left out", f"{path}: {reason}") for path, reason in left_out[:_MOST_LEFT_OUT]]
    if len(left_out) > _MOST_LEFT_OUT:
        facts.append(("", f"and {len(left_out) - _MOST_LEFT_OUT} more; --json has them all"))
    return facts


def _proof(proof: dict[str, Any]) -> str:
    first = f", first in '{proof['first']}'" if proof["first"] else ""
    when = ago_text(proof["created"])
    return f"{proof['verdict']}{first}: in the {proof['environment']} environment, {when}"


def _tracker(told: dict[str, Any]) -> str:
    """How it stands with what is shown elsewhere."""
    if told["state"] == "delivered":
        return f"{told['tracker']}, told {ago_text(told['time'])}"
    why = f": {told['error']}" if told["error"] else ""
    return f"{told['tracker']}, not told all of it yet{why}; now: windlass sync"


def common_reason(nodes: Sequence[Node]) -> str | None:
    """Why every node that ran had to run, where it is the same for all of several."""
    ran = [node["reason"] for node in nodes if node["attempts"] and not node["cached"]]
    return ran[0] if len(ran) > 1 and len(set(ran)) == 1 else None


def _code(run: dict[str, Any]) -> str:
    told = f"plan {run['plan'][:10]}  bundle {run['bundle'][:10]}"
    told += f"  environment {run['environment'][:10]}"
    if run["git"]:
        told += f"\ngit {git_text(run['git'])}"
    return told


def nodes_tree(
    nodes: Sequence[Node], attempts: Sequence[Attempt], *, every: bool, lost: bool = False
) -> Tree:
    """The nodes, those of a nested pipeline and the items of a map below its name.

    Args:
        nodes: As the document of a run has them.
        attempts: Those at nodes that have not ended.
        every: Whether each item of a large map is drawn.
        lost: Whether the run is, so that none of the attempts goes on.
    """
    from rich.tree import Tree

    common = common_reason(nodes)
    nodes = [{**n, "reason": None} if n["reason"] == common else n for n in nodes]
    forest = _Forest(Tree("", hide_root=True, guide_style="dim"))
    ended = {node["node"] for node in nodes}
    going = [a for a in attempts if a.status == "running" and a.node not in ended]
    for base, some in _gathered(nodes, every=every).items():
        if len(some) > 1 or "[" in some[0]["node"]:
            _add_map(forest, base, some, every=every)
        else:
            forest.group_of(base).add(_node_text(some[0], base))
    for attempt in going:
        forest.place_of(attempt.node).add(_attempt_text(attempt, lost=lost))
    return forest.root


def _gathered(nodes: Sequence[Node], *, every: bool) -> dict[str, list[Node]]:
    """The nodes by what is drawn as one: the items of a map, and a step's calls if they are many.

    A step is named in its group; a call of it that stands alone, by itself.
    """
    calls = Counter(_step_in_group(node) for node in nodes if "[" not in node["node"])
    found: dict[str, list[Node]] = {}
    for node in nodes:
        base, bracket, _ = node["node"].partition("[")
        step = _step_in_group(node)
        is_one_of_many = not bracket and not every and calls[step] > _MOST_ITEMS
        found.setdefault(step if is_one_of_many else base, []).append(node)
    return found


def _step_in_group(node: Node) -> str:
    group, dot, _ = node["node"].partition("[")[0].rpartition(".")
    return f"{group}{dot}{node['step'].rpartition(':')[2]}"


class _Forest:
    """The branches of nested pipelines, each made when it is first needed."""

    def __init__(self, root: Tree) -> None:
        self.root = root
        self._branches: dict[str, Tree] = {"": root}
        self.maps: dict[str, Tree] = {}

    def group_of(self, node: str) -> Tree:
        return self._branch(node.rpartition(".")[0])

    def place_of(self, node: str) -> Tree:
        """Where a node goes: an item of a map that is drawn already, below it."""
        return self.maps.get(node.partition("[")[0]) or self.group_of(node)

    def _branch(self, group: str) -> Tree:
        from rich.text import Text

        if group not in self._branches:
            parent, _, label = group.rpartition(".")
            self._branches[group] = self._branch(parent).add(Text(label, "bold"))
        return self._branches[group]


def _add_map(forest: _Forest, base: str, items: list[Node], *, every: bool) -> None:
    from rich.text import Text

    is_map = "[" in items[0]["node"]
    count = f"  {len(items):,} {'item' if is_map else 'call'}{'s' if len(items) > 1 else ''}"
    label = Text.assemble((_label(base), "bold"), (count, "dim"))
    branch = forest.maps[base] = forest.group_of(base).add(label)
    small = every or len(items) <= _MOST_ITEMS
    if not small:
        label.append(f": {_counted(items)}", "dim")
    bad = [item for item in items if item["status"] in ("failed", "cancelled")]
    shown = items if small else bad[:_MOST_ITEMS]
    for item in shown:
        branch.add(_node_text(item, _label(item["node"])))
    if not small:
        branch.add(Text("all of them: --all", "dim"))


def _counted(items: list[Node]) -> str:
    counts = Counter("cached" if item["cached"] else item["status"] for item in items)
    return ", ".join(f"{count:,} {how}" for how, count in counts.items())


def _label(node: str) -> str:
    return node.rpartition(".")[2]


def _node_text(node: Node, name: str) -> Group:
    """A node, and below it what it made, or why it failed or ran."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    status = node["status"]
    line = Text.assemble(
        (MARKS.get(status, "?"), STYLES.get(status, "")), " ", (_label(name), "bold")
    )
    if status != "succeeded":
        line.append(f"  {status}", STYLES.get(status, ""))
    if node["cached"]:
        line.append("  cached", "cyan")
    elif node["seconds"] is not None and node["attempts"]:
        line.append(f"  {seconds_text(node['seconds'])}", "dim")
    if node["attempts"] > 1:
        line.append(f"  {node['attempts']} attempts", "yellow")
    for name_, value in node["metrics"].items():
        line.append(f"  {name_} {number_text(value)}")
    below = [_output_text(output) for output in node["outputs"]]
    below += [_logged_text(logged) for logged in _newest(node["logged"])]
    if node["error"]:
        below.append(Text(f"{node['error']['kind']}: {node['error']['message']}", "red"))
    elif node["reason"]:
        below.append(Text(shortened(node["reason"]), "dim"))
    if passed := passed_text(node["checks"]):
        below.append(Text(shortened(f"checks passed: {passed}"), "dim"))
    return Group(line, *(Padding(each, (0, 0, 0, 4), expand=False) for each in below))


def _newest(logged: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of those that were logged under one name, the last."""
    return list({each["name"]: each for each in logged}.values())


def _logged_text(logged: dict[str, Any]) -> Text:
    return _artifact_text(logged, f"{logged['kind']} {logged['name']}: ")


def _output_text(output: dict[str, Any]) -> Text:
    return _artifact_text(output, "" if output["name"] == "output" else f"{output['name']}: ")


def _artifact_text(output: dict[str, Any], named: str) -> Text:
    from rich.text import Text

    facts = f"  {summary_text(output['summary'])}  {size_text(output['bytes'])}"
    pickled = "  pickled" if output["pickled"] else ""
    return Text.assemble(
        f"{named}{type_text(output['type'])}",
        (facts, "dim"),
        (f"  {output['content'][:10]}", "dim"),
        (pickled, "yellow"),
    )


def _attempt_text(attempt: Attempt, *, lost: bool) -> Text:
    from rich.text import Text

    status = "lost" if lost else "running"
    since = f"{seconds_text(time.time() - attempt.started)} ago"
    when = time_text(attempt.started) if lost else since
    told = f"  attempt {attempt.attempt}, began {when}"
    return Text.assemble(
        (MARKS[status], STYLES[status]), " ", (attempt.node, "bold"), (told, "dim")
    )
