"""What differs between two fingerprints of a step, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from windlass.provenance.fingerprint import Fingerprint, Piece

_SHORT = 40

Source: TypeAlias = Callable[[str], str | None]
"""The source of a piece by its digest; of a constant, its value."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Args:
        text: In words.
        name: What it is, such as ``features.lag``.
        kind: Of the piece of code that it is, if it is one.
        before: The digest of the piece of code that it was; None if it is no code, or new.
        after: The digest of the piece that it is.
    """

    text: str
    name: str = ""
    kind: str = ""
    before: str | None = None
    after: str | None = None


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
            piece.kind,
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
    in_cell = (piece.file or "").startswith("In [")
    is_told = piece.line is not None or in_cell or piece.kind == "file"
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


def without_echoes(found: list[Change], source: Source) -> list[Change]:
    """Leaves out what says the same as it did, and changed only as a class did that is told.

    A new default of a dataclass changes the class, the attribute that holds it, and every function
    with an instance among its own defaults.
    """
    classes = {each.name for each in found if each.kind == "class" and _says_other(each, source)}
    return [
        each
        for each in found
        if not classes
        or (
            not (each.kind == "constant" and each.name.rpartition(".")[0] in classes)
            and not (each.kind == "function" and each.before and not _says_other(each, source))
        )
    ]


def _says_other(change: Change, source: Source) -> bool:
    texts = [source(each) if each is not None else None for each in (change.before, change.after)]
    return texts[0] != texts[1]


def with_values(found: list[Change], source: Source) -> list[Change]:
    """Changes, those of constants with what these were and are, if that is short."""
    return [_with_value(each, source) if each.kind == "constant" else each for each in found]


def _with_value(change: Change, source: Source) -> Change:
    if change.before is None or change.after is None:
        return change
    before, after = source(change.before), source(change.after)
    if not before or not after or max(len(before), len(after)) > _SHORT or "\n" in before + after:
        return change
    return replace(change, text=f"{change.text}: {before} → {after}", before=None, after=None)
