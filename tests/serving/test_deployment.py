"""One live generation, the next one made ready beside it, the last one warm."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from windlass.errors import ModelError, NotFoundError, NotReadyError, SignatureError
from windlass.models.threads import one_for_this_thread
from windlass.serving import deployment as module
from windlass.serving.asking import Question, answer_all
from windlass.serving.deployment import Deployment, Limits
from windlass.serving.exchange import Answer, Batch
from windlass.serving.releases import fetch

from .conftest import Register, Released, rows_of


def inputs(count: int = 3, seed: int = 5) -> dict[str, Any]:
    rows = rows_of(seed, count)
    return {"a": rows.a.to_numpy(), "b": rows.b.to_numpy()}


async def ask(served: Deployment, arrays: dict[str, Any], version: str | None = None) -> Answer:
    rows = len(next(iter(arrays.values())))
    return await served.ask(arrays, rows, version=version, request="r", began=time.perf_counter())


def test_it_gives_what_the_model_gives_and_names_who_did(
    register: Register, tmp_path: Path
) -> None:
    version = register(1)
    served = Deployment("delay")
    with pytest.raises(NotReadyError, match="no version of delay is loaded"):
        served.signature()
    assert not served.is_ready()
    served.prepare(fetch(version, tmp_path / "releases"), 1)
    assert not served.is_ready()
    served.commit(1)
    assert served.is_ready()
    answer = asyncio.run(ask(served, inputs()))
    expected = version.predictor.outputs(rows_of(5, 3)[["a", "b"]])
    assert (answer.version, answer.generation) == ("1", 1)
    assert answer.outputs["predict"].tolist() == expected["predict"].tolist()
    np.testing.assert_allclose(answer.outputs["predict_proba"], expected["predict_proba"])
    served.close()


def test_a_model_computes_in_one_thread_and_the_process_in_as_many_as_before(
    released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[str, set[int]]] = []

    def prepare() -> None:
        one_for_this_thread()
        found.append((threading.current_thread().name, openmp_threads()))

    with threadpool_limits(2, user_api="openmp"):
        monkeypatch.setattr(module, "one_for_this_thread", prepare)
        served = Deployment("delay")
        served.prepare(released(1), 1)
        served.commit(1)
        asyncio.run(ask(served, inputs()))
        served.close()
        assert openmp_threads() == {2}
    assert found == [("model delay@1", {1})]


def openmp_threads() -> set[int]:
    """In how many threads OpenMP would compute what this one asks."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}


def test_what_does_not_fit_is_refused_and_others_of_its_batch_are_answered(
    released: Released,
) -> None:
    served = Deployment("delay")
    served.prepare(released(1), 1)
    served.commit(1)

    async def together() -> list[Any]:
        bad = {"a": np.array([np.nan]), "b": np.array([1.0])}
        other = {"a": np.array([1]), "b": np.array([2])}
        wanted = (inputs(), bad, inputs(2), {"a": np.array([1.0])}, other)
        return await asyncio.gather(*(ask(served, each) for each in wanted), return_exceptions=True)

    good, nan, more, lacking, whole = asyncio.run(together())
    assert [len(each.outputs["predict"]) for each in (good, more, whole)] == [3, 2, 1]
    assert isinstance(nan, SignatureError)
    assert "the column 'a' has a missing value" in nan.message
    assert isinstance(lacking, SignatureError)
    assert "the column 'b' is missing" in lacking.message
    served.close()


def test_under_load_no_answer_mixes_generations(released: Released) -> None:
    """Each answer is that of the version which it names, through fifty swaps."""
    releases = [released(1), released(2)]
    served = Deployment("delay", limits=Limits(grace=0.0))
    served.prepare(releases[0], 1)
    served.commit(1)
    rows = inputs(4)
    expected: dict[str, Any] = {}
    seen: set[int] = set()

    async def load(stop: asyncio.Event) -> int:
        count = 0
        while not stop.is_set():
            answer = await ask(served, rows)
            np.testing.assert_array_equal(answer.outputs["predict_proba"], expected[answer.version])
            seen.add(answer.generation)
            count += 1
        return count

    async def swaps() -> None:
        for number in range(2, 52):
            await asyncio.to_thread(served.prepare, releases[(number - 1) % 2], number)
            served.commit(number)
            served.tidy()
            await asyncio.sleep(0.01)

    async def act() -> int:
        for release in releases:
            other = Deployment("delay")
            other.prepare(release, 1)
            other.commit(1)
            expected[str(release.number)] = (await ask(other, rows)).outputs["predict_proba"]
            other.close()
        stop = asyncio.Event()
        clients = [asyncio.create_task(load(stop)) for _ in range(8)]
        await swaps()
        stop.set()
        return sum(await asyncio.gather(*clients))

    assert asyncio.run(act()) > 200
    assert len(seen) > 30
    served.close()


def test_the_last_version_answers_while_it_is_warm_and_is_freed_then(released: Released) -> None:
    now = [0.0]
    served = Deployment("delay", limits=Limits(grace=60.0), clock=lambda: now[0])
    for number, seed in ((1, 1), (2, 2)):
        served.prepare(released(seed), number)
        served.commit(number)
    assert served.versions() == ("2", "1")
    assert asyncio.run(ask(served, inputs(), "1")).version == "1"
    with pytest.raises(NotFoundError, match="version 3 of delay is not served"):
        served.signature("3")
    model = weakref.ref(served._last.generation)  # type: ignore[union-attr]
    served.tidy()
    assert served.versions() == ("2", "1")
    now[0] = 61.0
    served.tidy()
    assert served.versions() == ("2",)
    end = time.monotonic() + 10
    while model() is not None and time.monotonic() < end:
        gc.collect()
        time.sleep(0.02)
    assert model() is None
    served.close()


def test_the_way_back_loads_nothing(released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = released(1), released(2)
    served = Deployment("delay")
    for number, release in ((1, first), (2, second)):
        served.prepare(release, number)
        served.commit(number)

    def never(*_: object) -> None:
        raise AssertionError("it was loaded again")

    monkeypatch.setattr(module, "Generation", never)
    served.prepare(first, 3)
    served.commit(3)
    answer = asyncio.run(ask(served, inputs()))
    assert (answer.version, answer.generation) == ("1", 3)
    served.close()


def test_what_cannot_be_loaded_changes_nothing_and_is_told(
    released: Released, register: Register, tmp_path: Path
) -> None:
    served = Deployment("delay")
    served.prepare(released(1), 1)
    served.commit(1)
    broken = fetch(register(2), tmp_path / "releases")
    (blob,) = [each for each in broken.folder.glob("*/*") if each.is_file()]
    blob.chmod(0o644)
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    with pytest.raises(ModelError, match=r"delay@2 cannot be loaded: .*altered"):
        served.prepare(broken, 2)
    with pytest.raises(NotReadyError):
        served.commit(2)
    assert asyncio.run(ask(served, inputs())).version == "1"
    failed: Any = served.state()["failed"]
    assert failed["version"] == 2
    assert "altered" in failed["why"]
    again = fetch(register(2), tmp_path / "releases")  # what was altered is copied again
    served.prepare(again, 2)
    served.commit(2)
    assert served.state()["failed"] is None
    served.close()


def test_a_model_that_gives_something_else_than_it_did_is_not_served(
    register: Register, tmp_path: Path
) -> None:
    release = fetch(register(1), tmp_path / "releases")
    other = fetch(register(2), tmp_path / "releases")
    evidence = {**release.evidence, "golden": other.evidence["golden"]}
    mixed = replace(release, document={**release.document, "evidence": evidence})
    with pytest.raises(ModelError, match="does not give what it gave when it was made"):
        Deployment("delay").prepare(mixed, 1)


class Noting:
    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.failures: list[str] = []

    def answered(self, batch: Batch) -> None:
        self.batches.append(batch)

    def failed(self, kind: str, seconds: float) -> None:
        assert 0 < seconds < 60
        self.failures.append(kind)

    def feedback(self, request: str, truth: Any) -> bool:
        return True

    def state(self) -> dict[str, Any]:
        return {"waiting": 0}

    def close(self) -> None: ...


@pytest.mark.parametrize(
    "given",
    [np.zeros(1), np.zeros(9), np.zeros((1, 5)), np.float64(1), [1, 2, 3, 4, 5], None, "five5"],
)
def test_a_model_that_gives_other_rows_than_it_was_asked_gives_no_answer(given: Any) -> None:
    """Cut into the rows of each request, one would be told what another asked."""

    class Strange:
        version, number = "1", 1

        def answer(self, _: Any) -> Any:
            return {"predict": given}

        def conform(self, _: Any) -> None:
            return None

    asked = [Question(f"r{n}", inputs(n), n, 0.0) for n in (2, 3)]
    found = answer_all(Strange(), None, asked)  # type: ignore[arg-type]
    assert [type(each) for each in found] == [ModelError] * 2


def test_what_got_no_answer_is_noted_too(released: Released) -> None:
    """By who asks in this process; an application notes its own, which may fail before."""
    noting = Noting()
    served = Deployment("delay", observer=noting)
    served.prepare(released(1), 1)
    served.commit(1)
    with pytest.raises(SignatureError):
        served.predict({"a": inputs(3)["a"]}, 3, "r")
    served.note_failure("busy", 0.1)
    assert noting.failures == ["invalid", "busy"]
    assert noting.batches == []
    assert served.state()["noting"] == {"waiting": 0}
    served.close()


def test_what_was_answered_is_noted(released: Released) -> None:
    noting = Noting()
    served = Deployment("delay", observer=noting)
    served.prepare(released(1), 1)
    served.commit(1)
    asyncio.run(ask(served, inputs(3)))
    (batch,) = noting.batches
    assert (batch.version, batch.requests.rows) == ("1", (3,))
    assert abs(batch.requests.time - time.time()) < 60
    assert 0 < batch.requests.answered - batch.requests.began[0] < 60
    assert batch.inputs["a"].tolist() == inputs(3)["a"].tolist()
    assert len(batch.outputs["predict"]) == 3
    served.close()
