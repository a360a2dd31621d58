"""The code of a check is code of its step: after an edit, the steps run that it could fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provenance.mutations.runner import Runner, write_files, write_old

FLOW = """
from typing import Annotated, NamedTuple
import functools
import pandas as pd
import polars as pl
import functions
import schemas
from functions import no_future
from schemas import Frames, Made, Model, Plain
from windlass import Check, pipeline, step

@step
def plain() -> Annotated[pd.DataFrame, Plain]:
    return pd.DataFrame({"x": [1, 2]})

@step
def made() -> Annotated[pd.DataFrame, Made]:
    return pd.DataFrame({"x": [1, 2]})

Checked = Annotated[pd.DataFrame, Model]

@step
def alias() -> Checked:
    return pd.DataFrame({"x": [1, 2]})

class Two(NamedTuple):
    one: Annotated[pd.DataFrame, schemas.Child]
    two: int

@step
def field() -> Two:
    return Two(pd.DataFrame({"x": [1, 2], "y": 1}), 2)

@step
def frames() -> Annotated[pl.DataFrame, Frames]:
    return pl.DataFrame({"x": [1, 2]})

@step
def unchecked() -> pd.DataFrame:
    return pd.DataFrame({"x": [1, 2]})

@step
def taken(table: Annotated[pd.DataFrame, no_future]) -> int:
    return len(table)

@step
def called(
    table: Annotated[
        pd.DataFrame, Check(functions.small), functools.partial(functions.least, rows=1)
    ],
) -> int:
    return len(table)

@step
def items(tables: list[Annotated[pd.DataFrame, lambda table: functions.within(table)]]) -> int:
    return len(tables)

@pipeline
def everything():
    plain(), made(), alias(), field(), frames()
    table = unchecked()
    return taken(table), called(table), items([table])
"""

FILES = {
    "windlass.toml": "",
    "flow.py": FLOW,
    "bounds.py": "LOW = 0\nSMALL = 10\n",
    "functions.py": """
import bounds

def no_future(table):
    return table["x"] < 1000

def small(table):
    return table["x"] < bounds.SMALL

def least(table, rows):
    return len(table) >= rows

def within(table):
    return bool((table["x"] > -500).all())
""",
    "schemas.py": """
import pandera.pandas as pa
import pandera.polars as pp
from bounds import LOW

Plain = pa.DataFrameSchema({"x": pa.Column(int, pa.Check.ge(LOW))})
Made = pa.DataFrameSchema({"x": pa.Column(int, pa.Check(lambda s: s < 2000))})

class Model(pa.DataFrameModel):
    x: int = pa.Field(ge=-400)

class Child(Model):
    y: int = pa.Field(le=3000)

    class Config:
        strict = True

    @pa.dataframe_check
    @classmethod
    def in_order(cls, table):
        return table["y"] < table["x"] + 4000

class Frames(pp.DataFrameModel):
    x: int = pp.Field(ge=-600)
""",
}

EDITS = [
    ("bounds.py", "LOW = 0", "LOW = -1", "plain"),
    ("schemas.py", "s < 2000", "s < 2001", "made"),
    ("schemas.py", "ge=-400", "ge=-401", "alias field"),
    ("schemas.py", "le=3000", "le=3001", "field"),
    ("schemas.py", "strict = True", "strict = False", "field"),
    ("schemas.py", "4000", "4001", "field"),
    ("schemas.py", "ge=-600", "ge=-601", "frames"),
    ("functions.py", "< 1000", "< 1001", "taken"),
    ("bounds.py", "SMALL = 10", "SMALL = 11", "called"),
    ("functions.py", ">= rows", "> rows", "called"),
    ("flow.py", "rows=1", "rows=0", "called"),
    ("functions.py", "> -500", "> -501", "items"),
    ("flow.py", "Check(functions.small)", "functions.small", "called"),
    ("flow.py", "[pd.DataFrame, Plain]", "[pd.DataFrame, Made]", "plain"),
    ("functions.py", "import bounds", "import bounds  # the limits", ""),
]


@pytest.mark.parametrize("future", [False, True], ids=["evaluated", "texts"])
def test_an_edit_of_a_check_runs_the_steps_that_it_could_fail(
    future: bool, tmp_path: Path, runner: Runner
) -> None:
    head = "from __future__ import annotations\n" if future else ""
    files = {**FILES, "flow.py": head + FLOW}
    write_files(tmp_path, files)
    first = runner.run(tmp_path)
    assert not any(node["cached"] for node in first.values())
    for file, old, new, reached in EDITS:
        assert files[file].count(old) == 1, old
        files[file] = files[file].replace(old, new)
        write_old(tmp_path / file, files[file])
        nodes = runner.run(tmp_path)
        ran = {name for name, node in nodes.items() if not node["cached"]}
        assert ran == set(reached.split()), (old, {n: nodes[n]["reason"] for n in ran})


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner("pandera.pandas", "pandera.polars") as started:
        yield started
