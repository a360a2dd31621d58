"""Reasons name one cause once, in one line, at the place where a person finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .program import Folder

SETTINGS = """
from dataclasses import dataclass

@dataclass
class Config:
    depth: int = 4

depth = "another depth"
RATE = 1
RATE = 3
"""
HANDED_ON = "from settings import RATE\n"
STEPS = """
import pandas as pd
from handed_on import RATE
from settings import Config
from windlass import pipeline, step

TABLE = pd.DataFrame({"a": [1, 2]})

def depth_of(config: Config = Config()) -> int:
    return config.depth

def other() -> Config:
    return Config()

@step
def deep() -> int:
    return depth_of() + other().depth

@step
def rated() -> int:
    return RATE

@step
def tabled() -> int:
    return len(TABLE)

@step
def later() -> int:
    from late import double
    return double(1)

@pipeline
def reasons() -> int:
    deep(), rated(), tabled()
    return later()
"""
LATE = "import os\n\ndef double(number: int) -> int:\n    return number * 2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    files = {"windlass.toml": "", "settings.py": SETTINGS, "steps.py": STEPS, "late.py": LATE}
    for name, text in {**files, "handed_on.py": HANDED_ON}.items():
        (tmp_path / name).write_text(text)
    found = Folder(tmp_path)
    assert found.windlass("run", "steps.py").code == 0
    return found


def explained(folder: Folder, node: str, file: str, old: str, new: str) -> Any:
    path = folder.root / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert folder.windlass("run", "steps.py").code == 0
    return folder.document("explain", "latest", node)


def test_a_default_of_a_dataclass_is_told_once(folder: Folder) -> None:
    told = explained(folder, "deep", "settings.py", "int = 4", "int = 5")
    assert told["reason"] == "class settings.Config changed (settings.py:4)"
    assert "+    depth: int = 5" in told["changes"][0]["diff"]


def test_what_changed_besides_a_class_is_told_too(folder: Folder) -> None:
    (folder.root / "settings.py").write_text(SETTINGS.replace("int = 4", "int = 5"))
    told = explained(folder, "deep", "steps.py", "return config.depth", "return config.depth + 1")
    assert [change["name"] for change in told["changes"]] == ["steps.depth_of", "settings.Config"]


def test_a_constant_is_told_where_it_was_last_bound(folder: Folder) -> None:
    told = explained(folder, "rated", "settings.py", "RATE = 3", "RATE = 4")
    assert told["reason"] == "constant steps.RATE changed (settings.py:10): 3 → 4"


def test_a_table_is_not_put_into_a_line(folder: Folder) -> None:
    told = explained(folder, "tabled", "steps.py", "[1, 2]", "[1, 3]")
    assert told["reason"] == "constant steps.TABLE changed (steps.py:7)"
    assert "+1  3" in told["changes"][0]["diff"]


def test_a_module_that_is_imported_late_has_a_diff(folder: Folder) -> None:
    told = explained(folder, "later", "late.py", "number * 2", "number * 3")
    assert told["reason"] == "late changed (late.py)"
    assert "+    return number * 3" in told["changes"][0]["diff"]
