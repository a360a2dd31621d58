"""How ``show --provenance`` tells where a run came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from windlass.cli.tables import print_words
from windlass.words import size_text

if TYPE_CHECKING:
    from rich.console import Console

MOST_LINES = 200
"""Lines of a diff that are printed."""
_SHORT = 12


def tell_provenance(out: Console, told: dict[str, Any]) -> None:
    """Prints the document of `windlass.execution.provenance_document`, for a person."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, fact in _facts(told):
        table.add_row(name, Text(fact))
    out.print(table)
    diff = (told["git"] or {}).get("diff")
    if diff:
        print_words(out, Text(f"\nWhat differed from the commit {_short(told['git']['commit'])}"))
        print_diff(out, diff.splitlines())


def print_diff(out: Console, lines: list[str], *, most: int = MOST_LINES, indent: int = 2) -> None:
    """Prints the lines of a unified diff, coloured."""
    from rich.text import Text

    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines[:most]:
        bold = line.startswith(("+++", "---", "diff "))
        style = "bold" if bold else styles.get(line[:1], "dim")
        out.print(Text(" " * indent + line, style), soft_wrap=True)
    if len(lines) > most:
        more = f"… {len(lines) - most:,} more lines; --json has them all"
        out.print(Text(" " * indent + more, "dim"))


def _facts(told: dict[str, Any]) -> Iterable[tuple[str, str]]:
    bundle, environment = told["bundle"], told["environment"]
    files = f"  {bundle['files']:,} files, {size_text(bundle['bytes'])}" if bundle["bytes"] else ""
    kept = "" if bundle["archive"] else "  (their text was not kept)"
    yield "code", f"bundle {_short(bundle['digest'])}{files}{kept}"
    yield from (("left out", f"{each['path']}: {each['reason']}") for each in bundle["left_out"])
    yield "git", git_text(told["git"])
    if environment["python"]:
        packages = f"  {environment['implementation']} {environment['python']}"
        packages += f", {len(environment['packages'])} packages"
        yield "environment", f"{_short(environment['digest'])}{packages}"
    yield "lock", _short(told["lock"]) if told["lock"] else "none: nothing needed it yet"
    if told["machine"]:
        yield from _machine(told["machine"])
    yield "threads", _threads(told["threads"])
    yield "BLAS", ", ".join(told["blas"]) or "none was loaded"
    yield "seed", str(told["seed"])
    for name, value in told["parameters"].items():
        yield f"parameter {name}", f"{value!r}  content {_short(told['digests'].get(name, ''))}"
    for kind in ("file", "variable"):
        yield from ((f"{kind} {k}", f"content {_short(v)}") for k, v in told[f"{kind}s"].items())
    for name, lock in told["environments"].items():
        yield f"environment {name}", f"lock {_short(lock)}"


def git_text(git: dict[str, Any] | None) -> str:
    """What git knew, in a line."""
    if not git:
        return "no checkout"
    commit = _short(git["commit"]) if git["commit"] else "no commit yet"
    text = commit + (f" on {git['branch']}" if git["branch"] else ", on no branch")
    if git.get("remote"):
        text += f" of {git['remote']}"
    if not git["dirty"]:
        return text
    return text + ", with changes" + _unkept(git)


def _unkept(git: dict[str, Any]) -> str:
    size = git.get("diff_bytes") or 0
    if size and git.get("diff", "") is None:
        return f"; their diff of {size_text(size)} is too long to keep, the bundle has the code"
    return ""


def _machine(facts: dict[str, Any]) -> Iterable[tuple[str, str]]:
    yield "python", f"{facts['python']}, locale {facts['locale']}, time zone {facts['time_zone']}"
    libc = f", {facts['libc']}" if facts["libc"] else ""
    yield "system", f"{facts['system']} {facts['release']} {facts['architecture']}{libc}"
    memory = f", {size_text(facts['memory'])} memory" if facts["memory"] else ""
    cores = f"{facts['cpus_usable']} of {facts['cpus']} cores"
    yield "processor", f"{facts.get('cpu') or facts['architecture']}, {cores}{memory}"
    if facts.get("cpu_features"):
        yield "", ", ".join(facts["cpu_features"])
    cards = ", ".join(facts.get("gpus") or [])
    driver = facts.get("gpu_driver")
    yield "GPU", f"{cards or 'not named'}, driver {driver}" if driver else "none"
    if facts["variables"]:
        yield "variables", "\n".join(f"{k}={v}" for k, v in facts["variables"].items())


def _threads(by_node: dict[str, int]) -> str:
    counts = sorted(set(by_node.values()))
    if not counts:
        return "as the process that ran them had it"
    if len(counts) == 1:
        return f"{counts[0]} in each step"
    usual = max(counts, key=list(by_node.values()).count)
    others = [f"{count} in {node}" for node, count in by_node.items() if count != usual]
    return f"{usual} in each step, but {', '.join(others)}"


def _short(digest: str) -> str:
    return digest[:_SHORT]
