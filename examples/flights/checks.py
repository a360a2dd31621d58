"""What must be true of the data before anything is learnt from it.

In pipeline.py these schemas stand in the annotations of the steps that load: a table that breaks a
rule stops the run there. Under pytest they are used as they are: ``Flights.validate(table)``.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import pandas as pd
import pandera.pandas as pa
from data import STRONGEST_WIND

AIRPORTS = ["EWR", "JFK", "LGA"]

Hour = Annotated[pd.DatetimeTZDtype, "us", "UTC"]


class Flights(pa.DataFrameModel):
    """Scheduled flights, each once."""

    month: int = pa.Field(ge=1, le=12)
    day: int = pa.Field(ge=1, le=31)
    dep_time: float = pa.Field(ge=0, le=2400, nullable=True)
    sched_dep_time: int = pa.Field(ge=0, le=2359)
    arr_delay: float = pa.Field(ge=-120, le=1440, nullable=True)
    carrier: str = pa.Field(str_length={"min_value": 2, "max_value": 2})
    flight: int = pa.Field(gt=0)
    origin: str = pa.Field(isin=AIRPORTS)
    dest: str = pa.Field(str_length={"min_value": 3, "max_value": 3})
    distance: int = pa.Field(gt=0)
    time_hour: Hour = pa.Field(coerce=True)

    class Config:
        unique: ClassVar = ["month", "day", "sched_dep_time", "carrier", "flight", "origin"]

    # A table whose hours are shifted joins the wrong weather, and nothing else would tell.
    @pa.dataframe_check
    @classmethod
    def hour_is_that_of_the_schedule(cls, flights: pd.DataFrame) -> pd.Series[bool]:
        clock = flights["time_hour"].dt.tz_convert("America/New_York")
        hour = flights["sched_dep_time"] // 100
        right: pd.Series[bool] = (clock.dt.day == flights["day"]) & (clock.dt.hour == hour)
        return right


class Weather(pa.DataFrameModel):
    """Observations, one for each airport and hour."""

    origin: str = pa.Field(isin=AIRPORTS)
    time_hour: Hour = pa.Field(coerce=True)
    temp: float = pa.Field(ge=-20, le=120, nullable=True)
    dewp: float = pa.Field(ge=-40, le=90, nullable=True)
    humid: float = pa.Field(ge=0, le=100, nullable=True)
    wind_dir: float = pa.Field(ge=0, le=360, nullable=True)
    wind_speed: float = pa.Field(ge=0, le=STRONGEST_WIND, nullable=True)
    wind_gust: float = pa.Field(ge=0, le=STRONGEST_WIND, nullable=True)
    precip: float = pa.Field(ge=0, le=5)
    pressure: float = pa.Field(ge=950, le=1060, nullable=True)
    visib: float = pa.Field(ge=0, le=10)

    class Config:
        unique: ClassVar = ["origin", "time_hour"]
