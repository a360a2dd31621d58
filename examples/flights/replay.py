"""The flights of the year once more, hour by hour, against a server that answers.

As an hour begins, each airport asks about the flights that are to leave in it: one request. Some
days later it tells which of them came late; of those that never arrived nothing is known.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from data import read_flights, read_weather, without_errors
from features import FEATURES, LABEL, join_weather, make_features, with_recent, with_traffic

CLIENTS, FEW = 4, 4
NEW_YORK = "America/New_York"
ORDER = ["time_hour", "origin", "sched_dep_time", "carrier", "flight"]


@dataclass
class Hour:
    """The flights of an airport that are to leave in an hour, or some of them.

    Args:
        time: When it begins, by the clock of New York.
        rows: Their features.
        late: Of those that arrived, whether they came late; None of the others.
        version: Who has answered; None as long as nobody has.
        chance: The probabilities that were told.
        asked: Places of the rows that were asked about.
        seconds: How long that took.
    """

    time: pd.Timestamp
    rows: pd.DataFrame
    late: list[bool | None]
    version: int | None = None
    chance: list[float] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def truth(self) -> list[bool | None]:
        """Whether the flights that were asked about came late."""
        return [self.late[place] for place in self.asked]


def hours_from(month: int, slowly: int) -> list[Hour]:
    """All hours from the first of a month on, in their order.

    Args:
        month: That month.
        slowly: From this month on an hour is several requests, of `FEW` flights at most, so that at
            the same pace a day takes longer.
    """
    flights = read_flights()
    known = join_weather(with_traffic(flights), with_recent(without_errors(read_weather())))
    known = known[known["month"] >= month].sort_values(ORDER, ignore_index=True)
    table = make_features(known).assign(
        time=known["time_hour"].dt.tz_convert(NEW_YORK), arrived=known["arr_delay"].notna()
    )
    found: list[Hour] = []
    for (moment, _), some in table.groupby(["time", "origin"], observed=True):
        told = zip(some[LABEL].tolist(), some["arrived"].tolist(), strict=True)
        late = [each if there else None for each, there in told]
        most = FEW if moment.month >= slowly else len(some)
        pieces = [slice(at, at + most) for at in range(0, len(some), most)]
        found += [Hour(moment, some[FEATURES][piece], late[piece]) for piece in pieces]
    return found


def scored(hours: Sequence[Hour]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Of the flights that were asked about and arrived: whether they came late, and the chance."""
    told = [
        (late, chance)
        for hour in hours
        for late, chance in zip(hour.truth, hour.chance, strict=True)
        if late is not None
    ]
    return np.array([late for late, _ in told], bool), np.array([chance for _, chance in told])


class Replay:
    """Clients that ask about hour after hour, at a steady pace, and tell later what was true.

    Nothing is asked twice: what does not get the answer that it should is a failure.

    Args:
        port: Where the server listens.
        hours: What is asked.
        pace: Seconds from one request to the next.
        later: After how long it is told what was true.

    `places` are the destinations that each version knows.
    """

    def __init__(self, port: int, hours: Sequence[Hour], pace: float, later: pd.Timedelta) -> None:
        self.requests = self.labels = self.left_out = 0
        self.failures: list[str] = []
        self._port, self._hours, self._pace, self._later = port, hours, pace, later
        self._next, self._untold = 0, deque[tuple[int, Hour]]()
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self.places: dict[int, frozenset[str]] = {}
        self._clients = [threading.Thread(target=self._ask_all) for _ in range(CLIENTS)]

    def __enter__(self) -> Replay:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        self._places = self._learn_places(connection)
        connection.close()
        self._began = time.monotonic()
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        for client in self._clients:
            client.join()

    @property
    def date(self) -> pd.Timestamp:
        """How far it has come."""
        return self._hours[min(self._next, len(self._hours) - 1)].time

    @property
    def is_over(self) -> bool:
        """Whether the year is."""
        return self._next >= len(self._hours)

    @property
    def answered(self) -> list[Hour]:
        """The hours that have their answers."""
        return [hour for hour in self._hours[: self._next] if hour.version is not None]

    @property
    def version(self) -> int | None:
        """Who has answered last."""
        found = (hour.version for hour in reversed(self._hours[: self._next]) if hour.version)
        return next(found, None)

    def _ask_all(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._stopping.is_set():
            with self._lock:
                place, self._next = self._next, self._next + 1
            if place >= len(self._hours):
                break
            self._stopping.wait(max(0.0, self._began + place * self._pace - time.monotonic()))
            if not self._stopping.is_set():
                self._ask(connection, place)
                self._tell(connection, self._hours[place].time - self._later)
        connection.close()

    def _ask(self, connection: HTTPConnection, place: int) -> None:
        hour = self._hours[place]
        hour.asked = [n for n, row in enumerate(hour.rows["dest"]) if row in self._places]
        rows = hour.rows.iloc[hour.asked]
        with self._lock:
            self.left_out += len(hour.rows) - len(rows)
        if not len(rows):
            return
        began = time.monotonic()
        body = f'{{"rows": {rows.to_json(orient="records")}}}'
        told = self._post(connection, "predict", body, 200, f"hour-{place}")
        if told is not None:
            hour.seconds = time.monotonic() - began
            hour.chance = [each["true"] for each in told["probabilities"]]
            hour.version = int(told["version"])
            with self._lock:
                self._untold.append((place, hour))
            if hour.version not in self.places:
                self._places = self.places[hour.version] = self._learn_places(connection)

    def _tell(self, connection: HTTPConnection, until: pd.Timestamp) -> None:
        """Tells what was true of the hours before a time."""
        while True:
            with self._lock:
                if not self._untold or self._untold[0][1].time > until:
                    return
                place, hour = self._untold.popleft()
            truth = hour.truth
            if any(each is not None for each in truth):
                body = json.dumps({"id": f"hour-{place}", "truth": truth})
                self._post(connection, "feedback", body, 202)
                with self._lock:
                    self.labels += sum(each is not None for each in truth)

    def _post(
        self, connection: HTTPConnection, what: str, body: str, status: int, name: str | None = None
    ) -> Any:
        """What is answered; None if that is not as it should be, which is noted."""
        headers = {"content-type": "application/json", **({"x-request-id": name} if name else {})}
        try:
            connection.request("POST", f"/models/delay/{what}", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            problem = "" if answer.status == status else f"{what}: {answer.status}: {text[:300]!r}"
        except (OSError, HTTPException) as error:
            connection.close()
            problem = f"{what}: {type(error).__name__}: {error}"
        with self._lock:
            self.requests += 1
            if problem:
                self.failures.append(problem)
        return None if problem else json.loads(text)

    def _learn_places(self, connection: HTTPConnection) -> frozenset[str]:
        """Asks which destinations the model knows: others would be refused, and rightly."""
        connection.request("GET", "/openapi.json")
        schemas = json.loads(connection.getresponse().read())["components"]["schemas"]
        return frozenset(schemas["delay.Row"]["properties"]["dest"]["enum"])
