"""How the end of a run is told: what it returned, or what failed, and where to look next."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import pytest

from windlass import HTML, Markdown, each, pipeline, step
from windlass.cli.ending import tell_end
from windlass.errors import WindlassError


@dataclasses.dataclass
class Report:
    rows: int

    def __str__(self) -> str:
        return f"learnt from {self.rows} rows"


@dataclasses.dataclass
class Facts:
    rows: int


@step
def give(what: str) -> Any:
    return VALUES[what]


@step
def refuse(n: int) -> int:
    if n % 2:
        raise ValueError(f"{n} is odd\nand that is bad")
    return n


@step
def hint() -> int:
    raise WindlassError("it cannot be", hint="Do otherwise.")


def in_order(table: pd.DataFrame) -> pd.Series[bool]:
    """Days are in order."""
    return table["day"] >= table["day"].cummax()


@step
def unordered() -> Annotated[pd.DataFrame, in_order]:
    return pd.DataFrame({"day": [1, 2, 1]})


@pipeline
def checking() -> pd.DataFrame:
    return unordered()


@pipeline
def giving(what: str) -> Any:
    return give(what)


@pipeline
def refusing(numbers: list[int]) -> list[int]:
    return refuse.map(each(numbers))


@pipeline
def hinting() -> int:
    return hint()


VALUES: dict[str, Any] = {
    "text": "some text",
    "number": 0.5,
    "list": [1, "a"],
    "report": Report(3),
    "facts": Facts(3),
    "markdown": Markdown("# Head"),
    "nothing": None,
    "page": HTML("<p>page"),
    "table": pd.DataFrame({"a": range(5)}),
    "much": "x" * 300_000,
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WINDLASS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


def told(run: Any, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    capsys.readouterr()
    tell_end(run)
    out, err = capsys.readouterr()
    return out, err


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("text", "some text\n"),
        ("number", "0.5\n"),
        ("list", "[1, 'a']\n"),
        ("report", "learnt from 3 rows\n"),
        ("facts", "Facts(rows=3)\n"),
        ("markdown", "# Head\n"),
        ("nothing", ""),
    ],
)
def test_a_small_result_is_printed(
    what: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = giving.options(in_process=True).run(what)
    out, err = told(run, capsys)
    assert out == f"{shown}look at it: windlass show giving-1\n"
    assert err == ""


@pytest.mark.parametrize(
    ("what", "facts"), [("page", "HTML"), ("table", "5 rows × 1 columns"), ("much", "300.0 KB")]
)
def test_of_another_result_it_is_told_where_it_is(
    what: str, facts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = giving.options(in_process=True).run(what)
    content = run["give"].outcome.outputs[0].content  # type: ignore[union-attr]
    out, _ = told(run, capsys)
    assert facts in out.splitlines()[0]
    assert f"see it: windlass artifacts show {content[:12]}" in out
    assert len(out) < 500


def test_the_first_failure_is_told_whole_and_others_shortly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = refusing.options(in_process=True, keep_going=True).run(list(range(10)))
    out, err = told(run, capsys)
    assert "look at it: windlass show refusing-1" in out
    assert "✗ refuse[1]: ValueError: 1 is odd\nand that is bad\n" in err
    assert err.count("test_ending.py:") == 3
    assert err.count("raise ValueError") == 1
    assert "^^^" not in err
    assert "windlass logs refusing-1 'refuse[5]'" in err
    assert "refuse[7]" not in err
    assert "and 2 more nodes failed" in err


def test_a_broken_check_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = told(checking.options(in_process=True).run(), capsys)
    assert err.splitlines()[:4] == [
        "✗ unordered: DataCheckError: unordered → output breaks in_order:",
        "  Days are in order.  1 of 3 rows: 2: day=1",
        "  Nothing was stored. Mend the step or its data; or the check, if it asks too much.",
        "  what it wrote: windlass logs checking-1 unordered",
    ]


def test_a_hint_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = told(hinting.options(in_process=True).run(), capsys)
    assert "hint: WindlassError: it cannot be" in err
    assert "\n  Do otherwise.\n" in err


def test_elsewhere_the_command_tells_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WINDLASS_HOME")
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "the project"
    project.mkdir()
    (project / "windlass.toml").write_text('[stacks.team]\nrecords = "team.db"\n')
    code = "from windlass import pipeline, step\n@step\ndef one() -> int:\n    return 1\n"
    code += "@pipeline\ndef ending_there() -> int:\n    return one()\n"
    (project / "ending_there.py").write_text(code)
    from windlass.cli.place import find_pipeline

    found = find_pipeline("the project/ending_there.py").options(in_process=True, stack="team")
    out, _ = told(found.run(), capsys)
    look = "windlass show ending_there-1 --stack team"
    assert out.splitlines()[-1] == f"look at it: cd '{project}' && {look}"
    monkeypatch.chdir(project)
    out, _ = told(found.run(), capsys)
    assert out.splitlines()[-1] == "look at it: windlass show ending_there-2 --stack team"
