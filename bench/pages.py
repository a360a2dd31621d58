"""The pages of the dashboard, over a record of 100,000 runs and 5,000,000 numbers.

``python bench/pages.py PATH …`` times pages of the project around this folder instead.
"""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from timing import HERE, QUICK, Bench, Figure

sys.path.append(str(HERE.parent / "tests"))

import tracked

from database_server import PROGRAMS, Server

_RUNS = 10_000 if QUICK else 100_000
_POINTS = 500_000 if QUICK else 5_000_000
_WITH_POINTS = 10
"""Runs that share the points."""
_WINDOWS = 200
"""Of each of two servers, as many as are looked at where nobody says more."""
_TIMES = 7
_CODE = """
from typing import Annotated

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

import windlass
from windlass import Model, each, log_metric, pipeline, step

@step
def load(rows: int) -> pd.DataFrame:
    values = np.random.default_rng(rows).normal(size=(rows, 20))
    return pd.DataFrame(values, columns=list("abcdefghijklmnopqrst"))

@step
def train(frame: pd.DataFrame, depth: int = 1) -> Annotated[LogisticRegression, Model("m")]:
    for place in range(50):
        log_metric("loss", 1 / (place + depth), step=place)
    return LogisticRegression(C=depth).fit(frame, frame["a"] > 0)

@pipeline
def training(rows: int = 2000, depth: int = 1) -> LogisticRegression:
    return train(load(rows), depth)

@step
def double(n: int) -> int:
    return 2 * n

@step
def numbers(count: int) -> list[int]:
    return list(range(count))

@pipeline
def wide(count: int = 999) -> list[int]:
    return double.map(each(numbers(count)))

def watched() -> None:
    rows = np.random.default_rng(0).normal(size=(5000, 20))
    table = pd.DataFrame(rows, columns=list("abcdefghijklmnopqrst"))
    model = LogisticRegression().fit(table, table["a"] > 0)
    windlass.register("watched", model, reference=table)
"""


def pages(bench: Bench) -> list[Figure]:
    """The time that the server takes for each page, in the middle of some."""
    figures = []
    for name, opened in (("SQLite", contextlib.nullcontext()), ("PostgreSQL", _postgres())):
        with opened as database, tempfile.TemporaryDirectory() as folder:
            told = _in(bench, Path(folder), database)
        for what, found in told.items():
            bar = 500.0 if "1,000 nodes" in what else 150.0
            note = f"the first {found['first']:.0f} ms, {found['bytes'] / 1000:,.0f} kB"
            figures.append(Figure(f"{what}, {name}", found["middle"], "ms", None, bar, note))
    return figures


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    if not (PROGRAMS / "initdb").exists():
        raise SystemExit(f"there is no PostgreSQL in {PROGRAMS}: apt-get install postgresql-15")
    server = Server(Path(tempfile.mkdtemp(prefix="wl-pg-", dir="/tmp")))
    try:
        server.make()
        server.start()
        yield f"{server.address}/postgres"
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def _in(bench: Bench, folder: Path, database: str | None) -> dict[str, dict[str, float]]:
    """Fills a project of its own, and looks at its pages in another process."""
    settings = f'[stacks.default]\nrecords = "{database}"\n' if database else ""
    (folder / "windlass.toml").write_text(settings)
    (folder / "flow.py").write_text(_CODE)
    environment = {**bench.environment, "WINDLASS_HOME": str(folder / ".windlass")}
    inner = copy.copy(bench)
    inner.folder, inner.environment = folder, environment
    inner.python(
        f"import flow\nfor depth in range({_WITH_POINTS + 2}): flow.training.run(depth=1 + depth)\n"
        "flow.wide.run(); flow.watched()"
    )
    quick = ["--quick"] if QUICK else []
    told: dict[str, dict[str, float]] = json.loads(
        inner.command(sys.executable, str(HERE / "pages.py"), "--fill", *quick).splitlines()[-1]
    )
    return told


def _filled() -> dict[str, dict[str, float]]:
    """Fills the record of this folder's project; then what each of its pages takes."""
    from windlass.web.site import open_sites

    sites = open_sites([Path.cwd()])
    records = sites.all[0].stores().records
    tracked.fill_runs(records, _RUNS)
    _fill_points(records)
    _fill_windows(records, sites.all[0].stores())
    if records.path is None:  # as autovacuum leaves it, which would still be at it meanwhile
        records.execute("VACUUM ANALYZE")
    first, second = (f"training-{_WITH_POINTS + place}" for place in (1, 2))
    content = records.version("m", 1).content
    paths = {
        f"the list of {_RUNS:,} runs": "/",
        "its page 1,000": "/?page=1000&limit=10",
        "the longest first": "/?sort=longest",
        "those with a tag": "/?tag=why%3Dsweep",
        "those that answer a question": "/?where=metrics.auc+%3E+0.8+and+params.depth+%3D+6",
        "sorted by a metric": "/?sort=metrics.auc+desc",
        "a run": f"/runs/{first}",
        f"a run with {_POINTS // _WITH_POINTS:,} points": "/runs/training-1",
        "a run of 1,000 nodes": "/runs/wide-1",
        "a node": f"/runs/{first}/nodes/train",
        "logs": f"/runs/{first}/logs",
        "two runs compared": f"/compare?run={first}&run={second}",
        "two with many points": "/compare?run=training-1&run=training-2",
        "models": "/models",
        "a model": "/models/m",
        "a version": "/models/m/1",
        "deployments": "/deployments",
        f"a deployment with {_WINDOWS:,} windows": "/deployments/watched",
        "an artifact": f"/artifacts/{content}",
        "its lineage": f"/lineage/{content}",
    }
    return {what: _look(sites, path) for what, path in paths.items()}


def _fill_points(records: Any) -> None:
    import random

    from windlass.records.points import Points
    from windlass.records.tracked import Series

    chance, each = random.Random(0), _POINTS // _WITH_POINTS // 10
    for number in range(1, _WITH_POINTS + 1):
        run, series = records.run(f"training-{number}").id, []
        for name in "abcdefghij":
            points = Points()
            for step in range(each):
                points.add(chance.random() / (step + 1), step, float(step))
            series.append(Series(run, "train", 1, f"metric {name}", points))
        records.add_series(series)


def _fill_windows(records: Any, stores: Any) -> None:
    """What two servers of the model have counted, the newest windows first."""
    import numpy as np

    from windlass.models.tables import array_columns
    from windlass.models.version import Version
    from windlass.records.production import Observation
    from windlass.serving.observing.counts import Counts
    from windlass.serving.observing.latency import count

    profile = Version(records.version("watched", 1), stores).profile
    values, began = np.random.default_rng(1).normal(size=1000), time.time() // 600 * 600
    [column] = array_columns("a", values)
    columns = {name: told.anchors.count(column) for name, told in profile.inputs.items()}
    told = Counts(1000, 1000, latency=count(np.full(1000, 0.004)), columns=columns).document()
    records.save_observations(
        [
            Observation("watched", 1, began - 600 * place, writer, 600.0, told)
            for place in range(_WINDOWS)
            for writer in ("one", "other")
        ]
    )


def _look(sites: Any, path: str) -> dict[str, float]:
    """Milliseconds that a page takes by way of the whole application."""
    from starlette.testclient import TestClient

    from windlass.web.app import make_app

    client = TestClient(make_app(sites), "http://localhost", client=("127.0.0.1", 50000))
    took, size = [], 0
    for _ in range(_TIMES):
        start = time.perf_counter()
        answer = client.get(path)
        took.append(1000 * (time.perf_counter() - start))
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        size = len(answer.content)
    return {"first": took[0], "middle": statistics.median(took[1:] or took), "bytes": size}


if __name__ == "__main__":
    if "--fill" in sys.argv:
        print(json.dumps(_filled()))
    else:
        from windlass.web.site import open_sites

        here = open_sites([Path.cwd()])
        for asked in sys.argv[1:] or ["/"]:
            print(asked, _look(here, asked))
