"""Values are told of whatever their own words do."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from windlass.artifacts.reading import preview
from windlass.artifacts.wording import text_of, words_for
from windlass.values import to_text

from .box import Box


class Silent:
    def __repr__(self) -> str:
        raise RuntimeError("no words")

    __str__ = __repr__


@dataclass(frozen=True, repr=False)
class Held(Silent):
    x: int = 1


class Colour(Silent, enum.Enum):
    RED = 1


VALUES: dict[str, Any] = {
    "by itself": Held(),
    "in a list": [Held(), 1],
    "in a dict": {"a": Held()},
    "a key": {Held(): Held()},
    "beside a table": {"table": pd.DataFrame({"a": [1]}), Held(): Held()},
    "an enum": [Colour.RED],
    "a cell": pd.DataFrame({"a": pd.Series([Held(), None], dtype=object)}),
    "a label": pd.DataFrame([[1]], columns=[Held()]),
    "a name": pd.Series([1], name=Held()),
    "an index": pd.Index([Held()], name=Held()),
    "levels": pd.MultiIndex.from_arrays([[Held()]], names=[Held()]),
    "a category": pd.Categorical([Held()]),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_has_no_words_is_stored_and_shown(value: Any, box: Box) -> None:
    saved = box.save(value).artifact
    assert not saved.pickled
    to_text(dict(saved.summary))
    assert preview(saved.content, box.store, box).data


def test_what_is_pickled_need_not_have_words(box: Box) -> None:
    for value in (Silent(), [Silent()]):
        saved = box.save(value, allow_pickle=True).artifact
        assert preview(saved.content, box.store, box, trust_pickle=True).data


def test_a_type_stands_for_what_has_no_words() -> None:
    assert words_for(Held(), 80) == text_of(Held()) == "<Held>"
    assert words_for([Held(), 1], 80) == "[<Held>, 1]"
