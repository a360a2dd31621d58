"""Benchmarks of the target `ray`, beside bare tasks of the same Ray."""

from __future__ import annotations

import json

from timing import ROUNDS, Bench, Figure

_TIMES = """
import json, statistics, time
import ray
from windlass.targets.ray.cluster import Cluster
from windlass.targets.ray.options import RayOptions
import shapes

cluster = Cluster(RayOptions())  # which the runs find, and use

@ray.remote(max_retries=0)
def trivial(a):
    return a + 1

@ray.remote(max_retries=0, num_cpus=1)
def wait(a):
    time.sleep(0.1)
    return a

def bare_chain(length):
    value = 0
    for _ in range(length):
        value = ray.get(trivial.remote(value))

def bare_fan():
    ray.get([wait.remote(a) for a in range(100)])

def timed(work, *given):
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start

def chain(length, number):
    run = getattr(shapes, f"chain_{length}").options(target="ray", cache=False).run(number)
    assert run.status == "succeeded", run.error
    return run.seconds

def fan(number):
    items = [number + i / 100 for i in range(100)]
    run = shapes.waits.options(target="ray", cache=False).run(items)
    assert run.status == "succeeded", run.error
    return run.seconds

bare_chain(10), chain(10, 0)
told = {"node": [], "task": [], "fan": [], "bare": []}
for number in range(ROUNDS):
    told["task"].append((timed(bare_chain, 100) - timed(bare_chain, 10)) / 90)
    told["node"].append((chain(100, number) - chain(10, number)) / 90)
    told["bare"].append(timed(bare_fan))
    told["fan"].append(fan(number))
cluster.close()
print(json.dumps({name: statistics.median(found) for name, found in told.items()}))
"""


def on_ray(bench: Bench) -> list[Figure]:
    """A further node of a chain, and a fan of 100 steps of 0.1 s, on a cluster of this machine."""
    told = json.loads(bench.python(_TIMES.replace("ROUNDS", str(ROUNDS))).splitlines()[-1])
    node, task = told["node"] * 1000, told["task"] * 1000
    bare = told["bare"]
    ratio = f"{told['fan'] / bare:.2f} × the floor"
    return [
        Figure("each further node on Ray", node, "ms", task, task + 15),
        Figure("100 steps of 0.1 s on Ray", told["fan"], "s", bare, 1.3 * bare, ratio),
    ]
