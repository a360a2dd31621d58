"""The pipeline at the end of any month, as the act takes it: on what is known by then."""

from __future__ import annotations

import pandas as pd

from pipeline import Split, best_of, load_flights, load_weather, prepare
from windlass import Markdown, pipeline, step


@step
def split_lately(table: pd.DataFrame, days: int = 8) -> Split:
    date = pd.to_datetime({"year": 2013, "month": table["month"], "day": table["day"]})
    ago = (date.max() - date).dt.days
    return Split(table[ago >= 2 * days], table[ago.between(days, 2 * days - 1)], table[ago < days])


@pipeline
def monthly(last: int = 12, depths: tuple[int, ...] = (4, 6, 8)) -> Markdown:
    """Trains as `training` does: eight days are judged on, the eight before chosen on.

    Args:
        last: The month that has ended. Of what happened later nothing is looked at.
        depths: Of the trees, one model each.
    """
    prepared = prepare(load_flights(), load_weather(), last=last)
    return best_of(depths, prepared, split_lately(prepared.table))
