"""What was predicted beside what was true: the log and the feedback, joined by request and row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windlass.models.tables.column import Label
from windlass.serving.observing.place import Place
from windlass.serving.observing.publishing import begun, day_of, folder_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_KEYS = ["_request", "_row"]
_LATE = 3600.0
"""Seconds that rows may be older than the segment that they are in."""
_TRUTHS, _ANSWERS = "feedback", "predictions"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Answers of a version of which the truth is known.

    Args:
        times: (n,) when each was asked, in seconds since 1970, UTC.
        truths: n labels or numbers.
        predicted: (n,) labels or numbers; None if none were logged.
        proba: (n, classes); None if none were logged.
        unmatched: Labels to which there is no answer of this version in the log.
    """

    times: NDArray[np.float64]
    truths: list[Any]
    predicted: list[Any] | None
    proba: NDArray[np.float64] | None
    unmatched: int = 0


def labelled(
    place: Place,
    model: str,
    number: int,
    classes: tuple[Label, ...] | None,
    *,
    since: float,
    until: float,
    reach: float,
) -> Labelled | None:
    """The answers of a version whose truth became known in a time; None if there are none.

    Args:
        place: Where its predictions are logged.
        model: The model's name.
        number: The version.
        classes: The labels of its probabilities.
        since: From when on feedback came.
        until: Until when.
        reach: How long before that the requests may have been asked.

    Raises:
        StoreError: The log cannot be read.
    """
    truths = _truths(place, model, since, until)
    if truths is None:
        return None
    probas = [] if classes is None else [f"_proba.{label}" for label in classes]
    wanted = [*_KEYS, "_time", "_predict", *probas]
    answers = _answers(place, model, number, truths["_request"], wanted, since - reach, until)
    if answers is None:
        return Labelled(_seconds(None), [], None, None, truths.num_rows)
    joined = answers.join(truths.select([*_KEYS, "truth"]), _KEYS, join_type="inner")
    joined = joined.sort_by(
        [(key, "ascending") for key in ("_time", *_KEYS)]
    )  # joins know no order
    return _read(joined, [each for each in probas if each in joined.column_names], truths.num_rows)


def _read(joined: pa.Table, probas: list[str], labels: int) -> Labelled:
    import numpy as np

    told = joined["truth"].combine_chunks().dictionary_encode()
    values = [json.loads(each) for each in told.dictionary.to_pylist()]
    truths = [values[place] for place in told.indices.to_pylist()]
    known = np.array([each is not None for each in truths], np.bool_)
    rows = np.flatnonzero(known)
    some = joined.take(rows)
    proba = np.column_stack([some[each].to_numpy() for each in probas]) if probas else None
    predicted = some["_predict"].to_pylist() if "_predict" in some.column_names else None
    return Labelled(
        _seconds(some["_time"]),
        [truths[row] for row in rows.tolist()],
        predicted,
        proba,
        labels - joined.num_rows,
    )


def _truths(place: Place, model: str, since: float, until: float) -> pa.Table | None:
    """The last thing that was told of each row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    read = (place.read(name) for name in _segments(place, model, _TRUTHS, since - _LATE, until))
    found = [each for each in read if each is not None]
    if not found:
        return None
    table = pa.concat_tables(found)
    times = table["_time"].cast("int64")
    table = table.filter(
        pc.and_(pc.greater_equal(times, int(since * 1e6)), pc.less(times, int(until * 1e6)))
    )
    if not table.num_rows:
        return None
    return _last(table)


def _answers(
    place: Place,
    model: str,
    number: int,
    requests: Any,
    wanted: list[str],
    since: float,
    until: float,
) -> pa.Table | None:
    """The rows of requests in the log, which is looked through from its end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    left = pc.unique(requests)
    found = []
    for name in _segments(place, model, _ANSWERS, since - _LATE, until):
        if not len(left):
            break
        if name.rpartition("/")[2].split("-")[1] != str(number):
            continue
        table = place.read(name, wanted, left)
        if table is not None and table.num_rows:
            found.append(table)
            left = left.filter(pc.invert(pc.is_in(left, value_set=pc.unique(table["_request"]))))
    return _last(pa.concat_tables(found, promote_options="permissive")) if found else None


def _last(table: pa.Table) -> pa.Table:
    """The last of the rows of each request and place: an id that was used twice counts once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = table.sort_by([(key, "ascending") for key in (*_KEYS, "_time")])
    if table.num_rows < 2:
        return table
    same = [pc.equal(table[key][:-1], table[key][1:]) for key in _KEYS]
    ends = pc.invert(pc.and_(same[0], same[1])).combine_chunks()
    return table.filter(pa.concat_arrays([ends, pa.array([True])]))


def _segments(place: Place, model: str, kind: str, since: float, until: float) -> Iterator[str]:
    """The segments that may hold rows of a time, the newest first: each has those of a day."""
    for day in reversed(place.folders(folder_of(model, kind))):
        if not day_of(since) <= day <= day_of(until):
            continue
        folder = folder_of(model, kind, day)
        for name in reversed(place.segments(folder)):
            if begun(name) <= until:
                yield f"{folder}/{name}"


def _seconds(moments: Any) -> NDArray[np.float64]:
    import numpy as np

    if moments is None:
        return np.zeros(0)
    micros: NDArray[np.float64] = moments.cast("int64").to_numpy() / 1e6
    return micros
