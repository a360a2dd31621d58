"""What a node in a container costs above the container itself."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from timing import HERE, ROUNDS, Bench, Figure, paired, seconds

sys.path.append(str(HERE.parent / "tests"))

import container_engine

_NODES = 10
_SETTINGS = f"""
[stacks.box]
target = "container"
[stacks.box.options]
base = "{container_engine.BASE}"
engine = "podman"
"""


def container(bench: Bench) -> list[Figure]:
    """A chain of trivial steps in containers, beside as many that only start Python."""
    if not can_start(bench):
        return []
    bare = (
        "podman",
        "run",
        "--rm",
        "--network=host",
        container_engine.BASE,
        "python3",
        "-c",
        "pass",
    )
    chain = f"chain_{_NODES}.options(stack='box')"
    bench.run(chain)  # which builds the image
    ours, floor = paired(
        lambda: bench.run(chain)["run"] / _NODES, lambda: seconds(bench, *bare), ROUNDS
    )
    return [Figure("a node in a container", ours, "s", floor, floor + 0.5)]


def can_start(bench: Bench) -> bool:
    """Makes a project's stack `box`, whose steps run in containers; False if there are none."""
    problem = container_engine.missing()
    if problem is not None:
        print(f"no containers here: {problem}")
        return False
    folder = Path(tempfile.mkdtemp(prefix="wl-podman-"))
    os.environ["CONTAINERS_CONF"] = str(container_engine.settings(folder))
    bench.environment["CONTAINERS_CONF"] = os.environ["CONTAINERS_CONF"]
    container_engine.make_base()
    (bench.folder / "windlass.toml").write_text(_SETTINGS)
    (bench.folder / "pyproject.toml").write_text(
        '[project]\nname = "bench"\nversion = "1"\ndependencies = []\n'
    )
    return True
