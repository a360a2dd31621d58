"""What must be true of the data before anything is learnt from it."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

AIRPORTS = ["EWR", "JFK", "LGA"]

FLIGHTS = pa.DataFrameSchema(
    {
        "month": pa.Column(int, pa.Check.in_range(1, 12)),
        "day": pa.Column(int, pa.Check.in_range(1, 31)),
        "sched_dep_time": pa.Column(int, pa.Check.in_range(0, 2400)),
        "sched_arr_time": pa.Column(int, pa.Check.in_range(0, 2400)),
        "arr_delay": pa.Column(float, pa.Check.in_range(-120, 1440), nullable=True),
        "carrier": pa.Column(str, pa.Check.str_length(2, 2)),
        "origin": pa.Column(str, pa.Check.isin(AIRPORTS)),
        "dest": pa.Column(str, pa.Check.str_length(3, 3)),
        "distance": pa.Column(int, pa.Check.gt(0)),
        "hour": pa.Column(int, pa.Check.in_range(0, 24)),
        "time_hour": pa.Column("datetime64[us, UTC]", coerce=True),
    },
    unique=["month", "day", "sched_dep_time", "carrier", "flight", "origin"],
)

WEATHER = pa.DataFrameSchema(
    {
        "origin": pa.Column(str, pa.Check.isin(AIRPORTS)),
        "time_hour": pa.Column("datetime64[us, UTC]", coerce=True),
        "temp": pa.Column(float, pa.Check.in_range(-20, 120), nullable=True),
        "humid": pa.Column(float, pa.Check.in_range(0, 100), nullable=True),
        "wind_dir": pa.Column(float, pa.Check.in_range(0, 360), nullable=True),
        "precip": pa.Column(float, pa.Check.ge(0), nullable=True),
        "visib": pa.Column(float, pa.Check.in_range(0, 10), nullable=True),
    },
    unique=["origin", "time_hour"],
)


def checked(table: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """The table, if it is as the schema says.

    Raises:
        pandera.errors.SchemaErrors: All that is wrong with it, not only the first thing.
    """
    return schema.validate(table, lazy=True)
