"""Why there is no earlier result for a node: what differs from the last time it ran."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from windlass.provenance.fingerprint import Fingerprint, Piece, read_fingerprint
from windlass.words import summary_text

if TYPE_CHECKING:
    from windlass.execution.ingredients import Ingredients
    from windlass.execution.job import Job
    from windlass.pipeline.graph import Node
    from windlass.records import Records
    from windlass.records.model import Outcome

_SHORT = 40
NEVER = "never run before"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Args:
        text: In words.
        name: What it is, such as ``features.lag``.
        before: The digest of the piece of code that it was; None if it is no code, or new.
        after: The digest of the piece that it is.
    """

    text: str
    name: str = ""
    before: str | None = None
    after: str | None = None


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
    found: list[Change] = []
    if then["code"] != now["code"]:
        found += [
            _with_values(records, each)
            for each in code_changes(
                _fingerprint(records, then["code"]), _fingerprint(records, now["code"])
            )
        ]
    if then["python"] != now["python"]:
        found.append(Change(f"Python {then['python']} → {now['python']}"))
    found += _argument_changes(records, earlier, now, contents)
    found += _class_changes(records, then, now)
    found += _declared_changes(then, now)
    if then["seed"] != now["seed"]:
        found.append(Change(f"the seed differs: {then['seed']} → {now['seed']}"))
    found += _setting_changes(then, now)
    return list({change.text: change for change in reversed(found)}.values())[::-1]


def _with_values(records: Records, change: Change) -> Change:
    """A change of a constant with what it was and is, if that is short."""
    if not change.text.startswith("constant ") or change.before is None or change.after is None:
        return change
    before, after = records.source(change.before), records.source(change.after)
    if before is None or after is None or max(len(before), len(after)) > _SHORT:
        return change
    return replace(change, text=f"{change.text}: {before} → {after}", before=None, after=None)


def code_changes(then: Fingerprint | None, now: Fingerprint | None) -> list[Change]:
    """What differs between two fingerprints of a step, the likeliest cause first."""
    if then is None or now is None:
        return [Change("the code changed; what it was is not recorded")]
    found = sorted(_piece_changes(then, now), key=lambda pair: pair[0])
    # What a name stands for changes with each thing that it stands for, which says more.
    telling = [pair for pair in found if pair[0][-1] != "name"]
    listed = [change for _, change in telling or found]
    listed += _distribution_changes(then.distributions, now.distributions)
    if not listed and then.bundle != now.bundle:
        causes = "; ".join(f"{each.what} ({each.place})" for each in now.unresolved[:3])
        listed.append(Change(f"the project's code changed, and all of it counts: {causes}"))
    return listed or [Change("the code changed")]


_RANKS = {
    "function": 1,
    "class": 2,
    "constant": 3,
    "definition": 4,
    "notebook": 4,
    "file": 5,
    "module": 6,
}


def _piece_changes(then: Fingerprint, now: Fingerprint) -> Iterator[tuple[tuple[Any, ...], Change]]:
    before, after = _by_name(then), _by_name(now)
    for key in {**before, **after}:
        old, new = before.get(key, {}), after.get(key, {})
        if old.keys() == new.keys():
            continue
        gone = [piece for digest, piece in old.items() if digest not in new]
        come = [piece for digest, piece in new.items() if digest not in old]
        piece = (come or gone)[0]
        rank = 0 if piece.name == now.entry and gone and come else _RANKS.get(piece.kind, 7)
        rank += 10 * (not gone or not come)  # what is new or gone follows from another change
        change = Change(
            _words(piece, now.entry, is_new=not gone, is_gone=not come),
            piece.name,
            gone[0].digest if gone else None,
            come[0].digest if come else None,
        )
        yield (rank, piece.name, piece.kind), change


def _by_name(fingerprint: Fingerprint) -> dict[tuple[str, str], dict[str, Piece]]:
    found: dict[tuple[str, str], dict[str, Piece]] = {}
    for piece in fingerprint.pieces:
        found.setdefault((piece.kind, piece.name), {})[piece.digest] = piece
    return found


def _words(piece: Piece, entry: str, *, is_new: bool, is_gone: bool) -> str:
    is_told = piece.line is not None or (piece.file or "").startswith("In [")
    place = f" ({piece.place})" if is_told and piece.place and not is_gone else ""
    what = {
        "function": "the step itself" if piece.name == entry else f"helper {piece.name}",
        "class": f"class {piece.name}",
        "constant": f"constant {piece.name}",
        "definition": piece.name,
        "notebook": f"notebook {piece.name}",
        "file": piece.name,
        "module": f"what importing {piece.name} does",
    }.get(piece.kind, f"what {piece.name} stands for")
    verb = "is used now" if is_new else "is used no more" if is_gone else "changed"
    return f"{what} {verb}{place}"


def _distribution_changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    found = []
    for name in sorted({*then, *now}):
        old, new = then.get(name), now.get(name)
        if old is None:
            found.append(Change(f"{name} {new} is used now", name))
        elif new is None:
            found.append(Change(f"{name} {old} is used no more", name))
        elif old != new:
            found.append(Change(f"{name} {old} → {new}", name))
    return found


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
            old, new = _fingerprint(records, before[name]), _fingerprint(records, digest)
            yield from code_changes(old, new)


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


def _fingerprint(records: Records, digest: str) -> Fingerprint | None:
    from windlass.errors import NotFoundError

    try:
        return read_fingerprint(json.loads(records.fingerprint(digest)))
    except NotFoundError:
        return None
