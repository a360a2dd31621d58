"""What steps log: into the journal, into the record, as curves; and runs found among many."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from timing import HERE, QUICK, Bench, Figure

CALLS = 20_000 if QUICK else 100_000
POINTS = 500_000 if QUICK else 5_000_000
RUNS = 20_000 if QUICK else 100_000
QUESTIONS = {
    "a common one": ("metrics.auc > 0.8", None),
    "a rare one": ("metrics.auc > 0.9999", None),
    "none such": ("metrics.auc > 0.1 and params.depth = 60", None),
    "two, sorted": ("metrics.auc > 0.8 and params.depth = 6", "metrics.auc"),
    "against the order": ("metrics.auc < 0.2 and metrics.loss > 0.5", "metrics.auc"),
    "sorted by a parameter": ("status = succeeded", "params.rate"),
}


def journal(bench: Bench) -> list[Figure]:
    """Processor time of logging in a loop, beside one ``write`` a call of as many bytes."""
    told = json.loads(_script(bench, "journal", CALLS))
    each, many, floor = (told[name] for name in ("each", "many", "floor"))
    least = floor / CALLS * 1e6
    return [
        Figure("log_metric, a call", each / CALLS * 1e6, "us", least, 10),
        Figure("log_metrics of 100, a number", many / CALLS * 1e6, "us", least, 10),
    ]


def record(bench: Bench) -> list[Figure]:
    """From the journal into the record, and curves from it, beside reading the packed bytes."""
    told = json.loads(_script(bench, "record", POINTS))
    note = f"{POINTS / told['in'] / 1000:,.0f} thousand points a second"
    return [
        Figure(f"{POINTS:,} points, journal to record", told["in"], "s", None, POINTS / 1e5, note),
        Figure("10 curves of these", told["curves"] * 1000, "ms", told["floor"] * 1000, 150),
        Figure("all of these points", told["all"], "s", told["floor"], 30 * told["floor"] + 1),
    ]


def asking(bench: Bench) -> list[Figure]:
    """Questions about 100,000 runs, in processor time: a machine is seldom all ours."""
    told = json.loads(_script(bench, "asking", RUNS))
    return [
        Figure(f"a question about {RUNS:,} runs, {name}", told[name] * 1000, "ms", None, 150)
        for name in QUESTIONS
    ]


def tracking(bench: Bench) -> list[Figure]:
    return [*journal(bench), *record(bench), *asking(bench)]


def _script(bench: Bench, name: str, count: int) -> str:
    return bench.command(sys.executable, str(HERE / "tracked.py"), name, str(count))


def _journal(count: int) -> dict[str, float]:
    import os
    import time

    from windlass import log_metric, log_metrics
    from windlass.tracking.journal import journalling

    seconds = {}
    with journalling(Path("journal")):
        start = time.process_time()
        for step in range(count):
            log_metric("loss", step * 0.1, step=step)
        seconds["each"] = time.process_time() - start
        names = [f"metric {number}" for number in range(100)]
        start = time.process_time()
        for step in range(count // 100):
            log_metrics(dict.fromkeys(names, step * 0.1), step=step)
        seconds["many"] = time.process_time() - start
    line = b"x" * (Path("journal").stat().st_size // (2 * count))
    file = os.open("floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    start = time.process_time()
    for _ in range(count):
        os.write(file, line)
    return {**seconds, "floor": time.process_time() - start}


def _record(count: int) -> dict[str, float]:
    import random
    import time

    from windlass.records import Records
    from windlass.records.points import Points
    from windlass.records.tracked import Series
    from windlass.tracking.journal import Journal
    from windlass.tracking.reading import read_journal

    journal, chance, names = Journal(Path("points")), random.Random(0), "abcdefghij"
    for step in range(count // 10):
        value = chance.random()
        journal.add_metrics({name: value * at for at, name in enumerate(names, 1)}, step)
    records = Records.open("record.db")
    start = time.perf_counter()
    told = read_journal(Path("points")).series
    records.add_series([Series("run", "node", 1, name, points) for name, points in told.items()])
    seconds = {"in": time.perf_counter() - start}
    start = time.perf_counter()
    curves = records.curves("run")
    seconds["curves"] = time.perf_counter() - start
    assert [len(curve.values) > 200 for curve in curves] == [True] * 10
    start = time.perf_counter()
    assert sum(len(curve.values) for curve in records.curves("run", points=10**9)) == count
    seconds["all"] = time.perf_counter() - start
    Path("floor").write_bytes(b"".join(points.values.tobytes() * 3 for points in told.values()))
    start = time.perf_counter()
    points = Points()
    points.values.frombytes(Path("floor").read_bytes())
    return {**seconds, "floor": time.perf_counter() - start}


def _asking(count: int) -> dict[str, float]:
    import time

    from windlass.records import Records

    records = Records.open("asked.db")
    fill_runs(records, count)
    found = {}
    for name, (where, sort) in QUESTIONS.items():
        times = []
        for _ in range(5):
            start = time.process_time()
            records.find_runs(where, sort=sort)
            times.append(time.process_time() - start)
        found[name] = statistics.median(times)
    return found


def fill_runs(records: object, count: int) -> None:
    """Runs with metrics, parameters and tags, and rows as long as those of real runs."""
    import random
    import time
    from typing import Any

    from windlass.records import rows
    from windlass.records.identity import uuid7
    from windlass.records.model import NewRun, Param
    from windlass.values import Json

    chance, start = random.Random(1), time.time() - count
    runs: list[Any] = []
    told: dict[str, list[Any]] = {"parameters": [], "tags": [], "summaries": []}
    for number in range(count):
        details: dict[str, Json] = {"cache": True, "machine": "x" * 1500}
        new = NewRun("many", "p", "b", "e", "local", "default", 0, host={}, details=details)
        created = start + number
        row = rows.run_row(new, uuid7(), number + 1, created)
        runs.append({**row, "status": "succeeded", "ended": created + 1})
        auc = chance.random()
        given: dict[str, Json] = {
            "depth": number % 10,
            "rate": chance.random(),
            "kind": "abc"[number % 3],
        }
        told["parameters"] += [
            rows.param_row(Param(row["id"], "", *each)) for each in given.items()
        ]
        told["tags"].append({"run": row["id"], "key": "why", "value": "sweep"})
        same = {"run": row["id"], "count": 10, "series": 1, "node": "n", "time": created}
        for name, value in (("auc", auc), ("loss", 1 - auc), ("f1", chance.random())):
            numbers = {"last": value, "low": value / 2, "high": value}
            told["summaries"].append({**same, **numbers, "name": name})
    for table, some in {"runs": runs, **told}.items():
        columns = list(some[0])
        values = ", ".join(f":{column}" for column in columns)
        with records.write():  # type: ignore[attr-defined]
            records.change(  # type: ignore[attr-defined]
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})", some
            )


if __name__ == "__main__":
    measure = {"journal": _journal, "record": _record, "asking": _asking}[sys.argv[1]]
    print(json.dumps(measure(int(sys.argv[2]))))
