"""The floors: the least work that gives the same, timed in processes of their own.

python floors.py steps 100     a plain call and one SQLite commit a step
python floors.py array         np.save and np.load of 200 MB
python floors.py frame         pyarrow's own parquet, there and back, of 1,000,000 × 20
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path


def steps(count: int) -> None:
    import sqlite3

    def trivial(a: int) -> int:
        return a + 1

    with tempfile.TemporaryDirectory() as folder:
        base = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        base.execute("CREATE TABLE outcomes (node TEXT PRIMARY KEY, value TEXT)")
        value = 0
        for index in range(count):
            value = trivial(value)
            base.execute("BEGIN IMMEDIATE")
            base.execute("INSERT INTO outcomes VALUES (?, ?)", (f"trivial_{index}", str(value)))
            base.execute("COMMIT")


def array() -> dict[str, float]:
    import numpy as np

    values = np.random.default_rng(0).random(25_000_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "array.npy"
        start = time.perf_counter()
        np.save(path, values)
        del values
        float(np.load(path).sum())
        return {"seconds": time.perf_counter() - start}


def frame() -> dict[str, float]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import shapes

    values = shapes.make_frame.function(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.parquet"
        start = time.perf_counter()
        pq.write_table(pa.Table.from_pandas(values), path)
        del values
        float(pq.read_table(path).to_pandas()["f0"].sum())
        return {"seconds": time.perf_counter() - start}


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    told = globals()[name](*map(int, arguments)) or {}
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told))
