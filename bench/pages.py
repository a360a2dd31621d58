"""Times pages of the project around this folder: ``python pages.py / /runs/latest …``.

Each is asked for several times by way of the whole application, and its least, its middle and its
greatest time are told in milliseconds. With ``--runs 100000`` the record is filled with as many
finished runs before, copies of its newest one with tags and metrics.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from windlass.records import Records, rows
from windlass.records.identity import uuid7
from windlass.records.model import NewRun
from windlass.web.site import open_sites

_AT_ONCE = 5_000


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("paths", nargs="*", default=["/"])
    told.add_argument("--runs", type=int, default=0)
    told.add_argument("--times", type=int, default=10)
    asked = told.parse_args()
    sites = open_sites([Path.cwd()])
    if asked.runs:
        fill(sites.all[0].stores().records, asked.runs)
    look(sites, asked.paths, asked.times)


def look(sites: Any, paths: list[str], times: int) -> None:
    from starlette.testclient import TestClient

    from windlass.web.app import make_app

    client = TestClient(make_app(sites), "http://localhost", client=("127.0.0.1", 50000))
    for path in paths:
        took = []
        for _ in range(times + 1):
            start = time.perf_counter()
            answer = client.get(path)
            took.append(1000 * (time.perf_counter() - start))
        took = took[1:]  # the first one imports and fills what is kept
        facts = f"{min(took):7.0f} {statistics.median(took):7.0f} {max(took):7.0f} ms"
        print(f"{path:60} {answer.status_code} {len(answer.content):9,} B {facts}")


def fill(records: Records, count: int) -> None:
    """Adds finished runs, a second apart, to the end of now."""
    like = records.runs(limit=1)[0]
    new = NewRun(
        *("filled", like.plan, like.bundle, like.environment, "local", "default", 0),
        details={"cache": True, "digests": {}},
        host={},
    )
    start = time.time() - count
    first = records.execute(
        "SELECT coalesce(max(number), 0) AS n FROM runs WHERE pipeline = 'filled'"
    )
    for begin in range(0, count, _AT_ONCE):
        made = [
            {
                **rows.run_row(new, uuid7(), first[0]["n"] + 1 + place, start + place),
                "status": "failed" if place % 50 == 0 else "succeeded",
                "ended": start + place + (place * 7919 % 600) / 10,
            }
            for place in range(begin, min(begin + _AT_ONCE, count))
        ]
        tags = [
            {"run": row["id"], "key": "why", "value": f"sweep {place % 20}"}
            for place, row in enumerate(made)
        ]
        with records.write():
            _insert(records, "runs", made)
            _insert(records, "tags", tags)


def _insert(records: Records, table: str, told: list[dict[str, Any]]) -> None:
    columns = ", ".join(told[0])
    values = ", ".join(f":{name}" for name in told[0])
    records.change(f"INSERT INTO {table} ({columns}) VALUES ({values})", told)


if __name__ == "__main__":
    main()
