"""What ``diff`` tells of two real runs: of all that was changed between them, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .program import Folder
from .terminal import COLUMNS, on_terminal

HELPERS = '''def price(values):
    """Prices in euro."""
    return values.round(2)
'''
STEPS = """
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import windlass
from helpers import price
from windlass import each, pipeline, step


@dataclass
class Report:
    mean: float
    cities: list[str]


@step
def load(rows: int, file: Path) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    city = rng.choice(file.read_text().split(), rows)
    return pd.DataFrame({"price": price(rng.normal(10, 2, rows)), "city": city, "id": range(rows)})


@step
def weights(n: int) -> NDArray[np.float64]:
    return np.linspace(0, 1, n) + np.random.normal(size=n) / 1e6


@step
def report(data: pd.DataFrame) -> Report:
    windlass.log_metric("mean", float(data["price"].mean()))
    windlass.log_metric("columns", data.shape[1])
    return Report(float(data["price"].mean()), sorted(data["city"].unique()))


@step
def same(n: int) -> int:
    return n


@pipeline
def shop(rows: int = 50, names: int = 2, file: Path = Path("cities.txt")) -> Report:
    weights(10)
    same.map(each(list(range(3)))[:names])
    return report(load(rows, file))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Two runs of one pipeline, nearly everything changed between them; and one that failed."""
    root = tmp_path_factory.mktemp("differing")
    folder = Folder(root)
    (root / "windlass.toml").write_text("")
    (root / ".gitignore").write_text("__pycache__/\n")
    (root / "helpers.py").write_text(HELPERS)
    (root / "shop.py").write_text(STEPS.replace("each(list(range(3)))[:names]", "each([0, 1])"))
    (root / "old name.py").write_text("x = 1\n")
    (root / "cities.txt").write_text("Rome Oslo")
    (root / "logo.bin").write_bytes(b"a\0b")
    (root / "link").symlink_to("helpers.py")
    person = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for words in (("init", "-qb", "main"), ("add", "."), (*person, "commit", "-qm", "first")):
        assert folder.command("git", *words).code == 0
    assert folder.windlass("run", "shop.py").code == 0
    assert folder.windlass("run", "shop.py", "--refresh").code == 0
    _edit(root)
    given = ("-p", "rows=60", "--seed", "3")
    assert folder.windlass("run", "shop.py", *given, TZ="Asia/Tokyo").code == 0
    (root / "cities.txt").write_text("")
    assert folder.windlass("run", "shop.py").code == 1
    return folder


def _edit(root: Path) -> None:
    (root / "helpers.py").write_text(HELPERS.replace("round(2)", "round(1)"))
    steps = (root / "shop.py").read_text().replace("each([0, 1])", "each([0, 1, 2])")
    (root / "shop.py").write_text(steps.replace("@step\ndef same", "@step(retries=2)\ndef same"))
    (root / "old name.py").rename(root / "new name.py")
    (root / "cities.txt").write_text("Rome Lima")
    (root / "logo.bin").write_bytes(b"a\0bc")
    (root / "link").unlink()
    (root / "link").symlink_to("shop.py")
    (root / "shop.py").chmod(0o755)
    (root / "data.bin").write_bytes(b"\0")


@pytest.fixture(scope="module")
def told(folder: Folder) -> dict[str, Any]:
    return folder.document("diff", "shop-1", "shop-3")


def _by(entries: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    return {entry[key]: entry for entry in entries}


def test_two_runs_of_the_same_differ_in_nothing(folder: Folder) -> None:
    told = folder.document("diff", "shop-1", "shop-2", "--exit-code", "--only", "outputs")
    assert (told["differ"], told["equal"]) == ([], ["outputs"])
    done = folder.windlass("diff", "shop-1", "shop-2", "--only", "code", "--only", "nodes")
    assert done.out == "shop-1 → shop-2\n\nthe same: code, nodes\n"
    settings = folder.document("diff", "shop-1", "shop-2")
    assert settings["differ"] == ["settings"]
    assert settings["settings"] == [{"name": "refresh", "before": False, "after": True}]


def test_the_code_is_a_real_diff(told: dict[str, Any]) -> None:
    code = _by(told["code"], "path")
    assert {path: entry["change"] for path, entry in code.items()} == {
        "cities.txt": "changed",
        "data.bin": "added",
        "helpers.py": "changed",
        "link": "changed",
        "logo.bin": "changed",
        "new name.py": "renamed",
        "shop.py": "changed",
    }
    assert code["helpers.py"]["diff"] == [
        "--- a/helpers.py",
        "+++ b/helpers.py",
        "@@ -1,3 +1,3 @@",
        " def price(values):",
        '     """Prices in euro."""',
        "-    return values.round(2)",
        "+    return values.round(1)",
    ]
    assert code["new name.py"]["was"] == "old name.py"
    assert code["logo.bin"]["note"] == "binary, 3 bytes → 4 bytes"
    assert code["link"]["diff"][-2:] == ["-helpers.py", "+shop.py"]
    assert code["shop.py"]["note"] == "can be run now"
    assert (code["shop.py"]["added"], code["shop.py"]["removed"]) == (2, 2)


def test_what_the_runs_were_given(told: dict[str, Any]) -> None:
    assert told["git"] == [{"name": "changes", "before": "none", "after": "uncommitted"}]
    assert _by(told["parameters"], "name")["rows"]["after"] == 60
    assert _by(told["parameters"], "name")["file"]["note"] == "the files there are others"
    settings = _by(told["settings"], "name")
    assert settings["seed"] == {"name": "seed", "before": 0, "after": 3}
    assert settings["same retries"]["after"] == 2
    assert {"TZ", "time_zone"} <= set(_by(told["machine"], "name"))


def test_nodes_and_metrics(told: dict[str, Any]) -> None:
    assert [(each["node"], each["change"]) for each in told["nodes"]] == [("same[2]", "added")]
    (metric,) = told["metrics"]  # the other is the same
    assert (metric["node"], metric["name"]) == ("report", "mean")
    assert metric["difference"] == metric["after"] - metric["before"]


def test_outputs_are_compared_by_what_they_hold(told: dict[str, Any]) -> None:
    outputs = _by(told["outputs"], "node")
    assert set(outputs) == {"weights", "report", "load"}
    load = outputs["load"]
    assert (load["kind"], load["rows"]) == ("table", [50, 60])
    columns = _by(load["columns"], "name")
    assert columns["price"]["statistics"]["mean"][0] != columns["price"]["statistics"]["mean"][1]
    assert {value for value, _ in columns["city"]["statistics"]["most"][1]} == {"Rome", "Lima"}
    assert outputs["weights"]["differing"] == 10
    assert 0 < outputs["weights"]["largest"] < 1e-4
    assert any(line.startswith("-  ") and "Oslo" in line for line in outputs["report"]["diff"])


def test_a_run_that_failed(folder: Folder) -> None:
    nodes = _by(folder.document("diff", "shop-3", "shop-4", "--only", "nodes")["nodes"], "node")
    assert nodes["load"]["change"] == "status"
    assert "ValueError" in nodes["load"]["after"]["error"]
    said = folder.windlass("diff", "shop-3", "shop-4").out
    assert "load  succeeded → failed  ValueError" in said


def test_the_exit_code_is_that_of_git(folder: Folder) -> None:
    assert folder.windlass("diff", "shop-1", "shop-3").code == 0
    assert folder.windlass("diff", "shop-1", "shop-3", "--exit-code").code == 1
    assert (
        folder.windlass("diff", "shop-1", "shop-3", "--exit-code", "--only", "packages").code == 0
    )


def test_bad_input_says_what_there_is(folder: Folder) -> None:
    assert "there is no run 'shop-9'" in folder.refused("diff", "shop-1", "shop-9")
    assert "There is code, git, packages" in folder.refused("diff", "1", "2", "--only", "cod")


def test_an_archive_that_is_gone_leaves_the_names(folder: Folder, tmp_path: Path) -> None:
    import shutil

    other = Folder(shutil.copytree(folder.root, tmp_path / "project", symlinks=True))
    blob = other.document("show", "shop-3", "--provenance")["bundle"]["archive"]
    for file in (other.root / ".windlass" / "artifacts").rglob(blob):
        file.unlink()
    code = _by(other.document("diff", "shop-1", "shop-3", "--only", "code")["code"], "path")
    assert code["helpers.py"]["change"] == "changed"
    assert code["helpers.py"]["note"].startswith("its text was not kept")


def test_on_a_terminal_no_line_but_of_code_is_too_long(folder: Folder) -> None:
    with on_terminal(folder, "diff", "shop-1", "shop-3") as terminal:
        assert terminal.end() == 0
    lines = [line.rstrip() for line in terminal.lines]
    start = next(n for n, line in enumerate(lines) if line.startswith("outputs"))
    assert max(map(len, lines[start:])) <= COLUMNS
    assert "code  7 files" in lines
    assert any(line.endswith("renamed from old name.py") for line in lines)
    assert any(line.startswith("  rows  50 → 60") for line in lines)
    stat = folder.windlass("diff", "shop-1", "shop-3", "--stat", "--only", "code").out
    assert "helpers.py  changed, +1 -1\n  link" in stat
