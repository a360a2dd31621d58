"""Why there is no earlier result for a node: what differs from the last time it ran."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windlass.execution.code_changes import Change, code_changes, with_values, without_echoes
from windlass.provenance.fingerprint import Fingerprint, read_fingerprint
from windlass.words import summary_text

if TYPE_CHECKING:
    from windlass.execution.ingredients import Ingredients
    from windlass.execution.job import Job
    from windlass.pipeline.graph import Node
    from windlass.records import Records
    from windlass.records.model import Outcome

NEVER = "never run before"


def why_missing(
    job: Job,
    node: Node,
    name: str,
    ingredients: Ingredients,
    contents: Mapping[str, Sequence[str]],
) -> str:
    """Why no earlier result has the key of a node, in a line."""
    records, now = job.stores.records, ingredients.document()
    earlier = nearest(records.earlier(node.step, name, job.run, time.time()), now)
    if earlier is None:
        return NEVER
    found = changes(records, earlier, now, contents)
    return in_a_line(found) or f"the result of {earlier.run_name} is not in the cache"


def nearest(earlier: Sequence[Outcome], now: Mapping[str, Any]) -> Outcome | None:
    """Of several earlier outcomes the one that differs least; of equals, the newest."""
    known = [outcome for outcome in earlier if outcome.ingredients is not None]
    return min(known, key=lambda outcome: _distance(outcome.ingredients or {}, now), default=None)


def _distance(then: Mapping[str, Any], now: Mapping[str, Any]) -> int:
    arguments = {*then["arguments"].items()} ^ {*now["arguments"].items()}
    others = ("code", "classes", "python", "seed", "settings", "split", "files", "variables")
    return len(arguments) + 2 * len([name for name in others if then.get(name) != now[name]])


def in_a_line(found: list[Change]) -> str:
    """The first change, and how many more there are."""
    if not found:
        return ""
    more = len(found) - 1
    return found[0].text + (f", and {more} more" if more else "")


def changes(
    records: Records,
    earlier: Outcome,
    now: Mapping[str, Any],
    contents: Mapping[str, Sequence[str]],
) -> list[Change]:
    """What differs between an earlier outcome and a later one of the same node.

    Args:
        records: Where what they were made of is looked up.
        earlier: The earlier outcome.
        now: The ingredients of the later one.
        contents: The artifacts that the later one reads, by parameter.
    """
    then = earlier.ingredients or {}
    found: list[Change] = list(_environment_change(then, now))
    if then["code"] != now["code"]:
        found += _code_changes(records, then["code"], now["code"])
    if then["python"] != now["python"]:
        found.append(Change(f"Python {then['python']} → {now['python']}"))
    found += _argument_changes(records, earlier, now, contents)
    found += _class_changes(records, then, now)
    found += _declared_changes(then, now)
    if then["seed"] != now["seed"]:
        found.append(Change(f"the seed differs: {then['seed']} → {now['seed']}"))
    found += _setting_changes(then, now)
    return list({change.text: change for change in reversed(found)}.values())[::-1]


def _environment_change(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    before, after = then.get("environment"), now.get("environment")
    if before != after:
        told = f"in the environment '{after}'" if after else "in the pipeline's own environment"
        yield Change(f"it runs {told} now", after or "")


def _argument_changes(
    records: Records,
    earlier: Outcome,
    now: Mapping[str, Any],
    contents: Mapping[str, Sequence[str]],
) -> Iterator[Change]:
    then = earlier.ingredients or {}
    read: dict[str, list[str]] | None = None
    for name, digest in now["arguments"].items():
        old = then["arguments"].get(name)
        if old == digest:
            continue
        if old is None:
            yield Change(f"input {name} is new", name)
            continue
        if name in now["shown"] or name in then["shown"]:
            before, after = then["shown"].get(name, "?"), now["shown"].get(name, "?")
            told = f": {before} → {after}" if before != after else f" in its content: {after}"
            yield Change(f"input {name} differs{told}", name)
            continue
        if read is None:
            read = records.node_inputs(earlier.run, earlier.node)
        yield Change(f"input {name} differs{_facts(records, read, contents, name)}", name)
    for name in then["arguments"].keys() - now["arguments"].keys():
        yield Change(f"input {name} is gone", name)


def _facts(
    records: Records, then: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]], name: str
) -> str:
    """How two artifacts differ, as far as their summaries tell."""
    old, new = then.get(name, []), now.get(name, [])
    if len(old) != len(new):
        return f": {len(old):,} → {len(new):,} artifacts"
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    if not pairs:
        return ""
    before, after = (_summary(records, content) for content in pairs[0])
    if before == after or not before or not after:
        return f": of the same form ({after})" if after else ""
    if before.endswith(after[after.find(" rows") :]) and " rows" in after:
        return f": {before.partition(' rows')[0]} → {after.partition(' rows')[0]} rows"
    return f": {before} → {after}"


def _summary(records: Records, content: str) -> str:
    artifact = records.artifact(content)
    return summary_text(artifact.summary) if artifact is not None else ""


def _setting_changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for name, value in now["settings"].items():
        old = then["settings"].get(name)
        if old != value:
            yield Change(f"the step's setting {name} differs: {old} → {value}", name)
    if then["split"] != now["split"]:
        yield Change("a map runs over another of its outputs")


def _class_changes(
    records: Records, then: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Change]:
    """Changes in the code of the classes of what was given; of other classes, the inputs tell."""
    before = then.get("classes", {})
    for name, digest in now["classes"].items():
        if before.get(name, digest) != digest:
            yield from _code_changes(records, before[name], digest)


def _declared_changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    """Changes of declared files and variables; what a variable holds is told to nobody."""
    for kind, what in (("files", "file"), ("variables", "variable")):
        before, after = then.get(kind, {}), now[kind]
        for name in sorted({*before, *after}):
            if name not in before:
                yield Change(f"{what} {name} is new", name)
            elif name not in after:
                yield Change(f"{what} {name} is gone", name)
            elif before[name] != after[name]:
                yield Change(f"{what} {name} changed", name)


def _code_changes(records: Records, before: str, after: str) -> list[Change]:
    found = code_changes(_fingerprint(records, before), _fingerprint(records, after))
    return with_values(without_echoes(found, records.source), records.source)


def _fingerprint(records: Records, digest: str) -> Fingerprint | None:
    from windlass.errors import NotFoundError

    try:
        return read_fingerprint(json.loads(records.fingerprint(digest)))
    except NotFoundError:
        return None
