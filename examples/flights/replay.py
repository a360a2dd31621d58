"""The flights of the year once more, hour by hour, against a server that answers.

As an hour begins, the flights that are to leave New York in it are asked about: one request. Some
days later it is told which of them came late; of those that never arrived nothing is known.
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

import pandas as pd
from data import read_flights, read_weather, without_errors
from features import FEATURES, LABEL, join_weather, make_features, with_recent, with_traffic

CLIENTS, FEW = 4, 4
NEW_YORK = "America/New_York"
ORDER = ["time_hour", "origin", "sched_dep_time", "carrier", "flight"]


@dataclass
class Hour:
    """The flights that are to leave in an hour, or some of them.

    Args:
        time: When it begins, by the clock of New York.
        first: The place of the first one in the table of all.
        rows: Their features, as JSON.
        dests: Where they fly to.
        late: Of those that arrived, whether they came late; None of the others.
        version: Who has answered; None as long as nobody has.
        asked: Places of the rows that were asked about.
        chance: The probabilities that were told of these.
        seconds: How long that took.
    """

    time: pd.Timestamp
    first: int
    rows: list[str]
    dests: list[str]
    late: list[bool | None]
    version: int | None = None
    asked: list[int] = field(default_factory=list)
    chance: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def truth(self) -> list[bool | None]:
        """Whether the flights that were asked about came late."""
        return [self.late[place] for place in self.asked]


def hours_from(month: int, slowly: int) -> tuple[pd.DataFrame, list[Hour]]:
    """All hours from the first of a month on, in their order, and the features of their flights.

    Args:
        month: That month.
        slowly: From this month on an hour is several requests, of `FEW` flights at most, so that at
            the same pace a day takes longer.
    """
    flights = read_flights()
    known = join_weather(with_traffic(flights), with_recent(without_errors(read_weather())))
    known = known[known["month"] >= month].sort_values(ORDER, ignore_index=True)
    table = make_features(known)
    rows = table[FEATURES].to_json(orient="records", lines=True, double_precision=10).splitlines()
    arrived = known["arr_delay"].notna()
    late = table[LABEL].astype(object).where(arrived, None).tolist()
    dests = table["dest"].tolist()
    time = known["time_hour"].dt.tz_convert(NEW_YORK)
    sizes: dict[Any, int] = known.groupby(time).size().to_dict()
    found: list[Hour] = []
    first = 0
    for moment, size in sizes.items():
        most = FEW if moment.month >= slowly else size
        for at in range(first, first + size, most):
            part = slice(at, min(at + most, first + size))
            found.append(Hour(moment, at, rows[part], dests[part], late[part]))
        first += size
    return table, found


def outcomes(hours: Sequence[Hour]) -> pd.DataFrame:
    """Of the flights that were asked about and arrived: the chance that was told, and the truth.

    Returns:
        Columns `chance` and `late`; the index is that of the table of all.
    """
    told = [
        (hour.first + row, chance, late)
        for hour in hours
        for row, chance, late in zip(hour.asked, hour.chance, hour.truth, strict=True)
        if late is not None
    ]
    return pd.DataFrame(told, columns=["row", "chance", LABEL]).set_index("row")


class Replay:
    """Clients that ask about hour after hour, at a steady pace, and tell later what was true.

    Nothing is asked twice: what does not get the answer that it should is a failure.

    Args:
        port: Where the server listens.
        hours: What is asked.
        pace: Seconds from one request to the next.
        later: After how long it is told what was true.
    """

    def __init__(self, port: int, hours: Sequence[Hour], pace: float, later: pd.Timedelta) -> None:
        self.requests = self.labels = self.left_out = 0
        self.failures: list[str] = []
        self.seconds = 0.0
        self._port, self._hours, self._pace, self._later = port, hours, pace, later
        self._next, self._untold = 0, deque[tuple[int, Hour]]()
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._clients = [threading.Thread(target=self._ask_all) for _ in range(CLIENTS)]

    def __enter__(self) -> Replay:
        self._places = places_known(self._port)
        self._began = time.monotonic()
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        for client in self._clients:
            client.join()
        self.seconds = time.monotonic() - self._began

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
        hour.asked = [row for row, dest in enumerate(hour.dests) if dest in self._places]
        rows = [hour.rows[row] for row in hour.asked]
        with self._lock:
            self.left_out += len(hour.rows) - len(rows)
        if not rows:
            return
        began = time.monotonic()
        body = f'{{"rows": [{",".join(rows)}]}}'
        told = self._post(connection, "predict", body, 200, f"hour-{place}")
        if told is not None:
            hour.seconds = time.monotonic() - began
            hour.chance = [each["true"] for each in told["probabilities"]]
            hour.version = int(told["version"])
            with self._lock:
                self._untold.append((place, hour))

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


def places_known(port: int) -> frozenset[str]:
    """The destinations that a model knows, as its server tells: others it would refuse."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/openapi.json")
    schemas = json.loads(connection.getresponse().read())["components"]["schemas"]
    connection.close()
    return frozenset(schemas["delay.Row"]["properties"]["dest"]["enum"])
