"""How soon the first node of a plan of 1,000 starts, counted from before Python itself does."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import boxes
from timing import Bench, Figure, median

_BAR = 2.0
"""Seconds."""
_RUN = """
import shapes
run = shapes.stopped_1000.options(cache=False, **{options}).run({number})
assert run.status == "failed", run.status
print(min(attempt.started for attempt in run.job.stores.records.attempts(run.id)))
"""
_HEAD = """
from ray.cluster_utils import Cluster
head = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
print(head.address, flush=True)
input()
"""


def submitting(bench: Bench) -> list[Figure]:
    """On this machine's workers, in a container, and on a Ray cluster that is there.

    The first step fails, so that the other 999 are planned and recorded, and not waited for.
    """
    figures = [_figure(bench, "local", {})]
    if boxes.can_start(bench):
        figures.append(_figure(bench, "container", {"stack": "box"}))
    with _cluster(bench) as address:
        text = f'[stacks.head]\ntarget = "ray"\n[stacks.head.options]\naddress = "{address}"\n'
        (bench.folder / "windlass.toml").write_text(text)
        return [*figures, _figure(bench, "ray", {"stack": "head"})]


def _figure(bench: Bench, target: str, options: dict[str, str]) -> Figure:
    def measured() -> float:
        code = _RUN.format(options=options, number=bench.next_number())
        began = time.time()
        return float(bench.python(code).splitlines()[-1]) - began

    measured()  # what is made once, such as an image, is made
    return Figure(
        f"1,000 nodes, until the first starts: {target}", median(measured), "s", None, _BAR
    )


@contextlib.contextmanager
def _cluster(bench: Bench) -> Iterator[str]:
    """A Ray head of two cores; its address."""
    bench.environment["RAY_AUTH_MODE"] = "disabled"
    head = subprocess.Popen(
        [sys.executable, "-c", _HEAD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **bench.environment},
        text=True,
    )
    assert head.stdin is not None
    assert head.stdout is not None
    try:
        yield next(line.strip() for line in head.stdout if ":" in line)
    finally:
        head.stdin.close()
        head.wait()
