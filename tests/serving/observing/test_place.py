"""Where segments are published: whole or not at all, on a disk, in a bucket, and elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from windlass.errors import ConfigError, StoreError
from windlass.execution.job import Stores
from windlass.serving.observing.observer import log_place, observe
from windlass.serving.observing.place import Place
from windlass.stacks.models import ModelSettings, ServingSettings

from .making import QUICK, batch, known


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    pq.write_table(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}), path)
    return path


@pytest.fixture(params=["disk", "memory", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "disk":
        return Place(str(tmp_path / "log"))
    if request.param == "memory":
        return Place(f"memory://log-{time.monotonic_ns()}")
    return Place(f"{request.getfixturevalue('bucket')}/log")


def test_segments_are_found_read_and_removed(place: Place, file: Path) -> None:
    assert place.segments("delay/predictions/2026-01-01") == []
    assert place.folders("delay/predictions") == []
    for name in ("2026-01-01/1-1-w-1", "2026-01-01/2-1-w-2", "2026-01-02/3-1-w-3"):
        place.publish(file, f"delay/predictions/{name}.parquet")
    place.publish(file, "delay/predictions/2026-01-02/3-1-w-3.parquet")  # again is the same
    assert place.folders("delay/predictions") == ["2026-01-01", "2026-01-02"]
    assert place.segments("delay/predictions/2026-01-01") == ["1-1-w-1.parquet", "2-1-w-2.parquet"]
    name = "delay/predictions/2026-01-01/1-1-w-1.parquet"
    assert place.read(name).num_rows == 3
    assert place.read(name, ["a", "other"]).column_names == ["a"]
    place.remove(name)
    place.remove(name)
    assert place.read(name) is None
    place.remove("delay/predictions/2026-01-01")
    assert place.folders("delay/predictions") == ["2026-01-02"]


def test_a_segment_is_never_seen_half(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(str(tmp_path / "log"))

    def cut(local: str, remote: str, **_: Any) -> None:
        Path(remote).write_bytes(Path(local).read_bytes()[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place._system, "put_file", cut)
    with pytest.raises(StoreError, match=r"the prediction log .* cannot be written"):
        place.publish(file, "delay/predictions/2026-01-01/1-1-w-1.parquet")
    assert place.segments("delay/predictions/2026-01-01") == []
    assert list((tmp_path / "log/delay/predictions/2026-01-01").iterdir()) == []


def test_a_log_at_a_url_is_published_there(stores: Stores) -> None:
    url = f"memory://log-{time.monotonic_ns()}"
    told = ModelSettings(serving=ServingSettings(log=url))
    observer = observe(stores, "delay", told, describe=lambda _: known(), pace=QUICK)
    observer.answered(batch([5]))
    observer.close()
    place = log_place(stores, told.serving)
    [day] = place.folders("delay/predictions")
    [segment] = place.segments(f"delay/predictions/{day}")
    assert place.read(f"delay/predictions/{day}/{segment}").num_rows == 5
    assert not (stores.logs.parent / "predictions").exists()


def test_a_path_begins_at_the_project_and_may_hold_a_secret(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setenv("LOGS", "kept/here")
    place = log_place(stores, ServingSettings(log="${env:LOGS}"))
    place.publish(file, "x.parquet")
    assert (stores.project / "kept/here/x.parquet").exists()
    with pytest.raises(ConfigError, match="needs the environment variable NOT_SET_ANYWHERE"):
        log_place(stores, ServingSettings(log="${env:NOT_SET_ANYWHERE}"))


def test_a_file_system_that_is_not_there_is_told_and_costs_nothing_else(stores: Stores) -> None:
    told = ModelSettings(serving=ServingSettings(log="nowhere://bucket/log"))
    observer = observe(stores, "delay", told, describe=lambda _: known(), pace=QUICK)
    observer.answered(batch([5]))
    observer.close()
    assert "the prediction log nowhere://bucket/log" in str(observer.state()["problems"])
    assert sum(o.document["rows"] for o in stores.records.observations("delay")) == 5
    [left] = (stores.logs.parent / "spool" / "delay").iterdir()
    assert list(left.glob("*.arrows"))  # it waits for an address that is right
