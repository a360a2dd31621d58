"""Features: only what is known when the hour of the scheduled departure begins.

The month is no feature: the model is judged, and used, on months that it has never seen, and trees
can say nothing of a value beyond those they learnt from.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from data import WEATHER_COLUMNS

LATE_MINUTES = 15

CATEGORIES = ["carrier", "origin", "dest"]
SCHEDULE = ["weekday", "departure", "distance", "traffic"]
WEATHER = [*WEATHER_COLUMNS, "precip_3h", "visib_3h"]
FEATURES = [*CATEGORIES, *SCHEDULE, *WEATHER]
LABEL = "late"


def arrived(flights: pd.DataFrame) -> pd.DataFrame:
    """The flights that arrived; of the cancelled and diverted ones no delay is known."""
    return flights[flights["arr_delay"].notna()].reset_index(drop=True)


def with_traffic(flights: pd.DataFrame) -> pd.DataFrame:
    """Adds how many flights are scheduled to leave the airport in the same hour.

    It needs every scheduled flight, those cancelled later too: that was not known then.
    """
    hours = flights.groupby(["origin", "time_hour"])
    return flights.assign(traffic=hours["flight"].transform("size"))


def with_recent(weather: pd.DataFrame) -> pd.DataFrame:
    """Adds the rain of the last three hours, in inches, and their worst visibility, in miles."""
    ordered = weather.sort_values(["origin", "time_hour"], ignore_index=True)
    windows = ordered.set_index("time_hour").groupby("origin").rolling("3h")
    recent = windows.agg({"precip": "sum", "visib": "min"}).reset_index(drop=True)
    return ordered.assign(precip_3h=recent["precip"], visib_3h=recent["visib"])


def join_weather(flights: pd.DataFrame, weather: pd.DataFrame, lag: int = 1) -> pd.DataFrame:
    """Adds to each flight what was observed at its airport in the hour before its own.

    The observation of an hour is made at its 51st minute, and tells of the rain until then: for a
    flight at five past it lies in the future. Missing hours give missing values; no flight is lost
    or doubled.

    Args:
        flights: The flights.
        weather: The observations.
        lag: How many hours before a flight's own they were made.
    """
    known = weather.assign(time_hour=weather["time_hour"] + pd.Timedelta(hours=lag))
    return flights.merge(known, on=["origin", "time_hour"], how="left", validate="many_to_one")


def make_features(flights: pd.DataFrame) -> pd.DataFrame:
    """The features and the label, one row a flight, in the order of time.

    Args:
        flights: Flights with traffic and weather, each with an `arr_delay`.
    """
    order = ["time_hour", "origin", "sched_dep_time", "carrier", "flight"]
    flights = flights.sort_values(order, ignore_index=True)
    dates = pd.to_datetime({"year": 2013, "month": flights["month"], "day": flights["day"]})
    table = flights.assign(
        **{name: flights[name].astype("category") for name in CATEGORIES},
        weekday=dates.dt.day_of_week,
        departure=_hours(flights["sched_dep_time"]),
        **{LABEL: flights["arr_delay"] > LATE_MINUTES},
    )
    return table[[*FEATURES, "month", "day", LABEL]]


def _hours(clock: pd.Series[int]) -> pd.Series[float]:
    """Hours since midnight of times that are written as 1745."""
    hours, minutes = np.divmod(clock.to_numpy(), 100)
    return pd.Series(hours + minutes / 60, index=clock.index)
