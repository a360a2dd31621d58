"""Times Windlass against the bars that it sets itself, and prints a table and JSON.

    python bench/run.py [--quick] [NAME …]

Every figure is taken beside its floor, one after the other in the same run, several times; what
is compared is the median. Nothing here is a test: the machine is noisy, the bars are ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import boxes
import bucket
import caching
import comparing
import noting
import on_ray
import over_http
import pages
import releasing
import submitting
import swapping
import tracked
import watching
from timing import HERE, QUICK, ROUNDS, Bench, Figure, further, median, paired, seconds


def steps(bench: Bench) -> list[Figure]:
    """Cold processes that run chains of trivial steps, of four lengths."""
    ours, floors = {}, {}
    lengths = (10, 100, 1_000) if QUICK else (10, 100, 1_000, 10_000)
    for count in lengths:
        rounds = ROUNDS if count < 10_000 else 2
        ours[count], floors[count] = paired(
            partial(_wall, bench.run, f"chain_{count}"),
            partial(_wall, bench.floor, "steps", str(count)),
            rounds,
        )
    figures = [
        Figure("100 trivial steps, cold process", ours[100], "s", floors[100], 0.7),
    ]
    return figures + further("each further step", ours, floors, 2)


def _wall(measure: Callable[..., dict[str, float]], *words: str) -> float:
    return measure(*words)["wall"]


def parallel(bench: Bench) -> list[Figure]:
    """100 steps of 0.1 s on two workers, from the run's first record to its last."""

    def run() -> float:
        items = f"[{bench.next_number()} + i / 100 for i in range(100)]"
        return bench.run("waits.options(workers=2)", items)["run"]

    wall = median(run)
    note = f"{5 / wall:.0%} of ideal"
    return [Figure("100 steps of 0.1 s, 2 workers", wall, "s", 5.0, 5 / 0.9, note)]


def edge(bench: Bench, name: str, what: str, factor: float) -> list[Figure]:
    """A large value through one edge: from made in one step to used in the next."""

    def ours() -> float:
        told = bench.run(f"{name}_edge")
        return told["used"] - told["made"]

    seconds, least = paired(ours, lambda: bench.floor(name)["seconds"])
    return [Figure(what, seconds, "s", least, factor * least, f"{seconds / least:.2f} × the floor")]


def array(bench: Bench) -> list[Figure]:
    code = (
        "import resource, numpy as np\n"
        "from windlass import artifacts\n"
        "store = artifacts.ArtifactStore.open_store('peak')\n"
        "array = np.random.default_rng(0).random(25_000_000)\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak(); artifacts.save(array, store); print(peak() - before)"
    )
    above = float(bench.python(code))
    figures = edge(bench, "array", "200 MB numpy array, made and used", 2)
    return [*figures, Figure("its peak memory above the array", above, "MB", None, 200.0)]


def frame(bench: Bench) -> list[Figure]:
    return edge(bench, "frame", "1,000,000 × 20 DataFrame, made and used", 1.5)


def starting(bench: Bench) -> list[Figure]:
    """What importing and asking for help cost over a bare interpreter."""

    def over_bare(*words: str) -> Callable[[], float]:
        return lambda: seconds(bench, *words) - seconds(bench, sys.executable, "-c", "")

    script = str(Path(sys.executable).with_name("windlass"))
    rounds = 3 * ROUNDS
    return [
        Figure(
            "import windlass, over bare Python",
            median(over_bare(sys.executable, "-c", "import windlass"), rounds) * 1000,
            "ms",
            None,
            80,
        ),
        Figure(
            "the names of a pipeline's file, over bare Python",
            median(
                over_bare(
                    sys.executable, "-c", "from windlass import each, either, pipeline, step"
                ),
                rounds,
            )
            * 1000,
            "ms",
            None,
            80,
        ),
        Figure(
            "windlass --help, over bare Python",
            median(over_bare(script, "--help"), rounds) * 1000,
            "ms",
            None,
            300,
        ),
    ]


def listing(bench: Bench) -> list[Figure]:
    """``windlass runs`` in a record of 100,000 runs."""
    bench.command(sys.executable, str(HERE / "many_runs.py"), "100000")
    script = str(Path(sys.executable).with_name("windlass"))
    wall = median(lambda: seconds(bench, script, "runs"), ROUNDS) * 1000
    return [Figure("windlass runs, of 100,000", wall, "ms", None, 600)]


def capture(bench: Bench) -> list[Figure]:
    """What a cold process takes to record code, packages and machine: a checkout of 300 files."""
    for number in range(300):
        file = bench.folder / f"package_{number % 10}" / f"module_{number}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"def f{number}(x):\n    return x + {number}\n" * 40)
        os.utime(file, (1e9, 1e9))  # of a file written just now the time says nothing yet
    for words in (("init", "-q"), ("add", "."), (*PERSON, "commit", "-qm", "all")):
        bench.command("git", *words)
    (bench.folder / "package_0" / "module_0.py").write_text("def f0(x):\n    return x\n")
    time.sleep(2.5)  # nor of one whose time was set just now
    told = {name: [] for name in ("new", "same")}  # type: dict[str, list[dict[str, float]]]
    for _ in range(ROUNDS):
        shutil.rmtree(bench.folder / ".windlass" / "cache", ignore_errors=True)
        for times in told.values():
            times.append(json.loads(bench.python(CAPTURE)))
    ms = {name: statistics.median(t["ms"] for t in times) for name, times in told.items()}
    note = f"{told['same'][-1]['read']:.0f} of the files read"
    return [
        Figure("capture of 300 files, never seen", ms["new"], "ms", None, 150),
        Figure("the same, nothing changed", ms["same"], "ms", None, 150, note),
    ]


PERSON = ("-c", "user.name=A", "-c", "user.email=a@example.org")
CAPTURE = """
import json, sys, time
from pathlib import Path
read = []
note = lambda event, args: event == "open" and "module_" in str(args[0]) and read.append(1)
sys.addaudithook(note)
# What every run imports, whether anything is captured or not.
import windlass.execution.run, windlass.pipeline.pipeline, windlass.provenance.fingerprint
start = time.perf_counter()
from windlass.provenance.capture import capture
from windlass.provenance.project import find_project
project = find_project(Path.cwd())
found = capture(project)
assert len(found.bundle.files) > 300 and found.git["diff"]
print(json.dumps({"ms": (time.perf_counter() - start) * 1000, "read": len(read)}))
"""


MEASURES: dict[str, Callable[[Bench], list[Figure]]] = {
    "steps": steps,
    "parallel": parallel,
    "array": array,
    "frame": frame,
    "starting": starting,
    "listing": listing,
    "capture": capture,
    "cached": caching.cached,
    "fingerprint": caching.fingerprint,
    "lookup": caching.lookup,
    "forecast": caching.forecast,
    "collection": caching.collection,
    "submitting": submitting.submitting,
    "ray": on_ray.on_ray,
    "container": boxes.container,
    "bucket": bucket.bucket,
    "models": releasing.models,
    "serving": over_http.serving,
    "noting": noting.noting,
    "swapping": swapping.swapping,
    "comparing": comparing.comparing,
    "watching": watching.drift,
    "tracking": tracked.tracking,
    "pages": pages.pages,
}


def show(figures: list[Figure]) -> None:
    print(f"\n{'':50} {'measured':>12} {'floor':>12} {'bar':>12}")
    for figure in figures:
        floor = "" if figure.floor is None else f"{figure.floor:.3g} {figure.unit}"
        mark = "kept" if figure.kept else "MISSED"
        print(
            f"{figure.what:50} {figure.measured:9.3g} {figure.unit:2} {floor:>12} "
            f"{figure.bar:9.3g} {figure.unit:2} {mark}  {figure.note}"
        )


def _asked() -> list[str]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds of smaller things")
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"of {', '.join(MEASURES)}")
    names: list[str] = parser.parse_args().names
    for name in names:
        if name not in MEASURES:
            parser.error(f"there is no '{name}': there are {', '.join(MEASURES)}")
    return names


def main() -> None:
    wanted = _asked() or list(MEASURES)
    figures: list[Figure] = []
    for name in wanted:
        print(f"… {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="windlass-bench-") as folder:
            figures += MEASURES[name](Bench(Path(folder)))
    show(figures)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    document: dict[str, Any] = {
        "python": sys.version.split()[0],
        "cpus": os.cpu_count(),
        "figures": [{**asdict(figure), "kept": figure.kept} for figure in figures],
    }
    text = json.dumps(document, indent=1)
    (results / "latest.json").write_text(text + "\n")
    print(f"\n{text}\n\nThe same is in {(results / 'latest.json').relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
