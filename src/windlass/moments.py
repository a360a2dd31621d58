"""Times of day and dates with times as fields of a document: zones by their names."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

from windlass.errors import FormatError


def moment_fields(value: dt.datetime | dt.time) -> dict[str, Any]:
    """The fields of a date with a time, or of a time: ISO text, fold, and the name of its zone.

    Raises:
        FormatError: Its zone has no name by which it is found again.
    """
    zone = value.tzinfo
    if zone is None:
        return {"value": value.isoformat(), "fold": value.fold}
    if type(zone) is dt.timezone:
        name = zone.tzname(None)
        named = {} if name == dt.timezone(zone.utcoffset(None)).tzname(None) else {"name": name}
        return {"value": value.isoformat(), "fold": value.fold, **named}
    naive = value.replace(tzinfo=None).isoformat()  # a zone's rules are part of the value
    return {"value": naive, "zone": zone_key(zone), "fold": value.fold}


def is_zone(value: object) -> bool:
    """Whether it is a time zone of `zoneinfo`, which is not imported for this."""
    zoneinfo = sys.modules.get("zoneinfo")
    return zoneinfo is not None and type(value) is zoneinfo.ZoneInfo


def zone_key(zone: Any) -> str:
    """The name of a time zone of `zoneinfo`.

    Raises:
        FormatError: It is none of these, or was read from a file, and is known by no name.
    """
    if not is_zone(zone) or zone.key is None:
        raise FormatError(
            f"the time zone {zone!r} cannot be stored", hint="Use one of zoneinfo, by its name."
        )
    return str(zone.key)
