"""A project that is brought up whole: what it predicts with is a class of its own, pickled."""

from __future__ import annotations

from pathlib import Path

SETTINGS = """
default = "team"

[image]
base = "{base}"

[stacks.team]
artifacts = "{bucket}"
records = "postgresql://windlass:${{env:POSTGRES_PASSWORD}}@localhost:{database}/windlass"
trust_pickle = true

[models.level]
pipeline = "flow.py:training"
parameters = {{rows = "data/rows.txt"}}

[models.level.triggers]
schedule = "1000 days"
data = ["data/*.txt"]
"""
REQUIRES = """
[project]
name = "level"
version = "1"
dependencies = ["windlass[numpy]"]
"""
CODE = '''
import numpy as np


class Level:
    """Tells which rows are above the mean of those that it learnt from."""

    def fit(self, rows):
        self.mean_, self.n_features_in_ = float(np.mean(rows)), 1
        return self

    def predict(self, rows):
        return (np.asarray(rows)[:, 0] > self.mean_).astype(np.int64)
'''
FLOW = """
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from levels import Level

from windlass import Holdout, Model, Reference, pipeline, step


class Split(NamedTuple):
    train: Annotated[np.ndarray, Reference("level")]
    test: Annotated[np.ndarray, Holdout("level")]


@step
def load(rows: Path) -> Split:
    found = np.array([float(each) for each in rows.read_text().split()])[:, None]
    return Split(found[::2], found[1::2])


@step(allow_pickle=True)
def fit(rows: np.ndarray) -> Annotated[Level, Model("level", task="classification")]:
    return Level().fit(rows)


@pipeline
def training(rows: Path) -> Level:
    return fit(load(rows).train)
"""
RELEASE_TEST = """
import numpy as np


def test_it_tells_high_from_low(candidate):
    assert candidate.model.predict(np.array([[-1e9], [1e9]])).tolist() == [0, 1]
"""
OVERRIDE = """
services:
  watcher:
    command: [watch, level, --interval, 2s]
"""


def make(root: Path, base: str, bucket: str, database: int) -> Path:
    """Writes the project.

    Args:
        root: Its folder.
        base: The image that its images are built on.
        bucket: The address of its artifacts.
        database: The port of its database on this machine.
    """
    texts = {
        "windlass.toml": SETTINGS.format(base=base, bucket=bucket, database=database),
        "pyproject.toml": REQUIRES,
        "levels.py": CODE,
        "flow.py": FLOW,
        "release_tests/test_level.py": RELEASE_TEST,
        "compose.override.yaml": OVERRIDE,
        "data/rows.txt": "1 2 3 4 5 6 7 8",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
