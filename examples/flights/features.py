"""Features: only what is known an hour before the scheduled departure.

The month is no feature: the model is judged, and used, on months that it has never seen, and trees
can say nothing of a value beyond those they learnt from.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from data import WEATHER_COLUMNS

LATE_MINUTES = 15

CATEGORIES = ["carrier", "origin", "dest"]
NUMBERS = ["weekday", "departure", "arrival", "distance", *WEATHER_COLUMNS]
FEATURES = [*CATEGORIES, *NUMBERS]
LABEL = "late"


def arrived(flights: pd.DataFrame) -> pd.DataFrame:
    """The flights that arrived; of the cancelled and diverted ones no delay is known."""
    return flights[flights["arr_delay"].notna()].reset_index(drop=True)


def join_weather(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Adds to each flight what was observed at its airport in the hour before its own.

    Missing hours give missing values; no flight is lost or doubled.
    """
    known = weather.assign(time_hour=weather["time_hour"] + pd.Timedelta(hours=1))
    return flights.merge(known, on=["origin", "time_hour"], how="left", validate="many_to_one")


def make_features(flights: pd.DataFrame) -> pd.DataFrame:
    """The features and the label, one row a flight, in the order of time.

    Args:
        flights: Flights with weather, each with an `arr_delay`.
    """
    flights = flights.sort_values(["time_hour", "origin", "sched_dep_time", "carrier", "flight"])
    table = flights[[*CATEGORIES, "month", "day", "distance", *WEATHER_COLUMNS]].copy()
    for name in CATEGORIES:
        table[name] = table[name].astype("category")
    dates = pd.to_datetime({"year": 2013, "month": flights["month"], "day": flights["day"]})
    table["weekday"] = dates.dt.day_of_week
    table["departure"] = _hours(flights["sched_dep_time"])
    table["arrival"] = _hours(flights["sched_arr_time"])
    table[LABEL] = flights["arr_delay"] > LATE_MINUTES
    return table.reset_index(drop=True)[[*FEATURES, "month", "day", LABEL]]


def _hours(clock: pd.Series[int]) -> pd.Series[float]:
    """Hours since midnight of times that are written as 1745."""
    hours, minutes = np.divmod(clock.to_numpy(), 100)
    return pd.Series(hours + minutes / 60, index=clock.index)
