"""Calls that give another value each time are found in what a step can reach, and not elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.provenance.chance import find_chance
from windlass.provenance.fingerprint import Piece

CASES = [
    ("import time", "time.time()", "clock"),
    ("from time import perf_counter as tick", "tick()", "clock"),
    ("from datetime import datetime", "datetime.now()", "clock"),
    ("import datetime as dt", "dt.date.today()", "clock"),
    ("import pandas as pd", "pd.Timestamp.now()", "clock"),
    ("import numpy as np", "np.random.default_rng()", "randomness"),
    ("import numpy as np", "np.random.default_rng(None)", "randomness"),
    ("from numpy.random import default_rng", "default_rng()", "randomness"),
    ("import random", "random.Random().random()", "randomness"),
    ("import uuid", "uuid.uuid4().hex", "randomness"),
    ("import os", "os.urandom(4)", "randomness"),
    ("import os", "os.listdir('.')", "order"),
    ("from pathlib import Path", "list(Path('.').iterdir())", "order"),
]
INNOCENT = [
    ("import numpy as np", "np.random.default_rng(7)"),
    ("import numpy as np", "np.random.default_rng(seed=n)"),
    ("import numpy as np", "np.random.normal()"),  # it is seeded
    ("import random", "random.random()"),
    ("import os", "sorted(os.listdir('.'))"),
    ("import time", "time.sleep(n)"),
]


def found(
    folder: Path, imports: str, call: str, *, line: int = 3, seeded: bool = True
) -> list[str]:
    text = f"{imports}\n\ndef reached(n):\n    return {call}\n\ndef other(n):\n    return n\n"
    (folder / "steps.py").write_text(text)
    pieces = [Piece("function", "steps.reached", "0", "steps.py", line)]
    return [f"{each.kind} {each.place}" for each in find_chance(pieces, folder, seeded=seeded)]


@pytest.mark.parametrize(("imports", "call", "kind"), CASES)
def test_chance_is_found_by_its_line(tmp_path: Path, imports: str, call: str, kind: str) -> None:
    assert found(tmp_path, imports, call) == [f"{kind} steps.py:4"]
    assert found(tmp_path, imports, call, line=6) == []  # that function calls it not


@pytest.mark.parametrize(("imports", "call"), INNOCENT)
def test_what_repeats_is_not_told(tmp_path: Path, imports: str, call: str) -> None:
    assert found(tmp_path, imports, call) == []


def test_without_seeding_the_global_generators_are_chance(tmp_path: Path) -> None:
    assert found(tmp_path, "import random", "random.random()", seeded=False) == [
        "randomness steps.py:4"
    ]


def test_what_importing_does_counts_and_what_is_no_python_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("import time\nNOW = time.time()\n")
    (tmp_path / "broken.py").write_text("def (")
    pieces = [Piece("constant", "x", "0", name, 1) for name in ("steps.py", "broken.py", "gone.py")]
    assert [each.place for each in find_chance(pieces, tmp_path)] == ["steps.py:2"]
