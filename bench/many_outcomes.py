"""Fills the record of this folder with N cached outcomes and times lookups among them."""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from windlass.hashing import digest
from windlass.provenance.project import find_project
from windlass.records import Records
from windlass.stacks.stack import load_stack

RUN_LENGTH = 10_000
LOOKUPS = 2_000


def main(count: int) -> None:
    stack = load_stack(None, find_project(Path.cwd()))
    records = Records.open(stack.records_url)
    fill(records, count)
    keys = [digest("bench", number) for number in random.Random(0).sample(range(count), LOOKUPS)]
    absent = [digest("absent", number) for number in range(LOOKUPS)]
    assert records.cached(keys[0]) is not None
    assert records.cached(absent[0]) is None
    hit, miss = (times(records.cached, some) for some in (keys, absent))
    print(json.dumps({"hit": statistics.median(hit), "miss": statistics.median(miss)}))


def fill(records: Records, count: int) -> None:
    """Copies the outcomes of the run that is there, under other names and keys."""
    run = records.runs(limit=1)[0]
    (runs,) = records.execute("SELECT * FROM runs WHERE id = :run", {"run": run.id})
    outcome = records.execute("SELECT * FROM outcomes WHERE run = :run", {"run": run.id})[0]
    output = records.execute("SELECT * FROM outputs WHERE run = :run", {"run": run.id})[0]
    for start in range(0, count, RUN_LENGTH):
        ids = {"run": f"{start:032d}"}
        numbers = range(start, min(count, start + RUN_LENGTH))
        names = {number: {**ids, "node": f"step_{number}"} for number in numbers}
        with records.write():
            insert(
                records,
                "runs",
                [{**runs, "id": ids["run"], "name": f"filled-{start}", "number": start + 10}],
            )
            insert(
                records,
                "outcomes",
                [{**outcome, **names[n], "key": digest("bench", n)} for n in numbers],
            )
            insert(records, "outputs", [{**output, **names[n]} for n in numbers])


def insert(records: Records, table: str, told: list[dict[str, Any]]) -> None:
    columns, values = ", ".join(told[0]), ", ".join(f":{name}" for name in told[0])
    records.change(f"INSERT INTO {table} ({columns}) VALUES ({values})", told)


def times(ask: Callable[[str], object], keys: list[str]) -> list[float]:
    found = []
    for key in keys:
        start = time.perf_counter()
        ask(key)
        found.append(time.perf_counter() - start)
    return found


main(int(sys.argv[1]))
