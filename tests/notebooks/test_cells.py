"""Steps and pipelines that are defined in the cells of a notebook, in a real kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from windlass.records import Records

from .kernels import HEAD, Kernel

STEPS = """
@step
def load(rows: int) -> list[int]:
    return list(range(rows))

@step
def shift(item: int) -> int:
    return lag(item)

@step
def total(items: list[int]) -> Total:
    return Total(sum(items))
"""
PIPELINE = """
@pipeline
def training(rows: int = 3) -> Total:
    return total(shift.map(each(load(rows))))
"""
CLASS = """
@dataclass
class Total:
    value: int
    def doubled(self):
        return self.value * 2
"""
CELLS = [
    f"{HEAD}\nfrom dataclasses import dataclass\nimport helpers",
    "RATE = 2\nNAMES = {}\nNAMES['plus'] = helpers.plus",
    "def lag(item):\n    return NAMES['plus'](item) * RATE",
    CLASS,
    f"%%time\n{STEPS}",
    PIPELINE,
]
RUN = """
run = training.run()
print(run.status, run.error or "")
print({node.name: node.outcome.reason for node in run.nodes if not node.outcome.cached})
print(run.result())
"""
ALL = {"load", "shift[0]", "shift[1]", "shift[2]", "total"}
SHIFT = {"shift[0]", "shift[1]", "shift[2]"}


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    (tmp_path / "windlass.toml").write_text("")
    (tmp_path / "helpers.py").write_text("def plus(item):\n    return item + 1\n")
    kernel = Kernel(tmp_path)
    for text in CELLS:
        kernel(text)
    yield kernel
    kernel.close()


def reasons(kernel: Kernel) -> dict[str, str]:
    """Runs the pipeline; why each node ran, if it did."""
    said = kernel(RUN)
    assert said.startswith("succeeded"), said
    told = said.split("\n", 2)[1]
    found: dict[str, str] = eval(told)
    return found


def test_cells_run_in_workers_and_are_cached(kernel: Kernel, tmp_path: Path) -> None:
    first = kernel(RUN)
    assert first.startswith("succeeded")
    assert first.endswith("Total(value=12)")
    assert set(reasons(kernel)) == set()
    pids = kernel(
        "import os\n@step(cache=False)\ndef where() -> int:\n    return os.getpid()\n"
        "@pipeline\ndef placed() -> int:\n    return where()\n"
        "print(placed.run().result() != os.getpid())"
    )
    assert pids == "True"


def test_an_edited_cell_runs_what_it_must(kernel: Kernel) -> None:
    assert set(reasons(kernel)) == ALL
    kernel("RATE = 3")
    found = reasons(kernel)
    assert set(found) == SHIFT | {"total"}
    assert found["shift[0]"] == "constant notebook_cells.RATE changed (In [8]): 2 → 3"
    kernel("def lag(item):\n    # the same\n    return NAMES['plus'](item) * RATE")
    assert set(reasons(kernel)) == set()
    kernel("def lag(item):\n    return NAMES['plus'](item) * RATE + 1")
    assert reasons(kernel)["shift[1]"] == "helper notebook_cells.lag changed (In [12])"
    kernel("RATE = 2")
    kernel(CELLS[2])
    assert set(reasons(kernel)) == set()


def test_a_class_that_is_defined_again(kernel: Kernel) -> None:
    assert set(reasons(kernel)) == ALL
    kernel(CELLS[3].replace("* 2", "* 3"))
    assert set(reasons(kernel)) == {"total"}
    assert kernel("print(run.result().doubled(), type(run.result()) is Total)") == "36 True"


def test_what_changes_an_object_counts(kernel: Kernel) -> None:
    assert set(reasons(kernel)) == ALL
    kernel("NAMES['plus'] = lambda item: item + 5")
    assert set(reasons(kernel)) == SHIFT | {"total"}
    assert "Total(value=36)" in kernel("print(run.result())")


def test_cells_are_in_the_bundle_and_nothing_else_of_the_notebook(
    kernel: Kernel, tmp_path: Path
) -> None:
    kernel("secret = 'a password'\nprint('looked at')\ntable = [1, 2]")
    kernel(RUN)
    (cells,) = (tmp_path / ".windlass" / "cells").rglob("*.py")
    text = cells.read_text()
    assert "# In [" in text
    for part in ("secret", "looked at", "training.run", "table"):
        assert part not in text
    records = Records.open(tmp_path / ".windlass" / "windlass.db")
    files = json.loads(records.bundle(records.run("latest").bundle))["files"]
    assert "notebook_cells.py" in [file[0] for file in files]
    compile(text, str(cells), "exec")


def test_a_name_that_no_cell_defines(kernel: Kernel) -> None:
    kernel("get_ipython().user_ns['extra'] = object()")
    kernel("def lag(item):\n    return (item, extra)")
    said = kernel("training.run()")
    assert said.startswith("DefinitionError: a step needs 'extra', which no cell")
    kernel("import pathlib; pathlib.Path('more.py').write_text('def extra(): pass')\n%run more.py")
    said = kernel("training.run()")
    assert "no cell of this notebook defines, but perhaps %run more.py (In [10])" in said
    assert said.endswith("Import it: from more import extra")


def test_what_only_a_notebook_can_await(kernel: Kernel) -> None:
    kernel("import asyncio\nnumber = await asyncio.sleep(0, 3)")
    kernel("box = await asyncio.sleep(0, object())\ndef lag(item):\n    return number")
    assert kernel("print(training.run().result())") == "Total(value=9)"
    kernel("def lag(item):\n    return box")
    said = kernel("training.run()")
    assert "needs In [8], and only a notebook can await: box = await" in said
    assert "asyncio.run(…)" in said


def test_a_global_that_comes_out_otherwise(kernel: Kernel) -> None:
    kernel("import itertools, os\nclass Box:\n    pass\nbox = Box(); box.pid = os.getpid()")
    kernel("box = Box()\nbox.seen = 1")
    kernel("def prepare(box):\n    box.seen = box.seen + 1\nprepare(box)")
    kernel("def lag(item):\n    return item + box.seen")
    said = kernel("training.run()")
    assert said.startswith("DefinitionError: 'box' is not the same in the notebook")
    assert "not run anew: prepare(box) (In [9]). Do it in a step" in said
    assert "if it gives box changed, assign that" in said
    kernel("box = Box()\nbox.seen = os.urandom(8)\nprint(box)")
    assert "each time: box.seen = os.urandom(8) (In [12]). Seed" in kernel("training.run()")
    kernel("import random\ndrawn = [random.Random()]\nbox = (drawn[0].random(), Box())\nprint(box)")
    kernel("def lag(item):\n    return box")
    said = kernel("training.run()")
    assert "else each time: box = (drawn[0].random(), Box()) (In [14]). Seed it, such as by" in said
    kernel("box = iter([1])")
    assert "It is read only once" in kernel("training.run()")
    kernel("from helpers import plus\ndef lag(item):\n    return plus(item)")
    kernel("open('helpers.py', 'w').write('def plus(item):\\n    return 1')")
    kernel("import importlib; importlib.reload(helpers)")
    assert "Run again In [19], which imports it." in kernel("training.run()")


def test_parameters_of_classes_in_cells(kernel: Kernel) -> None:
    kernel(
        "@step\ndef read(total) -> int:\n    return total.doubled()\n"
        "@pipeline\ndef reading(total: Total) -> int:\n    return read(total)"
    )
    assert kernel("print(reading.run(total=Total(4)).result())") == "8"
    assert kernel("r = reading.run(total=Total(4)); print(r['read'].outcome.cached)") == "True"
    kernel(CELLS[3].replace("* 2", "* 5"))
    assert kernel("print(reading.run(total=Total(4)).result())") == "20"


def test_a_step_that_fails_tells_of_its_cell(kernel: Kernel) -> None:
    kernel("def lag(item):\n    raise ValueError('no lag')")
    said = kernel("run = training.run(); print(run.status, run.error)")
    assert said.startswith("failed 'shift[")
    assert said.endswith("failed: ValueError: no lag\n  at In [7], line 2")
    log = kernel("print(run['shift[0]'].logs())")
    assert "\n  In [5], line 9, in shift\n    return lag(item)\n" in log
    assert "\n  In [7], line 2, in lag\n" in log
    assert ".windlass" not in log
    told = kernel("run._repr_html_()")
    assert "In [7], line 2" in told
    assert "notebook_cells.py" not in told


def test_a_refusal_shows_ones_own_lines(kernel: Kernel) -> None:
    kernel("@pipeline\ndef wrong(rows: int = 3) -> int:\n    n = load(rows)\n    return shift(n)")
    told = kernel.traceback("\nwrong.run()")
    own = "In [8], line 1: wrong.run()\nIn [7], line 4: return shift(n)\n"
    assert told.startswith(f"{own}EdgeTypeError: In [7], line 4:")
    assert "src/windlass" not in told
    assert kernel("wrong.graph()").startswith("EdgeTypeError: In [7], line 4: shift(item=…)")


def test_cells_that_failed_count_as_far_as_they_were_run(kernel: Kernel) -> None:
    assert kernel("def base():\n    return 1").strip() == ""
    told = kernel("box = [len]\nbox.nothing()\ndef base():\n    return 100")
    assert told.startswith("AttributeError")
    assert kernel("%%time\nfactor = 3\nfactor.nothing()\nfactor = 100").endswith("'nothing'")
    kernel("@step\ndef plus() -> int:\n    return box[0]([0]) + base() + factor")
    kernel("@pipeline\ndef summed() -> int:\n    return plus()")
    assert kernel("summed.run()['plus'].value") == "5"
    kernel("old = base\ndef base():\n    return 2 * old()\ndef old(n=1 / 0):\n    return 7")
    assert kernel("summed.run()['plus'].value") == "6"


def test_autoreload_leaves_the_cells_alone(kernel: Kernel) -> None:
    kernel("%load_ext autoreload\n%autoreload 3")
    kernel("training.run()")
    kernel("RATE = 3")
    assert kernel("print(training.run().result())") == "Total(value=18)"
    assert kernel("print('well')") == "well"


def test_what_ipython_gives_to_every_cell(kernel: Kernel) -> None:
    kernel("def lag(item):\n    display('looking')\n    return item")
    said = kernel("r = training.run(); print(r.result()); print(r['shift[0]'].logs())")
    assert said.startswith("Total(value=3)")
    assert "looking" in said
    kernel("def display(item):\n    print('mine')")
    assert "mine" in kernel("print(training.run()['shift[0]'].logs())")


def test_what_a_magic_gives(kernel: Kernel) -> None:
    kernel("lines = !printf '1\\n2\\n'\nhome = %env HOME\nnames = %who_ls")
    kernel("def lag(item):\n    return len(lines) + len(lines.n) + len(home[:1]) + len(names[:1])")
    assert kernel("print(training.run().result())") == "Total(value=21)"
    kernel("def lag(item):\n    !ls\n    return item")
    said = kernel("training.run()")
    assert "a step needs In [10], and only a notebook can run its !ls\n  Write it" in said
    kernel("lag = %timeit -o -q -n1 -r1 1")
    assert "needs In [12], and only a notebook can run its %timeit" in kernel("training.run()")
    kernel("one = 1\n%time table = {len: one + 1}\ndef lag(item):\n    return table[len]")
    assert kernel("print(training.run().result())") == "Total(value=6)"


def test_cells_that_fail_anew_tell_where(kernel: Kernel) -> None:
    kernel("open('once.txt', 'w').write('a')\n")
    kernel("\nbox = [open('once.txt'), len]\ndef lag(item):\n    return box[1]([item])")
    kernel("!mkdir there\n%cd -q there")
    said = kernel("training.run()")
    assert "cannot be run anew: In [8], line 1: FileNotFoundError" in said
    assert "Perhaps the folder was another one then: %cd -q there (In [9])" in said


SETTING = [
    "{0}.RATE = 40",
    "setattr({0}, 'RATE', 40)",
    "{0}.init(40)",
    "taken = {0}.SETTINGS\ntaken['rate'] = 40 // 30",
    "from {0} import *\nSETTINGS['rate'] = 40 // 30",
]
RATES = """
from windlass import step
RATE = 30
SETTINGS = {"rate": 0}

def init(rate):
    global RATE
    RATE = rate

@step
def rated(item: int) -> list[int]:
    return [RATE, SETTINGS["rate"]]
"""
PRECISION = """
import pandas as pd
from windlass import step

@step
def rated(item: int) -> list[int]:
    return [pd.get_option("display.precision"), item]
"""


def test_what_cells_set_on_a_module_holds_for_its_steps(
    kernel: Kernel, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """In one kernel, each on a module of its own."""
    for number, text in enumerate(SETTING):
        name = f"rates_{number}"
        (tmp_path / f"{name}.py").write_text(RATES)
        kernel(f"import {name}\n{text.format(name)}")
        with subtests.test(text):
            told = rated(kernel, name)
            assert told == kernel(f"print([{name}.RATE, {name}.SETTINGS['rate']])")
            assert told in ("[40, 0]", "[30, 1]")
    (tmp_path / "precision.py").write_text(PRECISION)
    kernel("import precision, pandas as pd\npd.set_option('display.precision', 3)")
    assert rated(kernel, "precision") == "[3, 1]"


def rated(kernel: Kernel, module: str) -> str:
    """What a module's step returns to a pipeline of a cell, or why it did not."""
    kernel(f"@pipeline\ndef rating(item: int) -> list[int]:\n    return {module}.rated(item)")
    return kernel("run = rating.run(1)\nprint(run.result() if run.error is None else run.error)")
