"""A notebook as the body of a step, run in a real kernel by real workers."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from cli import warm
from windlass import HTML, notebook, pipeline, step
from windlass.errors import DefinitionError
from windlass.records import Records

from .kernels import write_notebook

FLOW = """
from typing import NamedTuple
from windlass import HTML, notebook, pipeline, step

class Explored(NamedTuple):
    best: int
    page: HTML

@step
def load(rows: int) -> list[int]:
    return list(range(rows))

@step(timeout=60)
@notebook("explore.ipynb")
def explore(data: list[int], depth: int = 6) -> Explored: ...

@step
def double(best: int) -> int:
    return best * 2

@pipeline
def exploring(rows: int = 5) -> int:
    return double(explore(load(rows), depth=3).best)
"""
CELLS = [
    "%matplotlib inline\nimport random\nfrom features import lag\nfrom windlass import log_metric",
    "print('looking', depth)\nlog_metric('depth', depth)\nbest = lag(max(data)) + depth",
    "random.random()",
]
ONE = """
from typing import NamedTuple
from windlass import HTML, notebook, pipeline, step

class Found(NamedTuple):
    nowhere: int

class Kept(NamedTuple):
    depth: int
    held: object

@step(timeout={timeout})
@notebook("other.ipynb")
def other(depth: int = 6) -> {returns}: ...

@pipeline
def one() -> {returns}:
    return other()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "windlass.toml").write_text("")
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "features.py").write_text("def lag(item):\n    return item + 1\n")
    write_notebook(tmp_path / "explore.ipynb", CELLS, tagged="depth = 2\ndata = None")
    return tmp_path


def windlass(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(project, *words, variables={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"})


def run(project: Path, target: str = "flow.py:exploring", *words: str) -> dict[str, str]:
    """Runs a pipeline; why each node ran."""
    done = windlass(project, "run", target, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    records = Records.open(project / ".windlass" / "windlass.db")
    outcomes = records.outcomes(records.run("latest").id)
    return {each.node: each.reason or "" for each in outcomes if not each.cached}


def test_values_page_log_and_metric(project: Path) -> None:
    assert set(run(project)) == {"load", "explore", "double"}
    records = Records.open(project / ".windlass" / "windlass.db")
    metrics = records.metrics(records.run("latest").id)
    assert [(each.node, each.name, each.value) for each in metrics] == [("explore", "depth", 3.0)]
    assert "looking 3" in windlass(project, "logs", "latest", "explore").stdout
    done = windlass(project, "artifacts", "export", "latest:explore.page", "-o", "page.html")
    assert done.returncode == 0, done.stderr
    page = (project / "page.html").read_text()
    assert "depth = 3" in re.sub(r"<[^>]+>", "", page)
    assert "windlass.execution" not in page
    assert not re.findall(r"""(?:src|href)=["']?https?://""", page)
    shown = windlass(project, "artifacts", "show", "latest:double").stdout
    assert "16" in shown  # (max(0..4) + 1 + depth 3) * 2


def test_cached_until_the_notebook_or_its_helper_changes(project: Path) -> None:
    run(project)
    assert run(project) == {}
    write_notebook(project / "explore.ipynb", CELLS, tagged="depth = 2\ndata = None\n# the same")
    assert run(project) == {}
    cells = [CELLS[0], CELLS[1].replace("+ depth", "+ depth + 1"), CELLS[2]]
    write_notebook(project / "explore.ipynb", cells, tagged="depth = 2\ndata = None")
    found = run(project)
    assert set(found) == {"explore", "double"}
    assert "explore.ipynb" in found["explore"]
    explained = windlass(project, "explain", "latest", "explore").stdout
    assert "+best = lag(max(data)) + depth + 1" in explained.replace("+ best", "+best")
    (project / "features.py").write_text("def lag(item):\n    return item + 2\n")
    found = run(project)
    assert set(found) == {"explore", "double"}
    assert found["explore"].startswith("features changed (features.py)")
    assert "+    return item + 2" in windlass(project, "explain", "latest", "explore").stdout


def test_a_run_anew_gives_the_same_page(project: Path) -> None:
    pages = []
    for words in ((), ("--refresh",)):
        run(project, "flow.py:exploring", *words)
        records = Records.open(project / ".windlass" / "windlass.db")
        outcome = records.outcome(records.run("latest").id, "explore")
        assert outcome is not None
        assert not outcome.cached
        pages.append([each.artifact and each.artifact.content for each in outcome.outputs])
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("cells", "returns", "timeout", "told"),
    [
        (
            ["x = 1", "print(1)\nraise KeyError(depth)"],
            "HTML",
            60,
            "other.ipynb, In [2], line 2, failed: KeyError: 6",
        ),
        (["x = (1"], "HTML", 60, "Error: incomplete input what it wrote"),
        (
            ["nowere = 1"],
            "Found",
            60,
            "sets no variable 'nowhere', which the step promises; did you",
        ),
        (["nowhere = 'a'"], "Found", 60, "Mend the cell of other.ipynb that sets it, or the ann"),
        (
            ["import threading\nheld = threading.Lock()"],
            "Kept",
            60,
            "sets a variable 'held' that cannot be taken",
        ),
        (["class Own: pass\nheld = Own()"], "Kept", 60, "output 'held': no format takes a value"),
        (["import os\nos._exit(3)"], "HTML", 60, "the kernel of other.ipynb died"),
        (["import time\ntime.sleep(300)"], "HTML", 5, "5 s"),
    ],
)
def test_failures(project: Path, cells: list[str], returns: str, timeout: int, told: str) -> None:
    (project / "one.py").write_text(ONE.format(returns=returns, timeout=timeout))
    write_notebook(project / "other.ipynb", cells)
    done = windlass(project, "run", "one.py:one")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert told in " ".join(said.split())
    assert "notebook_kernel" not in said
    assert "Cell In[" not in said
    for _ in range(100):  # a kernel looks once a second whether its parent is there
        left = [each for each in Path("/proc").glob("[0-9]*/cwd") if _leads_to(each, project)]
        if not left:
            break
        time.sleep(0.1)
    assert not left


def _leads_to(link: Path, place: Path) -> bool:
    try:
        return link.readlink() == place
    except OSError:  # it ended meanwhile
        return False


def test_bad_notebooks(tmp_path: Path) -> None:
    (tmp_path / "not.ipynb").write_text("{}")
    (tmp_path / "cut.ipynb").write_text('{"cells": [\n{"cell_type": "co')
    (tmp_path / "empty.ipynb").write_text("")
    (tmp_path / "good.ipynb").write_text('{"cells": []}')
    (tmp_path / "old.ipynb").write_text('{"worksheets": [{"cells": []}], "nbformat": 3}')
    r = '{"cells": [], "metadata": {"kernelspec": {"language": "R", "name": "ir"}}}'
    (tmp_path / "r.ipynb").write_text(r)

    def page() -> HTML:
        raise NotImplementedError

    def number() -> int:
        raise NotImplementedError

    for path, function, told in (
        (tmp_path / "gone.ipynb", page, "cannot be read: No such file"),
        (tmp_path / "not.ipynb", page, "is not a notebook of version 4"),
        (tmp_path / "cut.ipynb", page, r"no notebook: it breaks off in line 2\n  Open it in Jup"),
        (tmp_path / "empty.ipynb", page, "is no notebook: it is empty"),
        (
            tmp_path / "old.ipynb",
            page,
            "version 3; .*\n.*jupyter nbconvert --to notebook --inplace",
        ),
        (tmp_path / "r.ipynb", page, "is a notebook of R; a step runs notebooks of Python"),
        (tmp_path / "good.ipynb", step(page), "stands above what makes 'page' a step"),
        (tmp_path / "good.ipynb", number, "promises neither HTML nor a NamedTuple"),
    ):
        with pytest.raises(DefinitionError, match=told):
            notebook(str(path))(function)
    with pytest.raises(DefinitionError, match="is given no notebook"):
        notebook(page)  # type: ignore[arg-type]


def test_a_notebook_that_is_no_step_is_not_called_in_a_pipeline(tmp_path: Path) -> None:
    write_notebook(tmp_path / "good.ipynb", ["x = 1"])

    @notebook(str(tmp_path / "good.ipynb"))
    def page() -> HTML:
        raise NotImplementedError

    @pipeline
    def paging() -> HTML:
        return page()

    with pytest.raises(DefinitionError, match=r"'page' runs a notebook and is no step.*\n.*@step"):
        paging.graph()
