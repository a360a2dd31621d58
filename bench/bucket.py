"""A large artifact to a bucket and back, beside s3fs alone; the server is moto's, on this machine.

    python bench/bucket.py ours|floor FILE BUCKET

Each is a process of its own, so that its peak of memory is its own, too.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from timing import QUICK, Bench, Figure, paired

SIZE = 10**8 if QUICK else 10**9
_PIECE = 1 << 24
_OPTIONS = {"config_kwargs": {"read_timeout": 300}}  # moto takes its time to put parts together


def bucket(bench: Bench) -> list[Figure]:
    """1 GB from a file into the bucket, and from there to another machine's disk."""
    import os

    from object_server import ObjectServer

    server = ObjectServer()
    try:
        server.make_bucket("bench")
        bench.environment |= server.variables
        large = bench.folder / "large"
        peaks: list[float] = []

        def ours() -> float:
            with large.open("wb") as file:  # other bytes each time: the same would be known
                for _ in range(SIZE // _PIECE + 1):
                    file.write(os.urandom(_PIECE))
            told = _run(bench, "ours", large)
            peaks.append(told["peak"])
            return told["seconds"]

        seconds, floor = paired(ours, lambda: _run(bench, "floor", large)["seconds"], 3)
    finally:
        server.stop()
    peak = max(peaks)
    return [
        Figure(
            f"{SIZE / 1e9:g} GB to a bucket and back",
            *(seconds, "s", floor, 1.3 * floor, f"{seconds / floor:.2f} × s3fs alone"),
        ),
        Figure("memory while it goes and comes", peak, "MB", None, 200, "of the whole process"),
    ]


def _run(bench: Bench, what: str, large: Path) -> dict[str, float]:
    told: dict[str, float] = json.loads(
        bench.command(sys.executable, __file__, what, str(large), "s3://bench/team")
    )
    return told


def _ours(large: Path, url: str, folder: Path) -> None:
    from windlass.artifacts.store import ArtifactStore

    one, other = (
        ArtifactStore.open_store(url, cache=folder / name, options=_OPTIONS)
        for name in ("one", "other")
    )
    blob, _ = one.put_file(large)
    other.path(blob)


def _floor(large: Path, url: str, folder: Path) -> None:
    import fsspec

    system, root = fsspec.core.url_to_fs(url, **_OPTIONS)
    system.put_file(str(large), f"{root}/large")
    system.get_file(f"{root}/large", str(folder / "large"))


def _main(what: str, large: str, url: str) -> None:
    with tempfile.TemporaryDirectory(dir=Path(large).parent) as folder:
        start = time.perf_counter()
        {"ours": _ours, "floor": _floor}[what](Path(large), url, Path(folder))
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    _main(*sys.argv[1:4])
