"""Versions of models, their evidence, and the history of their aliases."""

from __future__ import annotations

import contextlib
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from windlass.errors import NotFoundError, PromotionError, RecordError
from windlass.models.promoting import promote_by_force, rollback
from windlass.records import Records
from windlass.records.model import NodeMark, PlanNode, Run
from windlass.records.models import Minted, Move, NewVersion, VersionRow

from .making import artifact, begin, digest, new_run, outcome

SPAWN = multiprocessing.get_context("spawn")
PLAN = [
    PlanNode("split", "m:split", "single", 0, (NodeMark("out0", "holdout", "delay"),)),
    PlanNode("pick", "m:pick", "single", 1, (NodeMark("out0", "model", "delay", {"target": "y"}),)),
]


def made_run(records: Records, model: str, status: str = "succeeded") -> Run:
    """A run of the plan that ended, its model a value of that name."""
    records.save_plan("p1", "train", "{}", PLAN)
    run = records.create_run(new_run())
    for node, value in (("split", f"rows of {model}"), ("pick", model)):
        assert begin(records, run, node)
        assert records.commit_outcome(outcome(run, node, makes=(value,)))
    records.finish_run(run.id, status, None)
    return run


def test_a_run_that_succeeds_makes_the_next_version(records: Records) -> None:
    first, second = made_run(records, "a"), made_run(records, "b")
    versions = records.versions("delay")
    assert [(v.name, v.run, v.node, v.content) for v in versions] == [
        ("delay@2", second.id, "pick", digest("b")),
        ("delay@1", first.id, "pick", digest("a")),
    ]
    assert versions[0].details == {"target": "y"}
    assert versions[0].artifacts == {"model": digest("b"), "holdout": digest("rows of b")}
    (event,) = [e for e in records.events(second.id) if e.kind == "version"]
    assert event.data == {"model": "delay", "number": 2, "is_new": True}


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_run_that_does_not_succeed_makes_none(records: Records, status: str) -> None:
    made_run(records, "a", status)
    assert records.versions("delay") == []
    assert records.models() == []


def test_the_same_content_is_the_same_version(records: Records) -> None:
    """As a run from the cache gives it, or one that repeats another."""
    made_run(records, "a")
    again = made_run(records, "a")
    assert [version.number for version in records.versions("delay")] == [1]
    (event,) = [e for e in records.events(again.id) if e.kind == "version"]
    assert event.data["is_new"] is False


def test_a_plan_without_the_model_on_the_way_taken_makes_none(records: Records) -> None:
    records.save_plan("p1", "train", "{}", PLAN)
    run = records.create_run(new_run())
    records.commit_outcomes([outcome(run, "split", makes=("r",)), outcome(run, "pick", "skipped")])
    records.finish_run(run.id, "succeeded", None)
    assert records.versions("delay") == []


def _make_versions(url: str, writer: int, count: int) -> None:
    with contextlib.closing(Records.open(url)) as records:
        for n in range(count):
            made_run(records, f"{writer}.{n}")
            made_run(records, f"shared {n}")


def test_numbers_have_no_gaps_under_many_writers(url: str) -> None:
    writers, count = 4, 8
    with contextlib.closing(Records.open(url)):
        pass
    told = [(url, writer, count) for writer in range(writers)]
    children = [SPAWN.Process(target=_make_versions, args=each) for each in told]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * writers
    with contextlib.closing(Records.open(url)) as records:
        versions = records.versions("delay")
        numbers = [version.number for version in reversed(versions)]
        assert numbers == list(range(1, writers * count + count + 1))
        assert len({version.content for version in versions}) == len(versions)


def registered(records: Records, told: str = "a", model: str = "delay") -> VersionRow:
    version = NewVersion(model, digest(told), artifacts={"reference": digest("rows")})
    minted = records.register(version, [artifact(told), artifact("rows")])
    return records.version(model, minted.number)


def test_a_version_is_registered_without_a_run(records: Records) -> None:
    first = registered(records)
    assert (first.name, first.run) == ("delay@1", None)
    again = records.register(NewVersion("delay", digest("a")), [artifact("a")])
    assert again == Minted("delay", 1, is_new=False)
    assert registered(records, "a", "other").name == "other@1"
    assert [(m.name, m.versions, m.newest) for m in records.models()] == [
        ("delay", 1, 1),
        ("other", 1, 1),
    ]
    with pytest.raises(NotFoundError, match="no version 7 of the model 'delay'"):
        records.version("delay", 7)


def test_evidence_is_written_once(records: Records) -> None:
    version = registered(records)
    assert records.save_evidence(version, "signature", {"inputs": [1]}) == {"inputs": [1]}
    assert records.save_evidence(version, "signature", {"inputs": [2]}) == {"inputs": [1]}
    assert records.evidence(version) == {"signature": {"inputs": [1]}}


def test_values_are_added_to_a_version_once(records: Records) -> None:
    version = registered(records)
    records.add_version_artifact(version, "onnx", [artifact("o")])
    records.add_version_artifact(version, "onnx", [artifact("p")])
    assert records.version("delay", 1).artifacts["onnx"] == digest("o")


def test_reports_are_kept_with_their_version(records: Records) -> None:
    version = registered(records)
    first = records.save_report(version, "fail", {"tests": []})
    second = records.save_report(version, "pass", {"tests": [1]})
    assert records.reports(version) == [second, first]
    assert records.verdicts("delay") == {1: "pass"}


def move(old: int | None, new: int | None, **told: Any) -> Move:
    return Move("delay", "champion", old, new, "ada", "promoted", **told)


def test_an_alias_moves_only_from_where_it_is_expected(records: Records) -> None:
    registered(records)
    registered(records, "b")
    moved = records.move_alias(move(None, 1, reason="the first"))
    assert moved is not None
    assert (moved.old, moved.new, moved.who, moved.reason) == (None, 1, "ada", "the first")
    assert records.move_alias(move(None, 2)) is None
    assert records.move_alias(move(2, 1)) is None
    assert records.aliases("delay") == {"champion": 1}
    assert records.move_alias(move(1, 2)) is not None
    assert records.move_alias(move(2, None)) is not None
    assert records.aliases("delay") == {}
    history = records.moves("delay")
    assert [(m.old, m.new) for m in history] == [(None, 1), (1, 2), (2, None)]
    assert sorted(m.time for m in history) == [m.time for m in history]
    with pytest.raises(NotFoundError):
        records.move_alias(move(None, 9))


def test_of_several_who_move_an_alias_at_once_one_wins(url: str) -> None:
    with contextlib.closing(Records.open(url)) as records:
        for told in "abcdefgh":
            registered(records, told)

        def promote(number: int) -> bool:
            return records.move_alias(move(None, number)) is not None

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(promote, range(1, 9)))
        assert sum(won) == 1
        assert records.aliases("delay") == {"champion": won.index(True) + 1}
        assert len(records.moves("delay")) == 1


def test_a_rollback_rests_on_the_history_that_it_has_seen(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = [registered(records, told) for told in "abc"]
    for each in versions[:2]:
        promote_by_force(records, each, "why not")
    seen = records.moves("delay")
    for each in (versions[2], versions[1]):
        promote_by_force(records, each, "why not")
    with monkeypatch.context() as patched:
        patched.setattr(records, "moves", lambda _: seen)
        with pytest.raises(PromotionError, match="nothing was changed"):
            rollback(records, "delay")
    assert records.aliases("delay") == {"champion": 2}
    assert [rollback(records, "delay").new for _ in range(3)] == [3, 2, 1]


def test_no_move_takes_the_place_of_another(local: Records) -> None:
    registered(local)
    local.move_alias(move(None, 1))
    replaced = "REPLACE INTO moves SELECT id, model, alias, old, new, time, 'nobody', kind, reason,"
    with pytest.raises(RecordError, match="kept for ever"), local.write():
        local.change(f"{replaced} report, details FROM moves", {})
    assert [m.who for m in local.moves("delay")] == ["ada"]


@pytest.mark.parametrize("verb", ["DELETE FROM moves", "UPDATE moves SET who = 'nobody'"])
def test_the_history_of_aliases_cannot_be_changed(records: Records, verb: str) -> None:
    registered(records)
    records.move_alias(move(None, 1))
    with pytest.raises(RecordError, match="kept for ever"), records.write():
        records.change(verb, {})
    assert [m.who for m in records.moves("delay")] == ["ada"]


def test_what_belongs_to_a_version_is_not_collected(records: Records) -> None:
    run = made_run(records, "a")
    registered(records, "b")
    loose = artifact("loose")
    records.save_artifacts([loose])
    assert records.runs_of_versions() == {run.id}
    with records.write():
        records.remove_runs([records.run(run.id)])
        records.remove_artifacts()
    kept = ("a", "b", "rows", "rows of a")
    assert records.artifacts([digest(each) for each in kept]).keys() == set(map(digest, kept))
    assert records.artifact(loose.content) is None
