"""Fills the record of this folder with finished runs: ``python many_runs.py 100000``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from windlass.provenance.project import find_project
from windlass.records import Records, rows
from windlass.records.identity import uuid7
from windlass.records.model import NewRun
from windlass.stacks.stack import load_stack


def main(count: int) -> None:
    stack = load_stack(None, find_project(Path.cwd()))
    records = Records.open(stack.records_url)
    plan = records.runs(limit=1)[0]
    start = time.time() - count
    told = []
    for number in range(1, count + 1):
        new = NewRun(
            "many", plan.plan, plan.bundle, plan.environment, "local", "default", 0, host={}
        )
        row = rows.run_row(new, uuid7(), number, start + number)
        told.append({**row, "status": "succeeded", "ended": start + number + 1})
    columns = ", ".join(told[0])
    values = ", ".join(f":{name}" for name in told[0])
    with records.write():
        records.change(f"INSERT INTO runs ({columns}) VALUES ({values})", told)


main(int(sys.argv[1]))
