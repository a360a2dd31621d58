"""In a narrow terminal words are wrapped and never broken, and short facts are whole."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from .program import Folder
from .terminal import COLUMNS, on_terminal

SENTENCE = "this message has many words, and none of them should be broken: [bold]"
STEPS = f"""
import time
from windlass import each, pipeline, step

@step
def number(value: int) -> int:
    return value

@step
def described(value: list[int]) -> dict[str, str]:
    return {{"a longer text": "as it stands in many a table of artifacts"}}

@step
def refuses(value: dict[str, str]) -> int:
    raise ValueError("{SENTENCE}")

@pipeline
def narrow() -> int:
    return refuses(described(number.map(each([1, 2]))))

@pipeline
def calls() -> list[int]:
    return [number(value) for value in range(30)]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    root = tmp_path_factory.mktemp("narrow")
    (root / "windlass.toml").write_text("")
    (root / "steps.py").write_text(STEPS)
    folder = Folder(root)
    assert folder.windlass("run", "steps.py:narrow").code == 1
    return folder


def told(folder: Folder, *arguments: str) -> list[str]:
    with on_terminal(folder, *arguments) as terminal:
        terminal.end()
    lines = [line.rstrip() for line in terminal.lines]
    assert max(map(cell_len, lines)) <= COLUMNS
    return lines


def test_a_table_cuts_what_is_missed_least(folder: Folder) -> None:
    lines = told(folder, "artifacts", "list", "narrow-1")
    assert any("number[0]" in line and " int " in line and " B " in line for line in lines)
    assert any("described" in line and " dict " in line and line.endswith("…") for line in lines)
    assert any("just now" in line for line in told(folder, "runs"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "narrow-1"),
        ("run", "steps.py:narrow"),
        ("explain", "narrow-1", "refuses"),
        ("show", "a_run_of_a_long_name_that_nobody_has_ever_begun_anywhere_here"),
    ],
)
def test_no_word_is_broken(folder: Folder, arguments: tuple[str, ...]) -> None:
    wide = folder.windlass(*arguments)
    words = {word for word in (wide.out + wide.err).split() if len(word) < COLUMNS - 10}
    found = {word for line in told(folder, *arguments) for word in line.split()}
    wanted = {*SENTENCE.split(), "error:", "there", "run"} & words
    assert wanted
    assert wanted <= found


def test_what_is_below_a_node_stays_below_it(folder: Folder) -> None:
    lines = told(folder, "show", "narrow-1")
    start = next(place for place, line in enumerate(lines) if "ValueError: this" in line)
    assert lines[start].startswith("    ")
    assert lines[start + 1].startswith("    ")


def test_many_calls_of_a_step_are_drawn_as_one(folder: Folder) -> None:
    assert folder.windlass("run", "steps.py:calls").code == 0
    shown = folder.windlass("show", "calls-1").out
    assert "number  30 calls: 30 succeeded" in shown
    assert "number_7" not in shown
    assert "number_7" in folder.windlass("show", "calls-1", "--all").out


def test_a_map_is_explained_by_its_items(folder: Folder) -> None:
    told = folder.document("explain", "narrow-1", "number")
    assert [node["node"] for node in told["nodes"]] == ["number[0]", "number[1]"]
    assert told["nodes"][0]["function"] == "steps:number"
    assert "number[1]" in folder.windlass("explain", "narrow-1", "number").out


def test_of_a_large_map_the_first_items_are_explained(folder: Folder) -> None:
    text = (folder.root / "steps.py").read_text().replace("each([1, 2])", "each(list(range(25)))")
    (folder.root / "large.py").write_text(text)
    assert folder.windlass("run", "large.py:narrow").code == 1
    said = folder.windlass("explain", "latest").out
    assert "number[19]" in said
    assert "number[20]" not in said
    assert "5 more items" in said
    assert "number[20]" in folder.windlass("explain", "latest", "--all").out


def test_an_option_that_cannot_be_read_names_its_command(folder: Folder) -> None:
    assert "See: windlass run --help" in folder.refused("run", "-p")


def test_the_cache_is_listed_as_json_without_a_command(folder: Folder) -> None:
    assert folder.document("cache") == folder.document("cache", "list")
