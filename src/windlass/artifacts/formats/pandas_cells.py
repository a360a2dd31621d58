"""Single values of pandas as plain text: cells of object columns, names of indexes, scalars.

Plain values are the JSON of `windlass.values`. What NumPy and pandas add is a word and a JSON
document, which no JSON begins with: ``Timestamp {"value": 0, "unit": "ns", "tz": null}``.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any, TypeAlias

from windlass import values
from windlass.artifacts.formats.npy import array_bytes, read_array, read_scalar, scalar_bytes
from windlass.errors import FormatError
from windlass.values import Json

Reader: TypeAlias = Callable[[Any], Any]


def cell_text(value: object) -> str:
    """The text of one value.

    Raises:
        FormatError: It is neither plain nor a scalar or array of NumPy or pandas.
    """
    import numpy as np

    name = type(value).__name__
    if isinstance(value, np.generic) or type(value) is np.ndarray:
        return f"numpy {json.dumps(_array_document(value))}"
    writer = _WRITERS.get(name) if type(value).__module__.startswith("pandas") else None
    return f"{name} {values.to_text(writer(value))}" if writer else values.dumps(value)


def cell_value(text: str) -> Any:
    """The value of a text that `cell_text` made."""
    name, _, rest = text.partition(" ")
    reader = _READERS.get(name)
    return values.loads(text) if reader is None else reader(json.loads(rest))


def encode_tz(tz: dt.tzinfo | None) -> Json:
    """A time zone by name or offset.

    Raises:
        FormatError: It has neither, like those that read the machine's own zone.
    """
    if tz is None:
        return None
    if type(tz) is dt.timezone:
        offset, *name = tz.__getinitargs__()  # type: ignore[attr-defined]
        return {"offset": offset.total_seconds(), "name": name[0] if name else None}
    if key := getattr(tz, "key", None):
        return {"zone": str(key)}
    if type(tz).__module__.startswith("pytz"):
        return _pytz_document(tz)
    raise FormatError(
        f"the time zone {tz!r} cannot be stored", hint="Convert to one of zoneinfo with tz_convert."
    )


def decode_tz(document: Any) -> dt.tzinfo | None:
    """The time zone of a document that `encode_tz` made."""
    if document is None:
        return None
    if "zone" in document:
        import zoneinfo

        return zoneinfo.ZoneInfo(document["zone"])
    if "offset" in document:
        offset = dt.timedelta(seconds=document["offset"])
        name = document["name"]
        return dt.timezone(offset) if name is None else dt.timezone(offset, name)
    import pytz

    name = document.get("pytz")
    zone: dt.tzinfo = pytz.timezone(name) if name else pytz.FixedOffset(document["pytz_minutes"])
    return zone


def encode_freq(freq: Any, where: str) -> Json:
    """A frequency by the text that pandas reads it from.

    Raises:
        FormatError: There is none, as with holidays of one's own.
    """
    from pandas.tseries.frequencies import to_offset

    if freq is None:
        return None
    text = str(freq.freqstr)
    try:
        same = to_offset(text) == freq
    except ValueError:
        same = False
    if not same:
        raise FormatError(
            f"{where}: the frequency {freq!r} cannot be stored",
            hint="Set its freq to None before.",
        )
    return text


def _pytz_document(tz: Any) -> Json:
    if tz.zone is not None:
        return {"pytz": tz.zone}
    return {"pytz_minutes": tz.utcoffset(None).total_seconds() / 60}


def _array_document(value: Any) -> dict[str, Json]:
    import numpy as np

    scalar = isinstance(value, np.generic)
    data = scalar_bytes(value) if scalar else array_bytes(value)
    return {"scalar": scalar, "data": base64.b64encode(data).decode()}


def _read_array(document: Any) -> Any:
    import numpy as np

    data = base64.b64decode(document["data"])
    if document["scalar"]:
        return read_scalar(data)
    return read_array(np.frombuffer(bytearray(data), np.uint8))[0]


def _time_writer(value: Any) -> Json:
    tz = encode_tz(getattr(value, "tzinfo", None))
    return {"value": int(value.asm8.view("i8")), "unit": value.unit, "tz": tz}


def _read_timestamp(document: Any) -> Any:
    import numpy as np
    import pandas as pd

    moment = pd.Timestamp(np.datetime64(document["value"], document["unit"]))
    tz = decode_tz(document["tz"])
    return moment if tz is None else moment.tz_localize("UTC").tz_convert(tz)


def _read_timedelta(document: Any) -> Any:
    import numpy as np
    import pandas as pd

    return pd.Timedelta(np.timedelta64(document["value"], document["unit"]))


def _read_period(document: Any) -> Any:
    import pandas as pd

    return pd.Period(ordinal=document["ordinal"], freq=document["freq"])


def _interval_writer(value: Any) -> Json:
    ends: list[Json] = [cell_text(value.left), cell_text(value.right)]
    return {"ends": ends, "closed": value.closed}


def _read_interval(document: Any) -> Any:
    import pandas as pd

    left, right = (cell_value(end) for end in document["ends"])
    return pd.Interval(left, right, document["closed"])


def _read_missing(name: str) -> Reader:
    def read(_: Any) -> Any:
        import pandas as pd

        return getattr(pd, name)

    return read


_WRITERS: dict[str, Callable[[Any], Json]] = {
    "NAType": lambda _: None,
    "NaTType": lambda _: None,
    "Timestamp": _time_writer,
    "Timedelta": _time_writer,
    "Period": lambda value: {"ordinal": value.ordinal, "freq": value.freqstr},
    "Interval": _interval_writer,
}
_READERS: dict[str, Reader] = {
    "numpy": _read_array,
    "NAType": _read_missing("NA"),
    "NaTType": _read_missing("NaT"),
    "Timestamp": _read_timestamp,
    "Timedelta": _read_timedelta,
    "Period": _read_period,
    "Interval": _read_interval,
}
