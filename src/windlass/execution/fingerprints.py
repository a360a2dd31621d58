"""Fingerprints in the record, with the source by which a person is told what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from windlass.provenance.fingerprint import Taken, text_of

if TYPE_CHECKING:
    from windlass.records import Records


def save_fingerprints(records: Records, fingerprints: Mapping[str, Taken]) -> None:
    """Keeps fingerprints, and the source of their pieces, by which changes are told later."""
    by_digest = {each.digest: each for each in fingerprints.values()}
    known = records.known_fingerprints(list(by_digest))
    for digest_, taken in by_digest.items():
        if digest_ not in known:
            fingerprint = taken.whole()
            texts = {piece.digest: text_of(piece, fingerprint) for piece in fingerprint.pieces}
            kept = {key: text for key, text in texts.items() if text}
            records.save_fingerprint(digest_, fingerprint.document(), kept)
