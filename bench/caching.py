"""Benchmarks of the cache: what a hit costs, and what it costs to know that it is one."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

from timing import HERE, QUICK, ROUNDS, Bench, Figure, further, median, paired, seconds

FILES = 300


def cached(bench: Bench) -> list[Figure]:
    """Cold processes in which every step of a chain is in the cache."""
    ours, floors = {}, {}
    lengths = (100, 1_000) if QUICK else (100, 1_000, 10_000)
    for count in lengths:
        bench.run(f"chain_{count}", "1")

        def again(count: int = count) -> float:
            return bench.run(f"chain_{count}", "1")["wall"]

        def floor(count: int = count) -> float:
            return bench.floor("steps", str(count))["wall"]

        ours[count], floors[count] = paired(again, floor, ROUNDS if count < 10_000 else 2)
    figures = [Figure("100 cached steps, cold process", ours[100], "s", floors[100], 0.5)]
    return figures + further("each further cached step", ours, floors, 0.3)


_TAKE = """
import json, time
from pathlib import Path
from windlass.provenance.environment import capture_environment
from windlass.provenance.fingerprint import Fingerprinter
from windlass.provenance.project import find_project
import large
project = find_project(Path.cwd())
environment = capture_environment(project.root, project.cache)
start = time.perf_counter()
taker = Fingerprinter(project.root, environment, lambda: "", project.cache)
taker.take(large.whole.function)
print(time.perf_counter() - start)
"""


def fingerprint(bench: Bench) -> list[Figure]:
    """A step that reaches every function of a project of 300 files, in cold processes."""
    write_project(bench.folder)
    home = bench.folder / ".windlass"
    bench.python(_TAKE)  # compiled once; the files' times are past by the next
    time.sleep(2.5)

    def cold() -> float:
        shutil.rmtree(home / "cache", ignore_errors=True)
        return float(bench.python(_TAKE)) * 1000

    def unchanged() -> float:
        return float(bench.python(_TAKE)) * 1000

    return [
        Figure(f"fingerprint of {FILES} files, cold", median(cold), "ms", None, 150),
        Figure("the same, nothing changed", median(unchanged), "ms", None, 30),
    ]


def write_project(folder: Path) -> None:
    """A project of 300 modules with functions and constants that others use, a third with a class.

    Some 9,000 lines, 1,000 functions and 100 classes, all of which one step reaches.
    """
    package = folder / "large"
    package.mkdir()
    for number in range(FILES - 1):
        before = [f"part_{each}" for each in {number - 1, number // 2} if 0 <= each < number]
        imports = "".join(f"from large import {name}\n" for name in before)
        has_class = number % 3 == 0
        called = ["VALUE", *(["Scale(item).scaled()"] if has_class else [])]
        calls = " + ".join([*called, *(f"{each}.work(item)" for each in before)])
        text = _PART.format(imports=imports, calls=calls, cls=_CLASS if has_class else "")
        (package / f"part_{number}.py").write_text(text)
    last = FILES - 2
    parts = "".join(f"from large import part_{number}\n" for number in range(FILES - 1))
    (package / "__init__.py").write_text(
        f"from windlass import step\n{parts}\n\n"  # in order: each finds those before it
        f"@step\ndef whole(item: int) -> float:\n    return part_{last}.work(item)\n"
    )


_CLASS = '''
class Scale:
    """Scales."""

    factor = 3

    def __init__(self, item):
        self.item = item

    def scaled(self):
        return self.item * self.factor + math.sqrt(abs(self.item))
'''
_PART = '''"""One of many."""

import math

{imports}
VALUE = 0.5
NAMES = {{"one": 1, "two": [2, 3]}}

{cls}

def named(name):
    """A value by its name."""
    return NAMES.get(name)


def work(item):
    """Computes."""
    total = 0.0
    for name in sorted(NAMES):
        if named(name):
            total += helper(item, name)
    return total + {calls}


def helper(item, name, *, start=1):
    values = [start * part for part in range(3)]
    return sum(value for value in values if value > item) + len(name)
'''


def lookup(bench: Bench) -> list[Figure]:
    """Asking for a key among a million outcomes that stand."""
    count = 100_000 if QUICK else 1_000_000
    told = json.loads(bench.command(sys.executable, str(HERE / "many_outcomes.py"), str(count)))
    what = f"a lookup among {count:,} cached outcomes"
    return [
        Figure(what, told["hit"] * 1000, "ms", None, 1, "median"),
        Figure(
            "the same, of a key that is not there", told["miss"] * 1000, "ms", None, 1, "median"
        ),
    ]


def forecast(bench: Bench) -> list[Figure]:
    """``windlass run --dry-run`` of 1,000 nodes: never run, cached, and after an edit."""
    script = str(Path(sys.executable).with_name("windlass"))
    words = (script, "run", "shapes.py:chain_1000", "-p", "a=7", "--dry-run")

    def figure(what: str) -> Figure:
        wall = median(lambda: seconds(bench, *words))
        return Figure(f"dry run of 1,000 nodes, {what}", wall, "s", None, 1)

    figures = [figure("new")]
    bench.run("chain_1000", "7")
    figures.append(figure("all cached"))
    shapes = bench.folder / "shapes.py"
    shapes.write_text(shapes.read_text().replace("return a + 1", "return a + 2 - 1"))
    return [*figures, figure("after an edit")]


_LIST = """
import json, pickle, time
from windlass import artifacts
store = artifacts.ArtifactStore.open_store('lists')
rows = {}
value = [{'id': i, 'name': f'row {i}', 'score': i / 7} for i in range(200_000)]
start = time.perf_counter()
saved = artifacts.save(value, store)
rows.update({a.content: a for a in (saved.artifact, *saved.children)})
class Catalog:
    def artifact(self, content):
        return rows.get(content)
again = artifacts.load(saved.artifact.content, store, Catalog())
ours = time.perf_counter() - start
assert again == value
start = time.perf_counter()
with open('floor', 'wb') as file:
    pickle.dump(value, file)
with open('floor', 'rb') as file:
    pickle.load(file)
print(json.dumps([ours, time.perf_counter() - start]))
"""


def collection(bench: Bench) -> list[Figure]:
    """A long list of small dicts, which is a manifest of items that each have a content."""
    told = [json.loads(bench.python(_LIST)) for _ in range(ROUNDS)]
    ours, floor = (sorted(column)[len(told) // 2] for column in zip(*told, strict=True))
    note = f"{ours / floor:.1f} × pickle"
    return [Figure("list of 200,000 dicts, stored and read", ours, "s", floor, 12 * floor, note)]
