"""Whether a version keeps to its budget of time, size and memory."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from windlass.errors import ModelError
from windlass.models.release.found import Found, checked
from windlass.models.release.ready import Evidence, TestFunction, ready, verdict_if
from windlass.models.statistics.distributions import margin_factor
from windlass.models.statistics.finding import Verdict
from windlass.models.tables import rows_of, take
from windlass.models.threads import one_thread
from windlass.pipeline.settings import parse_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.version import Version

CALLS = 500
_WARM_UP = 5
_SECONDS = 20.0
"""After which no more calls are made."""
_MIB = 1024 * 1024


def within(
    *,
    milliseconds: float | None = None,
    p99: float | None = None,
    batch: float | None = None,
    batch_rows: int = 1_000,
    megabytes: float | None = None,
    memory: str | None = None,
    calls: int = CALLS,
    capability: str = "budget",
) -> TestFunction:
    """A test that the version keeps to its budget of time, size and memory.

    Times are of this machine, with all that a prediction takes: the check of the row, too; single
    rows are asked for in one thread. They are judged by the interval of their quantile, which holds
    for any distribution.

    Args:
        milliseconds: What the median of predictions of a single row may take.
        p99: What 99 of 100 of these may take, in milliseconds.
        batch: What the median of predictions of many rows at once may take, in milliseconds.
        batch_rows: How many rows these are.
        megabytes: What the artifact may weigh, in 10⁶ bytes.
        memory: What a fresh process in which the model was read and asked may hold, such as
            ``"500MiB"``.
        calls: How many single rows are asked for.
        capability: What of the model it is about.

    Raises:
        ModelError: No budget is given, or one is not above zero.
        DefinitionError: `memory` is no size.
    """
    told = {"milliseconds": milliseconds, "p99": p99, "batch": batch, "megabytes": megabytes}
    _check(told, memory)
    most = None if memory is None else parse_memory(memory)

    def test(
        candidate: Version, holdout: Any, pytestconfig: pytest.Config, evidence: Evidence
    ) -> None:
        evidence(
            *_of_single(candidate, holdout, milliseconds, p99, calls),
            *_of_batch(candidate, holdout, batch, batch_rows),
            *_of_size(candidate, megabytes),
            *_of_memory(candidate, pytestconfig, most),
        )

    return ready(test, "It has not become too slow or too large.", capability, "monitor.6")


def _check(budgets: dict[str, float | None], memory: str | None) -> None:
    given = {name: value for name, value in budgets.items() if value is not None}
    if not given and memory is None:
        raise ModelError("there is no budget to keep to", hint="Give one: milliseconds=5.")
    for name, value in given.items():
        if not value > 0:
            raise ModelError(f"a budget of {name}={value:g}", hint="It must be above zero.")


def _of_single(
    version: Version, table: Any, median: float | None, p99: float | None, calls: int
) -> list[Found]:
    if median is None and p99 is None:
        return []
    if not rows_of(table):
        return [checked("latency", "there are no rows to ask for", "inconclusive", n=0)]
    rows = [take(table, np.array([place % rows_of(table)])) for place in range(calls)]
    with one_thread():
        took = timed(version, rows)
    found = []
    if median is not None:
        found.append(_of_quantile("median latency of a row", took, 0.5, median))
    if p99 is not None:
        found.append(_of_quantile("99th percentile of the latency of a row", took, 0.99, p99))
    return found


def _of_batch(version: Version, table: Any, limit: float | None, rows: int) -> list[Found]:
    if limit is None:
        return []
    if not rows_of(table):
        return [checked("latency", "there are no rows to ask for", "inconclusive", n=0)]
    many = take(table, np.arange(rows) % rows_of(table))
    took = timed(version, [many] * 20)
    return [_of_quantile(f"median latency of {rows:,} rows", took, 0.5, limit)]


def timed(version: Version, inputs: list[Any]) -> NDArray[np.float64]:
    """How many milliseconds predictions take, one after another."""
    for each in inputs[:_WARM_UP]:
        version.predict(each)
    took: list[float] = []
    end = time.perf_counter() + _SECONDS
    for each in inputs:
        start = time.perf_counter()
        version.predict(each)
        now = time.perf_counter()
        took.append(1000 * (now - start))
        if now > end:
            break
    return np.array(took)


def _of_quantile(what: str, took: NDArray[np.float64], share: float, limit: float) -> Found:
    estimate = float(np.quantile(took, share))
    low, high = quantile_interval(took, share)
    verdict: Verdict = "inconclusive"
    if high is not None and high <= limit:
        verdict = "pass"
    elif low is not None and low > limit:
        verdict = "fail"
    end = "?" if high is None else f"{high:.3g}"
    start = "?" if low is None else f"{low:.3g}"
    text = (
        f"{what}: {estimate:.3g} ms (95 % {start} to {end}, {len(took):,} calls), "
        f"and {limit:g} are allowed"
    )
    return checked(
        what,
        text,
        verdict,
        n=len(took),
        estimate=estimate,
        threshold=limit,
        low=low,
        high=high,
        method="order statistics",
        cases_needed=4 * len(took) if verdict == "inconclusive" else None,
    )


def quantile_interval(
    values: NDArray[np.float64], share: float, level: float = 0.95
) -> tuple[float | None, float | None]:
    """An interval for a quantile, by the values whose ranks enclose it; None: no value does.

    Source: Conover 1999, chapter 3.2 (normal approximation of the binomial).
    """
    count, ordered = len(values), np.sort(values)
    half = margin_factor(level) * math.sqrt(count * share * (1 - share))
    low, high = math.floor(count * share - half), math.ceil(count * share + half)
    return (
        float(ordered[low - 1]) if low >= 1 else None,
        float(ordered[high - 1]) if high <= count else None,
    )


def _of_size(version: Version, limit: float | None) -> list[Found]:
    if limit is None:
        return []
    artifact = version.stores.records.artifact(version.row.content)
    if artifact is None:
        raise ModelError(f"the artifact of {version.name} is not in the record")
    size = artifact.bytes / 1e6
    text = f"the artifact weighs {size:.3g} MB, and {limit:g} are allowed"
    return [checked("size", text, verdict_if(size <= limit), n=1, estimate=size, threshold=limit)]


def _of_memory(version: Version, config: pytest.Config, limit: int | None) -> list[Found]:
    if limit is None:
        return []
    held = resident(version, config.rootpath, config.getoption("windlass_stack"))
    text = (
        f"a fresh process with the model holds {held / _MIB:.0f} MiB, "
        f"and {limit / _MIB:.0f} are allowed"
    )
    return [
        checked(
            "memory",
            text,
            verdict_if(held <= limit),
            n=1,
            estimate=float(held),
            threshold=float(limit),
        )
    ]


_PROBE = """
import json, sys
from pathlib import Path
from windlass.models.testing.release import NO_CHAMPION, find_release
root, name, stack = json.loads(sys.argv[1])
version = find_release(Path(root), name, NO_CHAMPION, stack).candidate
role = "holdout" if version.has("holdout") else "reference"
golden = version.evidence.get("golden") and version.golden.inputs
version.predict(golden if golden is not None else version.value(role))
import psutil
print(json.dumps(psutil.Process().memory_info().rss))
"""


def resident(version: Version, root: Path, stack: str | None) -> int:
    """The bytes that a fresh process holds after it has read the model and asked it.

    Raises:
        ModelError: It fails.
    """
    told = json.dumps([str(root), version.name, stack])
    words = [sys.executable, "-c", _PROBE, told]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ModelError(f"a fresh process cannot ask {version.name}: {last[0]}")
    return int(json.loads(done.stdout.splitlines()[-1]))
