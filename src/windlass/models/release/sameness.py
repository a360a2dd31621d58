"""Whether a model gives the same, always: as it did, a row at a time, and when it is converted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from windlass.models.conversion.outcome import KIND, onnx_runs_here
from windlass.models.conversion.parity import parity_of
from windlass.models.estimator import Predictor
from windlass.models.golden import TOLERANCE, Difference, Golden, replay
from windlass.models.problems import told
from windlass.models.release.found import Found, checked, told_only
from windlass.models.release.ready import (
    Evidence,
    TestFunction,
    holdout_digest,
    ready,
    verdict_if,
)
from windlass.models.statistics.finding import Verdict
from windlass.models.statistics.proportions import exact_interval
from windlass.models.tables import rows_of, take
from windlass.models.threads import one_thread
from windlass.models.version import Version

_FEW = 10
"""Rows below which that none differs says next to nothing."""


def golden_examples(tolerance: float = TOLERANCE, *, capability: str = "sameness") -> TestFunction:
    """A test that the model gives for its golden examples what it gave when it was made.

    Args:
        tolerance: How far numbers may be apart, absolutely or in proportion.
        capability: What of the model it is about.
    """

    def test(candidate: Version, evidence: Evidence) -> None:
        data = holdout_digest(candidate)
        if "golden" not in candidate.evidence:
            text = f"{candidate.name} has no golden examples: give it a holdout"
            evidence(checked("golden examples", text, "inconclusive", n=0, data=data))
            return
        golden = candidate.golden
        found = replay(golden, candidate.predictor.outputs, tolerance)
        evidence(_of_golden(golden, found, tolerance, data))

    return ready(test, "It gives what it gave.", capability, "infra.5")


def _of_golden(
    golden: Golden, differences: list[Difference], tolerance: float, data: str | None
) -> Found:
    rows = len({each.row for each in differences})
    text = f"{len(golden) - rows} of {len(golden)} golden examples are as they were"
    shown = told([str(each) for each in differences], most=3)
    return checked(
        "golden examples",
        f"{text}: {shown}" if differences else text,
        verdict_if(not differences),
        n=len(golden),
        estimate=float(rows),
        threshold=0.0,
        data=data,
        method=f"replayed, tolerance {tolerance:g}",
    )


def no_skew(
    rows: int = 50,
    *,
    tolerance: float = TOLERANCE,
    capability: str = "sameness",
) -> TestFunction:
    """A test that a row's prediction is the same however it is asked for.

    Rows evenly out of the holdout are asked one at a time, all at once, and in the opposite order;
    and, if the version was converted to ONNX, of that. Where ONNX does not run, what was measured
    at the conversion counts alone. With fewer than 10 rows it is inconclusive.

    Args:
        rows: How many.
        tolerance: How far numbers may be apart, absolutely or in proportion; labels must be equal.
        capability: What of the model it is about.
    """

    def test(candidate: Version, holdout: Any, evidence: Evidence) -> None:
        evidence(*skews(candidate, holdout, rows, tolerance))

    about = "It is the same in training and in serving."
    return ready(test, about, capability, "monitor.3")


def skews(
    version: Version,
    table: Any,
    rows: int = 50,
    tolerance: float = TOLERANCE,
) -> list[Found]:
    """How predictions differ by the way in which they are asked for: a finding for each way.

    Args:
        version: The version.
        table: Rows that it takes.
        rows: How many of them are asked for, evenly out of all.
        tolerance: How far numbers may be apart, absolutely or in proportion.

    Raises:
        SignatureError: The rows are not what it takes.
    """
    count = min(rows, rows_of(table))
    places = np.linspace(0, max(rows_of(table) - 1, 0), count).astype(int)
    some, data = version.conform(take(table, places)), holdout_digest(version)
    if not count:
        return [checked("skew", "there are no rows to ask for", "inconclusive", n=0, data=data)]
    asked = version.predictor.outputs
    golden = Golden(some, asked(some), ((),) * count)
    ways = {
        "one row at a time": _one_by_one(asked, count),
        "in the opposite order": _backwards(asked, count),
    }
    with one_thread():
        found = [_of_way(golden, way, ask, tolerance, data) for way, ask in ways.items()]
    return [*found, *_by_onnx(version, golden, data)]


def _one_by_one(asked: Any, count: int) -> Any:
    def each(table: Any) -> Mapping[str, Any]:
        given = [asked(take(table, np.array([place]))) for place in range(count)]
        return {name: np.concatenate([one[name] for one in given]) for name in given[0]}

    return each


def _backwards(asked: Any, count: int) -> Any:
    def each(table: Any) -> Mapping[str, Any]:
        given = asked(take(table, np.arange(count)[::-1]))
        return {name: values[::-1] for name, values in given.items()}

    return each


def _of_way(golden: Golden, way: str, ask: Any, tolerance: float, data: str | None) -> Found:
    found = replay(golden, ask, tolerance)
    rows, count = len({each.row for each in found}), len(golden)
    low, high = exact_interval(rows, count)
    verdict: Verdict = "fail" if rows else "pass" if count >= _FEW else "inconclusive"
    shown = f": {told([str(each) for each in found], most=3)}" if found else ""
    return checked(
        "skew",
        f"{way}, {rows} of {count} rows differ{shown}",
        verdict,
        n=count,
        estimate=rows / count,
        threshold=0.0,
        low=low,
        high=high,
        data=data,
        method=f"tolerance {tolerance:g}",
        cases_needed=_FEW if verdict == "inconclusive" else None,
    )


def _by_onnx(version: Version, golden: Golden, data: str | None) -> Iterator[Found]:
    """What was measured when it was converted, and what its conversion gives here."""
    told = version.evidence.get(KIND)
    if told is not None:
        yield _as_recorded(told)
    if version.has(KIND) and (told is None or onnx_runs_here()):
        converted = Predictor(version.value(KIND), None, version.predictor.facts.task)
        with one_thread():
            parity = parity_of(golden.outputs, converted.outputs(golden.inputs))
        yield _of_parity("by ONNX", parity.document(), parity.holds, data)


def _as_recorded(told: Mapping[str, Any]) -> Found:
    """What the evidence of a conversion says; what is not kept serves nobody, and is only told."""
    if not told["converted"]:
        return checked("skew", f"not converted to ONNX: {told['reason']}", None, n=0)
    worst = max(told["parity"].values(), key=lambda each: each["beyond"])
    holds = told["verdict"] == "pass"
    found = _of_parity("by ONNX, when it was converted", worst, holds, told["data"]["content"])
    return found if holds else replace(found, finding=told_only(found.finding))


def _of_parity(way: str, parity: Mapping[str, Any], holds: bool, data: str | None) -> Found:
    labels = parity["labels_differ"] or 0
    return checked(
        "skew",
        f"{way}, {parity['beyond']:,} numbers and {labels:,} labels of {parity['n']:,} rows differ",
        verdict_if(holds),
        n=parity["n"],
        estimate=float(parity["beyond"] + labels),
        threshold=0.0,
        data=data,
        method="parity",
    )


def reproducible(*, capability: str = "provenance") -> TestFunction:
    """A test that the run which made the version was run again, and all came out equal.

    It reads the proofs in the record; where there is none it is inconclusive, and says how to make
    one.

    Args:
        capability: What of the model it is about.
    """

    def test(candidate: Version, evidence: Evidence) -> None:
        evidence(reproduced(candidate))

    return ready(test, "Training can be repeated.", capability, "infra.1")


def reproduced(version: Version) -> Found:
    """What the newest proof of the run that made a version says."""
    run = version.row.run
    if run is None:
        text = f"{version.name} was registered, and no run made it that could be run again"
        return checked("reproduced", text, "inconclusive", n=0)
    name, proofs = version.stores.records.run_by_id(run).name, version.stores.records.proofs(run)
    if not proofs:
        text = f"{name} was not run again yet: windlass reproduce {name}"
        return checked("reproduced", text, "inconclusive", n=0)
    said = str(proofs[0].get("verdict"))
    verdict = _PROOFS.get(said, "inconclusive")
    return checked(
        "reproduced", f"{name} was run again: {said}", verdict, n=len(proofs), proof=said
    )


_PROOFS: dict[str, Verdict] = {
    "equal": "pass",
    "within tolerance": "pass",
    "different": "fail",
}
