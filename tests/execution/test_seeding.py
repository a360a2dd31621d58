"""Seeds: one a node, for every generator, also of libraries that the step itself imports."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np

from windlass.execution.seeding import derive, seed_all


def test_a_seed_follows_from_run_step_and_items() -> None:
    assert derive(0, "train") == derive(0, "train")
    assert len({derive(0, "train"), derive(1, "train"), derive(0, "split")}) == 3
    assert derive(0, "train", ["a"]) != derive(0, "train", ["b"])
    assert derive(0, "train", ["a", "b"]) != derive(0, "train", ["ab"])
    assert 0 <= derive(-5, "train") < 2**63


def test_generators_repeat() -> None:
    def draw() -> tuple[float, float]:
        return random.random(), float(np.random.random())

    seed_all(7)
    first = draw()
    assert first != draw()
    seed_all(7)
    assert first == draw()


def test_a_library_that_is_imported_late_is_seeded_then() -> None:
    code = (
        "import sys; from windlass.execution.seeding import seed_all\n"
        "seed_all({seed}); assert 'numpy' not in sys.modules\n"
        "import numpy.random; print(numpy.random.random())\n"
    )

    def told(seed: int) -> str:
        command = [sys.executable, "-c", code.format(seed=seed)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    np.random.seed(5)
    assert told(5) == told(5) == f"{np.random.random()}\n"
    assert told(5) != told(6)
