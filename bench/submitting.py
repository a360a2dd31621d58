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
_REST = 1.0
"""Seconds in which the processes of the run before end: they would be measured, too."""
_RUN = """
import shapes
run = shapes.stopped_1000.options(cache=False, **{options}).run({number})
assert run.status == "failed", run.status
print(min(attempt.started for attempt in run.job.stores.records.attempts(run.id)))
"""
_AGAIN = """
import time
import shapes
for number in ({number}, -{number}):
    began = time.time()
    run = shapes.stopped_1000.options(cache=False, **{options}).run(number)
print(min(attempt.started for attempt in run.job.stores.records.attempts(run.id)) - began)
"""
_BARE = """
import time
import ray
ray.init(address="{address}", log_to_driver=False)
print(ray.get(ray.remote(lambda _: time.time()).remote("a")))  # handing a value over costs, too
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
        floor = median(lambda: _until(bench, _BARE.format(address=address)))
        return [
            *figures,
            _figure(bench, "ray", {"stack": "head"}, floor),
            _figure_again(bench, "ray", {"stack": "head"}),
        ]


def _until(bench: Bench, code: str) -> float:
    """Seconds from before Python starts to the moment that it prints."""
    time.sleep(_REST)
    began = time.time()
    return float(bench.python(code).splitlines()[-1]) - began


def _figure(
    bench: Bench, target: str, options: dict[str, str], floor: float | None = None
) -> Figure:
    def measured() -> float:
        return _until(bench, _RUN.format(options=options, number=bench.next_number()))

    measured()  # what is made once, such as an image, is made
    what = f"1,000 nodes, until the first starts: {target}"
    return Figure(what, median(measured), "s", floor, _BAR)


def _figure_again(bench: Bench, target: str, options: dict[str, str]) -> Figure:
    """From a process that has run something there before, and is connected."""

    def measured() -> float:
        code = _AGAIN.format(options=options, number=bench.next_number())
        return float(bench.python(code).splitlines()[-1])

    what = f"the same from a process that is connected: {target}"
    return Figure(what, median(measured), "s", None, _BAR)


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
