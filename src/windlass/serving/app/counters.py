"""What a server counts, and as Prometheus reads it.

A worker counts in plain numbers; `Counters.snapshot` is plain JSON, so that a supervisor can add
those of its workers: `exposition` takes any number of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from windlass.values import Json

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds up to which each bucket of latencies goes; one more has the rest."""

Merge: TypeAlias = Literal["sum", "max"]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that is read when it is asked for.

    Args:
        name: Prometheus' name of it.
        help: What it is.
        read: Gives it.
        labels: What it is of.
        merge: What it is of several workers: their ``sum``, or the ``max`` of them.
    """

    name: str
    help: str
    read: Callable[[], float]
    labels: Mapping[str, str] = field(default_factory=dict)
    merge: Merge = "sum"


class Counters:
    """Counts requests, by model, version, route and status, and how long they took."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._requests: Counter[tuple[str, str, str, int]] = Counter()
        self._buckets: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._seconds: dict[str, float] = defaultdict(float)
        self._generations: dict[str, int] = {}
        self._gauges = [
            Gauge("windlass_requests_in_flight", "Requests being answered.", self._in_flight)
        ]

    def _in_flight(self) -> float:
        return self.in_flight

    def watch(self, gauge: Gauge) -> None:
        """Has a gauge told with the rest: how many rows wait, say."""
        self._gauges.append(gauge)

    def answered(self, model: str, version: str, route: str, status: int, seconds: float) -> None:
        """Counts a request.

        Args:
            model: The model's name; empty if it was of none.
            version: That which answered; empty if none did.
            route: What was asked.
            status: What it was answered with.
            seconds: How long that took.
        """
        self._requests[model, version, route, status] += 1
        if version:
            self._buckets[model][bisect_left(BOUNDS, seconds)] += 1
            self._seconds[model] += seconds

    def served_by(self, model: str, generation: int) -> None:
        """Notes which generation of a model answers."""
        if generation > self._generations.get(model, -1):
            self._generations[model] = generation

    def snapshot(self) -> dict[str, Json]:
        """All numbers as plain JSON."""
        return {
            "requests": [[*key, count] for key, count in self._requests.items()],
            "buckets": {model: list(counts) for model, counts in self._buckets.items()},
            "seconds": dict(self._seconds),
            "gauges": [*map(_told, self._gauges), *self._newest()],
        }

    def _newest(self) -> Iterator[Json]:
        for model, number in self._generations.items():
            yield [*_GENERATION, {"model": model}, number, "max"]


def _told(gauge: Gauge) -> Json:
    return [gauge.name, gauge.help, dict(gauge.labels), gauge.read(), gauge.merge]


_GENERATION = ("windlass_generation", "The newest generation that has answered.")


def exposition(snapshots: Iterable[Mapping[str, Any]]) -> str:
    """The text that Prometheus reads: version 0.0.4 of its format.

    Args:
        snapshots: What `Counters.snapshot` gave, of each worker.
    """
    listed = list(snapshots)
    lines = [*_requests(listed), *_latencies(listed), *_gauges(listed)]
    return "\n".join(lines) + "\n"


def _requests(snapshots: list[Mapping[str, Any]]) -> Iterator[str]:
    yield from _head("windlass_requests_total", "counter", "Requests, by what they came to.")
    counts: Counter[tuple[str, str, str, int]] = Counter()
    for snapshot in snapshots:
        for *key, count in snapshot["requests"]:
            counts[tuple(key)] += count
    for (model, version, route, status), count in sorted(counts.items()):
        labels = {"model": model, "version": version, "route": route, "status": str(status)}
        yield f"windlass_requests_total{_labels(labels)} {count}"


def _latencies(snapshots: list[Mapping[str, Any]]) -> Iterator[str]:
    name = "windlass_request_seconds"
    yield from _head(name, "histogram", "How long requests took that a model answered.")
    for model in sorted({model for snapshot in snapshots for model in snapshot["buckets"]}):
        listed = [s["buckets"][model] for s in snapshots if model in s["buckets"]]
        total = 0
        for bound, count in zip(
            (*BOUNDS, "+Inf"), map(sum, zip(*listed, strict=True)), strict=True
        ):
            total += count
            yield f"{name}_bucket{_labels({'model': model, 'le': str(bound)})} {total}"
        seconds = sum(snapshot["seconds"].get(model, 0.0) for snapshot in snapshots)
        yield f"{name}_sum{_labels({'model': model})} {seconds!r}"
        yield f"{name}_count{_labels({'model': model})} {total}"


def _gauges(snapshots: list[Mapping[str, Any]]) -> Iterator[str]:
    found: dict[tuple[str, str], dict[str, tuple[str, list[float]]]] = {}
    for snapshot in snapshots:
        for name, told, labels, number, merge in snapshot["gauges"]:
            series = found.setdefault((name, told), {})
            series.setdefault(_labels(labels), (merge, []))[1].append(number)
    for (name, told), series in sorted(found.items()):
        yield from _head(name, "gauge", told)
        for labels, (merge, numbers) in sorted(series.items()):
            yield f"{name}{labels} {max(numbers) if merge == 'max' else sum(numbers)}"


def _head(name: str, kind: str, told: str) -> Iterator[str]:
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} {kind}"


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
