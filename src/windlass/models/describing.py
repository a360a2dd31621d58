"""What becomes known of a version when it is made: signature, profile, golden examples, metrics.

All of it is taken from real data, its reference and its holdout, and kept as evidence of the
version, each kind once. What cannot be had is noted with its reason, and the version stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from windlass.errors import ModelError, WindlassError
from windlass.models.card import model_card
from windlass.models.estimator import Predictor, facts_of, input_columns
from windlass.models.golden import Golden
from windlass.models.profile import Profile
from windlass.models.signature import Signature, signature_of
from windlass.models.tables import columns_of, library_of, names_of, take
from windlass.models.version import Version
from windlass.values import Json

_MOST_ROWS = 100_000
"""Rows of a reference that a model is asked about; more tell nothing new of what it gives."""

KINDS = ("facts", "signature", "profile", "golden", "metrics", "card")


def describe(version: Version) -> dict[str, str]:
    """Keeps what can be known of a version, as far as it is not known yet.

    Args:
        version: The version.

    Returns:
        What could not be had, and why, by kind.
    """
    known, problems = version.evidence, {}
    subject = _Subject(version)
    for kind, take_it in _TAKERS.items():
        if kind in known:
            continue
        try:
            document = take_it(subject)
        except WindlassError as error:
            problems[kind] = error.message
            continue
        if document is not None:
            version.keep(kind, document)
    return problems
