"""What FILE.py:PIPELINE names, and how it is told that it names nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from windlass.cli.place import find_pipeline
from windlass.errors import ConfigError, DefinitionError, WindlassError

CODE = """
from windlass import pipeline, step

@step
def one(n: int = 1) -> int:
    return n

@pipeline
def training(n: int = 1) -> int:
    return one(n)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory; what is imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def write(path: Path, code: str = CODE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code)


@pytest.mark.parametrize(
    "named",
    [
        "place_a.py:training",
        "place_a.py",
        "./place_a.py:training",
        "place_a:training",
        "place_a",
        "place_pkg/inner/place_b.py",
        "place_pkg.inner.place_b:training",
    ],
)
def test_a_pipeline_is_found(folder: Path, named: str) -> None:
    write(folder / "place_a.py")
    for part in ("place_pkg", "place_pkg/inner"):
        write(folder / part / "__init__.py", "")
    write(folder / "place_pkg" / "inner" / "place_b.py")
    assert find_pipeline(named).name == "training"


def test_a_folder_may_hold_a_colon(folder: Path) -> None:
    write(folder / "odd:name" / "place_c.py")
    assert find_pipeline("odd:name/place_c.py").name == "training"
    assert find_pipeline("odd:name/place_c.py:training").name == "training"


def test_a_file_with_one_pipeline_of_its_own_needs_no_name(folder: Path) -> None:
    write(folder / "place_d.py")
    code = "from place_d import training\nfrom windlass import pipeline\n"
    code += "@pipeline\ndef outer(n: int = 1) -> int:\n    return training(n)\n"
    write(folder / "place_e.py", code)
    assert find_pipeline("place_e.py").name == "outer"
    assert find_pipeline("place_e.py:training").name == "training"


def test_the_working_directory_is_searched_for_modules_only(folder: Path) -> None:
    write(folder / "below" / "place_f.py")
    find_pipeline("below/place_f.py")
    assert str(folder) not in sys.path
    assert str(folder / "below") in sys.path


@pytest.mark.parametrize(
    ("named", "kind", "told"),
    [
        ("place_g.py:one", DefinitionError, "one in place_g.py is a step, not a pipeline"),
        ("place_g.py:trainin", DefinitionError, "Did you mean place_g.py:training?"),
        ("place_g.py:x", DefinitionError, "which holds training, second"),
        ("place_g.py", ConfigError, "several pipelines: training, second"),
        ("absent_place.py:x", DefinitionError, "there is no file absent_place.py"),
        ("absent_place:x", DefinitionError, "there is no file or module 'absent_place'"),
        ("place_g.absent:x", DefinitionError, "there is no file or module 'place_g.absent'"),
        ("", DefinitionError, "FILE.py:PIPELINE"),
        (".:x", DefinitionError, "neither a Python file nor a module"),
        ("a b:x", DefinitionError, "neither a Python file nor a module"),
    ],
)
def test_what_is_not_there(folder: Path, named: str, kind: type[WindlassError], told: str) -> None:
    write(folder / "place_g.py", f"{CODE}\n@pipeline\ndef second() -> int:\n    return one(1)\n")
    with pytest.raises(kind) as caught:
        find_pipeline(named)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys\nsys.exit('enough')\n", "it calls sys.exit('enough') when it is imported"),
        ("raise ValueError('two\\nlines')\n", "ValueError: two\nlines"),
        ("import absent_elsewhere\n", "No module named 'absent_elsewhere'"),
        ("x = (\n", "SyntaxError"),
    ],
)
def test_a_file_that_cannot_be_imported(folder: Path, code: str, told: str) -> None:
    write(folder / "place_h.py", code)
    with pytest.raises(DefinitionError) as caught:
        find_pipeline("place_h.py")
    message = str(caught.value)
    assert message.startswith("place_h.py cannot be imported: ")
    assert told in message
    assert 'place_h.py", line' in message
    assert "importlib" not in message
    assert "windlass/" not in message


def test_a_pipeline_in_a_folder_finds_the_modules_of_its_project(folder: Path) -> None:
    write(folder / "windlass.toml", "")
    write(folder / "place_lib" / "helpers.py", "def number() -> int:\n    return 5\n")
    write(folder / "place_pipes" / "place_c.py", "import place_lib.helpers\n" + CODE)
    assert find_pipeline("place_pipes/place_c.py:training").name == "training"
    assert sys.path[-1] == str(folder)


def test_what_lies_elsewhere_on_the_path_under_this_name_does_not_hide_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, elsewhere = folder / "project", folder / "elsewhere"
    write(project / "place_hidden.py")
    (project / "windlass.toml").touch()  # so that the project's root is on the path, too: last
    write(elsewhere / "place_hidden.py", "raise RuntimeError('of another')")
    monkeypatch.syspath_prepend(elsewhere)
    assert find_pipeline(str(project / "place_hidden.py")).name == "training"
